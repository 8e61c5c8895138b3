//! Running macros.

use std::sync::Arc;

use ksplay_value::Value;

use super::objects::MacroObject;
use super::{Frame, Local, Output, Run};
use crate::Error;

impl Run<'_, '_> {
    /// Calls a macro: its body with its parameters, seen from where it was made.
    pub(crate) fn run_macro(
        &mut self,
        target: &MacroObject,
        args: Vec<Value>,
        kwargs: ksplay_value::Map,
        caller: Option<Value>,
    ) -> Result<Value, Error> {
        self.nested(|run| run.macro_body(target, args, kwargs, caller))
    }

    fn macro_body(
        &mut self,
        target: &MacroObject,
        mut args: Vec<Value>,
        mut kwargs: ksplay_value::Map,
        caller: Option<Value>,
    ) -> Result<Value, Error> {
        let decl = &target.decl;
        let mut given: Vec<Option<Value>> = Vec::with_capacity(decl.params.len());
        let surplus = args.split_off(args.len().min(decl.params.len()));
        for (index, (name, _)) in decl.params.iter().enumerate() {
            given.push(args.get(index).cloned().or_else(|| kwargs.remove(name)));
        }
        let caller = caller.or_else(|| if decl.uses_caller { kwargs.remove("caller") } else { None });
        if !surplus.is_empty() && !decl.uses_varargs {
            return Err(Error::operation(format!(
                "macro '{}' takes not more than {} argument(s)",
                decl.name,
                decl.params.len()
            )));
        }
        if !decl.uses_caller
            && let Some(caller) = caller.clone()
        {
            if !decl.uses_kwargs {
                return Err(Error::operation(format!(
                    "macro '{}' was invoked with two values for the special caller argument. This is most likely a bug.",
                    decl.name
                )));
            }
            kwargs.insert("caller", caller);
        }
        if !kwargs.is_empty() && !decl.uses_kwargs {
            let name = kwargs.keys().next().map(|key| key.as_value().to_string()).unwrap_or_default();
            return Err(Error::operation(format!("macro '{}' takes no keyword argument '{name}'", decl.name)));
        }
        let mut frame = Frame::new();
        let mut put = |name: &str, value: Value| frame.push(Local { name: name.into(), value });
        if decl.uses_varargs {
            put("varargs", Value::Tuple(Arc::new(surplus)));
        }
        if decl.uses_kwargs {
            put("kwargs", kwargs.into());
        }
        if decl.uses_caller {
            put(
                "caller",
                caller.unwrap_or_else(|| {
                    ksplay_value::Undefined {
                        name: "caller".into(),
                        message: "No caller defined".into(),
                        ..Default::default()
                    }
                    .into()
                }),
            );
        }
        let outside = target.enter(self);
        self.frames.push(frame);
        let tree = std::mem::replace(&mut self.tree, Arc::clone(&target.tree));
        let home = std::mem::replace(&mut self.home, target.home.clone());
        let sees_scope = std::mem::replace(&mut self.sees_scope, target.sees_scope);
        let extends = self.extends.take();
        let result = self.macro_output(target, given);
        self.extends = extends;
        self.sees_scope = sees_scope;
        self.home = home;
        self.tree = tree;
        self.frames.pop();
        outside.restore(self);
        result
    }

    fn macro_output(&mut self, target: &MacroObject, given: Vec<Option<Value>>) -> Result<Value, Error> {
        for ((name, default), given) in target.decl.params.iter().zip(given) {
            let value = match (given, default) {
                (Some(value), _) => value,
                (None, Some(default)) => self.eval(default)?,
                (None, None) => ksplay_value::Undefined {
                    name: name.to_string(),
                    message: format!("parameter '{name}' was not provided"),
                    ..Default::default()
                }
                .into(),
            };
            self.set_local(name, value);
        }
        let mut output = Output::new();
        self.exec(&target.decl.body, &mut output)?;
        output.value(self.templar)
    }
}
