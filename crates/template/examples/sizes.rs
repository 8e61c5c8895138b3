//! How long loading YAML and evaluating take by size: `cargo run --release -p ksplay-template --example sizes`.
//!
//! What grows no faster than its size shows the same time for each node, variable or item in every row.

use std::fmt::Write;
use std::time::{Duration, Instant};

use ksplay_template::{Environment, Templar};
use ksplay_value::{Map, Source, Template, TemplateKind, Value, yaml};

type Failure = Box<dyn std::error::Error>;

/// Prints the best of several rounds, and what that is for each of `size` parts.
fn show<T>(what: &str, size: usize, mut run: impl FnMut() -> Result<T, Failure>) -> Result<(), Failure> {
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        run()?;
        best = best.min(start.elapsed());
    }
    println!("{what:<32} {size:>7} {best:>12.1?} {:>9.1?} each", best / size as u32);
    Ok(())
}

fn template(text: impl Into<std::sync::Arc<str>>) -> Value {
    Template::new(TemplateKind::Jinja, text, None).into()
}

/// A document of so many nodes: a list of mappings of five scalars each.
fn document(nodes: usize) -> String {
    let mut text = String::new();
    for index in 0..nodes / 11 {
        let _ = writeln!(
            text,
            "- name: host{index}\n  port: {index}\n  enabled: yes\n  path: \"/etc/{index}\"\n  ratio: 0.5"
        );
    }
    text
}

fn main() -> Result<(), Failure> {
    let environment = Environment::default();
    for nodes in [100, 1_000, 10_000, 100_000] {
        let source = Source::new("sizes.yml", document(nodes));
        show("load YAML of so many nodes", nodes, || Ok(yaml::load(&source)?))?;
    }
    for nodes in [100, 1_000, 10_000, 100_000] {
        let value = yaml::load(&Source::new("sizes.yml", document(nodes)))?.root.map(|node| node.to_value());
        let scope = Map::from([("data", value.unwrap_or_default())]);
        for (what, text) in [
            ("read one of so many nodes", "{{ data[0].name }}"),
            ("select among so many nodes", "{{ data | selectattr('port', 'gt', 5) | map(attribute='name') | list }}"),
            ("write so many nodes as JSON", "{{ data | to_json }}"),
            ("loop over so many nodes", "{% for d in data %}{{ d.name }}:{{ d.port }},{% endfor %}"),
            (
                "append to a list for them",
                "{% set l = [] %}{% for d in data %}{% set _ = l.append(d.name) %}{% endfor %}{{ l }}",
            ),
            ("change each of them", "{% for d in data %}{% set _ = d.update({'a': 1}) %}{% endfor %}{{ data }}"),
        ] {
            let text = template(text);
            show(what, nodes, || Ok(Templar::new(&environment, &scope).resolve(&text)?))?;
        }
    }
    for count in [10, 100, 1_000, 10_000] {
        let mut scope = Map::new();
        for index in 0..count {
            scope.insert(format!("v{index}"), template(format!("{{{{ base }}}}/{index}")));
        }
        scope.insert("base", "/opt");
        let one = template("{{ v5 }}");
        show("one of so many variables", count, || Ok(Templar::new(&environment, &scope).resolve(&one)?))?;
        let sum: Vec<String> = (0..count).map(|index| format!("{{{{ v{index} }}}}")).collect();
        let all = template(sum.concat());
        show("all of so many variables", count, || Ok(Templar::new(&environment, &scope).resolve(&all)?))?;
    }
    Ok(())
}
