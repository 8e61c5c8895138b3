//! What a user is told, and that no input makes the readers panic.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

use std::sync::Arc;

use ksplay_inventory::{Ask, Error, Inventory, LoadOptions};
use ksplay_value::{Map, Value};
use proptest::prelude::*;

fn refused(text: &str) -> String {
    let error = Inventory::from_ini("hosts.ini", text).unwrap_err();
    let place = error.span().map(ToString::to_string).unwrap_or_default();
    let help = error.help().map(|help| format!(" ({help})")).unwrap_or_default();
    format!("{place}: {error}{help}")
}

#[test]
fn a_byte_order_mark_before_a_hosts_file_is_no_part_of_it() {
    let inventory = Inventory::from_ini("hosts.ini", "\u{feff}[web]\r\nh1 x=1\r\n").unwrap();
    assert_eq!(inventory.merged_variables("h1").unwrap().get("x"), Some(&Value::from(1)));
    assert!(Inventory::from_ini("hosts.ini", "\u{feff}h1\n").unwrap().merged_variables("h1").is_ok());
    assert!(refused("\u{feff}h1 two\n").starts_with("hosts.ini:1:4: "), "the mark is no column");
}

#[test]
fn an_error_says_where_and_what_to_do() {
    assert_eq!(
        refused("[web]\nh1 x=1 two words\n"),
        "hosts.ini:2:8: expected key=value host variable assignment, got: two (quote a value that has spaces: name=\"two words\")"
    );
    assert_eq!(
        refused("\n  [a:foo]\n"),
        "hosts.ini:2:3: section [a:foo] has unknown type: foo (the types are `children` and `vars`)"
    );
    assert_eq!(refused("[a:children]\nnope\n"), "hosts.ini:2:1: section [a:children] includes undefined group 'nope'");
    assert_eq!(
        refused("h1\n[nope:vars]\nx=1\n"),
        "hosts.ini:2:1: section [nope:vars] not valid for undefined group 'nope'"
    );
    assert_eq!(refused("[a:vars]\nnovalue\n[a]\n"), "hosts.ini:2:1: expected key=value, got: novalue");
    assert_eq!(
        refused("h x=\"abc\n"),
        "hosts.ini:1:1: error parsing host definition 'h x=\"abc': No closing quotation"
    );
    assert_eq!(
        refused("[a:children]\nb\n[b:children]\na\n"),
        "hosts.ini:4:1: group `a` cannot be a child of `b`: `a` already contains `b`"
    );
}

#[test]
fn a_template_keeps_its_place() {
    let inventory = Inventory::from_ini("h", "a x=1 dir={{home}}/r\n").unwrap();
    let Some(ksplay_value::Value::Template(template)) = inventory.host("a").unwrap().vars().get("dir") else {
        panic!()
    };
    assert_eq!(template.span.as_ref().unwrap().to_string(), "h:1:11");
}

#[test]
fn an_inventory_plugin_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("c.yml");
    std::fs::write(&path, "plugin: constructed\n").unwrap();
    let error = Inventory::load(&[path.display().to_string()], &LoadOptions::default()).unwrap_err();
    assert_eq!(error.to_string(), "the inventory plugin `constructed` is not supported yet");
}

/// Knows variables, and no other expressions.
fn variables_only() -> LoadOptions {
    let evaluate = |ask: Ask<'_>, vars: &Map| {
        let (Ask::Value(value) | Ask::Expression(value) | Ask::Condition(value)) = ask;
        let Value::Template(template) = value else { return Ok(value.clone()) };
        let name = template.text.trim_matches(['{', '}', ' ']);
        vars.get(name).cloned().ok_or_else(|| format!("'{name}' is undefined"))
    };
    LoadOptions { evaluate: Some(Arc::new(evaluate)), fail_on_unparsed: true, ..LoadOptions::default() }
}

#[test]
fn what_an_inventory_plugin_cannot_do_has_its_place() {
    let refused = |name: &str, text: &str| {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("h"), "web1 env=prod empty='' n=5\n").unwrap();
        std::fs::write(dir.path().join(name), text).unwrap();
        let sources = ["h", name].map(|name| dir.path().join(name).display().to_string());
        let error = Inventory::load(&sources, &variables_only()).unwrap_err();
        let place = error.span().map(|span| format!("{}:{}", span.line, span.column)).unwrap_or_default();
        format!("{place}: {}", error.to_string().trim_start_matches("inventory plugin "))
    };
    let constructed = |text: &str| refused("c.yml", &format!("plugin: constructed\n{text}\n"));
    let generator = |text: &str| refused("g.yml", &format!("plugin: generator\n{text}\n"));
    assert_eq!(
        refused("c", "plugin: constructed\n"),
        "1:1: this configures an inventory plugin, but `auto` reads only files that end in .yml or .yaml"
    );
    assert_eq!(
        constructed("strict: true\ncompose: {q: nope}"),
        "3:11: `constructed`: Could not set q for host web1: 'nope' is undefined"
    );
    assert_eq!(
        constructed("strict: yes\ncompose: {q: 5}"),
        "3:11: `constructed`: Could not set q for host web1: an expression must be text, this is `5`"
    );
    assert_eq!(
        constructed("strict: 'yes'\ngroups: {q: nope}"),
        "3:10: `constructed`: Could not add host web1 to group q: 'nope' is undefined"
    );
    assert_eq!(
        constructed("strict: true\nkeyed_groups: [{key: empty}]"),
        "3:16: `constructed`: the key of a keyed group has no value for host web1"
    );
    assert_eq!(
        constructed("strict: true\nkeyed_groups: [{key: env, parent_group: '{{ nope }}'}]"),
        "3:16: `constructed`: Could not generate the parent of group 'prod': 'nope' is undefined"
    );
    assert_eq!(
        constructed("keyed_groups: [{key: n}]"),
        "2:16: `constructed`: Invalid group name format, expected a string or a list of them or dictionary, got: int"
    );
    assert_eq!(
        constructed("keyed_groups: [{key: env, default_value: x, trailing_separator: false}]"),
        "2:16: `constructed`: default_value and trailing_separator of a keyed group exclude each other"
    );
    assert_eq!(
        constructed("keyed_groups: [env]"),
        "2:16: `constructed`: an entry of keyed_groups must be a mapping, this is text"
    );
    assert_eq!(constructed("compose: [a]"), "2:10: `constructed`: `compose` must be a mapping, this is a list");
    assert_eq!(constructed("strict: perhaps"), "2:9: `constructed`: `strict` must be a boolean, this is text");
    assert_eq!(
        constructed("keyed_groups: [{key: env, prefix: a, parent_group: a_prod}]"),
        "2:16: `constructed`: group `a_prod` cannot be a child of `a_prod`: `a_prod` already contains `a_prod`"
    );
    assert_eq!(generator("layers: {n: [1]}"), "1:1: `generator`: `hosts` is missing");
    assert_eq!(generator("hosts: {name: x}"), "1:1: `generator`: `layers` is missing");
    assert_eq!(generator("hosts: {parents: []}\nlayers: {n: [1]}"), "2:8: `generator`: the hosts have no `name`");
    assert_eq!(
        generator("hosts: {name: '{{ n }}'}\nlayers: {n: [1]}"),
        "2:15: `generator`: the name of a host must be text that is not empty, this is `1`"
    );
    assert_eq!(generator("hosts: {name: '{{ nope }}'}\nlayers: {n: [1]}"), "2:15: `generator`: 'nope' is undefined");
    assert_eq!(
        generator("hosts: {name: x, parents: [{vars: {}}]}\nlayers: {n: [1]}"),
        "2:28: `generator`: a parent has no `name`"
    );
    assert_eq!(
        generator("hosts: {name: x}\nlayers: {n: 5}"),
        "3:13: `generator`: the layer `n` must be a list, this is an integer"
    );
}

#[test]
fn an_error_of_a_toml_inventory_has_its_place() {
    let refused = |text: &str| {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("h.toml");
        std::fs::write(&file, text).unwrap();
        let options = LoadOptions { fail_on_unparsed: true, ..LoadOptions::default() };
        let error = Inventory::load(&[file.display().to_string()], &options).unwrap_err();
        let place = error.span().map(|span| format!("{}:{}", span.line, span.column)).unwrap_or_default();
        format!("{place}: {error}")
    };
    assert_eq!(refused("[web.hosts]\na = 1\n"), "2:5: the variables of `a` must be a mapping, this is an integer");
    assert_eq!(refused("[web]\nchildren = \"x\"\n"), "2:12: the children of `web` must be an array, this is a string");
    assert_eq!(refused("[web]\nhosts = [\"x\"]\n"), "2:9: the hosts of `web` must be a table, this is an array");
    assert_eq!(refused("[web]\nchildren = [1]\n"), "2:13: a group's name must be text, this is an integer");
    assert_eq!(refused("plugin = \"x\"\n"), "1:1: a TOML file cannot configure an inventory plugin");
    assert!(refused("[a\nx = 1\n").starts_with("1:3: not TOML: "));
    assert_eq!(refused(""), ": the file holds no inventory: it is empty");
}

#[test]
fn names_in_a_directory_that_match_a_pattern_are_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    for (file, host) in [("hosts", "a"), ("old-hosts", "b"), ("hosts2", "c")] {
        std::fs::write(dir.path().join(file), format!("{host}\n")).unwrap();
    }
    let load = |pattern: &str| {
        let options = LoadOptions { ignored_patterns: vec![pattern.to_owned()], ..LoadOptions::default() };
        Inventory::load(&[dir.path().display().to_string()], &options)
    };
    let hosts: Vec<String> = load("^old|2$").unwrap().hosts().map(|host| host.name().to_string()).collect();
    assert_eq!(hosts, ["a"]);
    assert!(matches!(load("("), Err(Error::Pattern { .. })));
}

#[test]
fn a_limit_that_leaves_nothing_is_an_error() {
    let inventory = Inventory::from_ini("h", "a\nb\n").unwrap();
    assert!(matches!(inventory.check_limit("c"), Err(Error::NoHosts)));
    assert_eq!(inventory.check_limit("a").unwrap().hosts.len(), 1);
}

#[test]
fn hosts_and_groups_can_be_added_while_a_play_runs() {
    let mut inventory = Inventory::from_ini("h", "[web]\na\n").unwrap();
    assert!(inventory.add_host("n", &["web", "new"], Map::from([("x", 1)])).unwrap());
    assert!(!inventory.add_host("n", &["web"], Map::from([("x", 1)])).unwrap());
    assert_eq!(inventory.group_names("n"), ["new", "web"]);
    assert!(inventory.group_by("a", "os_Debian", &["os"]).unwrap());
    assert!(!inventory.group_by("a", "os_Debian", &["os"]).unwrap());
    assert_eq!(inventory.group_names("a"), ["os", "os_Debian", "web"]);
    assert!(inventory.host("localhost").unwrap().is_implicit());
}

#[test]
fn an_encrypted_file_of_variables_is_decrypted() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("hosts"), "a\n").unwrap();
    std::fs::create_dir(dir.path().join("group_vars")).unwrap();
    std::fs::write(dir.path().join("group_vars/all.yml"), "$ANSIBLE_VAULT;1.1;AES256\n00\n").unwrap();
    let sources = [dir.path().join("hosts").display().to_string()];
    let without = Inventory::load(&sources, &LoadOptions::default()).unwrap();
    assert!(matches!(without.variables("a"), Err(Error::Vault { .. })));
    let options = LoadOptions {
        decrypt: Some(std::sync::Arc::new(|_: &[u8]| Ok(b"secret: 1\n".to_vec()))),
        ..LoadOptions::default()
    };
    let vars = Inventory::load(&sources, &options).unwrap().merged_variables("a").unwrap();
    assert_eq!(vars.get("secret"), Some(&1.into()));
}

proptest! {
    #[test]
    fn no_hosts_file_makes_the_reader_panic(text in "([\\[\\]:a-d0-3 =#;\"'\\\\{}(),.\n\u{e9}-]|:children|:vars|\\[a\\]\n|x=){0,60}") {
        let _ = Inventory::from_ini("h", &text);
    }

    #[test]
    fn no_pattern_makes_selection_panic(pattern in "[\\[\\]:,!&~*?a-c0-3 \u{e9}.@-]{0,20}") {
        let inventory = Inventory::from_ini("h", "[a]\nb1\nb2\n[c:children]\na\n").unwrap();
        let _ = inventory.select(&[&pattern], None);
    }
}

#[test]
fn later_lines_of_a_host_are_laid_over_earlier_ones() {
    let mut inventory = Inventory::from_ini("hosts", "h:22 a=1 b=2\n[g]\nh b=3 c=4\n").unwrap();
    let shown = |inventory: &Inventory| {
        let vars = inventory.host("h").unwrap().vars();
        let entries = vars.iter().map(|(key, value)| format!("{}={value}", key.as_value()));
        entries.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(shown(&inventory), "ansible_port=22 a=1 b=3 c=4");
    inventory.add_host("h", &["g"], Map::from([("b", 5), ("d", 6)])).unwrap();
    assert_eq!(shown(&inventory), "ansible_port=22 a=1 b=5 c=4 d=6");
}

#[test]
fn places_are_those_of_the_last_line_also_when_another_source_follows() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("h"), "h a=1 b=2\nh b=3\n").unwrap();
    std::fs::write(dir.path().join("more.yml"), "all: {hosts: {h: {c: 1}}}\n").unwrap();
    let options = LoadOptions { remember: |_| true, ..LoadOptions::default() };
    let place = |sources: &[&str], name: &str| {
        let sources: Vec<String> = sources.iter().map(|name| dir.path().join(name).display().to_string()).collect();
        let inventory = Inventory::load(&sources, &options).unwrap();
        inventory.place_of("h", name).map(|span| span.line)
    };
    for sources in [&["h"][..], &["h", "more.yml"]] {
        assert_eq!([place(sources, "a"), place(sources, "b"), place(sources, "z")], [Some(1), Some(2), None]);
    }
    assert_eq!(place(&["h", "more.yml"], "c"), Some(1));
}

#[test]
fn a_priority_that_is_no_number_is_an_error() {
    let error = Inventory::from_ini("hosts", "[g]\nh\n[g:vars]\nansible_group_priority=high\n").unwrap_err();
    assert_eq!(error.to_string(), "ansible_group_priority of `g` must be a whole number, this is `high`");
    assert_eq!(error.span().unwrap().line, 4);
}

#[test]
fn nothing_is_taken_of_a_group_with_a_section_of_a_wrong_kind() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("h.yml");
    std::fs::write(&file, "all:\n  vars: {a: 1}\n  hosts: {h: {}}\n  children: [g]\n").unwrap();
    let inventory = Inventory::load(&[file.display().to_string()], &LoadOptions::default()).unwrap();
    assert!(!inventory.is_parsed());
    assert!(inventory.group("all").unwrap().vars().is_empty());
    assert_eq!(inventory.hosts().len(), 0);
}
