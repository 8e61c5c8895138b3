//! The table of modules: adding one is one line here.

use ksplay_value::Map;

use crate::arguments::{Arguments, Spec};
use crate::module::{Module, RunOptions, run_module};
use crate::system::Probe;
use crate::{accounts, commands, facts, files, packages, services};

/// A module as the rest of the program sees it.
pub struct Entry {
    /// Its short name.
    pub name: &'static str,
    /// Its collection: `ansible.builtin`, `ansible.posix`, …
    pub collection: &'static str,
    /// Other short names in the same collection.
    pub aliases: &'static [&'static str],
    /// Its arguments and their documentation.
    pub spec: &'static Spec,
    run: fn(&str, &Map, &RunOptions, Probe) -> Map,
}

const BUILTIN: &str = "ansible.builtin";

/// All modules. A line is `entry::<Module>(NAME, COLLECTION)`, and `.aliases(&[…])` where it has other names.
/// The lines of one folder stand together, in alphabetical order.
pub static MODULES: &[Entry] = &[
    // accounts
    entry::<accounts::AuthorizedKey>("authorized_key", "ansible.posix"),
    entry::<accounts::Cron>("cron", BUILTIN),
    entry::<accounts::Getent>("getent", BUILTIN),
    entry::<accounts::GroupModule>("group", BUILTIN),
    entry::<accounts::Hostname>("hostname", BUILTIN),
    entry::<accounts::Modprobe>("modprobe", "community.general"),
    entry::<accounts::Mount>("mount", "ansible.posix"),
    entry::<accounts::Sysctl>("sysctl", "ansible.posix"),
    entry::<accounts::UserModule>("user", BUILTIN),
    // commands
    entry::<commands::Command>("command", BUILTIN),
    entry::<commands::Ping>("ping", BUILTIN),
    entry::<commands::Raw>("raw", BUILTIN),
    entry::<commands::Script>("script", BUILTIN),
    entry::<commands::Shell>("shell", BUILTIN),
    entry::<commands::WaitFor>("wait_for", BUILTIN),
    // facts
    entry::<facts::Setup>("setup", BUILTIN),
    // files
    entry::<files::Assemble>("assemble", BUILTIN),
    entry::<files::BlockInFile>("blockinfile", BUILTIN),
    entry::<files::Copy>("copy", BUILTIN),
    entry::<files::Fetch>("fetch", BUILTIN),
    entry::<files::File>("file", BUILTIN),
    entry::<files::Find>("find", BUILTIN),
    entry::<files::GetUrl>("get_url", BUILTIN),
    entry::<files::LineInFile>("lineinfile", BUILTIN),
    entry::<files::Replace>("replace", BUILTIN),
    entry::<files::Slurp>("slurp", BUILTIN),
    entry::<files::Stat>("stat", BUILTIN),
    entry::<files::TempFile>("tempfile", BUILTIN),
    entry::<files::Unarchive>("unarchive", BUILTIN),
    entry::<files::Uri>("uri", BUILTIN),
    // packages
    entry::<packages::Apk>("apk", "community.general"),
    entry::<packages::AptModule>("apt", BUILTIN),
    entry::<packages::Dnf>("dnf", BUILTIN).aliases(&["yum", "dnf5"]),
    entry::<packages::DpkgSelections>("dpkg_selections", BUILTIN),
    entry::<packages::Package>("package", BUILTIN),
    entry::<packages::PackageFacts>("package_facts", BUILTIN),
    // services
    entry::<services::Service>("service", BUILTIN),
    entry::<services::ServiceFacts>("service_facts", BUILTIN),
    entry::<services::Systemd>("systemd_service", BUILTIN).aliases(&["systemd"]),
    entry::<services::Sysvinit>("sysvinit", BUILTIN),
];

const fn entry<M: Module>(name: &'static str, collection: &'static str) -> Entry {
    Entry { name, collection, aliases: &[], spec: <M::Args as Arguments>::SPEC_REF, run: run_module::<M> }
}

impl Entry {
    const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// Runs it; see [`crate::run`].
    pub fn call(&self, args: &Map, options: &RunOptions, probe: Probe) -> Map {
        (self.run)(self.name, args, options, probe)
    }

    fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }
}

/// The module of this name: its short name, or with its collection (`ansible.legacy` counts as `ansible.builtin`).
pub fn find(name: &str) -> Option<&'static Entry> {
    let Some((collection, short)) = name.rsplit_once('.') else {
        return MODULES.iter().find(|entry| entry.is_called(name));
    };
    let collection = if collection == "ansible.legacy" { BUILTIN } else { collection };
    MODULES.iter().find(|entry| entry.collection == collection && entry.is_called(short))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_module_is_found_by_each_of_its_names() {
        for name in ["ping", "ansible.builtin.ping", "ansible.legacy.ping"] {
            assert_eq!(find(name).map(|entry| entry.name), Some("ping"), "{name}");
        }
        assert!(find("community.general.ping").is_none());
        assert!(find("no_such_module").is_none());
    }

    #[test]
    fn no_name_stands_twice() {
        let mut seen = HashSet::new();
        for entry in MODULES {
            for name in entry.aliases.iter().chain([&entry.name]) {
                assert!(seen.insert(*name), "{name}");
            }
        }
    }
}
