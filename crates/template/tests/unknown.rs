//! What rests on something unknown is unknown itself: never an error, never a definite answer.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

use ksplay_template::{Environment, Templar, filters, tests};
use ksplay_value::{Map, Template, TemplateKind, Unknown, Value};

fn unknown(name: &str) -> Value {
    Unknown { because: vec![name.into()] }.into()
}

fn scope() -> Map {
    Map::from([
        ("later", unknown("later")),
        ("other", unknown("other")),
        ("l", Value::from_iter([1, 2, 3])),
        ("d", Map::from([("k", Value::from("v"))]).into()),
        ("part", Map::from([("known", Value::Int(1)), ("unknown", unknown("later"))]).into()),
        ("through", Template::new(TemplateKind::Jinja, "{{ later }}", None).into()),
        ("s", "text".into()),
    ])
}

/// What a template rests on; the value when it is known, and the message when it is an error.
fn rests_on(text: &str) -> Result<Vec<String>, String> {
    let (environment, scope) = (Environment::default(), scope());
    match Templar::new(&environment, &scope).resolve(&Template::new(TemplateKind::Jinja, text, None).into()) {
        Ok(Value::Unknown(unknown)) => Ok(unknown.because.iter().map(|name| name.to_string()).collect()),
        Ok(value) => Err(format!("{text} is {value:?}")),
        Err(error) => Err(format!("{text} fails: {}", error.message)),
    }
}

fn all_rest_on_later(texts: impl IntoIterator<Item = String>) {
    let wrong: Vec<String> = texts
        .into_iter()
        .filter_map(|text| match rests_on(&text) {
            Ok(names) if names.iter().any(|name| name == "later") => None,
            Ok(names) => Some(format!("{text} rests on {names:?}")),
            Err(why) => Some(why),
        })
        .collect();
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_filter_of_the_unknown_is_unknown() {
    let names = || filters::names().filter(|name| !matches!(*name, "now" | "lipsum" | "type_debug"));
    all_rest_on_later(names().map(|name| format!("{{{{ later | {name} }}}}")));
    all_rest_on_later(names().map(|name| format!("{{{{ through | {name} }}}}")));
}

#[test]
fn every_filter_with_an_unknown_argument_is_unknown() {
    // What is left when the subject is there does not matter.
    let names = || filters::names().filter(|name| !matches!(*name, "now" | "lipsum" | "type_debug" | "default" | "d"));
    all_rest_on_later(names().map(|name| format!("{{{{ s | {name}(later) }}}}")));
    all_rest_on_later(names().map(|name| format!("{{{{ l | {name}(x=later) }}}}")));
}

#[test]
fn every_test_of_the_unknown_is_unknown() {
    let names = || tests::names().filter(|name| !matches!(*name, "defined" | "undefined"));
    let is_word = |name: &&str| name.starts_with(|first: char| first.is_ascii_alphabetic());
    all_rest_on_later(names().filter(is_word).map(|name| format!("{{{{ later is {name} }}}}")));
    // Tests of results take nothing, whatever it is.
    let takes = |name: &&str| {
        ["b", "c", "d", "e", "g", "i", "l", "m", "v"].iter().any(|first| name.starts_with(first))
            && !name.starts_with("change")
    };
    all_rest_on_later(names().filter(takes).map(|name| format!("{{{{ 1 is {name}(later) }}}}")));
    all_rest_on_later(names().filter(is_word).map(|name| format!("{{{{ later is not {name} }}}}")));
    all_rest_on_later(names().map(|name| format!("{{{{ [later] | select('{name}', 1) | list }}}}")));
}

#[test]
fn every_operator_with_the_unknown_is_unknown() {
    let binary = ["+", "-", "*", "/", "//", "%", "**", "~", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "and"];
    all_rest_on_later(binary.iter().map(|op| format!("{{{{ later {op} 1 }}}}")));
    all_rest_on_later(binary.iter().map(|op| format!("{{{{ 1 {op} later }}}}")));
    all_rest_on_later(binary.iter().map(|op| format!("{{{{ s {op} later }}}}")));
    all_rest_on_later(binary.iter().map(|op| format!("{{{{ later {op} later }}}}")));
    all_rest_on_later(
        [
            "not later",
            "-later",
            "later or 0",
            "0 or later",
            "1 < later < 3",
            "later if later else 1",
            "1 if later else 2",
            "later if true else 1",
            "1 if false else later",
            "later.a",
            "later.a.b['c'][0]",
            "later['a']",
            "later[1:]",
            "s[later:]",
            "s[:later]",
            "l[later]",
            "d[later]",
            "d.get(later)",
            "later()",
            "later.method(1)",
            "s.replace(later, 'x')",
            "s.join(later)",
            "s.split(later)",
            "'%s and %s' % (1, later)",
            "'{}'.format(later)",
            "range(later)",
            "dict(a=later).a",
            "[1, later][1]",
            "(1, later)[1]",
            "{'a': later}.a",
            "{'a': later}.values() | list | first",
            "[1, later] | sum",
            "[1, later] | map('upper') | join",
            "[later, 1] | sort",
            "[later] == [1]",
            "{'a': later} != {'a': 1}",
            "[later] < [1]",
            "1 in [2, later]",
            "[later] in [[1]]",
            "[later] ~ 'x'",
            "[1, later].count(1)",
            "s.join([later])",
            "part.unknown",
            "part | to_json",
            "part.unknown ~ part.known",
            "lookup('env', later)",
            "lookup(later, 'x')",
            "query('items', later)",
            "s | default(later) ~ later",
        ]
        .iter()
        .map(|expression| format!("{{{{ {expression} }}}}")),
    );
}

#[test]
fn every_statement_that_the_unknown_decides_is_unknown() {
    all_rest_on_later(
        [
            "a{{ later }}",
            "{{ later }}{{ later }}",
            "{% if later %}a{% endif %}",
            "{% if later %}a{% else %}b{% endif %}",
            "{% if false %}a{% elif later %}b{% endif %}",
            "{% for i in later %}x{% endfor %}",
            "{% for i in [1, later] %}{{ i }}{% endfor %}",
            "{% for i in l if later %}x{% endfor %}",
            "{% for i in l if i == later %}x{% endfor %}",
            "{% for i in l %}{{ loop.cycle('a', later) }}{% endfor %}",
            "{% for k, v in part.items() %}{{ v }}{% endfor %}",
            "{% for i in later recursive %}{{ loop(i) }}{% else %}none{% endfor %}",
            "{% set x = later %}{{ x }}",
            "{% set x = [1] %}{% set _ = x.append(later) %}{{ x | join }}",
            "{% set x = [1] %}{% set _ = x.remove(later) %}{{ x | join }}",
            "{% set x = {'a': 1} %}{% set _ = x.update(later) %}{{ x.a }}",
            "{% set x = [2, 1] %}{% set _ = x.append(later) %}{% set _ = x.sort() %}{{ x[0] }}",
            "{% set x, y = later %}{{ x }}{{ y }}",
            "{% set x %}a{{ later }}{% endset %}{{ x }}",
            "{% set x = namespace(a=1) %}{% set x.a = later %}{{ x.a }}",
            "{% with x = later %}{{ x }}{% endwith %}",
            "{% filter upper %}a{{ later }}{% endfilter %}",
            "{% filter replace('a', later) %}a{% endfilter %}",
            "{% macro m(a, b=later) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}",
            "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(later) }}",
            "{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{{ later }}{% endcall %}",
            "{% block b %}{{ later }}{% endblock %}",
            "{% include later %}",
            "{% if later %}{% set x = 1 %}{% endif %}{{ x | default(2) }}",
            "{% set x = 0 %}{% if later %}{% set x = 1 %}{% endif %}{{ x }}",
        ]
        .map(str::to_owned),
    );
}

#[test]
fn a_result_rests_on_all_that_are_part_of_it() {
    for text in [
        "{{ later }}{{ other }}",
        "{{ later ~ other }}",
        "{{ [later, other] | join }}",
        "{{ s.replace(later, other) }}",
    ] {
        assert_eq!(rests_on(text), Ok(vec!["later".to_owned(), "other".to_owned()]), "{text}");
    }
}

#[test]
fn what_does_not_rest_on_the_unknown_is_known() {
    let (environment, scope) = (Environment::default(), scope());
    for (text, value) in [
        ("{{ 1 if true else later }}", Value::Int(1)),
        ("{{ false and later }}", false.into()),
        ("{{ true or later }}", true.into()),
        ("{{ later is defined }}", true.into()),
        ("{{ later | default(1) is defined }}", true.into()),
        ("{{ part.known }}", Value::Int(1)),
        ("{{ 'known' in part and 'no' not in part }}", true.into()),
        ("{{ 1 in [later, 1] }}", true.into()),
        ("{{ [later, 5][1] }}", Value::Int(5)),
        ("{{ [later, 5] | length }}", Value::Int(2)),
        ("{% if false %}{{ later }}{% endif %}a", "a".into()),
        ("{% set x = later %}a", "a".into()),
        ("{{ s | default(later) }}", "text".into()),
    ] {
        let template = Template::new(TemplateKind::Jinja, text, None).into();
        assert_eq!(Templar::new(&environment, &scope).resolve(&template).unwrap(), value, "{text}");
    }
}
