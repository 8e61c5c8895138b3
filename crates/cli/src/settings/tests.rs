use std::collections::HashMap;
use std::path::Path;

use super::{Origin, Settings};

fn load(config: &str, variables: &[(&str, &str)]) -> Result<Settings, String> {
    let dir =
        std::env::temp_dir().join(format!("ksplay-settings-{}-{:?}", std::process::id(), std::thread::current().id()));
    std::fs::create_dir_all(&dir).unwrap();
    let path = dir.join("my.cfg");
    std::fs::write(&path, config).unwrap();
    let mut variables: HashMap<&str, &str> = variables.iter().copied().collect();
    variables.insert("ANSIBLE_CONFIG", path.to_str().unwrap());
    variables.insert("HOME", "/home/me");
    let settings = Settings::from(&|name| variables.get(name).map(|&value| value.to_owned()), &dir);
    std::fs::remove_dir_all(&dir).unwrap();
    settings.map_err(|error| error.to_string().replace(&format!("{}/", dir.display()), ""))
}

#[test]
fn nothing_set_gives_the_defaults() {
    let settings = load("", &[]).unwrap();
    assert_eq!(*settings.forks, 5);
    assert_eq!(*settings.timeout, 10);
    assert!(*settings.host_key_checking);
    assert_eq!(settings.inventory.as_slice(), [Path::new("/etc/ansible/hosts")]);
    assert_eq!(settings.roles_path[0], Path::new("/home/me/.ansible/roles"));
    assert_eq!(settings.forks.origin, Origin::Default);
}

#[test]
fn the_file_is_read_as_configparser_reads_it() {
    let text = "# c\n[defaults]\nFORKS: 7 ; many\nremote_user = \"bob\"\nnocolor = off\nroles_path = r:~/x:/abs\ninventory = a,\n  b\nssh = x\n";
    let settings = load(text, &[]).unwrap();
    assert_eq!(*settings.forks, 7);
    assert!(matches!(settings.forks.origin, Origin::File { line: 3, .. }));
    assert_eq!(settings.remote_user.as_deref(), Some("bob"));
    assert!(!*settings.nocolor);
    let base = settings.file.as_deref().and_then(Path::parent).unwrap();
    assert_eq!(settings.roles_path.as_slice(), [base.join("r"), "/home/me/x".into(), "/abs".into()]);
    assert_eq!(settings.inventory.as_slice(), [base.join("a"), base.join("b")]);
}

#[test]
fn the_environment_wins_over_the_file() {
    let settings = load("[defaults]\nforks = 7\n", &[("ANSIBLE_FORKS", "9")]).unwrap();
    assert_eq!(*settings.forks, 9);
    assert_eq!(settings.forks.origin, Origin::Environment("ANSIBLE_FORKS".to_owned()));
}

#[test]
fn what_cannot_be_used_is_refused_with_its_place() {
    let refused = |text: &str| load(text, &[]).unwrap_err();
    assert_eq!(refused("[defaults]\nforks = x\n"), "`x` is not a valid number here (my.cfg:2)");
    assert_eq!(
        refused("[defaults]\n\nfact_caching = redis\n"),
        "the cache `redis` is not supported; `memory` and `jsonfile` are (my.cfg:3)"
    );
    assert_eq!(
        refused("[defaults]\nfact_caching = jsonfile\n"),
        "fact_caching = jsonfile needs a folder: set fact_caching_connection (my.cfg:2)"
    );
    assert_eq!(refused("forks = 1\n"), "an entry before the first [section] (my.cfg:1)");
    assert_eq!(refused("[defaults]\nforks = 1\nforks = 2\n"), "`forks` stands twice in its section (my.cfg:3)");
}

#[test]
fn a_setting_without_effect_is_a_warning_unless_it_asks_for_what_happens_anyway() {
    let settings =
        load("[defaults]\ninvalid_task_attribute_failed = True\n[ssh_connection]\nretries = 3\n", &[]).unwrap();
    let [warning] = settings.warnings.as_slice() else { panic!("{:?}", settings.warnings) };
    assert!(warning.starts_with("the setting ANSIBLE_SSH_RETRIES has no effect here"), "{warning}");
}

#[test]
fn a_colour_that_is_none_is_refused() {
    let settings = load("[colors]\nok = rgb135\n", &[("ANSIBLE_COLOR_WARN", "gray7")]).unwrap();
    assert_eq!((settings.colour_ok.name(), settings.colour_warn.name()), ("rgb135", "gray7"));
    let refused = load("[colors]\nok = pale green\n", &[]).unwrap_err();
    assert!(refused.starts_with("`pale green` is no colour; these are: black, blue"), "{refused}");
    assert!(refused.ends_with("(my.cfg:2)"), "{refused}");
}

#[test]
fn a_slip_in_the_name_of_a_setting_is_a_warning() {
    let text = "[defaults]\nhost_key_cheking = no\nno_target_syslog = yes\n[ssh_connection]\nscp_executable = scp\n";
    let settings = load(text, &[]).unwrap();
    let [warning] = settings.warnings.as_slice() else { panic!("{:?}", settings.warnings) };
    assert!(
        warning.starts_with("there is no setting `host_key_cheking`; did you mean `host_key_checking`?"),
        "{warning}"
    );
}

#[test]
fn a_boolean_that_is_none_is_refused() {
    let refused = load("[defaults]\nhost_key_checking = perhaps\n", &[]).unwrap_err();
    assert!(refused.starts_with("`perhaps` is not a boolean"), "{refused}");
    assert!(*load("", &[("NO_COLOR", "please")]).unwrap().nocolor);
}
