//! Whether the target is a container, a virtual machine, or carries some.

use std::collections::BTreeSet;

use ksplay_value::{Map, Value};

use super::look::Look;

/// What was found, the first finding being the one that names the type.
#[derive(Debug, Default)]
struct Findings {
    named: Option<(&'static str, String)>,
    guest: BTreeSet<String>,
    host: BTreeSet<String>,
}

impl Findings {
    fn guest(&mut self, kind: &str) {
        self.guest.insert(kind.to_owned());
        self.named.get_or_insert_with(|| ("guest", kind.to_owned()));
    }

    fn host(&mut self, kind: &str) {
        self.host.insert(kind.to_owned());
        self.named.get_or_insert_with(|| ("host", kind.to_owned()));
    }
}

/// `virtualization_type`, `virtualization_role`, `virtualization_tech_guest`, `virtualization_tech_host`.
pub(crate) fn collect(look: &Look) -> Map {
    let mut found = Findings::default();
    containers(look, &mut found);
    firmware(look, &mut found);
    processor(look, &mut found);
    hosts(look, &mut found);
    let (role, kind) = found.named.unwrap_or(("NA", "NA".into()));
    let mut facts = Map::from([("virtualization_role", role.to_owned()), ("virtualization_type", kind)]);
    facts.insert("virtualization_tech_guest", found.guest.into_iter().collect::<Value>());
    facts.insert("virtualization_tech_host", found.host.into_iter().collect::<Value>());
    facts
}

fn containers(look: &Look, found: &mut Findings) {
    let container = |found: &mut Findings, kind: &str| {
        found.guest(kind);
        found.guest.insert("container".into());
    };
    let groups = look.text("/proc/1/cgroup").unwrap_or_default();
    let in_docker = groups.contains("/docker/") || groups.contains("/docker-") || groups.contains("/docker-ce/");
    if in_docker || look.exists("/.dockerenv") || look.exists("/.dockerinit") {
        container(found, "docker");
    }
    if groups.contains("/lxc/") || groups.contains("/lxc.payload") {
        container(found, "lxc");
    }
    // The environment of the first process says what made the container, where it may be read.
    let environment = look.text("/proc/1/environ").unwrap_or_default();
    match environment.split('\0').find_map(|entry| entry.strip_prefix("container=")) {
        Some("lxc") => container(found, "lxc"),
        Some("podman") => container(found, "podman"),
        Some(_) => container(found, "container"),
        None => {}
    }
    if look.exists("/proc/vz") && !look.exists("/proc/lve") {
        if look.exists("/proc/bc") { found.host("openvz") } else { container(found, "openvz") }
    }
    if let Some(kind) = look.line("/run/systemd/container") {
        container(found, &kind);
    }
    if groups.contains("/kubepods") {
        container(found, "container");
    }
}

/// What the firmware's tables say of the maker.
fn firmware(look: &Look, found: &mut Findings) {
    let table = |name: &str| look.line(&format!("/sys/devices/virtual/dmi/id/{name}")).unwrap_or_default();
    let (product, family, vendor, bios) =
        (table("product_name"), table("product_family"), table("sys_vendor"), table("bios_vendor"));
    let is = |text: &str, names: &[&str]| names.contains(&text);
    if is(&product, &["OpenStack Compute", "OpenStack Nova"]) {
        found.guest("openstack");
    } else if is(&product, &["KVM", "KVM Server", "Bochs", "AHV"]) || product.starts_with("Standard PC") {
        found.guest("kvm");
    } else if family == "RHV" || product == "RHEV Hypervisor" {
        found.guest("RHEV");
    } else if product.contains("VMware") {
        found.guest("VMware");
    } else if product == "VirtualBox" || bios == "innotek GmbH" {
        found.guest("virtualbox");
    } else if is(&product, &["HVM domU"]) || bios == "Xen" {
        found.guest("xen");
    } else if product == "Parallels Virtual Platform" || bios == "Parallels Software International Inc." {
        found.guest("parallels");
    } else if vendor == "Microsoft Corporation" && product == "Virtual Machine" {
        found.guest("VirtualPC");
    } else if bios == "BHYVE" {
        found.guest("bhyve");
    } else if is(&bios, &["Amazon EC2", "DigitalOcean", "Hetzner", "Linode"])
        || is(&vendor, &["QEMU", "Amazon EC2", "DigitalOcean", "Google", "Scaleway", "Nutanix", "KubeVirt", "oVirt"])
        || is(&product, &["Google Compute Engine"])
    {
        found.guest("kvm");
    }
    if look.exists("/proc/xen") {
        let control = look.text("/proc/xen/capabilities").unwrap_or_default();
        if control.contains("control_d") { found.host("xen") } else { found.guest("xen") }
    }
}

fn processor(look: &Look, found: &mut Findings) {
    let text = look.text("/proc/cpuinfo").unwrap_or_default();
    for line in text.lines() {
        let Some((name, value)) = line.split_once(':') else { continue };
        let (name, value) = (name.trim(), value.trim());
        match name {
            "model name" | "vendor_id" if value.contains("QEMU") => found.guest("kvm"),
            "vendor_id" if value == "User Mode Linux" => found.guest("uml"),
            "machine" if value.contains("CHRP IBM pSeries (emulated by qemu)") => found.guest("kvm"),
            "vendor_id" if value == "PowerVM Lx86" => found.guest("powervm_lx86"),
            "vendor_id" if value == "IBM/S390" => found.guest("PR/SM"),
            _ => {}
        }
    }
}

fn hosts(look: &Look, found: &mut Findings) {
    let modules = look.text("/proc/modules").unwrap_or_default();
    let loaded = |name: &str| modules.lines().any(|line| line.split(' ').next() == Some(name));
    if look.exists("/dev/kvm") || loaded("kvm") {
        found.host("kvm");
    }
    if loaded("vboxdrv") {
        found.host("virtualbox");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::Probe;

    fn facts(files: &[(&str, &str)]) -> Map {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let probe = Probe::default();
        collect(&Look::at(&probe, root.path()))
    }

    #[test]
    fn a_container_on_a_machine_that_can_virtualize_is_a_guest() {
        // The reference's answer on such a machine.
        let facts = facts(&[(".dockerenv", ""), ("dev/kvm", "")]);
        assert_eq!(facts.get("virtualization_role"), Some(&Value::from("guest")));
        assert_eq!(facts.get("virtualization_type"), Some(&Value::from("docker")));
        assert_eq!(facts.get("virtualization_tech_guest"), Some(&["container", "docker"].into_iter().collect()));
        assert_eq!(facts.get("virtualization_tech_host"), Some(&["kvm"].into_iter().collect()));
    }

    #[test]
    fn firmware_names_the_hypervisor() {
        let vmware = facts(&[("sys/devices/virtual/dmi/id/product_name", "VMware Virtual Platform\n")]);
        assert_eq!(vmware.get("virtualization_type"), Some(&Value::from("VMware")));
        let metal = facts(&[("sys/devices/virtual/dmi/id/product_name", "PowerEdge R640\n")]);
        assert_eq!(metal.get("virtualization_type"), Some(&Value::from("NA")));
        assert_eq!(metal.get("virtualization_role"), Some(&Value::from("NA")));
    }
}
