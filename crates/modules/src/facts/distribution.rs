//! Which distribution the target runs, from os-release and the family's own files.

use ksplay_value::{Map, Value};

use super::look::{Look, assignments};

/// The facts of the distribution.
#[derive(Debug, Default)]
struct Distribution {
    name: String,
    version: String,
    release: String,
    minor: Option<String>,
    /// The file that told most, and what sort of file the reference calls it.
    file: (&'static str, &'static str),
    /// What was looked for in that file.
    search: Option<&'static str>,
    /// Whether the file says more than that it exists.
    parsed: bool,
}

/// `distribution`, `distribution_version`, …, `os_family`.
pub(crate) fn collect(look: &Look) -> Map {
    let found = distribution(look);
    let mut facts = Map::new();
    facts.insert("os_family", family_of(&found.name));
    facts.insert("distribution_major_version", found.version.split('.').next().unwrap_or_default());
    facts.insert("distribution", found.name);
    facts.insert("distribution_version", found.version);
    facts.insert("distribution_release", found.release);
    if let Some(minor) = found.minor {
        facts.insert("distribution_minor_version", minor);
    }
    let (path, variety) = found.file;
    facts.insert("distribution_file_path", path);
    facts.insert("distribution_file_variety", variety);
    if let Some(search) = found.search {
        facts.insert("distribution_file_search_string", search);
    }
    if found.parsed {
        facts.insert("distribution_file_parsed", true);
    }
    facts
}

/// The family of the target's distribution.
pub(crate) fn family(look: &Look) -> String {
    family_of(&distribution(look).name).to_owned()
}

fn distribution(look: &Look) -> Distribution {
    let text = look.text("/etc/os-release").or_else(|| look.text("/usr/lib/os-release")).unwrap_or_default();
    let entries = assignments(&text);
    let field = |name: &str| entries.iter().find(|(other, _)| *other == name).map(|(_, value)| value.clone());
    let id = field("ID").unwrap_or_default();
    let name = field("NAME").unwrap_or_else(|| id.clone());
    let version_text = field("VERSION").unwrap_or_default();
    let mut found = Distribution {
        name: name.clone(),
        version: field("VERSION_ID").unwrap_or_else(|| "n/a".into()),
        release: field("VERSION_CODENAME").or_else(|| in_parentheses(&version_text)).unwrap_or_else(|| "n/a".into()),
        file: ("/etc/os-release", "NA"),
        parsed: true,
        ..Distribution::default()
    };
    let red_hat_file = ("/etc/redhat-release", "RedHat");
    match id.to_lowercase().as_str() {
        "debian" => debian(look, &mut found),
        "ubuntu" => derived_from_debian(&mut found, "Ubuntu"),
        "raspbian" => debian(look, &mut found),
        "kali" => derived_from_debian(&mut found, "Kali"),
        "linuxmint" => derived_from_debian(&mut found, "Linux Mint"),
        "uos" => derived_from_debian(&mut found, "Uos"),
        "deepin" => derived_from_debian(&mut found, "Deepin"),
        "centos" => centos(look, &mut found),
        "rhel" => {
            found.name = "RedHat".into();
            found.file = red_hat_file;
            found.search = Some("Red Hat");
        }
        "ol" => {
            found.name = "OracleLinux".into();
            found.file = ("/etc/oracle-release", "OracleLinux");
            found.search = Some("Oracle Linux");
        }
        "rocky" => {
            found.name = "Rocky".into();
            found.file = red_hat_file;
        }
        "almalinux" => {
            found.name = "AlmaLinux".into();
            found.file = red_hat_file;
        }
        "fedora" => {
            found.name = "Fedora".into();
            found.file = red_hat_file;
        }
        "amzn" => {
            found.name = "Amazon".into();
            found.file = ("/etc/os-release", "Amazon");
            found.minor = Some(found.version.split_once('.').map_or("NA", |(_, minor)| minor).to_owned());
        }
        "sles_sap" => suse(&mut found, "SLES_SAP"),
        id if id.starts_with("opensuse") || id.starts_with("sle") => suse(&mut found, &name),
        "alpine" => {
            found.name = "Alpine".into();
            found.file = ("/etc/alpine-release", "Alpine");
            if let Some(version) = look.line("/etc/alpine-release") {
                found.version = version;
            }
        }
        "arch" => {
            found.name = "Archlinux".into();
            found.file = ("/etc/arch-release", "Archlinux");
            found.parsed = look.line("/etc/arch-release").is_some();
        }
        "flatcar" => {
            found.name = "Flatcar".into();
            found.file = ("/etc/os-release", "Flatcar");
        }
        _ => {}
    }
    found
}

fn debian(look: &Look, found: &mut Distribution) {
    found.name = "Debian".into();
    found.file = ("/etc/os-release", "Debian");
    // `12.11` on a release, `trixie/sid` before one.
    let exact = look.line("/etc/debian_version").unwrap_or_default();
    if let Some((_, minor)) = exact.split_once('.') {
        found.minor = Some(minor.to_owned());
        found.version = exact;
    }
}

fn derived_from_debian(found: &mut Distribution, name: &str) {
    found.name = name.into();
    found.file = ("/etc/os-release", "Debian");
}

fn suse(found: &mut Distribution, name: &str) {
    found.name = name.into();
    found.file = ("/etc/os-release", "SUSE");
    if let Some((_, release)) = found.version.split_once('.') {
        found.release = release.into();
    }
}

fn centos(look: &Look, found: &mut Distribution) {
    found.name = "CentOS".into();
    let text = look.line("/etc/centos-release").unwrap_or_default();
    if text.contains("Stream") {
        found.release = "Stream".into();
        found.file = ("/etc/centos-release", "CentOS");
        return;
    }
    found.file = ("/etc/redhat-release", "RedHat");
    // os-release has `7`, the family's own file `7.9.2009`, of which two parts are the version.
    let exact = text.split_whitespace().find(|word| word.starts_with(|first: char| first.is_ascii_digit()));
    if let Some(exact) = exact {
        found.version = exact.splitn(3, '.').take(2).collect::<Vec<_>>().join(".");
    }
}

fn in_parentheses(text: &str) -> Option<String> {
    let (_, rest) = text.split_once('(')?;
    Some(rest.split_once(')')?.0.to_owned())
}

/// The family that a distribution belongs to; one that is in none is its own.
fn family_of(distribution: &str) -> &str {
    const FAMILIES: &[(&str, &[&str])] = &[
        (
            "RedHat",
            &[
                "RedHat",
                "RHEL",
                "Fedora",
                "CentOS",
                "Scientific",
                "SLC",
                "CloudLinux",
                "OracleLinux",
                "OVS",
                "OEL",
                "Amazon",
                "Virtuozzo",
                "XenServer",
                "Alibaba",
                "Alibaba Cloud Linux",
                "EulerOS",
                "openEuler",
                "AlmaLinux",
                "Rocky",
                "Rocky Linux",
                "TencentOS",
                "EuroLinux",
                "Kylin Linux Advanced Server",
                "MIRACLE",
            ],
        ),
        (
            "Debian",
            &[
                "Debian",
                "Ubuntu",
                "Raspbian",
                "Neon",
                "KDE neon",
                "Linux Mint",
                "SteamOS",
                "Devuan",
                "Kali",
                "Cumulus Linux",
                "Pop!_OS",
                "Parrot",
                "Pardus GNU/Linux",
                "Uos",
                "Deepin",
                "OSMC",
            ],
        ),
        (
            "Suse",
            &[
                "SuSE",
                "SLES",
                "SLED",
                "SLES_SAP",
                "SUSE_LINUX",
                "SL-Micro",
                "openSUSE",
                "openSUSE Leap",
                "openSUSE Tumbleweed",
                "openSUSE MicroOS",
            ],
        ),
        ("Archlinux", &["Archlinux", "Antergos", "Manjaro", "Manjaro Linux"]),
        ("Gentoo", &["Gentoo", "Funtoo"]),
    ];
    FAMILIES.iter().find(|(_, members)| members.contains(&distribution)).map_or(distribution, |(family, _)| family)
}

/// `lsb`: what `lsb_release` would say, which on Debian's relatives is read from its sources without starting it.
pub(crate) fn collect_lsb(look: &Look) -> Map {
    let facts = lsb(look);
    Map::from([("lsb", facts)])
}

fn lsb(look: &Look) -> Map {
    let file = look.text("/etc/lsb-release").unwrap_or_default();
    let entries = assignments(&file);
    let field = |name: &str| entries.iter().find(|(other, _)| *other == name).map(|(_, value)| value.clone());
    if let Some(id) = field("DISTRIB_ID") {
        return lsb_facts(
            id,
            field("DISTRIB_RELEASE").unwrap_or_default(),
            field("DISTRIB_DESCRIPTION").unwrap_or_default(),
            field("DISTRIB_CODENAME").unwrap_or_default(),
        );
    }
    if look.program("lsb_release").is_none() {
        return Map::new();
    }
    if look.exists("/etc/debian_version") {
        let text = look.text("/etc/os-release").unwrap_or_default();
        let entries = assignments(&text);
        let field = |name: &str| entries.iter().find(|(other, _)| *other == name).map(|(_, value)| value.clone());
        let id = field("ID").unwrap_or_default();
        let capital = id[..1.min(id.len())].to_uppercase() + id.get(1..).unwrap_or_default();
        let not_known = || "n/a".to_owned();
        return lsb_facts(
            capital,
            field("VERSION_ID").unwrap_or_else(not_known),
            field("PRETTY_NAME").unwrap_or_else(not_known),
            field("VERSION_CODENAME").unwrap_or_else(not_known),
        );
    }
    let Some(output) = look.query(&["lsb_release", "-a"]).filter(|output| output.rc == 0) else { return Map::new() };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or_default().trim().to_owned()
    };
    lsb_facts(field("Distributor ID"), field("Release"), field("Description"), field("Codename"))
}

fn lsb_facts(id: String, release: String, description: String, codename: String) -> Map {
    let major = release.split('.').next().unwrap_or_default().to_owned();
    [("id", id), ("release", release), ("description", description), ("codename", codename), ("major_release", major)]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name, Value::from(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::Probe;

    /// The files of each distribution, and what ansible-core 2.19.14 made of them.
    const RECORDED: &str = include_str!("data/distributions.json");

    #[test]
    fn every_recorded_distribution_gets_the_facts_of_the_reference() {
        let recorded = super::super::tests::json(RECORDED);
        let recorded = recorded.as_map().unwrap();
        assert!(recorded.len() > 15);
        for (name, case) in recorded.iter() {
            let root = tempfile::tempdir().unwrap();
            std::fs::create_dir(root.path().join("etc")).unwrap();
            for (file, text) in case.get("files").unwrap().as_map().unwrap().iter() {
                std::fs::write(root.path().join("etc").join(file.as_str().unwrap()), text.as_str().unwrap()).unwrap();
            }
            let probe = Probe::default();
            let facts = collect(&Look::at(&probe, root.path()));
            assert_eq!(&Value::from(facts), case.get("facts").unwrap(), "{}", name.as_value());
        }
    }
}
