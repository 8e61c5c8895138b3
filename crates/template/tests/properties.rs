//! Templates by chance: whatever they are, parsing and evaluating them ends with a value or an error, and the place of
//! the error lies in the text.

#![allow(clippy::unwrap_used)]

use ksplay_template::{Environment, Error, FileOptions, Templar};
use ksplay_value::{Bytes, Date, DateTime, Map, Source, Template, TemplateKind, Unknown, Value};
use proptest::prelude::*;

/// Choices in the order in which they are asked for; when they run out, the first is taken.
struct Choices<'b>(std::slice::Iter<'b, u8>);

impl Choices<'_> {
    fn below(&mut self, limit: usize) -> usize {
        self.0.next().map_or(0, |byte| usize::from(*byte) % limit)
    }

    fn of<'t>(&mut self, choices: &[&'t str]) -> &'t str {
        choices[self.below(choices.len())]
    }

    /// The pattern with each `@` an expression and each `§` a body.
    fn filled(&mut self, pattern: &str, depth: usize) -> String {
        let mut text = String::new();
        let mut rest = pattern;
        while let Some(at) = rest.find(['@', '§']) {
            text.push_str(&rest[..at]);
            let mark = rest[at..].chars().next().unwrap();
            text += &if mark == '@' { self.expression(depth + 1) } else { self.body(depth + 1) };
            rest = &rest[at + mark.len_utf8()..];
        }
        text + rest
    }

    fn expression(&mut self, depth: usize) -> String {
        let pattern = if depth > 4 || self.below(3) == 0 { self.of(LEAVES) } else { self.of(EXPRESSIONS) };
        self.filled(pattern, depth)
    }

    fn body(&mut self, depth: usize) -> String {
        let count = if depth > 3 { 1 } else { 1 + self.below(3) };
        (0..count)
            .map(|_| {
                let pattern = if depth > 3 { "{{ @ }}" } else { self.of(STATEMENTS) };
                self.filled(pattern, depth)
            })
            .collect()
    }
}

const LEAVES: &[&str] = &[
    "1",
    "x",
    "l",
    "d",
    "s",
    "'é'",
    "none",
    "true",
    "-1",
    "2.5",
    "10 ** 20",
    "missing",
    "later",
    "day",
    "now_",
    "raw",
    "lazy",
    "[]",
    "{}",
    "()",
    "''",
    "loop",
    "ns",
    "self",
    "varargs",
    "omit",
    "99999999999999999999",
    "1e308",
    "loop.index",
];

const EXPRESSIONS: &[&str] = &[
    "@ + @",
    "@ - @",
    "@ * @",
    "@ / @",
    "@ // @",
    "@ % @",
    "@ ** 2",
    "@ ~ @",
    "@ == @",
    "@ < @",
    "@ in @",
    "@ not in @",
    "@ and @",
    "@ or @",
    "not @",
    "-(@)",
    "(@)",
    "(@, @)",
    "[@, @]",
    "{@: @}",
    "@ if @ else @",
    "@ if @",
    "(@)[@]",
    "(@)[@:@]",
    "(@)[::@]",
    "(@).a",
    "(@).items()",
    "(@).append(@)",
    "(@).update(@)",
    "(@).pop(@)",
    "(@).setdefault(@, @)",
    "(@).format(@)",
    "(@).split(@)",
    "(@).strftime(@)",
    "(@).replace(@, @)",
    "(@)(@)",
    "@ | default(@)",
    "@ | list",
    "@ | first",
    "@ | sort",
    "@ | map('string') | list",
    "@ | selectattr(@, 'eq', @) | list",
    "@ | combine(@, recursive=@)",
    "@ | join(@)",
    "@ | int",
    "@ | to_json",
    "@ | to_nice_yaml",
    "@ | regex_replace(@, @)",
    "@ | dict2items",
    "@ | length",
    "@ | batch(3) | list",
    "@ | indent(3)",
    "@ is defined",
    "@ is mapping",
    "@ is version(@, '<')",
    "@ is divisibleby(@)",
    "range(3)",
    "dict(a=@)",
    "namespace(a=@)",
    "cycler(@, @)",
    "m(@)",
    "self.b()",
    "super()",
];

const STATEMENTS: &[&str] = &[
    "text\n",
    "{{ @ }}",
    "{{- @ -}}\n",
    "{% if @ %}§{% elif @ %}§{% else %}§{% endif %}",
    "{% for x in @ %}§{% else %}§{% endfor %}",
    "{% for x, s in @ if @ %}§{% endfor %}\n",
    "{% for x in @ recursive %}{{ loop(@) }}§{% endfor %}",
    "{% set x = @ %}",
    "{% set x, l = @ %}",
    "{% set _ = @ %}\n",
    "{% set ns = namespace(a=@) %}{% set ns.a = @ %}",
    "{% set x %}§{% endset %}",
    "{% with x = @ %}§{% endwith %}",
    "{% filter upper %}§{% endfilter %}",
    "{% macro m(x, s=@) %}§{% endmacro %}",
    "{% call m(@) %}§{% endcall %}",
    "{% block b %}§{% endblock %}",
    "{% include @ ignore missing %}",
    "{# @ #}",
    "{% raw %}{{ x }}{% endraw %}",
];

fn scope() -> Map {
    let template = |text: &str| Value::from(Template::new(TemplateKind::Jinja, text, None));
    let day = Date::new(2024, 2, 29).unwrap();
    Map::from([
        ("x", Value::from(3)),
        ("l", Value::from(vec![Value::from(1), Value::from("b"), Value::from(Vec::new()), template("{{ x }}")])),
        ("d", Map::from([("a", Value::from(vec![Value::from(1)])), ("b", template("{{ d.a }}"))]).into()),
        ("s", Value::from("a {é}\tb")),
        ("later", Unknown { because: vec!["later".into()] }.into()),
        ("day", day.into()),
        ("now_", DateTime::from_instant(1_700_000_000_000_000, Some(3600)).unwrap().into()),
        ("raw", Bytes(vec![0, 255, b'a']).into()),
        ("lazy", template("{{ l + [d] }}")),
    ])
}

/// Evaluates a text as a file and as a value.
fn evaluate(text: &str) -> Result<(), TestCaseError> {
    let environment = Environment { jinja_extensions: vec!["jinja2.ext.do".into()], ..Environment::default() };
    let scope = scope();
    let templar = Templar::new(&environment, &scope);
    let value: Value = Template::new(TemplateKind::Jinja, text, None).into();
    let _ = templar.reads(&value);
    let _ = templar.resolve(&value);
    let _ = templar.condition(&Template::new(TemplateKind::Expression, text, None).into());
    match templar.render(&Source::new("a.j2", text), &FileOptions::default()) {
        Ok(_) => Ok(()),
        Err(error) => lies_inside(&error, text),
    }
}

fn lies_inside(error: &Error, text: &str) -> Result<(), TestCaseError> {
    prop_assert!(!error.message.is_empty());
    if let Some(span) = &error.span {
        let line = text.split('\n').nth(span.line as usize - 1);
        prop_assert!(line.is_some(), "{span} of {text:?}");
        prop_assert!(span.column as usize <= line.unwrap_or_default().chars().count() + 1, "{span} of {text:?}");
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_template_of_any_statements_ends_with_a_value_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        evaluate(&Choices(bytes.iter()).body(0))?;
    }

    #[test]
    fn a_text_of_pieces_of_templates_ends_with_a_value_or_an_error(
        pieces in prop::collection::vec(
            prop_oneof![
                Just("{{ "), Just(" }}"), Just("{% "), Just(" %}"), Just("{#"), Just("#}"), Just("{%- "), Just(" -%}"),
                Just("for x in l"), Just("endfor"), Just("if x"), Just("endif"), Just("set x ="), Just("x"), Just("'"),
                Just("\""), Just("["), Just("]"), Just("("), Just(")"), Just("{"), Just("}"), Just(","), Just(" | "),
                Just("upper"), Just("."), Just("é"), Just("\n"), Just("\r\n"), Just("1"), Just(":"), Just("+"), Just("is"),
                Just("block b"), Just("endblock"), Just("scoped"), Just("raw"), Just("endraw"), Just("\\"), Just("*"),
            ],
            0..24,
        ),
    ) {
        evaluate(&pieces.concat())?;
    }
}
