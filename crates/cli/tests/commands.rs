//! The commands beside running playbooks, and the examples of the help.

#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

fn ksplay(dir: &Path, arguments: &[&str]) -> Output {
    with_input(dir, arguments, "")
}

fn with_input(dir: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ksplay"))
        .args(arguments)
        .current_dir(dir)
        .env("HOME", dir)
        .env_remove("ANSIBLE_CONFIG")
        .env("EDITOR", "sed -i s/1/2/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// Standard output of a command that ends well.
fn said(dir: &Path, arguments: &[&str]) -> String {
    let output = ksplay(dir, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let file = dir.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    dir
}

/// What `ksplay eval` answers to cases that ansible-core 2.19 answered; of errors only their being one is compared.
#[test]
fn cases_are_answered_as_by_the_reference() {
    let cases = include_str!("data/eval.jsonl");
    let dir = folder(&[]);
    let output = with_input(dir.path(), &["eval"], cases);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answers = String::from_utf8(output.stdout).unwrap();
    assert_eq!(answers.lines().count(), cases.lines().count());
    let answer = |line: &str| ksplay_value::text::from_json(line).unwrap().get("v").cloned();
    for (case, got) in cases.lines().zip(answers.lines()) {
        assert_eq!(answer(got), answer(case), "{case}\n{got}");
    }
}

#[test]
fn a_client_script_is_told_the_id_and_other_scripts_are_not() {
    let script = "#!/bin/sh\necho \"pw-$*\"\n";
    let dir = folder(&[("keys-client.sh", script), ("keys.sh", script), ("none-client", "#!/bin/sh\nexit 2\n")]);
    let path = dir.path();
    for name in ["keys-client.sh", "keys.sh", "none-client"] {
        std::fs::set_permissions(path.join(name), std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    std::fs::write(path.join("dev"), "pw---vault-id dev").unwrap();
    std::fs::write(path.join("plain"), "pw-").unwrap();
    std::fs::write(path.join("f"), "text").unwrap();
    said(path, &["vault", "encrypt", "--vault-id", "dev@keys-client.sh", "f"]);
    assert_eq!(said(path, &["vault", "view", "--vault-id", "dev", "f"]), "text");
    said(path, &["vault", "rekey", "--vault-id", "dev", "--new-vault-id", "x@keys.sh", "f"]);
    assert_eq!(said(path, &["vault", "view", "--vault-password-file", "plain", "f"]), "text");
    let failed = ksplay(path, &["vault", "view", "--vault-id", "x@none-client", "f"]);
    let said = String::from_utf8(failed.stderr).unwrap();
    assert!(said.contains("none-client ended with exit status: 2"), "{said}");
}

#[test]
fn the_lookup_url_asks_a_server_and_gives_lines() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = [0; 4096];
        let length = std::io::Read::read(&mut stream, &mut asked).unwrap();
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\none\ntwo\n";
        stream.write_all(answer.as_bytes()).unwrap();
        String::from_utf8_lossy(&asked[..length]).into_owned()
    });
    let template = format!("{{{{ query('url', 'http://{address}/x', username='u', password='p') }}}}");
    let said = said(folder(&[]).path(), &["eval", &template]);
    assert_eq!(said, "[\n    \"one\",\n    \"two\"\n]\n");
    let asked = server.join().unwrap().to_lowercase();
    assert!(asked.starts_with("get /x ") && asked.contains("authorization: basic dtpw"), "{asked}");
}

const HOSTS: (&str, &str) =
    ("conf/hosts.ini", "[etcd]\nnode1\nnode2\n[all:vars]\nansible_connection=local\ngreeting='hello {{ name }}'\n");

#[test]
fn a_file_encrypted_edited_and_rekeyed_is_read_again() {
    let dir = folder(&[("old", "one\n"), ("new", "two\n"), ("f.yml", "a: 1\n")]);
    let path = dir.path();
    let mode = || std::fs::metadata(path.join("f.yml")).unwrap().permissions().mode() & 0o777;
    let first_line = || std::fs::read_to_string(path.join("f.yml")).unwrap().lines().next().unwrap().to_owned();

    said(path, &["vault", "encrypt", "--vault-id", "prod@old", "f.yml"]);
    assert_eq!(first_line(), "$ANSIBLE_VAULT;1.2;AES256;prod");
    // As there, encrypting and decrypting make a file private, the others leave it as it is.
    assert_eq!(mode(), 0o600);
    std::fs::set_permissions(path.join("f.yml"), std::fs::Permissions::from_mode(0o640)).unwrap();
    said(path, &["vault", "edit", "--vault-id", "prod@old", "f.yml"]);
    assert_eq!(first_line(), "$ANSIBLE_VAULT;1.2;AES256;prod");
    assert_eq!(said(path, &["vault", "view", "--vault-password-file", "old", "f.yml"]), "a: 2\n");
    said(path, &["vault", "rekey", "--vault-password-file", "old", "--new-vault-password-file", "new", "f.yml"]);
    assert_eq!((first_line(), mode()), ("$ANSIBLE_VAULT;1.1;AES256".to_owned(), 0o640));
    assert!(!ksplay(path, &["vault", "view", "--vault-password-file", "old", "f.yml"]).status.success());
    said(path, &["vault", "decrypt", "--vault-password-file", "new", "f.yml"]);
    assert_eq!(std::fs::read_to_string(path.join("f.yml")).unwrap(), "a: 2\n");
    assert_eq!(mode(), 0o600);
}

/// `ansible-vault encrypt --vault-password-file pass` of ansible-core 2.19.14 made it of `a: 1` with the password `right`.
const FOREIGN: &str = "\
$ANSIBLE_VAULT;1.1;AES256\n\
36643866343030356530313236626137323636613130373336646434363232663431356238333266\n\
6434333631346665626332316632613539303966656363360a366334383132333535623639373065\n\
30633763663037646235623834326133333866623530346339363162623137313361336261353632\n\
3635353738623066390a336330343134316532623161333537383532366535616135316363313166\n\
6566\n";

#[test]
fn a_file_that_ansible_vault_encrypted_is_opened() {
    let dir = folder(&[("pass", "right"), ("f.yml", FOREIGN)]);
    assert_eq!(said(dir.path(), &["vault", "view", "--vault-password-file", "pass", "f.yml"]), "a: 1\n");
}

#[test]
fn an_encrypted_string_is_a_variable_of_a_file() {
    let dir = folder(&[("pass", "right"), HOSTS]);
    let text =
        said(dir.path(), &["vault", "encrypt-string", "--vault-password-file", "pass", "-n", "secret", "s3 cret"]);
    assert!(text.starts_with("secret: !vault |\n          $ANSIBLE_VAULT;1.1;AES256\n          "), "{text}");
    std::fs::write(dir.path().join("vars.yml"), text).unwrap();
    let got = said(dir.path(), &["eval", "--vault-password-file", "pass", "-e", "@vars.yml", "{{ secret }}!"]);
    assert_eq!(got, "\"s3 cret!\"\n");
}

#[test]
fn eval_sees_what_a_host_sees() {
    let dir = folder(&[HOSTS]);
    let eval = |template: &str| {
        said(dir.path(), &["eval", "-i", "conf/hosts.ini", "--host", "node2", "-e", "name=ada", "--yaml", template])
    };
    assert_eq!(
        eval("{{ [greeting, group_names, hostvars.node1.inventory_hostname] }}"),
        "- hello ada\n- - etcd\n- node1\n"
    );
}

#[test]
fn eval_answers_cases_line_by_line() {
    let cases = "{\"s\": \"{{ a + 1 }}\", \"vars\": {\"a\": 41}}\n{\"s\": \"{{ b }}\"}\n{\"s\": \"{{ {'x': [1.5, none]} }}\"}\n";
    let output = with_input(Path::new("/"), &["eval"], cases);
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "{\"v\":{\"i\":\"42\"}}\n{\"err\":\"'b' is undefined\"}\n{\"v\":{\"m\":[[\"x\",[{\"f\":\"1.5\"},null]]]}}\n"
    );
}

#[test]
fn completions_know_the_options() {
    for shell in ["bash", "zsh", "fish"] {
        let script = said(Path::new("/"), &["completions", shell]);
        for word in ["start-at-task", "ssh-copy-id", "multi-node", "base-url"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
}

#[test]
fn each_level_of_verbosity_says_where_settings_come_from() {
    let dir = folder(&[("site.yml", "- hosts: all\n  tasks: []\n"), HOSTS]);
    let listed = |verbosity: &str| said(dir.path(), &["-i", "conf/hosts.ini", "--list-hosts", verbosity, "site.yml"]);
    assert!(listed("-v").starts_with("No config file found; using defaults\n\nplaybook: site.yml\n"));
    assert!(listed("-vv").starts_with("ksplay "));
    std::fs::write(dir.path().join("ansible.cfg"), "[defaults]\n").unwrap();
    assert!(listed("-v").starts_with("Using /"));
}

/// The lines of a help text that are commands, up to their explanation.
fn examples(help: &str) -> Vec<Vec<String>> {
    let lines = help.lines().filter_map(|line| line.strip_prefix("  ksplay "));
    let commands = lines.map(|line| line.split("   ").next().unwrap().trim());
    commands.map(|command| shlex::split(command.split("  ").next().unwrap()).unwrap()).collect()
}

#[test]
fn the_examples_of_the_help_run() {
    let playbook = "- hosts: all\n  gather_facts: false\n  tasks:\n    - debug: msg=hello\n      tags: etcd\n";
    let dir = folder(&[HOSTS, ("site.yml", playbook), ("vars.yml", "packages: [etcd]\n")]);
    let mut run = 0;
    for help in [&["--help"][..], &["eval", "--help"], &["vars", "--help"]] {
        for example in examples(&said(dir.path(), help)) {
            let words: Vec<&str> = example.iter().map(String::as_str).collect();
            said(dir.path(), &words);
            run += 1;
        }
    }
    assert!(run >= 11, "{run}");
}

#[test]
fn vars_lists_the_definitions_of_every_pair_of_levels_in_their_order() {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/behaviour/variables_of_every_pair_of_levels");
    let pairs = std::fs::read_to_string(case.join("levels.json")).unwrap();
    let pair = regex::Regex::new(r#"\["(\w+)", "(\w+)", "(\w+)"\]"#).unwrap();
    let mut checked = 0;
    for [name, low, high] in pair.captures_iter(&pairs).map(|pair| pair.extract().1) {
        if [low, high].contains(&"facts") {
            continue;
        }
        let arguments = ["vars", "-i", "inventory/hosts.ini", "-e", "@extra.json", "h", name, "playbook.yml"];
        let text = said(&case, &arguments);
        let values: Vec<&str> = text.lines().skip(1).filter_map(|line| line.split('\'').nth(1)).collect();
        assert_eq!(values, [high, low], "{name}:\n{text}");
        assert_eq!(
            text.matches(".yml:").count() + text.matches(".ini:").count() + text.matches(".json:").count(),
            3,
            "{text}"
        );
        checked += 1;
    }
    assert_eq!(checked, 190);
}

#[test]
fn vars_never_shows_what_is_vaulted() {
    let vaulted =
        "secret: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  3030\nderived: \"{{ secret | upper }}-x\"\nplain: 1\n";
    let dir = folder(&[("hosts", "a\n"), ("group_vars/all.yml", vaulted)]);
    let text = |name: &str| said(dir.path(), &["vars", "-i", "hosts", "a", name]);
    assert_eq!(text("secret"), "secret = <vaulted>   (on a)\n* group_vars/all   group_vars/all.yml:1   <vaulted>\n");
    assert!(text("derived").starts_with("derived = <vaulted>   (on a)\n"));
    assert!(text("plain").starts_with("plain = 1   (on a)\n"));
}

#[test]
fn vars_follows_includes_and_says_which_it_cannot_follow() {
    let playbook = "- hosts: a\n  gather_facts: false\n  vars: {which: web}\n  tasks:\n    \
                    - include_role: {name: \"{{ which }}\"}\n    \
                    - include_tasks: \"{{ ansible_os_family }}.yml\"\n    \
                    - include_vars: {dir: more}\n";
    let dir = folder(&[
        ("site.yml", playbook),
        ("roles/web/defaults/main.yml", "port: 80\n"),
        ("roles/web/tasks/main.yml", "- set_fact: {port: 81}\n"),
        ("more/one.yml", "port: 82\n"),
    ]);
    let text = said(dir.path(), &["vars", "-i", "a,", "a", "port", "site.yml"]);
    let places = ["roles/web/tasks/main.yml:1", "more/one.yml:1", "roles/web/defaults/main.yml:1"];
    let found: Vec<&str> =
        text.lines().filter_map(|line| places.into_iter().find(|place| line.contains(place))).collect();
    assert_eq!(found, places, "{text}");
    assert!(text.ends_with("bring:\n  site.yml:6   include_tasks: {{ ansible_os_family }}.yml\n"), "{text}");
}

#[test]
fn a_new_role_runs_as_it_is() {
    let playbook = "- hosts: localhost\n  gather_facts: false\n  roles: [my-role]\n";
    let dir = folder(&[("site.yml", playbook)]);
    said(dir.path(), &["role", "init", "my-role", "--init-path", "roles"]);
    let text = said(dir.path(), &["-i", "localhost,", "-c", "local", "-e", "my_role_file=out", "site.yml"]);
    assert!(text.contains("hello from localhost") && text.contains("failed=0"), "{text}");
    assert!(!ksplay(dir.path(), &["role", "init", "my-role", "--init-path", "roles"]).status.success());
    assert!(!ksplay(dir.path(), &["role", "init", "../x"]).status.success());
}
