//! `setup`: the facts of the target.

use std::path::PathBuf;
use std::time::Duration;

use ksplay_value::{Map, Value};

use super::look::Look;
use super::subset::{Collector, chosen};
use super::{
    command_line, date_time, devices, distribution, dns, environment, hardware, local, mounts, network,
    package_manager, platform, python, security, service_manager, ssh_keys, storage, user, virtualization,
};
use crate::arguments::{Opt, OptType};
use crate::{Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`SetupArgs`].
pub struct Setup;

arguments! {
    /// Gathers facts about the target: its distribution, hardware, network, and much more.
    pub struct SetupArgs {
        /// Which groups of facts to gather; `!` before a word excludes it.
        gather_subset: Vec<String> = Opt::list(OptType::Str).default("[all]"),
        /// How many seconds a group may take that could wait for something outside, such as a network share.
        gather_timeout: i64 = Opt::int().default("10"),
        /// Patterns of fact names (`*` and `?` match anything); only facts that match one are returned.
        filter: Vec<String> = Opt::list(OptType::Str).default("[]"),
        /// The directory of the `*.fact` files.
        fact_path: PathBuf = Opt::path().default("/etc/ansible/facts.d"),
    }
}

impl Module for Setup {
    type Args = SetupArgs;
    type Plan = ();

    fn inspect(args: &SetupArgs, system: &Probe) -> Result<Inspection<()>, Failure> {
        let look = Look::new(system);
        let mut facts = Map::new();
        for collector in chosen(&args.gather_subset)? {
            facts.extend(collect(collector, args, &look));
        }
        let facts = facts.into_iter().map(|(name, value)| (format!("ansible_{}", name.as_value()), value));
        let mut facts: Map = facts.filter(|(name, _)| passes(&args.filter, name)).collect();
        if args.filter.is_empty() {
            facts.insert("gather_subset", args.gather_subset.iter().collect::<Value>());
            facts.insert("module_setup", true);
        }
        Ok(Inspection::nothing_to_do(Outcome { facts: Some(facts), ..Outcome::default() }))
    }

    fn apply((): (), predicted: Outcome, _system: &mut System) -> Result<Outcome, Failure> {
        Ok(predicted)
    }
}

fn collect(collector: Collector, args: &SetupArgs, look: &Look) -> Map {
    match collector {
        Collector::Platform => platform::collect(look),
        Collector::Distribution => distribution::collect(look),
        Collector::Apparmor => security::apparmor(look),
        Collector::Caps => security::capabilities(look),
        Collector::Chroot => platform::chroot(look),
        Collector::Cmdline => command_line::collect(look),
        Collector::DateTime => date_time::collect(),
        Collector::Dns => dns::collect(look),
        Collector::Env => environment::collect(look),
        Collector::FibreChannel => storage::fibre_channel(look),
        Collector::Fips => security::fips(look),
        Collector::Hardware => all_hardware(args, look),
        Collector::Iscsi => storage::iscsi(look),
        Collector::Loadavg => hardware::load(),
        Collector::Local => local::collect(look, &args.fact_path),
        Collector::Lsb => distribution::collect_lsb(look),
        Collector::Network => network::collect(look),
        Collector::Nvme => storage::nvme(look),
        Collector::PkgMgr => package_manager::collect(look, &distribution::family(look)),
        Collector::Python => python::collect(look),
        Collector::Selinux => security::selinux(look),
        Collector::ServiceMgr => service_manager::collect(look),
        Collector::SshPubKeys => ssh_keys::collect(look),
        Collector::Systemd => service_manager::systemd(look),
        Collector::User => user::collect(look),
        Collector::Virtual => virtualization::collect(look),
        Collector::Foreign => Map::new(),
    }
}

fn all_hardware(args: &SetupArgs, look: &Look) -> Map {
    let links = devices::Links::read(look);
    let patience = Duration::from_secs(args.gather_timeout.max(0).unsigned_abs());
    let mut facts = hardware::processors(look);
    facts.extend(hardware::memory(look));
    facts.extend(hardware::firmware(look));
    facts.extend(hardware::uptime(look));
    facts.extend(devices::collect(look, &links));
    facts.extend(mounts::collect(look, &links.uuids_by_path(look), patience));
    facts.extend(storage::volumes(look));
    facts
}

/// Whether a fact is wanted; the patterns may leave out `ansible_`.
fn passes(patterns: &[String], name: &str) -> bool {
    let bare = name.strip_prefix("ansible_").unwrap_or(name);
    patterns.is_empty()
        || patterns
            .iter()
            .any(|pattern| pattern.is_empty() || pattern_matches(pattern, name) || pattern_matches(pattern, bare))
}

/// Whether a text is of the form of a shell pattern.
pub(crate) fn pattern_matches(pattern: &str, text: &str) -> bool {
    matches(pattern.as_bytes(), text.as_bytes())
}

fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match pattern {
        [] => text.is_empty(),
        [b'*', rest @ ..] => (0..=text.len()).any(|skipped| matches(rest, &text[skipped..])),
        [b'?', rest @ ..] => !text.is_empty() && matches(rest, &text[1..]),
        [b'[', rest @ ..] => {
            let end = rest.iter().skip(1).position(|byte| *byte == b']').map(|at| at + 1);
            let (Some(end), Some(first)) = (end, text.first()) else {
                return text.first() == Some(&b'[') && matches(rest, &text[1..]);
            };
            let (set, after) = (&rest[..end], &rest[end + 1..]);
            let (negated, set) = set.strip_prefix(b"!").map_or((false, set), |set| (true, set));
            in_set(set, *first) != negated && matches(after, &text[1..])
        }
        [byte, rest @ ..] => text.first() == Some(byte) && matches(rest, &text[1..]),
    }
}

fn in_set(set: &[u8], byte: u8) -> bool {
    match set {
        [low, b'-', high, rest @ ..] => (*low..=*high).contains(&byte) || in_set(rest, byte),
        [one, rest @ ..] => *one == byte || in_set(rest, byte),
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_names_with_and_without_the_prefix() {
        let patterns = |text: &str| vec![text.to_owned()];
        assert!(passes(&patterns("fqdn"), "ansible_fqdn"));
        assert!(passes(&patterns("ansible_user_*"), "ansible_user_id"));
        assert!(!passes(&patterns("user"), "ansible_user_id"));
        assert!(passes(&patterns("eth[0-2]"), "ansible_eth1"));
        assert!(!passes(&patterns("eth[!0-2]"), "ansible_eth1"));
        assert!(passes(&[], "ansible_fqdn"));
    }
}
