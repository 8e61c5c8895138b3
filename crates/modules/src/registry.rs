//! The table of modules: adding one is one line here.
//!
//! The small agent is sent to every new target, so that what it has is what most playbooks use: the rest costs a second
//! connection and the whole program, once, where it is used.

use ksplay_value::Map;

use crate::arguments::{Arguments, Docs, Spec};
use crate::module::{Module, RunOptions, run_module};
use crate::system::Probe;
use crate::{accounts, commands, facts, files, firewalls, packages, services, storage};

/// A module as the rest of the program sees it.
pub struct Entry {
    /// Its short name.
    pub name: &'static str,
    /// Its collection: `ansible.builtin`, `ansible.posix`, …
    pub collection: &'static str,
    /// Other short names in the same collection.
    pub aliases: &'static [&'static str],
    /// Its arguments.
    pub spec: &'static Spec,
    /// Whether the small agent has it, too.
    pub in_small: bool,
    run: fn(&str, &Map, &RunOptions, Probe) -> Map,
}

const BUILTIN: &str = "ansible.builtin";

macro_rules! entry {
    ($in_small:literal, $module:ty, $collection:literal, $name:literal $(, $alias:literal)*) => {
        Entry {
            name: $name,
            collection: $collection,
            aliases: &[$($alias),*],
            spec: <<$module as Module>::Args as Arguments>::SPEC_REF,
            in_small: $in_small,
            run: run_module::<$module>,
        }
    };
}

/// The tables of modules, from lines `TYPE => COLLECTION, NAME, OTHER NAMES…;` in two groups.
macro_rules! modules {
    (
        small { $($small:ty => $of_small:literal, $in_small:literal $(, $also_small:literal)*;)* }
        whole { $($whole:ty => $of_whole:literal, $in_whole:literal $(, $also_whole:literal)*;)* }
    ) => {
        /// The modules of the small agent.
        pub static SMALL: &[Entry] = &[$( entry!(true, $small, $of_small, $in_small $(, $also_small)*), )*];

        /// All modules.
        pub static MODULES: &[Entry] = &[
            $( entry!(true, $small, $of_small, $in_small $(, $also_small)*), )*
            $( entry!(false, $whole, $of_whole, $in_whole $(, $also_whole)*), )*
        ];

        /// What is said about [`MODULES`], in their order: a table of its own, since only the controller needs it.
        static DOCS: &[&Docs] = &[
            $( &<<$small as Module>::Args as Arguments>::DOCS, )*
            $( &<<$whole as Module>::Args as Arguments>::DOCS, )*
        ];
    };
}

// The lines of one folder stand together, in alphabetical order.
modules! {
    // The modules of the small agent, which every target gets: what most playbooks use.
    small {
        // accounts
        accounts::AuthorizedKey => "ansible.posix", "authorized_key";
        accounts::Cron => "ansible.builtin", "cron";
        accounts::Getent => "ansible.builtin", "getent";
        accounts::GroupModule => "ansible.builtin", "group";
        accounts::Hostname => "ansible.builtin", "hostname";
        accounts::KnownHosts => "ansible.builtin", "known_hosts";
        accounts::Modprobe => "community.general", "modprobe";
        accounts::Mount => "ansible.posix", "mount";
        accounts::Sysctl => "ansible.posix", "sysctl";
        accounts::UserModule => "ansible.builtin", "user";
        // commands
        commands::AsyncStatus => "ansible.builtin", "async_status";
        commands::Command => "ansible.builtin", "command";
        commands::Ping => "ansible.builtin", "ping";
        commands::Raw => "ansible.builtin", "raw";
        commands::Script => "ansible.builtin", "script";
        commands::Shell => "ansible.builtin", "shell";
        commands::WaitFor => "ansible.builtin", "wait_for";
        // facts
        facts::Setup => "ansible.builtin", "setup";
        // files
        files::Assemble => "ansible.builtin", "assemble";
        files::BlockInFile => "ansible.builtin", "blockinfile";
        files::Copy => "ansible.builtin", "copy";
        files::Fetch => "ansible.builtin", "fetch";
        files::File => "ansible.builtin", "file";
        files::Find => "ansible.builtin", "find";
        files::GetUrl => "ansible.builtin", "get_url";
        files::IniFile => "community.general", "ini_file";
        files::LineInFile => "ansible.builtin", "lineinfile";
        files::Replace => "ansible.builtin", "replace";
        files::Slurp => "ansible.builtin", "slurp";
        files::Stat => "ansible.builtin", "stat";
        files::TempFile => "ansible.builtin", "tempfile";
        files::Unarchive => "ansible.builtin", "unarchive";
        files::Uri => "ansible.builtin", "uri";
        // firewalls
        firewalls::Iptables => "ansible.builtin", "iptables";
        // packages
        packages::Apk => "community.general", "apk";
        packages::AptModule => "ansible.builtin", "apt";
        packages::AptRepository => "ansible.builtin", "apt_repository";
        packages::Deb822Repository => "ansible.builtin", "deb822_repository";
        packages::Dnf => "ansible.builtin", "dnf", "yum", "dnf5";
        packages::DpkgSelections => "ansible.builtin", "dpkg_selections";
        packages::Package => "ansible.builtin", "package";
        packages::PackageFacts => "ansible.builtin", "package_facts";
        packages::YumRepository => "ansible.builtin", "yum_repository";
        // services
        services::Service => "ansible.builtin", "service";
        services::ServiceFacts => "ansible.builtin", "service_facts";
        services::Systemd => "ansible.builtin", "systemd_service", "systemd";
        services::Sysvinit => "ansible.builtin", "sysvinit";
    }
    // Those that only ksplay itself has: a target gets all of it (`ksplay agent`) when one of them is to run there.
    whole {
        // accounts
        accounts::Alternatives => "community.general", "alternatives";
        accounts::LocaleGen => "community.general", "locale_gen";
        accounts::OpensshKeypair => "community.crypto", "openssh_keypair";
        accounts::PamLimits => "community.general", "pam_limits";
        accounts::Selinux => "ansible.posix", "selinux";
        accounts::Timezone => "community.general", "timezone";
        // commands
        commands::Expect => "ansible.builtin", "expect";
        // facts
        facts::MountFacts => "ansible.builtin", "mount_facts";
        // files
        files::Htpasswd => "community.general", "htpasswd";
        // firewalls
        firewalls::Firewalld => "ansible.posix", "firewalld";
        firewalls::Ufw => "community.general", "ufw";
        // packages
        packages::Debconf => "ansible.builtin", "debconf";
        packages::Git => "ansible.builtin", "git";
        packages::Npm => "community.general", "npm";
        packages::Pip => "ansible.builtin", "pip";
        packages::Snap => "community.general", "snap";
        // storage
        storage::Filesystem => "community.general", "filesystem";
        storage::Lvg => "community.general", "lvg";
        storage::Lvol => "community.general", "lvol";
        storage::Parted => "community.general", "parted";
    }
}

/// All modules, with what is said about them.
pub fn documented() -> impl Iterator<Item = (&'static Entry, &'static Docs)> {
    MODULES.iter().zip(DOCS.iter().copied())
}

impl Entry {
    /// Runs it under the name that it was called by; see [`crate::run`].
    pub fn call(&self, name: &str, args: &Map, options: &RunOptions, probe: Probe) -> Map {
        (self.run)(name, args, options, probe)
    }

    fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }
}

/// The module of this name: its short name, or with its collection (`ansible.legacy` counts as `ansible.builtin`).
pub fn find(name: &str) -> Option<&'static Entry> {
    find_among(MODULES, name)
}

/// The same among these.
pub(crate) fn find_among(modules: &'static [Entry], name: &str) -> Option<&'static Entry> {
    let Some((collection, short)) = name.rsplit_once('.') else {
        return modules.iter().find(|entry| entry.is_called(name));
    };
    let collection = if collection == "ansible.legacy" { BUILTIN } else { collection };
    modules.iter().find(|entry| entry.collection == collection && entry.is_called(short))
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
