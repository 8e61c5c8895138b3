//! What templates can read, found without evaluating them.

#![allow(clippy::unwrap_used)]

use ksplay_template::{Environment, Reads, Templar};
use ksplay_value::{Map, Template, TemplateKind, Value};

fn reads(text: &str) -> Reads {
    let environment = Environment::default();
    let scope = Map::new();
    let value: Value = Template::new(TemplateKind::Jinja, text, None).into();
    Templar::new(&environment, &scope).reads(&value)
}

fn names<'r>(set: impl IntoIterator<Item = &'r ksplay_value::Str>) -> String {
    set.into_iter().map(|name| &**name).collect::<Vec<_>>().join(" ")
}

/// Every place of every statement and expression in which an expression can stand: `@`.
const PLACES: &[&str] = &[
    "{{ @ }}",
    "text {{ @ }} text",
    "{{ @, 1 }}",
    "{{ (@) }}",
    "{{ [1, @] }}",
    "{{ (1, @) }}",
    "{{ {'a': @} }}",
    "{{ {@: 1} }}",
    "{{ @.a.b }}",
    "{{ @['a'] }}",
    "{{ x[@] }}",
    "{{ x[@:] }}",
    "{{ x[:@] }}",
    "{{ x[::@] }}",
    "{{ @[1:2:3] }}",
    "{{ not @ }}",
    "{{ -@ }}",
    "{{ +@ }}",
    "{{ @ and x }}",
    "{{ x and @ }}",
    "{{ @ or x }}",
    "{{ x or @ }}",
    "{{ 1 + @ }}",
    "{{ @ - 1 }}",
    "{{ 1 * @ }}",
    "{{ @ / 1 }}",
    "{{ 1 // @ }}",
    "{{ @ % 1 }}",
    "{{ 1 ** @ }}",
    "{{ @ ~ 1 }}",
    "{{ 1 < @ }}",
    "{{ 1 < 2 <= @ }}",
    "{{ @ == 1 }}",
    "{{ 1 in @ }}",
    "{{ @ not in [1] }}",
    "{{ @ if x else y }}",
    "{{ x if @ else y }}",
    "{{ x if y else @ }}",
    "{{ x if @ }}",
    "{{ @ | upper }}",
    "{{ x | default(@) }}",
    "{{ x | default(@, true) | first }}",
    "{{ x | default(1, boolean=@) }}",
    "{{ x | map('default', @) | list }}",
    "{{ x | combine(*@) }}",
    "{{ x | combine(**@) }}",
    "{{ @ is defined }}",
    "{{ x is divisibleby(@) }}",
    "{{ x is divisibleby @ }}",
    "{{ @ is not none }}",
    "{{ range(@) }}",
    "{{ dict(a=@) }}",
    "{{ dict(*@) }}",
    "{{ dict(**@) }}",
    "{{ @() }}",
    "{{ @.items() }}",
    "{{ x.get(@) }}",
    "{{ x.get('a').get(@) }}",
    "{{ lookup('env', @) }}",
    "{{ lookup(@) }}",
    "{{ query('file', 'a', wantlist=@) }}",
    "{% if @ %}a{% endif %}",
    "{% if x %}{{ @ }}{% endif %}",
    "{% if x %}a{% else %}{{ @ }}{% endif %}",
    "{% if x %}a{% elif @ %}b{% endif %}",
    "{% for i in @ %}a{% endfor %}",
    "{% for i, j in @.items() %}a{% endfor %}",
    "{% for i in x if @ %}a{% endfor %}",
    "{% for i in x %}{{ @ }}{% endfor %}",
    "{% for i in x %}a{% else %}{{ @ }}{% endfor %}",
    "{% for i in x recursive %}{{ loop(@) }}{% endfor %}",
    "{% set a = @ %}",
    "{% set a, b = 1, @ %}",
    "{% set a %}{{ @ }}{% endset %}",
    "{% set a | default(@) %}b{% endset %}",
    "{% set n = namespace(a=@) %}{% set n.a = 1 %}",
    "{% set n.a = @ %}",
    "{% with a = @ %}b{% endwith %}",
    "{% with a = 1, b = @ %}b{% endwith %}",
    "{% with %}{{ @ }}{% endwith %}",
    "{% filter upper %}{{ @ }}{% endfilter %}",
    "{% filter default(@) %}a{% endfilter %}",
    "{% filter upper | default(@) %}a{% endfilter %}",
    "{% macro m(a) %}{{ @ }}{% endmacro %}",
    "{% macro m(a=@) %}b{% endmacro %}",
    "{% macro m(a) %}b{% endmacro %}{{ m(@) }}",
    "{% call m(@) %}b{% endcall %}",
    "{% call m() %}{{ @ }}{% endcall %}",
    "{% call(a) m() %}{{ @ }}{% endcall %}",
    "{% block b %}{{ @ }}{% endblock %}",
    "{% block b scoped %}{{ @ }}{% endblock %}",
    "{% autoescape true %}{{ @ }}{% endautoescape %}",
    "{% include @ %}",
    "{% include [x, @] ignore missing %}",
    "{% import @ as a %}",
    "{% from @ import a %}",
    "{% extends @ %}",
    "{% do x.append(@) %}",
];

#[test]
fn a_variable_is_found_wherever_it_stands() {
    let lost: Vec<&str> = PLACES
        .iter()
        .filter(|place| {
            let direct = reads(&place.replace('@', "probe"));
            let deep = reads(&place.replace('@', "(hostvars[probe].a | default(b))"));
            !direct.variables.contains("probe")
                || direct.reads_other_hosts() != direct.open
                || !["probe", "hostvars", "b"].iter().all(|name| deep.variables.contains(*name))
                || !deep.reads_other_hosts()
        })
        .copied()
        .collect();
    assert!(lost.is_empty(), "{lost:#?}");
}

#[test]
fn paths_are_known_as_far_as_they_are_constant() {
    let of = |text: &str| names(&reads(text).paths);
    assert_eq!(of("{{ a.b['c'][0].d }}"), "a a.b a.b.c a.b.c.0 a.b.c.0.d");
    assert_eq!(of("{{ a[b.c].d }}"), "a b b.c");
    assert_eq!(of("{{ hostvars[inventory_hostname].x }}"), "hostvars inventory_hostname");
    assert_eq!(of("{{ (a | first).b }}"), "a");
    assert_eq!(of("{{ hostvars['web1']['ansible_host'] }}"), "hostvars hostvars.web1 hostvars.web1.ansible_host");
}

#[test]
fn filters_tests_and_lookups_are_named() {
    let found = reads("{{ lookup('ansible.builtin.env', 'A') | b64encode is match(q('pipe', x) | first) }}");
    assert_eq!(names(&found.plugins), "b64encode first match");
    assert_eq!(names(&found.lookups), "ansible.builtin.env pipe");
    assert!(found.calls);
    assert_eq!(names(&reads("{{ lookup(kind, 'A') }}").lookups), "");
    assert!(!reads("{{ a | default(b) is defined }}").calls);
}

#[test]
fn what_lies_in_containers_is_read_too() {
    let (environment, scope) = (Environment::default(), Map::new());
    let template = |text: &str| Value::from(Template::new(TemplateKind::Jinja, text, None));
    let value = Value::from(Map::from([
        ("a", Value::from(vec![template("{{ one }}"), Value::from("{{ data }}")])),
        ("b", Value::Tuple(vec![Map::from([("c", template("{{ two }}"))]).into()].into())),
        ("d", Template::new(TemplateKind::Expression, "three == 3", None).into()),
        ("e", Template::new(TemplateKind::Vault, "{{ secret }}", None).into()),
    ]));
    assert_eq!(names(&Templar::new(&environment, &scope).reads(&value).variables), "one three two");
}

#[test]
fn files_that_are_included_are_named_and_leave_what_is_read_open() {
    let found = reads("{% include 'a.j2' %}{% include ['b.j2', c] %}{% import 'd.j2' as d %}{% from e import f %}");
    assert_eq!(names(&found.files), "a.j2 b.j2 d.j2");
    assert!(found.open && found.reads_other_hosts());
    assert!(reads("{% extends 'base.j2' %}").open);
    assert!(!reads("{{ a }}").open);
}

#[test]
fn what_is_wrong_reads_nothing() {
    assert_eq!(reads("{{ a +"), Reads::default());
    assert_eq!(reads("no template"), Reads::default());
}
