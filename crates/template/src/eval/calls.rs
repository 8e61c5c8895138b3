//! Calls: of functions, macros and methods.

use ksplay_value::{Map, Value};

use super::changes::is_change;
use super::objects::{Cycler, Function, Joiner, Loop, MacroObject};
use super::ops::{unknown_of, unknown_within};
use super::{Nothing, Output, Run, globals, methods};
use crate::Error;
use crate::tree::{Args, Expr, ExprKind};

impl Run<'_, '_> {
    /// Evaluates a call.
    pub(crate) fn call(&mut self, callee: &Expr, args: &Args, expr: &Expr) -> Result<Value, Error> {
        match &callee.kind {
            ExprKind::Var(name) if &**name == "super" && self.local("super").is_none() => self.super_block(),
            ExprKind::Attr(base, name) => {
                if let ExprKind::Var(root) = &base.kind
                    && &**root == "self"
                    && self.local("self").is_none()
                {
                    return self.self_block(name);
                }
                self.method(base, name, args, callee)
            }
            _ => {
                let function = self.eval(callee)?;
                if let Value::Undefined(_) = function {
                    return Ok(function);
                }
                let mut values = Vec::new();
                let kwargs = self.arguments(args, &mut values)?;
                self.apply(&function, values, kwargs, None).map_err(|error| self.locate(error, expr.at))
            }
        }
    }

    fn method(&mut self, base: &Expr, name: &str, args: &Args, callee: &Expr) -> Result<Value, Error> {
        let receiver = self.eval(base)?;
        match &receiver {
            Value::Undefined(_) => return Ok(receiver),
            Value::Unknown(_) => return Ok(receiver),
            _ => {}
        }
        let mut values = Vec::new();
        let kwargs = self.arguments(args, &mut values)?;
        if let Some(undefined) = first_undefined(&values, &kwargs) {
            return Ok(undefined);
        }
        if methods::has(&receiver, name) {
            return self.plain_method(&receiver, name, values, kwargs);
        }
        if let Some(unknown) = unknown_within(values.iter().chain(kwargs.values())) {
            return Ok(unknown);
        }
        if let Value::Object(object) = &receiver
            && let Some(state) = object.as_any().downcast_ref::<Loop>()
        {
            match name {
                "cycle" if values.is_empty() => return Err(Error::operation("no items for cycling given")),
                "cycle" => return Ok(values.swap_remove(state.index() % values.len())),
                "changed" => return Ok(Value::Bool(state.changed(values))),
                _ => {}
            }
        }
        if let Value::Object(object) = &receiver
            && let Some(cycler) = object.as_any().downcast_ref::<Cycler>()
        {
            match name {
                "next" => return Ok(cycler.advance()),
                "reset" => {
                    cycler.reset();
                    return Ok(Value::Null);
                }
                _ => {}
            }
        }
        let function = self.templar.get_attr(&receiver, name)?;
        if let Value::Undefined(undefined) = function {
            let mut undefined = std::sync::Arc::unwrap_or_clone(undefined);
            undefined.span = undefined.span.or_else(|| self.span(callee.at));
            return Ok(undefined.into());
        }
        self.apply(&function, values, kwargs, None)
    }

    /// Calls a method of one of Python's own types.
    fn plain_method(
        &self,
        receiver: &Value,
        name: &str,
        mut values: Vec<Value>,
        mut kwargs: Map,
    ) -> Result<Value, Error> {
        let templar = self.templar;
        templar.passed(&mut values, &mut kwargs);
        let values = values.iter().map(|value| templar.deep(value)).collect::<Result<Vec<_>, _>>()?;
        // What these do rests on the items themselves.
        let compared = matches!(name, "count" | "index" | "remove" | "sort").then(|| templar.now(receiver));
        let unknown = unknown_within(values.iter().chain(kwargs.values()).chain(compared.as_deref()));
        drop(compared);
        let call = methods::Arguments { name, values, kwargs, templar };
        let changes = is_change(name) && matches!(receiver, Value::List(_) | Value::Map(_));
        let result = match unknown {
            Some(unknown) if changes && name != "append" => templar.change(receiver, |value| {
                *value = unknown.clone();
                Ok(unknown)
            }),
            Some(unknown) if !changes => Ok(unknown),
            _ if changes => templar.change(receiver, |value| methods::change(value, &call)),
            _ => methods::call(&templar.now(receiver), &call),
        };
        result.map(|value| templar.returned(call.name, value))
    }

    /// Calls a value.
    pub(crate) fn apply(
        &mut self,
        function: &Value,
        mut values: Vec<Value>,
        mut kwargs: Map,
        caller: Option<Value>,
    ) -> Result<Value, Error> {
        self.templar.passed(&mut values, &mut kwargs);
        match function {
            Value::Undefined(_) | Value::Unknown(_) => return Ok(function.clone()),
            Value::Object(object) => {
                let any = object.as_any();
                if let Some(target) = any.downcast_ref::<MacroObject>() {
                    return self.run_macro(target, values, kwargs, caller);
                }
                if let Some(state) = any.downcast_ref::<Loop>() {
                    let Some(items) = values.into_iter().next() else {
                        return Err(Error::operation("the loop needs something to loop over"));
                    };
                    if !state.node.recursive {
                        return Err(Error::operation(
                            "The loop must have the 'recursive' marker to be called recursively.",
                        ));
                    }
                    let mut output = Output::new();
                    let (node, depth) = (state.node.clone(), state.depth + 1);
                    self.nested(|run| run.for_loop(&node, Some(items), depth, &mut output))?;
                    return output.value(self.templar);
                }
                if let Some(joiner) = any.downcast_ref::<Joiner>() {
                    return Ok(joiner.call());
                }
                if let Some(function) = any.downcast_ref::<Function>() {
                    if let Some(undefined) = first_undefined(&values, &kwargs) {
                        return Ok(undefined);
                    }
                    if let Some(unknown) = unknown_of(values.iter().chain(kwargs.values())) {
                        return Ok(unknown);
                    }
                    return match &function.receiver {
                        Some(receiver) => self.plain_method(receiver, &function.name, values, kwargs),
                        None => globals::call(self.templar, &function.name, values, kwargs),
                    };
                }
            }
            _ => {}
        }
        let refused = || Error::operation(format!("'{}' object is not callable", function.type_name()));
        Err(Nothing::refusal([function]).unwrap_or_else(refused))
    }
}

/// The first of the arguments that is undefined itself.
pub(crate) fn first_undefined(values: &[Value], kwargs: &Map) -> Option<Value> {
    values.iter().chain(kwargs.values()).find(|value| matches!(value, Value::Undefined(_))).cloned()
}
