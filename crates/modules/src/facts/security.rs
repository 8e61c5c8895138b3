//! SELinux, AppArmor, FIPS mode, capabilities.

use ksplay_value::{Map, Value};

use super::look::{Look, assignments};

/// `selinux`.
pub(crate) fn selinux(look: &Look) -> Map {
    let mut status = Map::new();
    let enforcing = look.line("/sys/fs/selinux/enforce");
    if let Some(enforcing) = enforcing {
        status.insert("status", "enabled");
        let version = look.line("/sys/fs/selinux/policyvers");
        status.insert("policyvers", version.and_then(|text| text.parse::<i64>().ok()));
        let config = look.text("/etc/selinux/config").unwrap_or_default();
        let entries = assignments(&config);
        let field = |name: &str| {
            let entry = entries.iter().find(|(other, _)| *other == name);
            entry.map_or_else(|| "unknown".to_owned(), |(_, value)| value.clone())
        };
        status.insert("config_mode", field("SELINUX"));
        status.insert("mode", if enforcing == "1" { "enforcing" } else { "permissive" });
        status.insert("type", field("SELINUXTYPE"));
    } else {
        status.insert("status", "disabled");
    }
    // No Python binding is needed here; plays that install one where this is false need not.
    Map::from([("selinux", Value::from(status)), ("selinux_python_present", Value::Bool(true))])
}

/// `apparmor`.
pub(crate) fn apparmor(look: &Look) -> Map {
    let status = if look.exists("/sys/kernel/security/apparmor") { "enabled" } else { "disabled" };
    Map::from([("apparmor", Map::from([("status", status)]))])
}

/// `fips`.
pub(crate) fn fips(look: &Look) -> Map {
    Map::from([("fips", look.line("/proc/sys/crypto/fips_enabled").as_deref() == Some("1"))])
}

/// `system_capabilities`, as `capsh` words them.
pub(crate) fn capabilities(look: &Look) -> Map {
    let output = look.program("capsh").and_then(|path| look.query(&[&path, "--print"])).filter(|output| output.ok());
    let text = output.map(|output| output.stdout_text()).unwrap_or_default();
    let current = text.lines().find_map(|line| line.strip_prefix("Current: "));
    let (enforced, list) = match current.map(|current| current.trim_start_matches('=').trim()) {
        None => ("NA", Value::List(Default::default())),
        Some("ep") => ("False", Value::List(Default::default())),
        Some(current) => ("True", current.split(',').map(str::trim).collect()),
    };
    Map::from([("system_capabilities_enforced", Value::from(enforced)), ("system_capabilities", list)])
}
