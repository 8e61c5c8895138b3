//! From text to tree. The only file that knows the Jinja parser that is used.
//!
//! Four gaps of that parser are closed here: tuples without parentheses, unary plus, whether an include or import has
//! `with context`, and whether a block is `scoped`. The first two by a second try on a text in which they are written the other way; the others from
//! the tokens. String literals are read anew from the text, because their escapes follow the rules of Python in
//! template files and have none in values of playbooks.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;

use ksplay_value::{Str, Value};
use minijinja::machinery::{self, Token, ast};
use minijinja::syntax::SyntaxConfig;
use num_bigint::BigInt;

use crate::eval::changes::is_change;
use crate::literals::{Escapes, normalized, with_newline};
use crate::tree::{Arg, Args, BinaryOp, Block, CompareOp, Expr, ExprKind, For, Macro, Stmt, Target, Tree};
use crate::{Error, ErrorKind, FileOptions};

/// Parses a value with markers, as it stands in a playbook.
pub(crate) fn parse_value(text: &Arc<str>) -> Result<Tree, Error> {
    let options = FileOptions { keep_trailing_newline: false, ..FileOptions::default() };
    parse(text, "<template>", &options, Escapes::Verbatim)
}

/// Parses a template file.
pub(crate) fn parse_file(text: &Arc<str>, name: &str, options: &FileOptions) -> Result<Tree, Error> {
    parse(text, name, options, Escapes::Python)
}

/// Parses a bare expression.
pub(crate) fn parse_expression(text: &Arc<str>) -> Result<Tree, Error> {
    let text = &read(text);
    let lowered = |source: &str| {
        let lower = Lower::new(source, Escapes::Verbatim, "\n", Heads::default());
        machinery::parse_expr(source).map(|expr| {
            let body = vec![Stmt::Emit(lower.expr(&expr))];
            lower.checked(body)
        })
    };
    let syntax = SyntaxConfig::default();
    let (body, may_change) =
        repaired(text, lowered, || repair(text, true, &syntax)).map_err(|what| syntax_error(what, "expression"))?;
    Ok(Tree { body, text: Arc::clone(text), name: "<expression>".into(), may_change })
}

fn parse(text: &Arc<str>, name: &str, options: &FileOptions, escapes: Escapes) -> Result<Tree, Error> {
    let text = &read(text);
    let syntax = syntax(options)?;
    let lowered = |source: &str| {
        let heads = match source.contains("context") || source.contains("scoped") {
            true => heads(source, &syntax),
            false => Heads::default(),
        };
        machinery::parse(source, name, syntax.clone()).map(|stmt| {
            let mut lower = Lower::new(source, escapes, &options.newline_sequence, heads);
            let body = match stmt {
                ast::Stmt::Template(template) => lower.body(&template.children),
                _ => Vec::new(),
            };
            lower.checked(body)
        })
    };
    let (body, may_change) =
        repaired(text, lowered, || repair(text, false, &syntax)).map_err(|what| syntax_error(what, "template"))?;
    Ok(Tree { body, text: Arc::clone(text), name: name.into(), may_change })
}

/// The text with the line breaks that Jinja sees.
fn read(text: &Arc<str>) -> Arc<str> {
    match normalized(text) {
        Cow::Borrowed(_) => Arc::clone(text),
        Cow::Owned(text) => text.into(),
    }
}

/// Statements, and whether they may change lists and mappings.
type Lowered = (Vec<Stmt>, bool);

/// What was parsed, of the text as it stands or, when that is no Jinja, of the text as it is repaired.
fn repaired(
    text: &str,
    lowered: impl Fn(&str) -> Result<Result<Lowered, String>, minijinja::Error>,
    repair: impl FnOnce() -> Option<String>,
) -> Result<Lowered, String> {
    lowered(text).unwrap_or_else(|error| match repair().map(|source| lowered(&source)) {
        Some(Ok(body)) => body,
        _ => Err(described(&error)),
    })
}

fn syntax(options: &FileOptions) -> Result<SyntaxConfig, Error> {
    let mut builder = SyntaxConfig::builder();
    builder
        .trim_blocks(options.trim_blocks)
        .lstrip_blocks(options.lstrip_blocks)
        .keep_trailing_newline(options.keep_trailing_newline);
    if let Some([variable, block, comment]) = &options.markers {
        builder
            .variable_delimiters(variable.0.clone(), variable.1.clone())
            .block_delimiters(block.0.clone(), block.1.clone())
            .comment_delimiters(comment.0.clone(), comment.1.clone());
    }
    if let Some(prefix) = &options.line_statement_prefix {
        builder.line_statement_prefix(prefix.clone());
    }
    if let Some(prefix) = &options.line_comment_prefix {
        builder.line_comment_prefix(prefix.clone());
    }
    builder.build().map_err(|error| syntax_error(described(&error), "template"))
}

fn described(error: &minijinja::Error) -> String {
    let what = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    match what.strip_prefix("unknown statement ") {
        Some(tag) => format!("Encountered unknown tag '{tag}'."),
        None => what,
    }
}

fn syntax_error(what: String, of: &str) -> Error {
    Error::new(ErrorKind::Syntax, format!("Syntax error in {of}: {what}"))
}

/// What the parser's tree leaves out of tags, each in the order of the text.
#[derive(Default)]
struct Heads {
    /// Of each include and import whether it has the context: `Some(true)` for `with context`.
    contexts: VecDeque<Option<bool>>,
    /// Of each block whether it sees the variables around it.
    scoped: VecDeque<bool>,
}

fn heads(source: &str, syntax: &SyntaxConfig) -> Heads {
    let mut found = Heads::default();
    let mut tokens = machinery::tokenize(source, false, syntax.clone()).map_while(Result::ok).map(|(token, _)| token);
    while let Some(token) = tokens.next() {
        if !matches!(token, Token::BlockStart) {
            continue;
        }
        let tag = match tokens.next() {
            Some(Token::Ident(tag @ ("include" | "import" | "from" | "block"))) => tag,
            _ => continue,
        };
        let mut marker = None;
        let mut scoped = false;
        let mut last = tag;
        for token in tokens.by_ref() {
            match token {
                Token::BlockEnd => break,
                Token::Ident("context") if last == "with" => marker = Some(true),
                Token::Ident("context") if last == "without" => marker = Some(false),
                // The name of the block comes first.
                Token::Ident("scoped") if last != "block" => scoped = true,
                Token::Ident(name) => last = name,
                _ => last = "",
            }
        }
        match tag {
            "block" => found.scoped.push_back(scoped),
            _ => found.contexts.push_back(marker),
        }
    }
    found
}

/// The text with parentheses around bare tuples and after tests before an operator, with two minus for a unary plus, and
/// without a comment that begins where the text ends; `None` when there is nothing of the kind.
fn repair(source: &str, in_expression: bool, syntax: &SyntaxConfig) -> Option<String> {
    let tokens: Vec<_> = machinery::tokenize(source, in_expression, syntax.clone()).map_while(Result::ok).collect();
    let mut edits: Vec<(usize, usize, &str)> = Vec::new();
    let mut index = 0;
    while index < tokens.len() {
        let (token, span) = &tokens[index];
        match token {
            Token::Plus if index == 0 || !ends_operand(&tokens[index - 1].0) => {
                // Twice the other sign, which parser and evaluator know.
                edits.push((span.start_offset as usize, span.end_offset as usize, " - -"));
            }
            Token::VariableStart => {
                wrap_tuple(&tokens, index + 1, &mut edits);
            }
            Token::BracketOpen if index > 0 && ends_operand(&tokens[index - 1].0) => {
                wrap_tuple(&tokens, index + 1, &mut edits);
            }
            Token::Ident("if" | "elif") if index > 0 && matches!(tokens[index - 1].0, Token::BlockStart) => {
                wrap_tuple(&tokens, index + 1, &mut edits);
            }
            Token::Ident("in") if for_head(&tokens, index) => {
                wrap_tuple(&tokens, index + 1, &mut edits);
            }
            Token::Ident(_) if before_operator(&tokens, index) && names_test(&tokens, index) => {
                edits.push((span.end_offset as usize, span.end_offset as usize, "()"));
            }
            _ => {}
        }
        index += 1;
    }
    if !in_expression && source.ends_with(syntax.comment_delimiters().0) {
        edits.push((source.len() - syntax.comment_delimiters().0.len(), source.len(), ""));
    }
    if edits.is_empty() {
        return None;
    }
    edits.sort_by_key(|edit| edit.0);
    let mut repaired = source.to_owned();
    for (start, end, replacement) in edits.into_iter().rev() {
        repaired.replace_range(start..end, replacement);
    }
    Some(repaired)
}

type Tokens<'a> = [(Token<'a>, machinery::Span)];

fn names_test(tokens: &Tokens<'_>, index: usize) -> bool {
    matches!(tokens[..index], [.., (Token::Ident("is"), _)] | [.., (Token::Ident("is"), _), (Token::Ident("not"), _)])
}

/// Whether an operator follows that cannot begin an operand.
fn before_operator(tokens: &Tokens<'_>, index: usize) -> bool {
    let operator = |token: &Token<'_>| {
        use Token::{Div, FloorDiv, Mod, Mul, Plus, Pow, Tilde};
        matches!(token, Plus | Mul | Div | FloorDiv | Pow | Mod | Tilde)
    };
    tokens.get(index + 1).is_some_and(|(token, _)| operator(token))
}

fn for_head(tokens: &Tokens<'_>, end: usize) -> bool {
    let head = tokens[..end].iter().rposition(|(token, _)| matches!(token, Token::BlockStart));
    head.is_some_and(|start| {
        matches!(tokens.get(start + 1), Some((Token::Ident("for"), _)))
            && !tokens[start + 2..end].iter().any(|(token, _)| matches!(token, Token::Ident("in") | Token::BlockEnd))
    })
}

fn ends_operand(token: &Token<'_>) -> bool {
    match token {
        Token::Ident(name) => !matches!(*name, "in" | "and" | "or" | "not" | "if" | "else" | "elif" | "is"),
        Token::Str(_)
        | Token::String(_)
        | Token::Int(_)
        | Token::Int128(_)
        | Token::Float(_)
        | Token::ParenClose
        | Token::BracketClose
        | Token::BraceClose => true,
        _ => false,
    }
}

fn wrap_tuple(tokens: &Tokens<'_>, start: usize, edits: &mut Vec<(usize, usize, &str)>) {
    let mut depth = 0;
    let mut commas = 0;
    for (token, span) in &tokens[start..] {
        match token {
            Token::VariableEnd | Token::BlockEnd | Token::BracketClose | Token::Ident("if" | "recursive")
                if depth == 0 =>
            {
                if commas > 0 {
                    let first = tokens[start].1.start_offset as usize;
                    edits.push((first, first, "("));
                    edits.push((span.start_offset as usize, span.start_offset as usize, ")"));
                }
                return;
            }
            // A slice is no tuple.
            Token::Colon if depth == 0 => return,
            Token::ParenOpen | Token::BracketOpen | Token::BraceOpen => depth += 1,
            Token::ParenClose | Token::BracketClose | Token::BraceClose => depth -= 1,
            Token::Comma if depth == 0 => commas += 1,
            _ => {}
        }
    }
}

struct Lower<'s> {
    text: &'s str,
    escapes: Escapes,
    /// What line breaks of the template become.
    newline: &'s str,
    heads: Heads,
    /// Whether this is a branch: there, a filter or test that does not exist is an error only when it is used.
    in_branch: Cell<bool>,
    /// What is said of the first thing that the parser does not mind and Jinja does: a filter or test that does not exist, a
    /// number or parameter that cannot be.
    wrong: RefCell<Option<String>>,
    may_change: Cell<bool>,
}

impl<'s> Lower<'s> {
    fn new(text: &'s str, escapes: Escapes, newline: &'s str, heads: Heads) -> Self {
        let (in_branch, may_change) = (Cell::new(false), Cell::new(false));
        Self { text, escapes, newline, heads, in_branch, wrong: RefCell::default(), may_change }
    }

    /// What was lowered, unless something in it is wrong.
    fn checked(self, body: Vec<Stmt>) -> Result<Lowered, String> {
        self.wrong.into_inner().map_or(Ok((body, self.may_change.get())), Err)
    }

    /// Notes a name that may be that of a method.
    fn member(&self, name: &str) {
        if is_change(name) {
            self.may_change.set(true);
        }
    }

    /// A body that is a scope of its own: no branch, even in one.
    fn scope(&mut self, statements: &[ast::Stmt<'_>]) -> Vec<Stmt> {
        let outside = self.in_branch.replace(false);
        let body = self.body(statements);
        self.in_branch.set(outside);
        body
    }

    /// An expression that belongs to such a body.
    fn expr_of_scope(&self, expr: &ast::Expr<'_>) -> Expr {
        let outside = self.in_branch.replace(false);
        let expr = self.expr(expr);
        self.in_branch.set(outside);
        expr
    }

    /// A name that must be that of something, as `exists` says.
    fn plugin(&self, kind: &str, name: &str, exists: bool) -> Str {
        if !exists && !self.in_branch.get() {
            self.wrong.borrow_mut().get_or_insert_with(|| format!("No {kind} named '{name}'."));
        }
        name.into()
    }

    fn body(&mut self, statements: &[ast::Stmt<'_>]) -> Vec<Stmt> {
        statements.iter().filter_map(|statement| self.stmt(statement)).collect()
    }

    fn stmt(&mut self, statement: &ast::Stmt<'_>) -> Option<Stmt> {
        if let ast::Stmt::Extends(_) | ast::Stmt::Include(_) | ast::Stmt::Import(_) | ast::Stmt::FromImport(_) =
            statement
        {
            self.may_change.set(true);
        }
        Some(match statement {
            ast::Stmt::Template(template) => Stmt::Scoped(self.body(&template.children)),
            ast::Stmt::EmitExpr(emit) => Stmt::Emit(self.expr(&emit.expr)),
            ast::Stmt::EmitRaw(raw) => {
                if raw.raw.is_empty() {
                    return None;
                }
                Stmt::Text(with_newline(raw.raw, self.newline).into())
            }
            ast::Stmt::ForLoop(node) => Stmt::For(Arc::new(For {
                target: target(&node.target),
                iter: self.expr(&node.iter),
                filter: node.filter_expr.as_ref().map(|expr| self.expr(expr)),
                recursive: node.recursive,
                body: self.scope(&node.body),
                otherwise: self.scope(&node.else_body),
            })),
            ast::Stmt::IfCond(node) => {
                let outside = self.in_branch.replace(true);
                let test = self.expr(&node.expr);
                let (then, otherwise) = (self.body(&node.true_body), self.body(&node.false_body));
                self.in_branch.set(outside);
                Stmt::If { test, then, otherwise }
            }
            ast::Stmt::WithBlock(node) => Stmt::With {
                assignments: node.assignments.iter().map(|(name, value)| (target(name), self.expr(value))).collect(),
                body: self.scope(&node.body),
            },
            ast::Stmt::Set(node) => Stmt::Set(target(&node.target), self.expr(&node.expr)),
            ast::Stmt::SetBlock(node) => Stmt::SetBlock {
                target: target(&node.target),
                filter: node.filter.as_ref().map(|filter| self.expr_of_scope(filter)),
                body: self.scope(&node.body),
            },
            ast::Stmt::AutoEscape(node) => Stmt::Scoped(self.scope(&node.body)),
            ast::Stmt::FilterBlock(node) => {
                Stmt::FilterBlock { filter: self.expr_of_scope(&node.filter), body: self.scope(&node.body) }
            }
            ast::Stmt::Block(node) => Stmt::Block(Arc::new(Block {
                name: node.name.into(),
                scoped: self.heads.scoped.pop_front().unwrap_or(false),
                required: node.required,
                body: self.scope(&node.body),
            })),
            ast::Stmt::Extends(node) => Stmt::Extends(self.expr(&node.name)),
            ast::Stmt::Include(node) => Stmt::Include {
                name: self.expr(&node.name),
                ignore_missing: node.ignore_missing,
                with_context: self.heads.contexts.pop_front().flatten().unwrap_or(true),
            },
            ast::Stmt::Import(node) => Stmt::Import {
                name: self.expr(&node.expr),
                target: variable(&node.name),
                with_context: self.heads.contexts.pop_front().flatten().unwrap_or(false),
            },
            ast::Stmt::FromImport(node) => Stmt::FromImport {
                name: self.expr(&node.expr),
                names: node
                    .names
                    .iter()
                    .map(|(name, alias)| (variable(name), variable(alias.as_ref().unwrap_or(name))))
                    .collect(),
                with_context: self.heads.contexts.pop_front().flatten().unwrap_or(false),
            },
            ast::Stmt::Macro(node) => Stmt::Macro(Arc::new(self.macro_(node))),
            ast::Stmt::CallBlock(node) => Stmt::CallBlock {
                call: Expr {
                    kind: ExprKind::Call(Box::new(self.expr(&node.call.expr)), self.args(&node.call.args)),
                    at: node.call.span().start_offset,
                },
                caller: Arc::new(self.macro_(&node.macro_decl)),
            },
            ast::Stmt::Continue(_) => Stmt::Continue,
            ast::Stmt::Break(_) => Stmt::Break,
            ast::Stmt::Do(node) => Stmt::Do(Expr {
                kind: ExprKind::Call(Box::new(self.expr(&node.call.expr)), self.args(&node.call.args)),
                at: node.call.span().start_offset,
            }),
        })
    }

    fn macro_(&mut self, node: &ast::Macro<'_>) -> Macro {
        let plain = node.args.len() - node.defaults.len();
        let params = node
            .args
            .iter()
            .enumerate()
            .map(|(index, name)| {
                let default = index.checked_sub(plain).map(|index| self.expr(&node.defaults[index]));
                (variable(name), default)
            })
            .collect();
        for (at, name) in node.args.iter().enumerate() {
            let name = variable(name);
            if node.args[..at].iter().any(|other| variable(other) == name) {
                let wrong = || format!("duplicate argument '{name}' in function definition");
                self.wrong.borrow_mut().get_or_insert_with(wrong);
            }
        }
        let body = self.scope(&node.body);
        let mut uses = crate::reads::Names::default();
        uses.body(&body);
        Macro {
            name: node.name.into(),
            params,
            uses_varargs: uses.has("varargs"),
            uses_kwargs: uses.has("kwargs"),
            uses_caller: uses.has("caller"),
            body,
        }
    }

    fn expr(&self, expr: &ast::Expr<'_>) -> Expr {
        let span = expr.span();
        let boxed = |expr: &ast::Expr<'_>| Box::new(self.expr(expr));
        let all = |items: &[ast::Expr<'_>]| items.iter().map(|item| self.expr(item)).collect();
        let kind = match expr {
            ast::Expr::Var(var) => ExprKind::Var(var.id.into()),
            ast::Expr::Const(constant) => {
                let value = self.constant(&constant.value, span);
                value.as_str().iter().for_each(|text| self.member(text));
                ExprKind::Const(value)
            }
            ast::Expr::Slice(slice) => {
                let part = |part: &Option<ast::Expr<'_>>| part.as_ref().map(|expr| self.expr(expr));
                ExprKind::Slice(
                    boxed(&slice.expr),
                    Box::new([part(&slice.start), part(&slice.stop), part(&slice.step)]),
                )
            }
            ast::Expr::UnaryOp(unary) => match unary.op {
                ast::UnaryOpKind::Not => ExprKind::Not(boxed(&unary.expr)),
                ast::UnaryOpKind::Neg => ExprKind::Neg(boxed(&unary.expr)),
            },
            ast::Expr::BinOp(node) => {
                let (left, right) = (boxed(&node.left), boxed(&node.right));
                binary(node.op, left, right)
            }
            ast::Expr::Compare(node) => ExprKind::Compare(
                boxed(&node.expr),
                node.ops.iter().map(|op| (compare(op.op), self.expr(&op.expr))).collect(),
            ),
            ast::Expr::IfExpr(node) => {
                let outside = self.in_branch.replace(true);
                let (test, then) = (boxed(&node.test_expr), boxed(&node.true_expr));
                let otherwise = node.false_expr.as_ref().map(boxed);
                self.in_branch.set(outside);
                ExprKind::If { test, then, otherwise }
            }
            ast::Expr::Filter(node) => ExprKind::Filter {
                name: self.plugin("filter", node.name, crate::filters::find(node.name).is_some()),
                subject: node.expr.as_ref().map(boxed),
                args: self.args(&node.args),
            },
            ast::Expr::Test(node) => {
                if self.is_chained(&node.expr) {
                    let wrong = || "You cannot chain multiple tests with is".to_owned();
                    self.wrong.borrow_mut().get_or_insert_with(wrong);
                }
                ExprKind::Test {
                    name: self.plugin("test", node.name, crate::tests::find(node.name).is_some()),
                    subject: boxed(&node.expr),
                    args: self.args(&node.args),
                }
            }
            ast::Expr::GetAttr(node) => {
                self.member(node.name);
                ExprKind::Attr(boxed(&node.expr), node.name.into())
            }
            ast::Expr::GetItem(node) => ExprKind::Item(boxed(&node.expr), boxed(&node.subscript_expr)),
            ast::Expr::Call(node) => ExprKind::Call(boxed(&node.expr), self.args(&node.args)),
            ast::Expr::List(node) => ExprKind::List(all(&node.items)),
            ast::Expr::Tuple(node) => ExprKind::Tuple(all(&node.items)),
            ast::Expr::Map(node) => ExprKind::Dict(
                node.keys.iter().zip(&node.values).map(|(key, value)| (self.expr(key), self.expr(value))).collect(),
            ),
        };
        Expr { kind, at: span.start_offset }
    }

    /// Whether the subject of a test is a test itself, whose name the next `is` follows at once.
    fn is_chained(&self, subject: &ast::Expr<'_>) -> bool {
        let test = match subject {
            ast::Expr::UnaryOp(unary) => &unary.expr,
            subject => subject,
        };
        let ast::Expr::Test(test) = test else { return false };
        let text = self.text.get(test.span().start_offset as usize..subject.span().end_offset as usize);
        let after = self.text.get(test.span().end_offset as usize..).unwrap_or_default().trim_start();
        text.is_some_and(|text| text.ends_with(test.name))
            && after.strip_prefix("is").is_some_and(|rest| rest.starts_with(char::is_whitespace))
    }

    fn args(&self, args: &[ast::CallArg<'_>]) -> Args {
        Args(
            args.iter()
                .map(|arg| match arg {
                    ast::CallArg::Pos(expr) => Arg::Positional(self.expr(expr)),
                    ast::CallArg::Kwarg(name, expr) => Arg::Keyword((*name).into(), self.expr(expr)),
                    ast::CallArg::PosSplat(expr) => Arg::Spread(self.expr(expr)),
                    ast::CallArg::KwargSplat(expr) => Arg::SpreadKeywords(self.expr(expr)),
                })
                .collect(),
        )
    }

    /// Whether a number is written as Jinja does not read it; says so.
    fn misspelt(&self, span: machinery::Span) -> bool {
        let text = self.text.get(span.start_offset as usize..span.end_offset as usize).unwrap_or_default();
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let wrong = if digits && text.starts_with('0') && !text.trim_start_matches('0').is_empty() {
            "expected token 'end of print statement', got 'integer'"
        } else if text.ends_with('.') || text.contains("__") {
            "expected name or number"
        } else {
            return false;
        };
        self.wrong.borrow_mut().get_or_insert_with(|| wrong.to_owned());
        true
    }

    fn constant(&self, value: &minijinja::Value, span: machinery::Span) -> Value {
        use minijinja::value::ValueKind;
        match value.kind() {
            ValueKind::String => {
                let literal = self.text.get(span.start_offset as usize..span.end_offset as usize);
                literal.map_or_else(
                    || Value::from(value.as_str().unwrap_or_default()),
                    |text| self.escapes.strings(text, self.newline),
                )
            }
            ValueKind::Bool => Value::Bool(value.is_true()),
            ValueKind::Number if self.misspelt(span) => Value::Null,
            ValueKind::Number if value.is_integer() => match value.as_i64() {
                Some(number) => Value::Int(number),
                None => value.to_string().parse::<BigInt>().map_or(Value::Null, Value::from_big),
            },
            ValueKind::Number => Value::Float(f64::try_from(value.clone()).unwrap_or(f64::NAN)),
            _ => Value::Null,
        }
    }
}

fn binary(op: ast::BinOpKind, left: Box<Expr>, right: Box<Expr>) -> ExprKind {
    use ast::BinOpKind as Op;
    let compare = |op, right: Box<Expr>, left| ExprKind::Compare(left, vec![(op, *right)]);
    match op {
        Op::Eq => compare(CompareOp::Eq, right, left),
        Op::Ne => compare(CompareOp::Ne, right, left),
        Op::Lt => compare(CompareOp::Lt, right, left),
        Op::Lte => compare(CompareOp::Le, right, left),
        Op::Gt => compare(CompareOp::Gt, right, left),
        Op::Gte => compare(CompareOp::Ge, right, left),
        Op::In => compare(CompareOp::In, right, left),
        Op::ScAnd => ExprKind::And(left, right),
        Op::ScOr => ExprKind::Or(left, right),
        Op::Add => ExprKind::Binary(BinaryOp::Add, left, right),
        Op::Sub => ExprKind::Binary(BinaryOp::Sub, left, right),
        Op::Mul => ExprKind::Binary(BinaryOp::Mul, left, right),
        Op::Div => ExprKind::Binary(BinaryOp::Div, left, right),
        Op::FloorDiv => ExprKind::Binary(BinaryOp::FloorDiv, left, right),
        Op::Rem => ExprKind::Binary(BinaryOp::Rem, left, right),
        Op::Pow => ExprKind::Binary(BinaryOp::Pow, left, right),
        Op::Concat => ExprKind::Binary(BinaryOp::Concat, left, right),
    }
}

fn compare(op: ast::CompareOpKind) -> CompareOp {
    match op {
        ast::CompareOpKind::Eq => CompareOp::Eq,
        ast::CompareOpKind::Ne => CompareOp::Ne,
        ast::CompareOpKind::Lt => CompareOp::Lt,
        ast::CompareOpKind::Lte => CompareOp::Le,
        ast::CompareOpKind::Gt => CompareOp::Gt,
        ast::CompareOpKind::Gte => CompareOp::Ge,
        ast::CompareOpKind::In => CompareOp::In,
        ast::CompareOpKind::NotIn => CompareOp::NotIn,
    }
}

fn target(expr: &ast::Expr<'_>) -> Target {
    match expr {
        ast::Expr::GetAttr(node) => Target::Attr(variable(&node.expr), node.name.into()),
        ast::Expr::List(list) => Target::Many(list.items.iter().map(target).collect()),
        ast::Expr::Tuple(tuple) => Target::Many(tuple.items.iter().map(target).collect()),
        other => Target::Name(variable(other)),
    }
}

fn variable(expr: &ast::Expr<'_>) -> Str {
    match expr {
        ast::Expr::Var(var) => var.id.into(),
        _ => "".into(),
    }
}
