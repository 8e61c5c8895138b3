//! Behaviour that is not a matter of one expression: conditions, the unknown, recursion, files, speed.

#![allow(clippy::unwrap_used, missing_docs)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ksplay_template::{Environment, ErrorKind, FileOptions, Scope, Templar, Truth};
use ksplay_value::{Map, Source, Str, Template, TemplateKind, Unknown, Value};

fn template(text: &str) -> Value {
    Template::new(TemplateKind::Jinja, text, None).into()
}

fn unknown(name: &str) -> Value {
    Unknown { because: vec![name.into()] }.into()
}

fn scope() -> Map {
    Map::from([
        ("t", Value::Bool(true)),
        ("s", Value::from("true")),
        ("x", Value::Int(5)),
        ("e", Value::from("")),
        ("l", vec![Value::Int(1)].into()),
        ("expr", Value::from("x == 5")),
        ("call", Value::from("lookup('env', 'HOME') == '/root'")),
        ("later", unknown("later")),
        ("a", template("{{ b }}")),
        ("b", template("{{ a }}")),
    ])
}

fn condition(condition: Value) -> Result<Truth, String> {
    let (environment, scope) = (Environment::default(), scope());
    Templar::new(&environment, &scope).condition(&condition).map_err(|error| error.message)
}

fn resolve(text: &str) -> Result<Value, String> {
    let (environment, scope) = (Environment::default(), scope());
    Templar::new(&environment, &scope).resolve(&template(text)).map_err(|error| error.message)
}

const TRUE: Result<Truth, String> = Ok(Truth::Known(true));

#[test]
fn conditions_take_expressions_and_whole_templates() {
    assert_eq!(condition(template("{{ t }}")), TRUE);
    assert_eq!(condition(template("{{ s }}")), TRUE);
    assert_eq!(condition(template("{{ expr }}")), TRUE);
    assert_eq!(condition("true".into()), TRUE);
    assert_eq!(condition(template("'{{ x }}' == '5'")), Ok(Truth::Known(false)));
    assert_eq!(condition("x is undefined or t".into()), TRUE);
}

#[test]
fn a_condition_from_data_never_calls_anything() {
    assert!(condition(template("{{ call }}")).is_err());
}

#[test]
fn a_condition_that_is_no_boolean_is_refused_as_ansible_does() {
    let message = |value: Value| condition(value).unwrap_err();
    assert_eq!(
        message("x".into()),
        "Conditional result (True) was derived from value of type 'int'. Conditionals must have a boolean result."
    );
    assert_eq!(message("".into()), "Empty conditional expressions are not allowed.");
    assert_eq!(message(Value::Int(1)), "Conditional expressions must be strings.");
    assert_eq!(message("undefd".into()), "Error while evaluating conditional: 'undefd' is undefined");
    assert!(message(template("x == {{ x }}")).starts_with("Syntax error in expression. Template delimiters"));
}

#[test]
fn broken_conditionals_can_be_allowed() {
    let environment = Environment { allow_broken_conditionals: true, ..Environment::default() };
    let scope = scope();
    let templar = Templar::new(&environment, &scope);
    for (text, truth) in [("x", true), ("e", false), ("l", true), ("expr", true), ("none", false)] {
        assert_eq!(templar.condition(&text.into()).unwrap(), Truth::Known(truth), "{text}");
    }
}

#[test]
fn the_unknown_flows_through_operators_and_logic_stays_right() {
    for text in [
        "{{ later + 1 }}",
        "{{ later.rc == 0 }}",
        "a{{ later }}",
        "{{ later | upper }}",
        "{{ later is defined and later }}",
        "{% for i in later %}x{% endfor %}",
        "{% if later %}a{% endif %}",
        "{{ [later][0] ~ 'x' }}",
        "{{ '%s' % later }}",
        "{{ later[1:] }}",
        "a{{ [later] }}",
        "{{ [later] | join }}",
    ] {
        assert!(matches!(resolve(text), Ok(Value::Unknown(_))), "{text}: {:?}", resolve(text));
    }
    assert_eq!(condition("false and later".into()), Ok(Truth::Known(false)));
    assert_eq!(condition("later and false".into()), Ok(Truth::Known(false)));
    assert_eq!(condition("later or t".into()), TRUE);
    assert_eq!(
        condition("later.rc == 0".into()),
        Ok(Truth::Unknown(Arc::new(ksplay_value::Unknown { because: vec!["later".into()] })))
    );
}

#[test]
fn a_variable_that_needs_itself_is_an_error_and_no_overflow() {
    let (environment, scope) = (Environment::default(), scope());
    let error = Templar::new(&environment, &scope).resolve(&template("{{ a }}")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Recursion);
}

#[test]
fn deeply_nested_templates_end_in_an_error_and_no_overflow() {
    let mut scope = Map::new();
    for index in 0..300 {
        scope.insert(format!("v{index}"), template(&format!("{{{{ v{} }}}}", index + 1)));
    }
    let environment = Environment::default();
    assert!(Templar::new(&environment, &scope).resolve(&template("{{ v0 }}")).is_err());
    assert!(resolve("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}").is_err());
}

fn render(text: &str, options: &FileOptions) -> String {
    let (environment, scope) = (Environment::default(), scope());
    let source = Source::new("/nowhere/file.j2", text);
    Templar::new(&environment, &scope).render(&source, options).unwrap().to_string()
}

#[test]
fn files_are_text_with_pythons_escapes_and_their_header() {
    let usual = FileOptions::default();
    assert_eq!(render("{{ x }}\n", &usual), "5");
    assert_eq!(render("{{ x }} \n", &usual), "5 \n");
    assert_eq!(render("{{ 'a\\tb' }}\n", &usual), "a\tb\n");
    assert_eq!(render("{% if t %}\na\n{% endif %}\nb\n", &usual), "a\nb\n");
    assert_eq!(render("#jinja2: trim_blocks: False\n{% if t %}\na\n{% endif %}\nb\n", &usual), "\na\n\nb\n");
    assert_eq!(
        render("#jinja2: variable_start_string: '<<', variable_end_string: '>>'\n<< x >> {{ x }}\n", &usual),
        "5 {{ x }}\n"
    );
    let windows = FileOptions { newline_sequence: "\r\n".into(), ..usual };
    assert_eq!(render("a\nb{{ '' }}\n", &windows), "a\r\nb\r\n");
    assert_eq!(render("nothing to evaluate\n", &windows), "nothing to evaluate\n");
}

#[test]
fn includes_imports_and_inheritance_find_their_files() {
    let folder = std::env::temp_dir().join(format!("ksplay-template-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    write("part.j2", "part {{ x }} {{ y | default('-') }}\n");
    write(
        "macros.j2",
        "{% macro m(a, b=2) %}{{ a }}/{{ b }}{{ inner() }}{% endmacro %}{% macro inner() %}!{% endmacro %}",
    );
    write("base.j2", "<{% block head %}base{% endblock %}|{% block body %}none{% endblock %}>\n");
    let source = |text: &str| Source::new(folder.join("main.j2").to_string_lossy(), text);
    let (environment, scope) = (Environment::default(), scope());
    let templar = Templar::new(&environment, &scope);
    let render = |text: &str| templar.render(&source(text), &FileOptions::default()).unwrap().to_string();
    assert_eq!(render("{% set y = 1 %}{% include 'part.j2' %}.\n"), "part 5 1.\n");
    assert_eq!(render("{% set y = 1 %}{% include 'part.j2' with context %}.\n"), "part 5 1.\n");
    assert_eq!(render("{% import 'macros.j2' as lib %}{{ lib.m(1) }}\n"), "1/2!\n");
    assert_eq!(render("{% from 'macros.j2' import m as n %}{{ n(1, b=3) }}\n"), "1/3!\n");
    assert_eq!(
        render("{% extends 'base.j2' %}{% block head %}[{{ super() }}]{% endblock %}ignored\n"),
        "<[base]|none>\n"
    );
    // As ansible-core: without the context of the one that includes, variables are unknown.
    write("bare.j2", "{{ x | default('unseen') }}\n");
    assert_eq!(render("{% include 'bare.j2' without context %}.\n"), "unseen.\n");
    assert_eq!(render("{% include 'gone.j2' ignore missing %}x\n"), "x\n");
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Counts how often variables are asked for.
struct Counting(Map, AtomicUsize);

impl Scope for Counting {
    fn get(&self, name: &str) -> Option<Value> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.get(name).cloned()
    }

    fn names(&self) -> Vec<Str> {
        Vec::new()
    }
}

#[test]
fn a_pure_variable_is_evaluated_once() {
    let mut map = Map::new();
    map.insert("base", 1);
    for index in 0..200 {
        map.insert(format!("v{index}"), template("{{ base + 1 }}"));
    }
    let sum: Vec<String> = (0..200).map(|index| format!("v{index}")).collect();
    map.insert("n", 2000);
    let scope = Counting(map, AtomicUsize::new(0));
    let environment = Environment::default();
    let templar = Templar::new(&environment, &scope);
    let text = format!("{{% for i in range(n) %}}{{{{ {} }}}}{{% endfor %}}", sum.join(" + "));
    let started = std::time::Instant::now();
    let value = templar.resolve(&template(&text)).unwrap();
    println!("{:?}", started.elapsed());
    assert_eq!(value.as_str().unwrap().len(), 6000);
    // The variables, `base`, `n` and `range`, which is looked for among them first.
    assert_eq!(scope.1.load(Ordering::Relaxed), 203);
}

#[test]
fn what_a_template_reads_is_known_without_evaluating_it() {
    let (environment, scope) = (Environment::default(), scope());
    let templar = Templar::new(&environment, &scope);
    let reads = templar.reads(&template("{{ hostvars['web'].port | default(lookup('env', name)) }}"));
    assert!(reads.paths.contains("hostvars.web.port") && reads.reads_other_hosts());
    assert!(reads.variables.contains("name") && reads.lookups.contains("env") && reads.plugins.contains("default"));
}

#[test]
fn an_error_says_where_its_value_begins() {
    let source = Source::new("vars.yml", "a: 1\nb: \"{{ 1 }} {{ missing }}\"\n");
    let span = ksplay_value::Span::new(&source, 2, 4);
    let value = Value::from(Template::new(TemplateKind::Jinja, "{{ 1 }} {{ missing }}", Some(span)));
    let (environment, scope) = (Environment::default(), scope());
    let error = Templar::new(&environment, &scope).resolve(&value).unwrap_err();
    assert_eq!(error.span.unwrap().to_string(), "vars.yml:2:4");
}

#[test]
fn an_evaluator_may_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Environment>();
    shared::<Arc<dyn Scope>>();
}

#[test]
fn a_header_of_a_template_file_counts_as_a_line() {
    let (environment, scope) = (Environment::default(), scope());
    let file = Source::new("a.j2", "#jinja2: trim_blocks: False\none\n  {{ missing }}\n");
    let error = Templar::new(&environment, &scope).render(&file, &FileOptions::default()).unwrap_err();
    assert_eq!(error.span.unwrap().to_string(), "a.j2:3:6");
}

#[test]
fn a_name_that_is_nearly_right_is_suggested() {
    let (environment, scope) = (Environment::default(), Map::from([("kube_version", Value::from("1"))]));
    let near = |text: &str| Templar::new(&environment, &scope).resolve(&template(text)).unwrap_err().near;
    assert_eq!(near("{{ kube_verison }}").as_deref(), Some("kube_version"));
    assert_eq!(near("{{ 1 | uper }}").as_deref(), Some("upper"));
    assert_eq!(near("{{ 1 | ansible.builtin.combin }}").as_deref(), Some("ansible.builtin.combine"));
    assert_eq!(near("{{ 1 is defind }}").as_deref(), Some("defined"));
    assert_eq!(near("{{ lookup('fil', 'x') }}").as_deref(), Some("file"));
    assert_eq!(near("{{ wholly_other }}"), None);
}

#[test]
fn a_vault_value_is_known_as_one_though_it_is_read_as_text() {
    let secret: Value = Template::new(TemplateKind::Vault, "$ANSIBLE_VAULT;1.1;AES256\n3030", None).into();
    let scope =
        Map::from([("plain", "s3cret".into()), ("box", Map::from([("side", secret.clone())]).into()), ("x", secret)]);
    let environment = Environment { reveal: Some(Arc::new(|_| Ok("s3cret".to_owned()))), ..Environment::default() };
    let text = "{{ [x is vault_encrypted, box.side is vault_encrypted, box['side'] is vault_encrypted, plain is vault_encrypted, x] }}";
    let value = Templar::new(&environment, &scope).resolve(&template(text)).unwrap();
    assert_eq!(value.to_string(), "[True, True, True, False, 's3cret']");
}

#[test]
fn an_expression_as_a_value_is_its_text() {
    let value: Value = Template::new(TemplateKind::Expression, "x == 5", None).into();
    let (environment, scope) = (Environment::default(), scope());
    let templar = Templar::new(&environment, &scope);
    assert_eq!(templar.resolve(&value).unwrap(), Value::from("x == 5"));
    assert_eq!(templar.condition(&value).unwrap(), Truth::Known(true));
    assert!(templar.reads(&value).variables.contains("x"));
}

#[test]
fn what_contains_itself_without_end_is_an_error() {
    let (environment, scope) = (Environment::default(), scope());
    let templar = Templar::new(&environment, &scope);
    for text in [
        "{% for x in 'a' recursive %}{{ loop('a') }}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% block b %}{{ self.b() }}{% endblock %}",
        "{% set l = [] %}{% set f = l | list %}{% set _ = f.append(f) %}{{ f }}",
    ] {
        let error = templar.resolve(&template(text)).unwrap_err();
        assert!(error.message.ends_with("maximum recursion depth exceeded"), "{text}: {}", error.message);
    }
}

#[test]
fn rows_that_would_fill_the_memory_are_refused_before_they_are_made() {
    let (environment, scope) = (Environment::default(), scope());
    let templar = Templar::new(&environment, &scope);
    for text in [
        "{{ range(12) | permutations | first }}",
        "{{ range(30) | combinations(15) | first }}",
        "{{ range(100) | product(range(100), range(100), range(100)) | first }}",
        "{{ [1] | product(repeat=1000000000000) | first }}",
        "{{ query('nested', range(10000), range(10000)) }}",
    ] {
        let error = templar.resolve(&template(text)).unwrap_err();
        assert!(error.message.contains("would make more than 10000000 rows"), "{text}: {}", error.message);
    }
    for (text, count) in [
        ("{{ range(3) | permutations(5) | length }}", 0),
        ("{{ range(12) | combinations(6) | length }}", 924),
        ("{{ range(200) | combinations(199) | length }}", 200),
        ("{{ range(100) | product(range(100), [], range(100000)) | length }}", 0),
        ("{{ [1, 2] | product(repeat=5) | length }}", 32),
    ] {
        assert_eq!(templar.resolve(&template(text)).unwrap(), Value::Int(count), "{text}");
    }
}
