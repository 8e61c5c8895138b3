//! What is read.

use std::path::PathBuf;

use ksplay_inventory::{Inventory, LoadOptions};
use ksplay_template::{Environment, FileOptions, Templar, syntax};
use ksplay_value::{Map, Source, Template, TemplateKind, Value, yaml};
use ksplay_vault::Secrets;
use serde_json::Value as Json;

/// A reader.
#[derive(Clone, Copy)]
pub enum Target {
    Yaml,
    Template,
    Vault,
    Ini,
}

/// Names in a template that touch what is outside, or ask for more memory than is there.
const LEFT_OUT: &[&str] = &[
    "lookup",
    "query",
    "q(",
    "include",
    "import",
    "extends",
    "fileglob",
    "password",
    "**",
    "pow",
    "range",
    "lipsum",
    "*",
    "permutations",
    "combinations",
    "product",
    "batch",
    "slice",
];

impl Target {
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "yaml" => Self::Yaml,
            "template" => Self::Template,
            "vault" => Self::Vault,
            "ini" => Self::Ini,
            _ => return None,
        })
    }

    /// The texts of the tests.
    pub fn seeds(self) -> Vec<Vec<u8>> {
        let recorded = |file: &str, field: &str| {
            let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../crates").join(file);
            let lines = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let text = |line| {
                let case: Json = serde_json::from_str(line).expect("recorded cases are JSON");
                case[field].as_str().map(|text| text.as_bytes().to_vec())
            };
            lines.lines().filter_map(text).collect::<Vec<_>>()
        };
        match self {
            Self::Yaml => recorded("value/tests/data/pyyaml_load.jsonl", "yaml"),
            Self::Vault => recorded("vault/tests/data/ansible_vault.jsonl", "text"),
            Self::Template => {
                let mut seeds = recorded("template/tests/data/core.jsonl", "s");
                seeds.extend(recorded("template/tests/data/plugins.jsonl", "s"));
                seeds.extend(recorded("template/tests/data/files.jsonl", "file"));
                seeds
            }
            Self::Ini => [
                "[web]\nweb[01:20:2].example.com ansible_port=22 a='x y' # c\n[web:vars]\nb=[1, {'a': None}]\n[all:children]\nweb\n",
                "a.b:2222 x=1\n[g]\nh[a:f] v=\"q \\\" r\"\n[g:children]\n[k:vars]\nname = value = other\n",
                "localhost ansible_connection=local\n::1\n[ungrouped]\n[2001:db8::1]:22\n",
            ]
            .map(|text| text.as_bytes().to_vec())
            .to_vec(),
        }
    }

    /// Reads a text; what it is does not matter, only that this ends.
    pub fn read(self, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        match self {
            Self::Yaml => read_yaml(&text),
            Self::Template => read_template(&text),
            Self::Vault => {
                let mut secrets = Secrets::new();
                secrets.add("default", b"password");
                // Deriving keys is what takes the time, so most texts are only taken apart.
                let _ = match bytes.len() % 16 {
                    0 => secrets.decrypt(&text).map(drop),
                    _ => Secrets::new().decrypt(&text).map(drop),
                };
            }
            Self::Ini => read_ini(bytes),
        }
    }
}

fn read_yaml(text: &str) {
    let Ok(documents) = yaml::load_all(&Source::new("fuzz.yml", text)) else { return };
    for root in documents.iter().filter_map(|document| document.root.as_ref()) {
        let _ = root.to_value();
        let data = root.to_data();
        let _ = data.to_string();
        let written = yaml::emit(&data, &yaml::EmitOptions { sort_keys: false, ..yaml::EmitOptions::default() });
        if let (Ok(written), false) = (written, holds_more_than_data(&data)) {
            let again = yaml::load(&Source::new("emitted.yml", written.as_str()));
            let again = again.unwrap_or_else(|error| panic!("what was written is no YAML: {error}\n{written}"));
            let again = again.root.map(|root| root.to_data()).unwrap_or_default();
            assert_eq!(again.to_string(), data.to_string(), "{written}");
        }
    }
}

/// Whether there is something that is written in a form of its own: dates, bytes, keys that are no texts.
fn holds_more_than_data(value: &Value) -> bool {
    match value {
        Value::Object(_) => true,
        Value::List(items) => items.iter().any(holds_more_than_data),
        Value::Map(map) => map.iter().any(|(key, value)| key.as_str().is_none() || holds_more_than_data(value)),
        _ => false,
    }
}

fn read_template(text: &str) {
    let file = Source::new("fuzz.j2", text);
    let _ =
        (syntax::check_value(text), syntax::check_expression(text), syntax::check_file(&file, &FileOptions::default()));
    let environment = Environment::default();
    let variables = Map::from([
        ("a", Value::from("text")),
        ("b", Value::Int(5)),
        ("l", Value::from_iter([1, 2, 3])),
        ("d", Map::from([("k", Value::Null)]).into()),
    ]);
    let templar = Templar::new(&environment, &variables);
    let value: Value = Template::new(TemplateKind::Jinja, text, None).into();
    let _ = templar.reads(&value);
    let many_digits = text.as_bytes().windows(4).any(|four| four.iter().all(u8::is_ascii_digit));
    if !many_digits && !LEFT_OUT.iter().any(|name| text.contains(name)) {
        let _ = templar.resolve(&value);
    }
}

fn read_ini(bytes: &[u8]) {
    let path = std::env::temp_dir().join(format!("ksplay-fuzz-{}.ini", std::process::id()));
    if std::fs::write(&path, bytes).is_ok() {
        let _ = Inventory::load(&[path.to_string_lossy().into_owned()], &LoadOptions::default());
    }
    let _ = std::fs::remove_file(path);
}
