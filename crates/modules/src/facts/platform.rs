//! What the kernel says of itself and of the machine's name.

use std::ffi::CStr;
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use ksplay_value::Map;

use super::look::Look;

/// The answer of `uname`.
#[derive(Debug, Clone)]
pub(crate) struct Uname {
    /// `Linux`.
    pub(crate) system: String,
    /// The machine's name.
    pub(crate) node: String,
    /// The kernel's release.
    pub(crate) release: String,
    /// The kernel's build.
    pub(crate) version: String,
    /// The hardware's name.
    pub(crate) machine: String,
}

/// Asks the kernel.
pub(crate) fn uname() -> Uname {
    // SAFETY: utsname is plain bytes, for which zero is valid.
    let mut raw: libc::utsname = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a live utsname, which the kernel fills with texts that end in NUL.
    unsafe { libc::uname(&raw mut raw) };
    let text = |field: &[libc::c_char]| {
        let bytes: Vec<u8> = field.iter().map(|byte| *byte as u8).collect();
        CStr::from_bytes_until_nul(&bytes).map(|text| text.to_string_lossy().into_owned()).unwrap_or_default()
    };
    Uname {
        system: text(&raw.sysname),
        node: text(&raw.nodename),
        release: text(&raw.release),
        version: text(&raw.version),
        machine: text(&raw.machine),
    }
}

/// `system`, `kernel`, `architecture`, the names of the machine, `machine_id`.
pub(crate) fn collect(look: &Look) -> Map {
    let uname = uname();
    let fqdn = full_name(look, &uname.node);
    let domain = fqdn.split_once('.').map(|(_, domain)| domain.to_owned()).unwrap_or_default();
    let short = uname.node.split('.').next().unwrap_or_default().to_owned();
    let bits = if cfg!(target_pointer_width = "64") { "64" } else { "32" };
    let mut facts = Map::from([
        ("system", uname.system),
        ("kernel", uname.release),
        ("kernel_version", uname.version),
        ("machine", uname.machine.clone()),
        ("userspace_bits", bits.to_owned()),
        ("architecture", architecture(&uname.machine).to_owned()),
        ("userspace_architecture", architecture(&uname.machine).to_owned()),
        ("nodename", uname.node),
        ("hostname", short),
        ("fqdn", fqdn),
        ("domain", domain),
    ]);
    if let Some(id) = ["/var/lib/dbus/machine-id", "/etc/machine-id"].into_iter().find_map(|path| look.line(path)) {
        facts.insert("machine_id", id);
    }
    facts
}

fn architecture(machine: &str) -> &str {
    match machine {
        "i486" | "i586" | "i686" => "i386",
        other => other,
    }
}

/// The name with its domain, as a reverse look-up of the machine's own name gives it: the hosts file first, then
/// whatever else `hostname` asks.
fn full_name(look: &Look, node: &str) -> String {
    let hosts = look.text("/etc/hosts").unwrap_or_default();
    if let Some(names) = names_of_same_address(&hosts, node) {
        let dotted = names.iter().find(|name| name.contains('.'));
        return dotted.or(names.first()).cloned().unwrap_or_else(|| node.to_owned());
    }
    let asked = look.query(&["hostname", "-f"]).filter(|output| output.rc == 0);
    asked
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .filter(|name| name.contains('.'))
        .unwrap_or_else(|| node.to_owned())
}

/// The names on the first line of a hosts file that has the address of `node`.
fn names_of_same_address(hosts: &str, node: &str) -> Option<Vec<String>> {
    let entries: Vec<(IpAddr, Vec<&str>)> = hosts
        .lines()
        .filter_map(|line| {
            let mut words = line.split('#').next()?.split_whitespace();
            Some((words.next()?.parse().ok()?, words.collect()))
        })
        .collect();
    let of_node = |v4: bool| entries.iter().find(|(address, names)| address.is_ipv4() == v4 && names.contains(&node));
    let (address, _) = of_node(true).or_else(|| of_node(false))?;
    let (_, names) = entries.iter().find(|(other, names)| other == address && !names.is_empty())?;
    Some(names.iter().map(ToString::to_string).collect())
}

/// `is_chroot`: whether our root directory is another than that of the first process.
pub(crate) fn chroot(look: &Look) -> Map {
    let identity = |path: &str| look.probe.metadata(Path::new(path)).ok().map(|found| (found.dev(), found.ino()));
    let inside = match (identity("/"), identity("/proc/1/root/.")) {
        (Some(own), Some(first)) => own != first,
        // Without the right to look at the first process: most file systems number their root 2 (XFS 128, Btrfs 256).
        (Some((_, inode)), None) => ![2, 128, 256].contains(&inode),
        _ => false,
    };
    Map::from([("is_chroot", inside)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_with_the_same_address_names_the_machine() {
        let hosts = "127.0.0.1 localhost\n127.0.1.1 node1.example.org node1 # own\n";
        assert_eq!(names_of_same_address(hosts, "node1").unwrap(), ["node1.example.org", "node1"]);
        let hosts = "127.0.0.1 localhost\n127.0.0.1 vm\n";
        assert_eq!(names_of_same_address(hosts, "vm").unwrap(), ["localhost"]);
        assert_eq!(names_of_same_address(hosts, "other"), None);
    }
}
