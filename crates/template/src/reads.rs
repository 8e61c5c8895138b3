//! What a template can read, found without evaluating it.

use std::collections::BTreeSet;

use ksplay_value::{Str, TemplateKind, Value};

use crate::Templar;
use crate::tree::{Arg, Args, Expr, ExprKind, Stmt, Target};

/// What a value's templates can read. An over-approximation: names that the template sets itself are listed too when
/// they are read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reads {
    /// Names of variables.
    pub variables: BTreeSet<Str>,
    /// Dotted paths as far as they are constant, such as `hostvars.web1.port`.
    pub paths: BTreeSet<Str>,
    /// Names of filters and tests.
    pub plugins: BTreeSet<Str>,
    /// Names of lookups, as far as they are constant.
    pub lookups: BTreeSet<Str>,
    /// Names of template files that it includes, imports or extends, as far as they are constant.
    pub files: BTreeSet<Str>,
    /// Whether it has such a file: what that reads is not among these.
    pub open: bool,
    /// Whether it calls a function or method.
    pub calls: bool,
}

impl Reads {
    /// Whether it can see variables of other hosts.
    pub fn reads_other_hosts(&self) -> bool {
        self.open || self.variables.contains("hostvars") || self.variables.contains("vars")
    }
}

impl Templar<'_> {
    /// What the templates in a value can read.
    pub fn reads(&self, value: &Value) -> Reads {
        let mut names = Names::default();
        self.collect_reads(value, &mut names);
        names.0
    }

    /// What a bare expression can read.
    pub fn expression_reads(&self, text: &Value) -> Reads {
        match text {
            Value::String(text) => {
                let mut names = Names::default();
                if let Ok(tree) = self.environment.expressions.tree(text) {
                    names.body(&tree.body);
                }
                names.0
            }
            other => self.reads(other),
        }
    }

    fn collect_reads(&self, value: &Value, names: &mut Names) {
        match value {
            Value::Template(template) if template.kind != TemplateKind::Vault => {
                if let Ok(tree) = self.tree(template) {
                    names.body(&tree.body);
                }
            }
            Value::List(items) | Value::Tuple(items) => items.iter().for_each(|item| self.collect_reads(item, names)),
            Value::Map(map) => map.values().for_each(|item| self.collect_reads(item, names)),
            _ => {}
        }
    }
}

/// Whether statements call a function or method.
pub(crate) fn calls(body: &[Stmt]) -> bool {
    let mut names = Names::default();
    names.body(body);
    names.0.calls
}

/// Collects the names that statements and expressions mention.
#[derive(Default)]
pub(crate) struct Names(pub Reads);

impl Names {
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.variables.contains(name)
    }

    pub(crate) fn body(&mut self, body: &[Stmt]) {
        for statement in body {
            self.stmt(statement);
        }
    }

    fn stmt(&mut self, statement: &Stmt) {
        match statement {
            Stmt::Text(_) | Stmt::Break | Stmt::Continue => {}
            Stmt::Emit(expr) | Stmt::Do(expr) => self.expr(expr),
            Stmt::For(node) => {
                self.expr(&node.iter);
                node.filter.iter().for_each(|filter| self.expr(filter));
                self.body(&node.body);
                self.body(&node.otherwise);
            }
            Stmt::If { test, then, otherwise } => {
                self.expr(test);
                self.body(then);
                self.body(otherwise);
            }
            Stmt::With { assignments, body } => {
                assignments.iter().for_each(|(_, value)| self.expr(value));
                self.body(body);
            }
            Stmt::Set(target, expr) => {
                self.target(target);
                self.expr(expr);
            }
            Stmt::SetBlock { filter, body, target } => {
                self.target(target);
                filter.iter().for_each(|filter| self.expr(filter));
                self.body(body);
            }
            Stmt::FilterBlock { filter, body } => {
                self.expr(filter);
                self.body(body);
            }
            Stmt::Scoped(body) => self.body(body),
            Stmt::Block(block) => self.body(&block.body),
            Stmt::Extends(name)
            | Stmt::Include { name, .. }
            | Stmt::Import { name, .. }
            | Stmt::FromImport { name, .. } => {
                self.0.open = true;
                self.file(name);
                self.expr(name);
            }
            Stmt::Macro(decl) => {
                decl.params.iter().filter_map(|(_, default)| default.as_ref()).for_each(|expr| self.expr(expr));
                self.body(&decl.body);
            }
            Stmt::CallBlock { call, caller } => {
                self.expr(call);
                self.body(&caller.body);
            }
        }
    }

    fn file(&mut self, name: &Expr) {
        match &name.kind {
            ExprKind::Const(Value::String(name)) => {
                self.0.files.insert(name.clone());
            }
            ExprKind::List(names) | ExprKind::Tuple(names) => names.iter().for_each(|name| self.file(name)),
            _ => {}
        }
    }

    fn target(&mut self, target: &Target) {
        match target {
            Target::Name(_) => {}
            Target::Attr(name, _) => {
                self.0.variables.insert(name.clone());
            }
            Target::Many(targets) => targets.iter().for_each(|target| self.target(target)),
        }
    }

    pub(crate) fn expr(&mut self, expr: &Expr) {
        if let Some(path) = path(expr) {
            self.0.paths.insert(path.into());
        }
        match &expr.kind {
            ExprKind::Const(_) => {}
            ExprKind::Var(name) => {
                self.0.variables.insert(name.clone());
            }
            ExprKind::List(items) | ExprKind::Tuple(items) => items.iter().for_each(|item| self.expr(item)),
            ExprKind::Dict(entries) => entries.iter().for_each(|(key, value)| {
                self.expr(key);
                self.expr(value);
            }),
            ExprKind::Attr(base, _) | ExprKind::Not(base) | ExprKind::Neg(base) => self.expr(base),
            ExprKind::Item(left, right)
            | ExprKind::And(left, right)
            | ExprKind::Or(left, right)
            | ExprKind::Binary(_, left, right) => {
                self.expr(left);
                self.expr(right);
            }
            ExprKind::Slice(base, parts) => {
                self.expr(base);
                parts.iter().flatten().for_each(|part| self.expr(part));
            }
            ExprKind::Compare(first, rest) => {
                self.expr(first);
                rest.iter().for_each(|(_, expr)| self.expr(expr));
            }
            ExprKind::If { test, then, otherwise } => {
                self.expr(test);
                self.expr(then);
                otherwise.iter().for_each(|expr| self.expr(expr));
            }
            ExprKind::Filter { name, subject, args } => {
                self.0.plugins.insert(name.clone());
                subject.iter().for_each(|expr| self.expr(expr));
                self.args(args);
            }
            ExprKind::Test { name, subject, args } => {
                self.0.plugins.insert(name.clone());
                self.expr(subject);
                self.args(args);
            }
            ExprKind::Call(callee, args) => {
                self.0.calls = true;
                if let ExprKind::Var(name) = &callee.kind
                    && matches!(&**name, "lookup" | "query" | "q")
                    && let Some(Arg::Positional(Expr { kind: ExprKind::Const(Value::String(plugin)), .. })) =
                        args.0.first()
                {
                    self.0.lookups.insert(plugin.clone());
                }
                self.expr(callee);
                self.args(args);
            }
        }
    }

    fn args(&mut self, args: &Args) {
        for arg in &args.0 {
            match arg {
                Arg::Positional(expr) | Arg::Keyword(_, expr) | Arg::Spread(expr) | Arg::SpreadKeywords(expr) => {
                    self.expr(expr);
                }
            }
        }
    }
}

/// `a.b.c` of an expression that is nothing but constant steps from a variable.
fn path(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Var(name) => Some(name.to_string()),
        ExprKind::Attr(base, name) => Some(format!("{}.{name}", path(base)?)),
        ExprKind::Item(base, key) => match &key.kind {
            ExprKind::Const(key) => Some(format!("{}.{key}", path(base)?)),
            _ => None,
        },
        _ => None,
    }
}
