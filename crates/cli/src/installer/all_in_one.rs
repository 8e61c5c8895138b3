//! The inventory for a cluster of this machine alone.

use std::fs;
use std::net::{IpAddr, UdpSocket};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::installer::cluster::ClusterArgs;

/// Beside vars.yml, so that the settings count here as well.
const FILE: &str = "conf/all-in-one.ini";

/// The arguments with the inventory of this machine; it is written if there is none yet.
///
/// # Errors
///
/// If an inventory is named too, or this one cannot be written.
pub fn inventory(mut cluster: ClusterArgs) -> Result<ClusterArgs, Failure> {
    if !cluster.sources.inventory.is_empty() {
        return Err(Failure::options("an all-in-one installation makes its own inventory")
            .help(&format!("leave `-i` out, and edit {FILE} if need be; or pass --multi-node")));
    }
    let file = Path::new(FILE);
    if !file.exists() {
        let refused = |error: std::io::Error| Failure::error(format!("cannot write {FILE}: {error}"));
        let text = text(&name().map_err(refused)?, address()?, is_root().map_err(refused)?);
        file.parent().map_or(Ok(()), fs::create_dir_all).map_err(refused)?;
        crate::files::replace(file, text.as_bytes()).map_err(refused)?;
    }
    cluster.sources.inventory = vec![PathBuf::from(FILE).display().to_string()];
    Ok(cluster)
}

fn text(name: &str, address: IpAddr, root: bool) -> String {
    let become_root = if root { "" } else { "  ansible_become=yes" };
    format!(
        "\
# This machine alone, as `ksplay install --all-in-one` wrote it. Settings come from vars.yml beside it.
[all]
{name}  ansible_connection=local  ip={address}{become_root}

[kube-master]
{name}

[kube-node]
{name}

[etcd]
{name}

[k8s-cluster:children]
kube-node
kube-master

# Directories of this machine serve as volumes. For another storage system, turn these off in vars.yml.
[all:vars]
local_volume_provisioner_enabled=true
local_volume_is_default_class=true
"
    )
}

/// The name of this machine, as Kubernetes allows it.
fn name() -> std::io::Result<String> {
    Ok(fs::read_to_string("/proc/sys/kernel/hostname")?.trim().to_lowercase().replace('_', "-"))
}

fn is_root() -> std::io::Result<bool> {
    Ok(fs::metadata("/proc/self")?.uid() == 0)
}

/// The address by which this machine reaches others. Connecting a datagram socket only looks up the route.
///
/// # Errors
///
/// If there is no route to others.
pub fn address() -> Result<IpAddr, Failure> {
    let look = || {
        let socket = UdpSocket::bind("0.0.0.0:0")?;
        socket.connect("198.51.100.1:9")?;
        Ok(socket.local_addr()?.ip())
    };
    look().map_err(|error: std::io::Error| {
        Failure::error(format!("this machine's address is not known, there is no default route: {error}"))
            .help(&format!("write {FILE} as a copy of conf/hosts.ini with one machine and its `ip=`"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_ordinary_user_becomes_root() {
        let address = IpAddr::from([192, 0, 2, 1]);
        let of_root = text("box", address, true);
        assert!(of_root.contains("\nbox  ansible_connection=local  ip=192.0.2.1\n\n[kube-master]\nbox\n"), "{of_root}");
        assert!(text("box", address, false).contains("ip=192.0.2.1  ansible_become=yes\n"));
    }
}
