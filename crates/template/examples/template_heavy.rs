//! How long a large template and many conditions take: `cargo run --release -p ksplay-template --example template_heavy`.
//!
//! The template has 2,000 rounds over 200 variables that refer to each other.

use std::fmt::Write;
use std::time::{Duration, Instant};

use ksplay_template::{Environment, Error, FileOptions, Layer, Templar};
use ksplay_value::{Map, Source, Span, Template, TemplateKind, Value};

fn variables() -> Map {
    let mut variables = Map::from([("lazy_0", Value::from("v0")), ("inventory_hostname", Value::from("web1"))]);
    for index in 1..200 {
        let text = format!("{{{{ lazy_{} }}}}.v{index}", index / 2);
        variables.insert(format!("lazy_{index}"), Template::new(TemplateKind::Jinja, text, None));
    }
    variables
}

fn template() -> String {
    let mut text = "# {{ inventory_hostname }}\n".to_owned();
    for index in 0..200 {
        let _ = writeln!(text, "{{{{ lazy_{index} }}}}");
    }
    text += "{% for i in range(2000) %}\n\
             {% if i % 3 == 0 %}server{{ i }} {{ lazy_100 | upper }} {{ i | string | hash('md5') }}{% else %}\
             peer{{ i }} {{ (i * 7) % 13 }} {{ lazy_7 | default('x') | replace('v', 'w') }}{% endif %}\n\n\
             {% endfor %}\n";
    text
}

fn best(rounds: usize, mut run: impl FnMut() -> Result<(), Error>) -> Result<Duration, Error> {
    let mut best = Duration::MAX;
    for _ in 0..rounds {
        let start = Instant::now();
        run()?;
        best = best.min(start.elapsed());
    }
    Ok(best)
}

fn main() -> Result<(), Error> {
    let environment = Environment::default();
    let variables = variables();
    let file = Source::new("heavy.j2", template());
    let options = FileOptions::default();
    let rendered = best(20, || Templar::new(&environment, &variables).render(&file, &options).map(drop))?;
    println!("template of 2,000 rounds   {rendered:?}");

    let span = Span::new(&Source::new("site.yml", ""), 1, 1);
    let expression = |text: &str| Template::new(TemplateKind::Expression, text, Some(span.clone())).into();
    let conditions: [Value; 3] = [
        expression("item != 5 and lazy_0 == 'v0'"),
        expression("lazy_150 is search('v') and item != 5"),
        expression("item is defined"),
    ];
    for condition in &conditions {
        let each = best(5, || {
            for item in 0..10_000 {
                let scope = Layer { front: Map::from([("item", item)]), behind: &variables };
                Templar::new(&environment, &scope).condition(condition)?;
            }
            Ok(())
        })?;
        println!("condition {condition:?}   {:?} each", each / 10_000);
    }
    Ok(())
}
