//! Which program installs packages.

use ksplay_value::Map;

use super::look::Look;

/// `pkg_mgr`.
pub(crate) fn collect(look: &Look, family: &str) -> Map {
    Map::from([("pkg_mgr", manager(look, family))])
}

/// The module that installs packages on a system of this `os_family`; `unknown` when no manager is found.
pub(crate) fn manager(look: &Look, family: &str) -> &'static str {
    let has = |names: &[&str]| names.iter().any(|name| look.exists(name));
    match family {
        "Debian" if has(&["/usr/bin/apt-get"]) => return "apt",
        "RedHat" if has(&["/usr/bin/rpm-ostree"]) && has(&["/run/ostree-booted"]) => return "atomic_container",
        "RedHat" | "openEuler" => {
            // dnf is a link to dnf5 where that is the system's own.
            let dnf = look.link_name("/usr/bin/dnf");
            if dnf.as_deref() == Some("dnf5") || (dnf.is_none() && has(&["/usr/bin/dnf5"]) && !has(&["/usr/bin/dnf-3"]))
            {
                return "dnf5";
            }
            if has(&["/usr/bin/dnf", "/usr/bin/dnf-3", "/usr/bin/microdnf"]) {
                return "dnf";
            }
            return if has(&["/usr/bin/yum"]) { "yum" } else { "unknown" };
        }
        "Altlinux" if has(&["/usr/bin/apt-get"]) => return "apt_rpm",
        _ => {}
    }
    [
        ("/usr/bin/zypper", "zypper"),
        ("/usr/bin/pacman", "pacman"),
        ("/sbin/apk", "apk"),
        ("/usr/bin/apk", "apk"),
        ("/usr/bin/emerge", "portage"),
        ("/usr/bin/xbps-install", "xbps"),
        ("/bin/opkg", "opkg"),
        ("/usr/bin/apt-get", "apt"),
    ]
    .into_iter()
    .find(|(path, _)| look.exists(path))
    .map_or("unknown", |(_, name)| name)
}
