//! The tree of a template: what the evaluator walks.

use std::sync::Arc;

use ksplay_value::{Str, Value};

/// A parsed template or expression.
#[derive(Debug)]
pub(crate) struct Tree {
    /// What it does, in order.
    pub body: Vec<Stmt>,
    /// The text that offsets count in.
    pub text: Arc<str>,
    /// The name under which its text is known, for messages.
    pub name: String,
    /// Whether it mentions a method that changes a list or mapping, or may do so in another file.
    pub may_change: bool,
}

/// An expression and where it begins.
#[derive(Debug)]
pub(crate) struct Expr {
    /// What to evaluate.
    pub kind: ExprKind,
    /// Byte offset in the text.
    pub at: u32,
}

#[derive(Debug)]
pub(crate) enum ExprKind {
    Const(Value),
    Var(Str),
    List(Vec<Expr>),
    Tuple(Vec<Expr>),
    Dict(Vec<(Expr, Expr)>),
    Attr(Box<Expr>, Str),
    Item(Box<Expr>, Box<Expr>),
    Slice(Box<Expr>, Box<[Option<Expr>; 3]>),
    Not(Box<Expr>),
    Neg(Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    Compare(Box<Expr>, Vec<(CompareOp, Expr)>),
    If {
        test: Box<Expr>,
        then: Box<Expr>,
        otherwise: Option<Box<Expr>>,
    },
    /// `subject` is `None` for the head of a `{% filter %}` chain.
    Filter {
        name: Str,
        subject: Option<Box<Expr>>,
        args: Args,
    },
    Test {
        name: Str,
        subject: Box<Expr>,
        args: Args,
    },
    Call(Box<Expr>, Args),
}

/// The arguments of a call, in the order in which they stand.
#[derive(Debug, Default)]
pub(crate) struct Args(pub Vec<Arg>);

#[derive(Debug)]
pub(crate) enum Arg {
    Positional(Expr),
    Keyword(Str, Expr),
    Spread(Expr),
    SpreadKeywords(Expr),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    FloorDiv,
    Rem,
    Pow,
    Concat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CompareOp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    In,
    NotIn,
}

#[derive(Debug)]
pub(crate) enum Stmt {
    Text(Str),
    Emit(Expr),
    For(Arc<For>),
    If {
        test: Expr,
        then: Vec<Stmt>,
        otherwise: Vec<Stmt>,
    },
    With {
        assignments: Vec<(Target, Expr)>,
        body: Vec<Stmt>,
    },
    Set(Target, Expr),
    SetBlock {
        target: Target,
        filter: Option<Expr>,
        body: Vec<Stmt>,
    },
    /// `{% filter %}`.
    FilterBlock {
        filter: Expr,
        body: Vec<Stmt>,
    },
    /// `{% autoescape %}`, which does nothing here.
    Scoped(Vec<Stmt>),
    Block(Arc<Block>),
    Extends(Expr),
    Include {
        name: Expr,
        ignore_missing: bool,
        with_context: bool,
    },
    Import {
        name: Expr,
        target: Str,
        with_context: bool,
    },
    FromImport {
        name: Expr,
        names: Vec<(Str, Str)>,
        with_context: bool,
    },
    Macro(Arc<Macro>),
    CallBlock {
        call: Expr,
        caller: Arc<Macro>,
    },
    Do(Expr),
    Break,
    Continue,
}

#[derive(Debug)]
pub(crate) struct For {
    pub target: Target,
    pub iter: Expr,
    pub filter: Option<Expr>,
    pub recursive: bool,
    pub body: Vec<Stmt>,
    pub otherwise: Vec<Stmt>,
}

#[derive(Debug)]
pub(crate) struct Block {
    pub name: Str,
    /// Whether it sees the variables of loops around it.
    pub scoped: bool,
    /// Whether a template that extends this one must have it.
    pub required: bool,
    pub body: Vec<Stmt>,
}

#[derive(Debug)]
pub(crate) struct Macro {
    pub name: Str,
    /// Names and defaults; the last ones have defaults.
    pub params: Vec<(Str, Option<Expr>)>,
    pub body: Vec<Stmt>,
    /// Whether the body mentions `varargs`, `kwargs`, `caller`: without that, surplus arguments are errors.
    pub uses_varargs: bool,
    pub uses_kwargs: bool,
    pub uses_caller: bool,
}

/// What an assignment assigns to.
#[derive(Debug)]
pub(crate) enum Target {
    Name(Str),
    /// `ns.name`
    Attr(Str, Str),
    Many(Vec<Target>),
}
