//! `ksplay plan`, `show` and `apply`, on this machine.

#![allow(clippy::unwrap_used, reason = "all of it is tests")]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

const PLAYBOOK: &str = r#"
- name: Set up the app
  hosts: web
  gather_facts: false
  vars: {out: "{{ playbook_dir }}/out-{{ inventory_hostname }}"}
  tasks:
    - name: Write its settings
      template: {src: app.conf.j2, dest: "{{ out }}/app.conf"}
      notify: Restart
    - name: Ask for its version
      command: echo 1.2
      register: version
      changed_when: false
    - name: Keep the version
      copy: {content: "{{ version.stdout }}\n", dest: "{{ out }}/version"}
    - name: Leave this as it is
      file: {path: "{{ out }}", state: directory}
  handlers:
    - name: Restart
      command: touch {{ out }}/restarted
"#;

/// A folder with a playbook for the hosts `a` and `b`, which are this machine.
struct House(TempDir);

impl House {
    fn new() -> Self {
        let house = Self(tempfile::tempdir().unwrap());
        house.write("site.yml", PLAYBOOK);
        house.write(
            "app.conf.j2",
            "name={{ inventory_hostname }}\nurl=db://u:{{ db_password }}@db\nport={{ listen_on }}\n",
        );
        house.write(
            "hosts.ini",
            "[web]\na\nb\n[web:vars]\nansible_connection=local\ndb_password=Very5ecret\nlisten_on=80\n",
        );
        ["a", "b"].iter().for_each(|host| std::fs::create_dir(house.path(&format!("out-{host}"))).unwrap());
        house
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn ksplay(&self, arguments: &[&str]) -> Output {
        self.ksplay_in(self.0.path(), arguments)
    }

    fn ksplay_in(&self, folder: &Path, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_ksplay"))
            .args(arguments)
            .current_dir(folder)
            .env("ANSIBLE_NOCOLOR", "1")
            .output()
            .unwrap()
    }

    /// Makes the plan `site.plan`; the answer is what was shown.
    fn plan(&self) -> String {
        let output = self.ksplay(&["plan", "-i", "hosts.ini", "site.yml", "-o", "site.plan"]);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Applies it, which is to be refused; the answer is why.
    fn refused(&self) -> String {
        let output = self.ksplay(&["apply", "site.plan"]);
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
        assert!(output.stdout.is_empty() && !self.path("out-a/app.conf").exists(), "nothing is done");
        String::from_utf8(output.stderr).unwrap()
    }
}

#[test]
fn a_plan_says_what_each_host_would_do_and_changes_nothing() {
    let house = House::new();
    let shown = house.plan();
    let expected = r#"PLAY [Set up the app]

TASK [Write its settings]  site.yml:7
  ~ changes: a
      --- before
      +++ after: HOUSE/app.conf.j2
      @@ -0,0 +1,3 @@
      +name=a
      +url=db://u:********@db
      +port=80
  ~ changes: b
      --- before
      +++ after: HOUSE/app.conf.j2
      @@ -0,0 +1,3 @@
      +name=b
      +url=db://u:********@db
      +port=80

TASK [Ask for its version]  site.yml:10
  > runs: a, b
      $ echo 1.2

TASK [Keep the version]  site.yml:14
  ? decided while applying: a, b: 'content' rests on the result of "Ask for its version", which check mode did not run

HANDLER [Restart]  site.yml:19
  > runs: a
      $ touch HOUSE/out-a/restarted
  > runs: b
      $ touch HOUSE/out-b/restarted

Plan: 2 changes, 4 commands, 2 decided while applying; on 2 hosts.

Kept in site.plan. `ksplay show site.plan` shows it again, `ksplay apply site.plan` carries it out.
"#;
    assert_eq!(shown.replace(house.0.path().to_str().unwrap(), "HOUSE"), expected);
    assert_eq!(std::fs::read_dir(house.path("out-a")).unwrap().count(), 0);
}

#[test]
fn what_a_file_would_hold_is_shown_before_its_folder_is_there() {
    let house = House::new();
    let tasks = "[{file: {path: \"{{ d }}\", state: directory}}, {copy: {content: \"hello\\n\", dest: \"{{ d }}/f\"}}]";
    let vars = format!("{{d: {}}}", house.path("new").display());
    house.write("site.yml", &format!("- {{hosts: a, gather_facts: false, vars: {vars}, tasks: {tasks}}}\n"));
    let shown = house.plan();
    assert!(shown.contains("? decided while applying: a: Destination directory"), "{shown}");
    assert!(shown.contains("      @@ -0,0 +1 @@\n      +hello\n"), "{shown}");
}

#[test]
fn a_plan_is_for_its_owner_alone_and_holds_no_secret() {
    let house = House::new();
    house.plan();
    let mode = std::fs::metadata(house.path("site.plan")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!std::fs::read_to_string(house.path("site.plan")).unwrap().contains("Very5ecret"));
}

#[test]
fn what_was_decrypted_is_hidden_under_any_name() {
    let house = House::new();
    house.write("key", "the vault's password\n");
    std::fs::create_dir(house.path("group_vars")).unwrap();
    house.write("group_vars/web.yml", "greeting: From-the-vault\n");
    let encrypted = house.ksplay(&["vault", "encrypt", "--vault-password-file", "key", "group_vars/web.yml"]);
    assert!(encrypted.status.success(), "{}", String::from_utf8_lossy(&encrypted.stderr));
    house.write("app.conf.j2", "hello={{ greeting }}\n");
    let output =
        house.ksplay(&["plan", "-i", "hosts.ini", "site.yml", "-o", "site.plan", "--vault-password-file", "key"]);
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.contains("+hello=********"), "{shown}{}", String::from_utf8_lossy(&output.stderr));
    assert!(!std::fs::read_to_string(house.path("site.plan")).unwrap().contains("From-the-vault"));
    let applied = house.ksplay(&["apply", "site.plan"]);
    assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
    assert_eq!(std::fs::read_to_string(house.path("out-a/app.conf")).unwrap(), "hello=From-the-vault\n");
}

#[test]
fn what_was_planned_is_carried_out_from_wherever_it_is_asked_for() {
    let house = House::new();
    house.plan();
    let output = house.ksplay_in(Path::new("/"), &["apply", house.path("site.plan").to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.contains("a                          : ok=5    changed=3"), "{shown}");
    assert_eq!(output.stderr, b"", "all of it was foreseen");
    let settings = std::fs::read_to_string(house.path("out-a/app.conf")).unwrap();
    assert_eq!(settings, "name=a\nurl=db://u:Very5ecret@db\nport=80\n");
}

#[test]
fn a_plan_is_shown_again_also_as_a_page() {
    let house = House::new();
    let shown = house.plan();
    let again = String::from_utf8(house.ksplay(&["show", "site.plan"]).stdout).unwrap();
    let steps = shown.split("\n\nKept").next().unwrap();
    assert!(again.starts_with("ksplay plan -i hosts.ini site.yml, made 2"), "{again}");
    assert!(again.contains(steps), "{again}");
    let page = String::from_utf8(house.ksplay(&["show", "--html", "site.plan"]).stdout).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.contains("<b>Write its settings</b>"), "{page}");
}

#[test]
fn a_plan_is_refused_when_a_file_that_it_rests_on_has_changed() {
    let house = House::new();
    house.plan();
    house.write(
        "app.conf.j2",
        "name={{ inventory_hostname }}\nurl=db://u:{{ db_password }}@db\nport={{ listen_on }} # x\n",
    );
    let why = house.refused();
    assert!(why.contains("app.conf.j2 has changed"), "{why}");
    assert!(why.contains("a: Write its settings (site.yml:7): the difference is another one now"), "{why}");
    assert!(why.contains("look again: ksplay plan -i hosts.ini site.yml -o site.plan"), "{why}");
}

#[test]
fn a_plan_is_refused_when_variables_have_changed_though_no_step_has() {
    let house = House::new();
    house.plan();
    let hosts = std::fs::read_to_string(house.path("hosts.ini")).unwrap();
    house.write("hosts.ini", &hosts.replace("a\nb\n", "a unused=1\nb\n"));
    let why = house.refused();
    assert!(why.contains("what the inventory says of the host a has changed") && !why.contains("host b"), "{why}");
}

#[test]
fn a_plan_is_refused_when_a_machine_has_changed() {
    let house = House::new();
    house.plan();
    house.write("out-b/app.conf", "old\n");
    let why = house.refused();
    assert!(why.contains("b: Write its settings (site.yml:7): the difference is another one now"), "{why}");
    assert!(!why.contains("a: Write"), "{why}");
}

#[test]
fn a_run_that_would_fail_has_no_plan() {
    let house = House::new();
    house.write("site.yml", "- {hosts: web, gather_facts: false, tasks: [{fail: {msg: no disk}}]}\n");
    let output = house.ksplay(&["plan", "-i", "hosts.ini", "site.yml", "-o", "site.plan"]);
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("no disk") && told.contains("the run would fail; no plan was kept"), "{told}");
    assert!(!house.path("site.plan").exists());
}

#[test]
fn secrets_on_the_command_line_and_options_without_sense_are_refused() {
    let house = House::new();
    let plan = |more: &[&str]| {
        let output = house.ksplay(&[&["plan", "-i", "hosts.ini", "site.yml", "-o", "site.plan"], more].concat());
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, why) = plan(&["-e", "db_password=x"]);
    assert!(code == Some(5) && why.contains("`-e db_password=…` looks like a secret"), "{why}");
    let (code, why) = plan(&["--check"]);
    assert!(code == Some(5) && why.contains("--check cannot be combined with `plan`"), "{why}");
    assert!(!house.path("site.plan").exists());
}

#[test]
fn what_is_no_plan_is_refused_with_what_makes_one() {
    let house = House::new();
    let output = house.ksplay(&["apply", "site.yml"]);
    let why = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(why.contains("site.yml holds no plan") && why.contains("ksplay plan PLAYBOOK -o FILE"), "{why}");
}

#[test]
fn a_plan_that_cannot_be_kept_is_refused_before_anything_is_looked_at() {
    let house = House::new();
    for (place, why) in [("nowhere/plan", "No such file"), ("out-a", "it is a folder"), ("-", "a plan is a file")] {
        let output = house.ksplay(&["plan", "-i", "hosts.ini", "site.yml", "-o", place]);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), &*output.stdout), (Some(1), &b""[..]), "{told}");
        assert!(told.contains(&format!("no plan can be kept in {place}: {why}")), "{told}");
    }
}

#[test]
fn a_file_that_others_could_read_is_for_its_owner_alone_once_it_holds_a_plan() {
    let house = House::new();
    house.write("site.plan", "");
    std::fs::set_permissions(house.path("site.plan"), std::fs::Permissions::from_mode(0o644)).unwrap();
    house.plan();
    assert_eq!(std::fs::metadata(house.path("site.plan")).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn the_command_line_is_told_as_a_shell_takes_it_from_wherever_the_plan_is_applied() {
    let house = House::new();
    let planned = house.ksplay(&["plan", "-i", "hosts.ini", "site.yml", "-e", "x='it is'", "-o", "the plan"]);
    let shown = String::from_utf8(planned.stdout).unwrap();
    assert!(shown.contains("Kept in the plan. `ksplay show 'the plan'` shows it again"), "{shown}");
    house.write("app.conf.j2", "another\n");
    let applied = house.ksplay_in(Path::new("/"), &["apply", house.path("the plan").to_str().unwrap()]);
    let told = String::from_utf8(applied.stderr).unwrap().replace(house.0.path().to_str().unwrap(), "HOUSE");
    let again = "cd HOUSE && ksplay plan -i hosts.ini site.yml -e \"x='it is'\" -o 'HOUSE/the plan'";
    assert!(told.contains(again), "{told}");
}
