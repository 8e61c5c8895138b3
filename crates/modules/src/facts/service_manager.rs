//! Which program starts services.

use ksplay_value::{Map, Value};

use super::look::Look;

/// `service_mgr`.
pub(crate) fn collect(look: &Look) -> Map {
    Map::from([("service_mgr", manager(look))])
}

/// `systemd`: version and features, where it is the service manager.
pub(crate) fn systemd(look: &Look) -> Map {
    if manager(look) != "systemd" {
        return Map::new();
    }
    let output = look.query(&["systemctl", "--version"]).filter(|output| output.ok());
    let text = output.map(|output| output.stdout_text()).unwrap_or_default();
    let mut lines = text.lines();
    let version = lines.next().and_then(|line| line.split_whitespace().nth(1)?.parse::<i64>().ok());
    let Some(version) = version else { return Map::new() };
    let features = lines.next().unwrap_or_default();
    Map::from([("systemd", Map::from([("version", Value::from(version)), ("features", features.into())]))])
}

/// `systemd`, `openrc`, `sysvinit`, `upstart`, `runit`, the name of another first process, or `service`.
pub(crate) fn manager(look: &Look) -> String {
    let first = look.line("/proc/1/comm").unwrap_or_default();
    let named = match first.as_str() {
        "procd" => "openwrt_init",
        "runit-init" => "runit",
        "svscan" => "svc",
        // A shell as the first process says nothing about services.
        "init" | "" => "",
        name if name.ends_with("sh") => "",
        name => name,
    };
    if !named.is_empty() {
        return named.to_owned();
    }
    let systemd_runs =
        ["/run/systemd/system", "/dev/.run/systemd", "/dev/.systemd"].iter().any(|path| look.exists(path));
    if look.program("systemctl").is_some() && systemd_runs {
        "systemd"
    } else if look.program("initctl").is_some() && look.exists("/etc/init") {
        "upstart"
    } else if look.exists("/sbin/openrc") {
        "openrc"
    } else if look.exists("/etc/init.d") {
        "sysvinit"
    } else {
        "service"
    }
    .to_owned()
}
