//! Which facts are gathered: the words of `gather_subset`.

use std::collections::BTreeSet;

use crate::Failure;

/// A group of facts that is gathered together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the variants are the reference's own words")]
pub(crate) enum Collector {
    Platform,
    Distribution,
    Apparmor,
    Caps,
    Chroot,
    Cmdline,
    DateTime,
    Dns,
    Env,
    FibreChannel,
    Fips,
    Hardware,
    Iscsi,
    Loadavg,
    Local,
    Lsb,
    Network,
    Nvme,
    PkgMgr,
    Python,
    Selinux,
    ServiceMgr,
    SshPubKeys,
    Systemd,
    User,
    Virtual,
    /// Programs of others that may add facts; none is run here.
    Foreign,
}

use Collector as C;

/// The words for each collector.
const WORDS: &[(Collector, &[&str])] = &[
    (C::Platform, &["platform", "system", "kernel", "kernel_version", "machine", "machine_id", "architecture"]),
    (
        C::Distribution,
        &["distribution", "distribution_version", "distribution_release", "distribution_major_version", "os_family"],
    ),
    (C::Apparmor, &["apparmor"]),
    (C::Caps, &["caps", "system_capabilities", "system_capabilities_enforced"]),
    (C::Chroot, &["chroot", "is_chroot"]),
    (C::Cmdline, &["cmdline"]),
    (C::DateTime, &["date_time"]),
    (C::Dns, &["dns"]),
    (C::Env, &["env"]),
    (C::FibreChannel, &["fibre_channel_wwn"]),
    (C::Fips, &["fips"]),
    (C::Hardware, &["hardware", "devices", "mounts", "processor", "processor_cores", "processor_count"]),
    (C::Iscsi, &["iscsi"]),
    (C::Loadavg, &["loadavg"]),
    (C::Local, &["local"]),
    (C::Lsb, &["lsb"]),
    (
        C::Network,
        &["network", "interfaces", "default_ipv4", "default_ipv6", "all_ipv4_addresses", "all_ipv6_addresses"],
    ),
    (C::Nvme, &["nvme"]),
    (C::PkgMgr, &["pkg_mgr"]),
    (C::Python, &["python", "python_version"]),
    (C::Selinux, &["selinux"]),
    (C::ServiceMgr, &["service_mgr"]),
    (
        C::SshPubKeys,
        &[
            "ssh_pub_keys",
            "ssh_host_pub_keys",
            "ssh_host_key_dsa_public",
            "ssh_host_key_rsa_public",
            "ssh_host_key_ecdsa_public",
            "ssh_host_key_ed25519_public",
        ],
    ),
    (C::Systemd, &["systemd"]),
    (
        C::User,
        &[
            "user",
            "user_id",
            "user_uid",
            "user_gid",
            "user_gecos",
            "user_dir",
            "user_shell",
            "real_user_id",
            "effective_user_id",
            "effective_group_ids",
        ],
    ),
    (
        C::Virtual,
        &[
            "virtual",
            "virtualization_type",
            "virtualization_role",
            "virtualization_tech_guest",
            "virtualization_tech_host",
        ],
    ),
    (C::Foreign, &["facter", "ohai"]),
];

/// What is gathered unless `!min` is given.
const MINIMAL: &[Collector] = &[
    C::Platform,
    C::Distribution,
    C::Apparmor,
    C::Caps,
    C::Cmdline,
    C::DateTime,
    C::Dns,
    C::Env,
    C::Fips,
    C::Local,
    C::Lsb,
    C::PkgMgr,
    C::Python,
    C::Selinux,
    C::ServiceMgr,
    C::SshPubKeys,
    C::User,
];

/// The collectors that these words name, with those that they rest on.
///
/// # Errors
///
/// If a word names no collector.
pub(crate) fn chosen(words: &[String]) -> Result<BTreeSet<Collector>, Failure> {
    let minimal = || MINIMAL.iter().copied();
    let every = || WORDS.iter().map(|(collector, _)| *collector);
    let mut wanted = BTreeSet::new();
    let mut unwanted = BTreeSet::new();
    let mut explicit = BTreeSet::new();
    let mut only_exclusions = true;
    for word in words.iter().map(|word| word.trim()) {
        match word {
            "all" => {
                only_exclusions = false;
                wanted.extend(every());
            }
            "min" => {
                only_exclusions = false;
                wanted.extend(minimal());
            }
            // What is minimal stays when everything is excluded.
            "!all" => unwanted.extend(every().filter(|collector| !MINIMAL.contains(collector))),
            "!min" => unwanted.extend(minimal()),
            word => match word.strip_prefix('!') {
                // What is not there is left out already.
                Some(word) => unwanted.extend(named(word).ok()),
                None => {
                    only_exclusions = false;
                    explicit.insert(named(word)?);
                }
            },
        }
    }
    if only_exclusions {
        wanted.extend(every());
    }
    let mut chosen: BTreeSet<Collector> =
        wanted.into_iter().chain(minimal()).filter(|c| !unwanted.contains(c)).collect();
    chosen.extend(explicit);
    for collector in chosen.clone() {
        chosen.extend(needed_by(collector));
    }
    Ok(chosen)
}

fn named(word: &str) -> Result<Collector, Failure> {
    let found = WORDS.iter().find(|(_, words)| words.contains(&word)).map(|(collector, _)| *collector);
    found.ok_or_else(|| {
        let mut allowed: Vec<&str> = WORDS.iter().flat_map(|(_, words)| words.iter().copied()).chain(["all"]).collect();
        allowed.sort_unstable();
        let allowed = allowed.join(", ");
        Failure::new(format!("Bad subset '{word}' given to Ansible. gather_subset options allowed: {allowed}"))
    })
}

fn needed_by(collector: Collector) -> &'static [Collector] {
    match collector {
        C::Hardware => &[C::Platform],
        C::PkgMgr => &[C::Distribution],
        C::Network | C::ServiceMgr => &[C::Platform, C::Distribution],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> BTreeSet<Collector> {
        chosen(&words.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn exclusions_leave_the_minimum_unless_it_is_excluded_too() {
        assert_eq!(of(&["!all"]), MINIMAL.iter().copied().collect());
        assert_eq!(of(&["!all", "!min", "virtual"]), [C::Virtual].into());
        assert_eq!(of(&["!all", "!min", "network"]), [C::Platform, C::Distribution, C::Network].into());
        assert!(of(&["all"]).contains(&C::Hardware) && of(&["all"]).contains(&C::User));
        assert!(!of(&["!hardware"]).contains(&C::Hardware) && of(&["!hardware"]).contains(&C::Network));
        assert!(of(&["mounts"]).contains(&C::Hardware) && of(&["mounts"]).contains(&C::User));
    }

    #[test]
    fn an_unknown_word_is_answered_with_the_known_ones() {
        let message = chosen(&["nonsense".into()]).unwrap_err().message;
        // The reference's own message.
        assert!(message.starts_with("Bad subset 'nonsense' given to Ansible. gather_subset options allowed: all, all_ipv4_addresses, all_ipv6_addresses, apparmor, architecture, caps, chroot, cmdline,"), "{message}");
        assert!(
            message.ends_with(
                "virtualization_role, virtualization_tech_guest, virtualization_tech_host, virtualization_type"
            ),
            "{message}"
        );
    }
}
