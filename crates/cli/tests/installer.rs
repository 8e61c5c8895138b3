//! `ksplay install`, `uninstall` and `ssh-copy-id` with small playbooks in the place of the cluster's.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// The exit code, and what was said; both outputs in one, as on a terminal without one.
fn ksplay(dir: &Path, arguments: &[&str], input: &str) -> (i32, String) {
    let script = "exec \"$0\" \"$@\" 2>&1";
    let mut child = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_ksplay")])
        .args(arguments)
        .current_dir(dir)
        .env("HOME", dir)
        .env_remove("XDG_CACHE_HOME")
        .env_remove("ANSIBLE_CONFIG")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    // A busy machine takes its time.
    let times = regex::Regex::new(r"(?m) \(after \d+ s\)$|, \d+ s$").unwrap();
    (output.status.code().unwrap(), times.replace_all(&said, "").into_owned())
}

const HOSTS: &str = "\
[all]
node1 ansible_connection=local
node2 ansible_connection=local

[k8s-cluster]
node1
node2
";

const SITE: &str = "\
- name: Prepare the machines
  hosts: all
  gather_facts: false
  vars_files: ['{{ inventory_dir | default(playbook_dir) }}/vars.yml']
  tasks:
    - ansible.builtin.command: 'true'
    - ansible.builtin.command: 'false'
      when: broken | bool

- name: Finish the cluster
  hosts: all[0]
  gather_facts: false
  vars_files: ['{{ inventory_dir | default(playbook_dir) }}/vars.yml']
  tasks:
    - ansible.builtin.debug:
        msg: ['### Welcome ###', 'Console: http://{{ inventory_hostname }}']
";

const RESET: &str = "\
- name: Remove the cluster
  hosts: k8s-cluster
  gather_facts: false
  tasks:
    - ansible.builtin.file:
        path: '{{ inventory_dir }}/../removed-{{ inventory_hostname }}'
        state: touch
      when: confirm_reset == 'yes'
";

fn folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("conf/hosts.ini", HOSTS),
        ("conf/vars.yml", "broken: false\n"),
        ("playbooks/site.yml", SITE),
        ("playbooks/reset.yml", RESET),
    ] {
        let file = dir.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    dir
}

const MENU: &str = "\
################################################
         KubeSphere Installer Menu
################################################
*   1) All-in-one
*   2) Multi-node
*   3) Quit
################################################
https://kubesphere.io/VERSION
################################################
Please input an option: ";

fn menu() -> String {
    MENU.replace("VERSION", &format!("{:>26}", concat!("ksplay ", env!("CARGO_PKG_VERSION"))))
}

const INSTALLED: &str = "\
[1/2] Prepare the machines
[2/2] Finish the cluster
### Welcome ###
Console: http://node1
2 machines, 2 changes
";

#[test]
fn the_menu_leads_to_an_installation_and_its_banner() {
    let dir = folder();
    let (code, said) = ksplay(dir.path(), &["install"], "2\nyes\n");
    let question = "Is persistent storage configured in conf/vars.yml? [yes/no]: ";
    assert_eq!((code, &*said), (0, &*format!("{}{question}{INSTALLED}", menu())));
    let log = dir.path().join("kubesphere/install.log");
    assert!(fs::read_to_string(&log).unwrap().contains("changed: [node2]"));
    assert_eq!(fs::metadata(log).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn flags_answer_what_the_menu_asks() {
    let dir = folder();
    assert_eq!(ksplay(dir.path(), &["install", "--multi-node", "--yes"], ""), (0, INSTALLED.to_owned()));
}

#[test]
fn storage_that_is_not_configured_ends_it_before_anything_is_done() {
    let dir = folder();
    let (code, said) = ksplay(dir.path(), &["install", "--multi-node"], "perhaps\nno\n");
    assert_eq!(code, 0);
    assert!(said.contains("Please answer yes or no.\n"), "{said}");
    assert!(said.ends_with("Choose a storage system in conf/vars.yml, then run `ksplay install` again.\n"), "{said}");
    assert!(!dir.path().join("kubesphere").exists());
}

#[test]
fn an_option_that_is_not_in_the_menu_is_asked_for_again() {
    let dir = folder();
    let (code, said) = ksplay(dir.path(), &["install"], "4\n3\n");
    assert_eq!((code, said), (0, format!("{}There is no option \"4\".\n\n{}", menu(), menu())));
}

#[test]
fn a_failure_is_shown_with_its_task_and_the_place_of_the_log() {
    let dir = folder();
    let (code, said) = ksplay(dir.path(), &["install", "--multi-node", "--yes", "-e", "broken=yes"], "");
    assert_eq!(code, 2);
    assert!(
        said.starts_with("[1/2] Prepare the machines\n") && said.contains("\nTASK [ansible.builtin.command] ***"),
        "{said}"
    );
    assert!(said.contains("fatal: [node2]: FAILED! => "), "{said}");
    assert!(!said.contains("changed: [node1]"), "{said}");
    assert!(
        said.ends_with(
            "\nAll of it is in kubesphere/install.log. What is done stays done: mend what failed and run it again.\n"
        ),
        "{said}"
    );
}

#[test]
fn with_v_every_task_is_shown() {
    let dir = folder();
    let (code, said) = ksplay(dir.path(), &["install", "--multi-node", "--yes", "-v"], "");
    assert_eq!(code, 0);
    assert!(said.contains("changed: [node2] => {") && said.contains("PLAY RECAP"), "{said}");
}

#[test]
fn an_all_in_one_installation_makes_an_inventory_once_and_keeps_it() {
    let dir = folder();
    fs::remove_file(dir.path().join("conf/hosts.ini")).unwrap();
    let file = dir.path().join("conf/all-in-one.ini");
    let (code, said) = ksplay(dir.path(), &["install", "--all-in-one", "--yes"], "");
    if code == 1 && said.contains("there is no default route") {
        return; // A machine without a network has no address to write down, and is told so.
    }
    assert_eq!(code, 0, "{said}");
    let written = fs::read_to_string(&file).unwrap();
    assert!(
        written.contains("  ansible_connection=local  ip=") && written.contains("[k8s-cluster:children]"),
        "{written}"
    );
    fs::write(&file, written.replace("[all]\n", "[all]\nmine ansible_connection=local\n")).unwrap();
    let (code, said) = ksplay(dir.path(), &["install", "--all-in-one"], "");
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("Console: http://mine\n") && said.contains("2 machines"), "{said}");
}

#[test]
fn uninstalling_happens_only_after_yes() {
    let dir = folder();
    let removed = |host: &str| dir.path().join(format!("removed-{host}")).exists();
    let (code, said) = ksplay(dir.path(), &["uninstall"], "y\n");
    let question = "This removes Kubernetes, etcd and all their data from node1, node2.\nType yes to go on: ";
    assert_eq!((code, said), (0, format!("{question}Nothing was removed.\n")));
    assert!(!removed("node1"));
    let (code, said) = ksplay(dir.path(), &["uninstall"], "yes\n");
    assert_eq!(code, 0, "{said}");
    assert!(removed("node1") && removed("node2"), "{said}");
}

#[test]
fn a_key_is_made_only_when_asked_for_and_only_once() {
    let dir = folder();
    let copy = |more: &[&str]| ksplay(dir.path(), &[&["ssh-copy-id"], more].concat(), "");
    let (code, said) = copy(&[]);
    assert_eq!(code, 1);
    assert!(said.starts_with("error: there is no public key in ") && said.contains("`--generate` makes"), "{said}");
    let (code, said) = copy(&["--generate"]);
    let key = dir.path().join(".ssh/id_ed25519");
    // All machines are this one, so that there is nobody to send it to.
    let told = "[1/1] Send the public key to the machines\n2 machines, 0 changes\n";
    assert_eq!((code, said), (0, format!("made the key {}\n{told}", key.display())));
    assert_eq!(fs::metadata(dir.path().join(".ssh")).unwrap().permissions().mode() & 0o777, 0o700);
    let made = fs::read(&key).unwrap();
    assert_eq!(copy(&["--generate"]), (0, told.to_owned()));
    assert_eq!(fs::read(&key).unwrap(), made);
    let (code, said) = copy(&["--key", ".ssh/id_ed25519"]);
    assert_eq!(code, 1);
    assert!(said.contains("is a private key") && said.contains("id_ed25519.pub?"), "{said}");
}
