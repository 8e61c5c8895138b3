//! Expressions.

use std::cmp::Ordering;
use std::sync::Arc;

use ksplay_value::{Key, Map, Str, TemplateKind, Value};

use super::changes::endless;
use super::ops::{self, defined, unknown_of, unknown_within};
use super::{Nothing, Run};
use crate::filters::short;
use crate::templar::undefined_of;
use crate::tree::{Arg, Args, BinaryOp, CompareOp, Expr, ExprKind};
use crate::{Error, ErrorKind};

/// How deep expressions, macros and blocks may nest.
const MAX_DEPTH: usize = 400;

impl Run<'_, '_> {
    /// The value of an expression, evaluated one level.
    pub(crate) fn eval(&mut self, expr: &Expr) -> Result<Value, Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            self.depth -= 1;
            return Err(endless());
        }
        let value = self.eval_kind(expr).map_err(|error| self.locate(error, expr.at));
        self.depth -= 1;
        value
    }

    /// The value of an operand: an error when it is undefined, evaluated to any depth when it is a container.
    fn operand(&mut self, expr: &Expr) -> Result<Value, Error> {
        let value = self.eval(expr)?;
        self.whole(value)
    }

    /// The value as an operand is.
    fn whole(&self, value: Value) -> Result<Value, Error> {
        defined(&value)?;
        match value {
            Value::List(_) | Value::Map(_) | Value::Tuple(_) => self.templar.deep(&value),
            other => Ok(other),
        }
    }

    fn eval_kind(&mut self, expr: &Expr) -> Result<Value, Error> {
        match &expr.kind {
            ExprKind::Const(value) => Ok(value.clone()),
            ExprKind::Var(name) => self.variable(name, expr),
            ExprKind::List(items) => Ok(self.templar.written(self.all(items)?.into())),
            ExprKind::Tuple(items) => Ok(Value::Tuple(Arc::new(self.all(items)?))),
            ExprKind::Dict(entries) => self.dict(entries),
            ExprKind::Attr(base, name) => self.attribute_of(base, name, expr),
            ExprKind::Item(base, key) => self.item_of(base, key, expr),
            ExprKind::Slice(base, parts) => self.slice(base, parts),
            ExprKind::Not(operand) => self.not(operand),
            ExprKind::Neg(operand) => self.negative(operand),
            ExprKind::And(left, right) => self.logic(left, right, false),
            ExprKind::Or(left, right) => self.logic(left, right, true),
            ExprKind::Binary(op, left, right) => self.binary(*op, left, right),
            ExprKind::Compare(first, rest) => self.comparison(first, rest),
            ExprKind::If { test, then, otherwise } => self.choice(test, then, otherwise.as_deref(), expr),
            ExprKind::Filter { name, subject, args } => self.filtered(name, subject.as_deref(), args, expr),
            ExprKind::Test { name, subject, args } => self.tested(name, subject, args, expr),
            ExprKind::Call(callee, args) => self.called(callee, args, expr),
        }
    }

    // Each kind has a function of its own: the stack that one takes is not taken by the others, which may nest deeply.

    fn attribute_of(&mut self, base: &Expr, name: &str, expr: &Expr) -> Result<Value, Error> {
        let base = self.eval(base)?;
        self.attribute(&base, name, expr)
    }

    fn item_of(&mut self, base: &Expr, key: &Expr, expr: &Expr) -> Result<Value, Error> {
        let base = self.eval(base)?;
        if let Value::Undefined(_) = base {
            return Ok(base);
        }
        let key = self.operand(key)?;
        self.item(&base, &key, expr)
    }

    fn not(&mut self, operand: &Expr) -> Result<Value, Error> {
        let value = self.eval(operand)?;
        Ok(self.truth(&value)?.map_or(value, |truth| Value::Bool(!truth)))
    }

    fn negative(&mut self, operand: &Expr) -> Result<Value, Error> {
        let value = self.operand(operand)?;
        if let Value::Unknown(_) = value { Ok(value) } else { ops::negate(&value) }
    }

    fn dict(&mut self, entries: &[(Expr, Expr)]) -> Result<Value, Error> {
        let mut map = Map::with_capacity(entries.len());
        for (key, value) in entries {
            let key = self.operand(key)?;
            if let Value::Unknown(_) = key {
                return Ok(key);
            }
            map.insert(super::methods::hashable(key)?, self.eval(value)?);
        }
        Ok(self.templar.written(map.into()))
    }

    fn slice(&mut self, base: &Expr, parts: &[Option<Expr>; 3]) -> Result<Value, Error> {
        let base = self.eval(base)?;
        if let Value::Undefined(_) | Value::Unknown(_) = base {
            return Ok(base);
        }
        let mut bounds = [None, None, None];
        for (bound, part) in bounds.iter_mut().zip(parts.iter()) {
            *bound = part.as_ref().map(|part| self.operand(part)).transpose()?;
        }
        if let Some(unknown) = unknown_of(bounds.iter().flatten()) {
            return Ok(unknown);
        }
        let made = ops::slice(&self.templar.now(&base), bounds)?;
        Ok(self.templar.made_of(&base, made))
    }

    fn choice(&mut self, test: &Expr, then: &Expr, otherwise: Option<&Expr>, expr: &Expr) -> Result<Value, Error> {
        let value = self.eval(test)?;
        match (self.truth(&value)?, otherwise) {
            (None, _) => Ok(value),
            (Some(true), _) => self.eval(then),
            (Some(false), Some(otherwise)) => self.eval(otherwise),
            (Some(false), None) => {
                let before = self.tree.text.get(..expr.at as usize).unwrap_or_default();
                Ok(Nothing::create(before.matches('\n').count() + 1))
            }
        }
    }

    fn filtered(&mut self, name: &Str, subject: Option<&Expr>, args: &Args, expr: &Expr) -> Result<Value, Error> {
        let subject = subject.map(|subject| self.eval(subject)).transpose()?.unwrap_or_default();
        let value = self.filter(name, subject, args)?;
        Ok(self.placed(value, expr))
    }

    /// The result of a call; one that failed is an error only where it is used.
    fn called(&mut self, callee: &Expr, args: &Args, expr: &Expr) -> Result<Value, Error> {
        match self.call(callee, args, expr) {
            Err(error) if error.kind != ErrorKind::Recursion => Ok(undefined_of(self.locate(error, expr.at))),
            other => other,
        }
    }

    fn tested(&mut self, name: &Str, subject: &Expr, args: &Args, expr: &Expr) -> Result<Value, Error> {
        let mut values = vec![self.eval(subject)?];
        if short(name) == "vault_encrypted" && self.is_vault(subject) {
            // Its value is plain text by now.
            return Ok(true.into());
        }
        let keywords = self.arguments(args, &mut values)?;
        let answer = self.templar.call_test(name, values, keywords)?;
        Ok(self.placed(answer, expr))
    }

    /// Whether this names a `!vault` value.
    fn is_vault(&self, expr: &Expr) -> bool {
        matches!(self.definition(expr), Some(Value::Template(template)) if template.kind == TemplateKind::Vault)
    }

    /// What a name or a path from it means, before it is evaluated.
    fn definition(&self, expr: &Expr) -> Option<Value> {
        match &expr.kind {
            ExprKind::Var(name) => {
                self.local(name).map(|local| local.value.clone()).or_else(|| self.templar.scope.get(name))
            }
            ExprKind::Attr(base, name) => self.definition(base)?.get(name).cloned(),
            ExprKind::Item(base, key) => match &key.kind {
                ExprKind::Const(Value::String(name)) => self.definition(base)?.get(name).cloned(),
                _ => None,
            },
            _ => None,
        }
    }

    fn all(&mut self, items: &[Expr]) -> Result<Vec<Value>, Error> {
        items.iter().map(|item| self.eval(item)).collect()
    }

    /// Applies a filter to a value that is already evaluated.
    pub(crate) fn filter(&mut self, name: &Str, subject: Value, args: &Args) -> Result<Value, Error> {
        let mut values = vec![subject];
        let keywords = self.arguments(args, &mut values)?;
        self.templar.call_filter(name, values, keywords)
    }

    /// Evaluates the arguments of a call: positional ones are added to `values`.
    pub(crate) fn arguments(&mut self, args: &Args, values: &mut Vec<Value>) -> Result<Map, Error> {
        let mut keywords = Map::new();
        for arg in &args.0 {
            match arg {
                Arg::Positional(expr) => values.push(self.eval(expr)?),
                Arg::Keyword(name, expr) => {
                    keywords.insert(name, self.eval(expr)?);
                }
                Arg::Spread(expr) => {
                    let list = self.eval(expr)?;
                    values.extend(self.templar.iterate(&list)?);
                }
                Arg::SpreadKeywords(expr) => match self.operand(expr)? {
                    Value::Map(map) => {
                        if let Some(key) = map.keys().find(|key| keywords.get_key(key).is_some()) {
                            let name = key.as_value();
                            let message = format!("got multiple values for keyword argument '{name}'");
                            return Err(Error::operation(message));
                        }
                        keywords.extend(map.iter().map(|(key, value)| (key.clone(), value.clone())));
                    }
                    Value::Unknown(unknown) => values.push(Value::Unknown(unknown)),
                    other => {
                        return Err(Error::operation(format!(
                            "argument after ** must be a mapping, not {}",
                            other.type_name()
                        )));
                    }
                },
            }
        }
        Ok(keywords)
    }

    /// The value of a local variable.
    pub(crate) fn local(&self, name: &str) -> Option<&super::Local> {
        self.frames.iter().rev().flat_map(|frame| frame.iter().rev()).find(|local| &*local.name == name)
    }

    pub(crate) fn variable(&mut self, name: &str, expr: &Expr) -> Result<Value, Error> {
        if let Some(local) = self.local(name) {
            return self.templar.shallow(&local.value);
        }
        if self.sees_scope
            && let Some(value) = self.templar.scope_variable(name)?
        {
            return Ok(value);
        }
        if name == "self" {
            return Ok(super::objects::function("TemplateReference", name));
        }
        if let Some(value) = super::globals::value(self.templar, name) {
            return Ok(value);
        }
        Ok(self.undefined(name, format!("'{name}' is undefined"), expr))
    }

    fn attribute(&mut self, base: &Value, name: &str, expr: &Expr) -> Result<Value, Error> {
        let value = self.templar.get_attr(base, name)?;
        Ok(self.placed(value, expr))
    }

    fn item(&mut self, base: &Value, key: &Value, expr: &Expr) -> Result<Value, Error> {
        let value = self.templar.get_item(base, key)?;
        Ok(self.placed(value, expr))
    }

    fn placed(&self, value: Value, expr: &Expr) -> Value {
        match value {
            Value::Undefined(undefined) if undefined.span.is_none() => {
                let mut undefined = Arc::unwrap_or_clone(undefined);
                undefined.span = self.span(expr.at);
                undefined.into()
            }
            other => other,
        }
    }

    /// Python's truth; `None` when it is unknown, an error when it is undefined.
    pub(crate) fn truth(&self, value: &Value) -> Result<Option<bool>, Error> {
        truth(&self.templar.now(value))
    }

    fn logic(&mut self, left: &Expr, right: &Expr, decides: bool) -> Result<Value, Error> {
        let first = self.eval(left)?;
        match self.truth(&first)? {
            Some(truth) if truth == decides => Ok(first),
            Some(_) => self.eval(right),
            None => {
                let second = self.eval(right)?;
                match &second {
                    Value::Undefined(_) => Ok(first),
                    other => match self.truth(other)? {
                        Some(truth) if truth == decides => Ok(second),
                        Some(_) => Ok(first),
                        None => Ok(unknown_of([&first, &second]).unwrap_or(second)),
                    },
                }
            }
        }
    }

    fn binary(&mut self, op: BinaryOp, left: &Expr, right: &Expr) -> Result<Value, Error> {
        if op == BinaryOp::Concat {
            return self.concat(left, right);
        }
        let left = self.operand(left)?;
        let right = match &left {
            // A text without anything to fill in does not look at it.
            Value::String(text) if op == BinaryOp::Rem && !text.replace("%%", "").contains('%') => self.eval(right)?,
            _ => self.operand(right)?,
        };
        let unknown = match (op, &left) {
            // A format writes what is inside.
            (BinaryOp::Rem, Value::String(_)) => unknown_within([&left, &right]),
            _ => unknown_of([&left, &right]),
        };
        if let Some(unknown) = unknown {
            return Ok(unknown);
        }
        match (op, &left, &right) {
            (BinaryOp::Add, Value::List(_), Value::List(_)) if self.templar.may_change() => {
                let sum = ops::binary(op, &self.templar.items_of(&left), &self.templar.items_of(&right))?;
                Ok(if self.templar.is_written(&left) { self.templar.written(sum) } else { sum })
            }
            _ => {
                let made = ops::binary(op, &left, &right)?;
                Ok(self.templar.made_of(if left.as_list().is_some() { &left } else { &right }, made))
            }
        }
    }

    fn concat(&mut self, left: &Expr, right: &Expr) -> Result<Value, Error> {
        let (left, right) = (self.eval(left)?, self.eval(right)?);
        defined(&left)?;
        defined(&right)?;
        let (left, right) = (self.templar.deep(&left)?, self.templar.deep(&right)?);
        if let Some(unknown) = unknown_within([&left, &right]) {
            return Ok(unknown);
        }
        Ok(Value::from(format!("{left}{right}")))
    }

    fn comparison(&mut self, first: &Expr, rest: &[(CompareOp, Expr)]) -> Result<Value, Error> {
        let mut left = match rest.first() {
            Some((CompareOp::In | CompareOp::NotIn, _)) => self.eval(first)?,
            _ => self.operand(first)?,
        };
        let mut unknown = None;
        for (op, right) in rest {
            let right = self.operand(right)?;
            let empty = right.as_list().is_some_and(<[Value]>::is_empty);
            if !(empty && matches!(op, CompareOp::In | CompareOp::NotIn)) {
                // Nothing is compared with the items of an empty list.
                left = self.whole(left)?;
            }
            let rests_on = match (op, &right) {
                // The keys are known, and an item that is found is one whatever the others are.
                (CompareOp::In | CompareOp::NotIn, Value::Map(_)) => unknown_of([&left, &right]),
                (CompareOp::In, Value::List(_) | Value::Tuple(_))
                    if compare(*op, &left, &right).is_ok_and(|found| found) =>
                {
                    unknown_of([&left])
                }
                _ => unknown_within([&left, &right]),
            };
            match rests_on {
                Some(value) => unknown = Some(value),
                None => {
                    if !compare(*op, &left, &right)? {
                        return Ok(Value::Bool(false));
                    }
                }
            }
            left = right;
        }
        Ok(unknown.unwrap_or(Value::Bool(true)))
    }
}

/// Python's truth; `None` when it is unknown, an error when it is undefined.
pub(crate) fn truth(value: &Value) -> Result<Option<bool>, Error> {
    match value {
        Value::Unknown(_) => Ok(None),
        Value::Undefined(undefined) => Err(ops::undefined_error(undefined)),
        other => Ok(Some(other.is_true())),
    }
}

/// Python's `==`, which looks at the items of containers until they differ: one that is undefined is an error.
fn equal(left: &Value, right: &Value) -> Result<bool, Error> {
    defined(left)?;
    defined(right)?;
    match (left, right) {
        (Value::List(left), Value::List(right)) if left.len() == right.len() => {
            for (left, right) in left.iter().zip(right.iter()) {
                if !equal(left, right)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Value::Map(left), Value::Map(right)) if left.len() == right.len() => {
            for (key, value) in left.iter() {
                match right.get_key(key) {
                    Some(other) if equal(value, other)? => {}
                    _ => return Ok(false),
                }
            }
            Ok(true)
        }
        _ => Ok(left == right),
    }
}

fn compare(op: CompareOp, left: &Value, right: &Value) -> Result<bool, Error> {
    Ok(match op {
        CompareOp::Eq => equal(left, right)?,
        CompareOp::Ne => !equal(left, right)?,
        CompareOp::In => ops::contains(right, left)?,
        CompareOp::NotIn => !ops::contains(right, left)?,
        CompareOp::Lt => ops::compare(left, right, "<")? == Ordering::Less,
        CompareOp::Le => ops::compare(left, right, "<=")? != Ordering::Greater,
        CompareOp::Gt => ops::compare(left, right, ">")? == Ordering::Greater,
        CompareOp::Ge => ops::compare(left, right, ">=")? != Ordering::Less,
    })
}

/// The key of a map for a value used as one.
pub(crate) fn key_of(value: &Value) -> Key {
    Key::from(value.clone())
}
