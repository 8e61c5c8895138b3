//! Statements.

use std::sync::Arc;

use ksplay_value::{Str, Value};

use super::objects::{Loop, MacroObject, Module, NamespaceObject};
use super::places::Place;
use super::{Blocks, Flow, Frame, Home, Local, Output, Run};
use crate::tree::{Args, Expr, ExprKind, For, Stmt, Target, Tree};
use crate::{Error, ErrorKind};

/// Adds the blocks of a template behind those of the templates that extend it.
pub(crate) fn collect_blocks(body: &[Stmt], tree: &Arc<Tree>, blocks: &mut Blocks) {
    for statement in body {
        match statement {
            Stmt::Block(block) => {
                blocks.entry(block.name.clone()).or_default().push((Arc::clone(block), Arc::clone(tree)));
                collect_blocks(&block.body, tree, blocks);
            }
            Stmt::For(node) => {
                collect_blocks(&node.body, tree, blocks);
                collect_blocks(&node.otherwise, tree, blocks);
            }
            Stmt::If { then, otherwise, .. } => {
                collect_blocks(then, tree, blocks);
                collect_blocks(otherwise, tree, blocks);
            }
            Stmt::With { body, .. }
            | Stmt::SetBlock { body, .. }
            | Stmt::FilterBlock { body, .. }
            | Stmt::Scoped(body) => {
                collect_blocks(body, tree, blocks);
            }
            _ => {}
        }
    }
}

impl<'t, 'e> Run<'t, 'e> {
    /// Carries out statements in order.
    pub(crate) fn exec(&mut self, body: &[Stmt], output: &mut Output) -> Result<Flow, Error> {
        for statement in body {
            match self.stmt(statement, output)? {
                Flow::Next => {}
                other => return Ok(other),
            }
        }
        Ok(Flow::Next)
    }

    fn stmt(&mut self, statement: &Stmt, output: &mut Output) -> Result<Flow, Error> {
        match statement {
            Stmt::Text(text) => {
                if self.extends.is_none() {
                    output.push_str(self.templar, text)?;
                }
            }
            Stmt::Emit(expr) => {
                if self.extends.is_none() {
                    let value = self.eval(expr)?;
                    output.push(self.templar, value).map_err(|error| self.locate(error, expr.at))?;
                }
            }
            Stmt::For(node) => return self.for_loop(node, None, 0, output),
            Stmt::If { test, then, otherwise } => {
                let value = self.eval(test)?;
                match self.truth(&value).map_err(|error| self.locate(error, test.at))? {
                    Some(true) => return self.exec(then, output),
                    Some(false) => return self.exec(otherwise, output),
                    None => output.push(self.templar, value)?,
                }
            }
            Stmt::With { assignments, body } => {
                let mut frame = Frame::new();
                for (target, expr) in assignments {
                    let value = self.eval(expr)?;
                    self.frames.push(std::mem::take(&mut frame));
                    let assigned = self.assign(target, value, None);
                    frame = self.frames.pop().unwrap_or_default();
                    assigned.map_err(|error| self.locate(error, expr.at))?;
                }
                self.frames.push(frame);
                let flow = self.exec(body, output);
                self.frames.pop();
                return flow;
            }
            Stmt::Set(target, expr) => {
                let value = self.eval(expr)?;
                let origin = match value {
                    Value::List(_) | Value::Map(_) => self.place(expr)?.map(Arc::new),
                    _ => None,
                };
                self.assign(target, value, origin).map_err(|error| self.locate(error, expr.at))?;
            }
            Stmt::SetBlock { target, filter, body } => {
                let mut value = self.captured(body)?;
                if let Some(filter) = filter {
                    value = self.chain(filter, value)?;
                }
                self.assign(target, value, None)?;
            }
            Stmt::FilterBlock { filter, body } => {
                let value = self.captured(body)?;
                let value = self.chain(filter, value)?;
                if self.extends.is_none() {
                    output.push(self.templar, value)?;
                }
            }
            Stmt::Scoped(body) => {
                self.frames.push(Frame::new());
                let flow = self.exec(body, output);
                self.frames.pop();
                return flow;
            }
            Stmt::Block(block) => {
                if self.extends.is_none() {
                    self.block(&block.name, 0, output)?;
                }
            }
            Stmt::Extends(name) => {
                let parent = self.load_named(name)?.ok_or_else(|| self.locate(missing("", self), name.at))?;
                collect_blocks(&parent.0.body, &parent.0, &mut self.blocks);
                self.extends = Some(parent.0);
            }
            Stmt::Include { name, ignore_missing, with_context } => {
                self.include(name, *ignore_missing, *with_context, output)?;
            }
            Stmt::Import { name, target, with_context } => {
                let module = self.import(name, *with_context)?;
                self.set_local(target, module, None);
            }
            Stmt::FromImport { name, names, with_context } => {
                let module = self.import(name, *with_context)?;
                for (from, to) in names {
                    let value = self.templar.get_attr(&module, from)?;
                    let value = match value {
                        Value::Undefined(_) => self.undefined(
                            from,
                            format!("the template {:?} does not export the requested name '{from}'", self.tree.name),
                            name,
                        ),
                        value => value,
                    };
                    self.set_local(to, value, None);
                }
            }
            Stmt::Macro(decl) => {
                let value = MacroObject::create(decl, self);
                self.set_local(&decl.name, value, None);
            }
            Stmt::CallBlock { call, caller } => {
                let caller = MacroObject::create(caller, self);
                let ExprKind::Call(callee, args) = &call.kind else {
                    return Err(Error::new(ErrorKind::Syntax, "expected a call"));
                };
                let value = self.call_with_caller(callee, args, call, Some(caller))?;
                if self.extends.is_none() {
                    output.push(self.templar, value)?;
                }
            }
            Stmt::Do(expr) => {
                self.extension("do", expr.at)?;
                self.eval(expr)?;
            }
            Stmt::Break => {
                self.extension("loopcontrols", 0)?;
                return Ok(Flow::Break);
            }
            Stmt::Continue => {
                self.extension("loopcontrols", 0)?;
                return Ok(Flow::Continue);
            }
        }
        Ok(Flow::Next)
    }

    /// An error unless this extension of Jinja is switched on.
    fn extension(&self, name: &str, at: u32) -> Result<(), Error> {
        let on = &self.templar.environment().jinja_extensions;
        if on.iter().any(|extension| extension.rsplit('.').next() == Some(name)) {
            return Ok(());
        }
        let tag = if name == "do" { "do" } else { "break' or 'continue" };
        let error = Error::new(
            ErrorKind::Syntax,
            format!(
                "Syntax error in template: Encountered unknown tag '{tag}'. It needs the Jinja extension '{name}'."
            ),
        );
        Err(self.locate(error, at))
    }

    /// What a body puts out, as text.
    pub(crate) fn captured(&mut self, body: &[Stmt]) -> Result<Value, Error> {
        let mut output = Output::new();
        let extends = self.extends.take();
        self.frames.push(Frame::new());
        let flow = self.exec(body, &mut output);
        self.frames.pop();
        self.extends = extends;
        flow?;
        output.into_text(self.templar)
    }

    /// Applies a chain of filters to a value.
    fn chain(&mut self, filter: &Expr, value: Value) -> Result<Value, Error> {
        match &filter.kind {
            ExprKind::Filter { name, subject, args } => {
                let value = match subject {
                    Some(inner) => self.chain(inner, value)?,
                    None => value,
                };
                self.filter(name, value, args).map_err(|error| self.locate(error, filter.at))
            }
            _ => Ok(value),
        }
    }

    /// Sets a variable of the innermost scope.
    pub(crate) fn set_local(&mut self, name: &Str, value: Value, origin: Option<Arc<Place>>) {
        let Some(frame) = self.frames.last_mut() else { return };
        match frame.iter_mut().find(|local| local.name == *name) {
            Some(local) => {
                local.value = value;
                local.origin = origin;
            }
            None => frame.push(Local { name: name.clone(), value, origin }),
        }
    }

    fn assign(&mut self, target: &Target, value: Value, origin: Option<Arc<Place>>) -> Result<(), Error> {
        match target {
            Target::Name(name) => {
                self.set_local(name, value, origin);
                Ok(())
            }
            Target::Attr(name, attribute) => {
                let holder = self.local(name).map(|local| local.value.clone());
                match holder.as_ref().and_then(NamespaceObject::of) {
                    Some(namespace) => {
                        namespace.set(attribute, value);
                        Ok(())
                    }
                    None => Err(Error::operation("cannot assign attribute on non-namespace object")),
                }
            }
            Target::Many(targets) => {
                if let Value::Unknown(_) = value {
                    return targets.iter().try_for_each(|target| self.assign(target, value.clone(), None));
                }
                if !matches!(
                    value,
                    Value::List(_) | Value::Tuple(_) | Value::String(_) | Value::Map(_) | Value::Object(_)
                ) {
                    super::ops::defined(&value)?;
                    return Err(Error::operation(format!("cannot unpack non-iterable {} object", value.type_name())));
                }
                let items = self.templar.iterate(&value)?;
                if items.len() > targets.len() {
                    return Err(Error::operation(format!("too many values to unpack (expected {})", targets.len())));
                }
                if items.len() < targets.len() {
                    return Err(Error::operation(format!(
                        "not enough values to unpack (expected {}, got {})",
                        targets.len(),
                        items.len()
                    )));
                }
                for (target, item) in targets.iter().zip(items) {
                    self.assign(target, item, None)?;
                }
                Ok(())
            }
        }
    }

    /// A loop; `items` are given when it calls itself.
    pub(crate) fn for_loop(
        &mut self,
        node: &Arc<For>,
        items: Option<Value>,
        depth: usize,
        output: &mut Output,
    ) -> Result<Flow, Error> {
        let recursive = items.is_some();
        let iterated = match items {
            Some(items) => items,
            None => self.eval(&node.iter)?,
        };
        if let Value::Unknown(_) = iterated {
            output.push(self.templar, iterated)?;
            return Ok(Flow::Next);
        }
        let mut items = self.templar.iterate(&iterated).map_err(|error| self.locate(error, node.iter.at))?;
        // The place of the list, so that changing an item changes the list; found only where it can matter.
        let mut origins = None;
        if !recursive
            && items.iter().any(|item| matches!(item, Value::List(_) | Value::Map(_)))
            && node.filter.is_none()
        {
            origins = self.item_places(&node.iter, &iterated)?;
        }
        self.frames.push(Frame::new());
        let flow = self.iterate_body(node, &mut items, origins.as_ref(), depth, output);
        self.frames.pop();
        flow
    }

    fn iterate_body(
        &mut self,
        node: &Arc<For>,
        items: &mut Vec<Value>,
        origins: Option<&Place>,
        depth: usize,
        output: &mut Output,
    ) -> Result<Flow, Error> {
        if let Some(filter) = &node.filter {
            let mut kept = Vec::with_capacity(items.len());
            for item in std::mem::take(items) {
                self.assign(&node.target, item.clone(), None)?;
                let value = self.eval(filter)?;
                match self.truth(&value)? {
                    Some(true) => kept.push(item),
                    Some(false) => {}
                    None => {
                        output.push(self.templar, value)?;
                        return Ok(Flow::Next);
                    }
                }
            }
            *items = kept;
        }
        if items.is_empty() {
            return self.exec(&node.otherwise, output);
        }
        let state = Loop::new(node, std::mem::take(items), depth);
        let name: Str = "loop".into();
        let object = Value::Object(state.clone());
        for index in 0..state.items.len() {
            state.advance(index);
            if let Some(frame) = self.frames.last_mut() {
                frame.clear();
                frame.push(Local { name: name.clone(), value: object.clone(), origin: None });
            }
            let item = self.templar.shallow(&state.items[index])?;
            let origin = origins.map(|place| Arc::new(place.item(index)));
            self.assign(&node.target, item, origin).map_err(|error| self.locate(error, node.iter.at))?;
            if self.exec(&node.body, output)? == Flow::Break {
                break;
            }
        }
        Ok(Flow::Next)
    }

    /// Puts out a block; `level` counts how many definitions nearer to the extending template are passed over.
    pub(crate) fn block(&mut self, name: &Str, level: usize, output: &mut Output) -> Result<(), Error> {
        let Some((block, tree)) = self.blocks.get(name).and_then(|blocks| blocks.get(level)).cloned() else {
            let message = if level > 0 {
                format!("there is no parent block called '{name}'.")
            } else {
                format!("'self' has no attribute '{name}'")
            };
            return Err(Error::new(ErrorKind::Undefined, message));
        };
        let before = std::mem::replace(&mut self.tree, tree);
        self.within.push((name.clone(), level));
        self.frames.push(Frame::new());
        let result = self.exec(&block.body, output);
        self.frames.pop();
        self.within.pop();
        self.tree = before;
        result.map(|_| ())
    }

    /// What `super()` gives.
    pub(crate) fn super_block(&mut self) -> Result<Value, Error> {
        let Some((name, level)) = self.within.last().cloned() else {
            return Err(Error::new(ErrorKind::Undefined, "'super' is undefined"));
        };
        let mut output = Output::new();
        self.block(&name, level + 1, &mut output)?;
        output.into_text(self.templar)
    }

    /// What `self.name()` gives.
    pub(crate) fn self_block(&mut self, name: &str) -> Result<Value, Error> {
        let mut output = Output::new();
        self.block(&name.into(), 0, &mut output)?;
        output.into_text(self.templar)
    }

    fn include(
        &mut self,
        name: &Expr,
        ignore_missing: bool,
        with_context: bool,
        output: &mut Output,
    ) -> Result<(), Error> {
        let value = self.eval(name)?;
        if let Value::Unknown(_) = value {
            return output.push(self.templar, value);
        }
        let Some((tree, home)) = self.load(&value).map_err(|error| self.locate(error, name.at))? else {
            if ignore_missing {
                return Ok(());
            }
            return Err(self.locate(missing(&value.to_string(), self), name.at));
        };
        let mut run = Run::new(self.templar, tree, home);
        run.options = self.options.clone();
        run.depth = self.depth + 1;
        run.sees_scope = with_context;
        if with_context {
            run.frames.clone_from(&self.frames);
            run.frames.push(Frame::new());
        }
        let value = run.template()?.into_text(self.templar)?;
        if self.extends.is_none() {
            output.push(self.templar, value)?;
        }
        Ok(())
    }

    fn import(&mut self, name: &Expr, with_context: bool) -> Result<Value, Error> {
        let value = self.eval(name)?;
        let Some((tree, home)) = self.load(&value).map_err(|error| self.locate(error, name.at))? else {
            return Err(self.locate(missing(&value.to_string(), self), name.at));
        };
        let file = tree.name.clone();
        let mut run = Run::new(self.templar, tree, home);
        run.options = self.options.clone();
        run.depth = self.depth + 1;
        run.sees_scope = with_context;
        if with_context {
            run.frames.clone_from(&self.frames);
            run.frames.push(Frame::new());
        }
        let text = run.template()?.into_text(self.templar)?;
        Ok(Module::create(file, run.frames, run.stack, text))
    }

    fn load_named(&mut self, name: &Expr) -> Result<Option<(Arc<Tree>, Home)>, Error> {
        let value = self.eval(name)?;
        match self.load(&value).map_err(|error| self.locate(error, name.at))? {
            Some(found) => Ok(Some(found)),
            None => Err(self.locate(missing(&value.to_string(), self), name.at)),
        }
    }

    /// The template file of this name, or the first that exists of several.
    fn load(&mut self, name: &Value) -> Result<Option<(Arc<Tree>, Home)>, Error> {
        match name {
            Value::List(names) | Value::Tuple(names) => {
                for name in names.iter() {
                    let name = self.templar.shallow(name)?;
                    if let Some(found) = self.load(&name)? {
                        return Ok(Some(found));
                    }
                }
                Ok(None)
            }
            other => {
                super::ops::defined(other)?;
                let current = match &self.home {
                    Home::File(source) => Some(source.name.clone()),
                    _ => None,
                };
                self.templar.load_file(&self.templar.text(other)?, current.as_deref(), &self.options)
            }
        }
    }

    /// Calls a macro: its body with its parameters, seen from where it was made.
    pub(crate) fn run_macro(
        &mut self,
        target: &MacroObject,
        args: Vec<Value>,
        kwargs: ksplay_value::Map,
        caller: Option<Value>,
    ) -> Result<Value, Error> {
        self.depth += 1;
        if self.depth > 150 {
            self.depth -= 1;
            return Err(Error::new(ErrorKind::Recursion, "maximum recursion depth exceeded"));
        }
        let result = self.macro_body(target, args, kwargs, caller);
        self.depth -= 1;
        result
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
        if !kwargs.is_empty() && !decl.uses_kwargs {
            let name = kwargs.keys().next().map(|key| key.as_value().to_string()).unwrap_or_default();
            return Err(Error::operation(format!("macro '{}' takes no keyword argument '{name}'", decl.name)));
        }
        let mut frame = Frame::new();
        let mut put = |name: &str, value: Value| frame.push(Local { name: name.into(), value, origin: None });
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
                    ksplay_value::Undefined { name: "caller".into(), message: "No caller defined".into(), span: None }
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
                    span: None,
                }
                .into(),
            };
            self.set_local(name, value, None);
        }
        let mut output = Output::new();
        self.exec(&target.decl.body, &mut output)?;
        Ok(output.value())
    }

    /// Evaluates the arguments of a call and calls.
    fn call_with_caller(
        &mut self,
        callee: &Expr,
        args: &Args,
        expr: &Expr,
        caller: Option<Value>,
    ) -> Result<Value, Error> {
        let function = self.eval(callee)?;
        let mut values = Vec::new();
        let kwargs = self.arguments(args, &mut values)?;
        self.apply(&function, values, kwargs, caller).map_err(|error| self.locate(error, expr.at))
    }
}

fn missing(name: &str, run: &Run<'_, '_>) -> Error {
    let paths = run.templar.search_paths();
    let shown: Vec<String> = paths.iter().map(|path| format!("'{}'", path.display())).collect();
    Error::operation(format!("'{name}' not found in search path: {}", shown.join(", ")))
}
