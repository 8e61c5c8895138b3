//! `playbooks/preflight.yml` finds each violation, all of them at once, and none on a machine that is well.
//!
//! The machine is this one. What it really has is covered by variables of the command line, which come before what
//! tasks register; tests/e2e/cluster checks the same on machines.

#![allow(clippy::unwrap_used, reason = "all of it is tests")]

use std::path::Path;
use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Failed, Trial};

/// A machine on which nothing is wrong.
const WELL: &str = r#"{
    "preflight_systems": "{{ {ansible_facts['distribution']: '0'} }}",
    "preflight_min_cores": 1, "preflight_min_memory_mb": 1, "preflight_min_disk_gb": 0,
    "preflight_sudo": {"rc": 0}, "preflight_date": {"stdout": "100 100"}, "preflight_listening": {"stdout": ""},
    "preflight_modprobe": {"rc": 0}, "preflight_firewalld": {"stdout": "inactive"},
    "preflight_installed": {"results": [{"stat": {"exists": false}}]}}"#;

/// Masters, nodes and members of etcd.
type Groups = [&'static [&'static str]; 3];
const THREE: Groups = [&["one"], &["two", "three"], &["one"]];
const ALL_IN_ONE: Groups = [&["one"], &["one"], &["one"]];

/// A name, the machines, what differs from a machine that is well, and what is said.
type Case = (&'static str, Groups, &'static str, &'static [&'static str]);

#[rustfmt::skip]
const CASES: &[Case] = &[
    ("a_system_that_is_not_known", THREE, r#"{"preflight_systems": {"Plan9": "4"}}"#, &["is not supported, only Plan9"]),
    ("a_system_that_is_too_old", THREE, r#"{"preflight_systems": "{{ {ansible_facts['distribution']: '9999'} }}"}"#, &["is older than 9999"]),
    ("too_few_cores", THREE, r#"{"preflight_min_cores": 100000}"#, &["cores, 100000 are needed"]),
    ("too_little_memory", THREE, r#"{"preflight_min_memory_mb": 100000000}"#, &["MiB of memory, 100000000 are needed"]),
    ("too_small_a_disk", THREE, r#"{"preflight_mount": [{"size_total": 10737418240}], "preflight_min_disk_gb": 40}"#, &["10 GiB at /, 40 are needed"]),
    ("a_group_without_machines", [&[], &["two"], &["one"]], "{}", &["the group [kube-master] has no machine"]),
    ("an_even_number_of_etcd_members", [&["one"], &["two"], &["one", "two"]], "{}", &["2 etcd members, the number must be odd"]),
    ("a_version_of_etcd", THREE, r#"{"etcd_version": "v3.2.18"}"#, &["etcd_version is v3.2.18, but etcd is the package of the system; take the line out"]),
    ("a_name_in_upper_case", [&["One"], &["One"], &["One"]], "{}", &["the name One may have only lower-case letters"]),
    ("a_clock_that_goes_wrong", THREE, r#"{"preflight_date": {"stdout": "1000 2000"}}"#, &["the clock differs by 1000 seconds"]),
    ("no_sudo", THREE, r#"{"preflight_sudo": {"rc": 2}}"#, &["sudo is missing; as root: apt update && apt install sudo"]),
    ("an_address_among_services", THREE, r#"{"ip": "10.233.1.1"}"#, &["the address 10.233.1.1 lies in kube_service_addresses, 10.233.0.0/18"]),
    ("an_address_among_pods", THREE, r#"{"ip": "10.233.64.1"}"#, &["the address 10.233.64.1 lies in kube_pods_subnet, 10.233.64.0/18"]),
    ("networks_that_overlap", THREE, r#"{"kube_pods_subnet": "10.233.0.0/16"}"#, &["kube_service_addresses, 10.233.0.0/18, and kube_pods_subnet, 10.233.0.0/16, overlap"]),
    ("a_network_that_is_none", THREE, r#"{"kube_pods_subnet": "pods"}"#, &["must be networks as 10.233.0.0/18"]),
    ("two_default_classes", THREE, r#"{"nfs_client_enable": true, "nfs_client_is_default_class": true, "nfs_server": "s", "nfs_path": "/p",
        "glusterfs_provisioner_enabled": true, "glusterfs_is_default_class": true, "glusterfs_provisioner_resturl": "http://h"}"#,
        &["NFS and GlusterFS are both the default storage class"]),
    ("no_default_class", THREE, r#"{"nfs_client_enable": true, "nfs_server": "s", "nfs_path": "/p"}"#, &["none of NFS is the default storage class"]),
    ("nfs_without_a_server", THREE, r#"{"nfs_client_enable": true, "nfs_client_is_default_class": true}"#, &["NFS needs nfs_server", "NFS needs nfs_path"]),
    ("ceph_without_monitors", THREE, r#"{"ceph_rbd_enabled": true, "ceph_rbd_is_default_class": true}"#,
        &["Ceph RBD needs ceph_rbd_monitors", "Ceph RBD needs ceph_rbd_admin_secret"]),
    ("glusterfs_without_heketi", THREE, r#"{"glusterfs_provisioner_enabled": true, "glusterfs_is_default_class": true}"#, &["GlusterFS needs glusterfs_provisioner_resturl"]),
    ("qingcloud_without_a_key", THREE, r#"{"qingcloud_csi_enabled": true, "qingcloud_csi_is_default_class": true}"#,
        &["QingCloud CSI needs qingcloud_access_key_id", "QingCloud CSI needs qingcloud_secret_access_key", "QingCloud CSI needs qingcloud_zone"]),
    ("neonsan_without_a_server", THREE, r#"{"neonsan_csi_enabled": true, "neonsan_csi_is_default_class": true}"#,
        &["NeonSAN CSI needs neonsan_server_address", "NeonSAN CSI needs neonsan_cluster_name"]),
    ("storage_that_kubernetes_outgrew", THREE, r#"{"kube_version": "v1.26.0", "ceph_rbd_enabled": true, "ceph_rbd_is_default_class": true,
        "ceph_rbd_monitors": "m", "ceph_rbd_admin_secret": "s", "glusterfs_provisioner_enabled": true, "glusterfs_provisioner_resturl": "http://h"}"#,
        &["Ceph RBD works with Kubernetes up to v1.23, kube_version is v1.26.0", "GlusterFS works with Kubernetes up to v1.25"]),
    ("local_volume_on_several_machines", THREE, r#"{"local_volume_provisioner_enabled": true, "local_volume_is_default_class": true}"#,
        &["Local Volume is for one machine only, the cluster has 3"]),
    ("ports_that_are_taken", ALL_IN_ONE, r#"{"preflight_listening": {"stdout":
        "tcp LISTEN 0 128 0.0.0.0:6443 0.0.0.0:*\ntcp LISTEN 0 5 [::]:2379 [::]:*\ntcp LISTEN 0 5 *:10250 *:*\ntcp LISTEN 0 5 *:30500 *:*\nudp UNCONN 0 0 0.0.0.0:53 0.0.0.0:* \n"}}"#,
        &["port 6443 is in use", "port 2379 is in use", "port 10250 is in use", "port 30500 is in use; 30000-32767 belong to Services", "port 53 is in use"]),
    ("a_port_that_calico_needs", ALL_IN_ONE, r#"{"preflight_listening": {"stdout": "tcp LISTEN 0 128 0.0.0.0:179 0.0.0.0:* "}}"#, &["port 179 is in use"]),
    ("a_firewall", THREE, r#"{"preflight_firewalld": {"stdout": "active"}}"#, &["firewalld is active"]),
    ("a_port_of_the_console_that_is_no_node_port", THREE, r#"{"console_port": 80}"#, &["console_port is 80; it must be in 30000-32767"]),
    ("a_port_of_the_console_that_is_taken", THREE, r#"{"console_port": 30380}"#, &["console_port is 30380"]),
    ("a_version_that_is_too_old", THREE, r#"{"kube_version": "v1.12.9"}"#, &["kube_version is v1.12.9; supported is v1.13 to"]),
    ("a_version_that_is_too_new", THREE, r#"{"kube_version": "v1.99.0"}"#, &["kube_version is v1.99.0"]),
    ("a_network_plugin_that_is_not_known", THREE, r#"{"kube_network_plugin": "weave"}"#, &["kube_network_plugin is weave; it must be calico, flannel or bridge"]),
    ("a_kernel_without_ipvs", THREE, r#"{"preflight_modprobe": {"rc": 1, "stderr": "modprobe: WARNING: Module ip_vs not found in directory /lib/modules/6"}}"#,
        &["the kernel has no ip_vs; set kube_proxy_mode: iptables"]),
    ("a_kernel_without_ipip", THREE, r#"{"preflight_modprobe": {"rc": 1, "stderr": "modprobe: WARNING: Module ipip not found in directory /lib/modules/6"}}"#,
        &["the kernel has no ipip; set network_calico_encapsulation: VXLAN"]),
    ("all_that_is_wrong_at_once", THREE, r#"{"preflight_min_cores": 100000, "preflight_sudo": {"rc": 2}, "console_port": 80, "kube_version": "v1.12.0"}"#,
        &["100000 are needed", "sudo is missing", "console_port is 80", "kube_version is v1.12.0"]),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let found = CASES.iter().map(|case| Trial::test(format!("{}_is_found", case.0), || violations_are_found(case)));
    let others = [
        Trial::test("a_machine_that_is_well_passes", a_machine_that_is_well_passes),
        Trial::test("a_check_that_is_skipped_finds_nothing", a_check_that_is_skipped_finds_nothing),
        Trial::test("a_cluster_that_stands_may_use_its_ports", a_cluster_that_stands_may_use_its_ports),
        Trial::test("a_name_server_of_the_machine_itself_is_in_nobodys_way", a_local_name_server_is_in_nobodys_way),
    ];
    libtest_mimic::run(&arguments, found.chain(others).collect()).exit_code()
}

/// Every machine reports all of the messages, and nothing else.
fn violations_are_found((_, groups, vars, messages): &Case) -> Result<(), Failed> {
    let (code, text) = preflight(*groups, vars);
    let reports = text.matches("\"not ready for the installation:\"").count();
    if code != 2 || reports != hosts(*groups).len() {
        return Err(format!("exit code {code}, {reports} reports\n{text}").into());
    }
    // A violation is a line of its own below that heading.
    let said: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("        \"")).collect();
    let violations = said.iter().filter(|line| !line.starts_with("not ready")).count();
    for message in *messages {
        if !said.iter().any(|line| line.contains(message)) {
            return Err(format!("not said: {message}\n{text}").into());
        }
    }
    if violations > messages.len() * reports {
        return Err(format!("more is said than should be\n{text}").into());
    }
    Ok(())
}

fn a_machine_that_is_well_passes() -> Result<(), Failed> {
    passes(THREE, "{}")
}

fn a_check_that_is_skipped_finds_nothing() -> Result<(), Failed> {
    passes(
        THREE,
        r#"{"preflight_skip": ["cores", "sudo"], "preflight_min_cores": 100000, "preflight_sudo": {"rc": 2}}"#,
    )
}

fn a_cluster_that_stands_may_use_its_ports() -> Result<(), Failed> {
    let vars = r#"{"preflight_installed": {"results": [{"stat": {"exists": true}}]},
        "preflight_listening": {"stdout": "tcp LISTEN 0 128 0.0.0.0:10250 0.0.0.0:* "}}"#;
    passes(THREE, vars)
}

fn a_local_name_server_is_in_nobodys_way() -> Result<(), Failed> {
    passes(THREE, r#"{"preflight_listening": {"stdout": "udp UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:* "}}"#)
}

fn passes(groups: Groups, vars: &str) -> Result<(), Failed> {
    match preflight(groups, vars) {
        (0, _) => Ok(()),
        (code, text) => Err(format!("exit code {code}\n{text}").into()),
    }
}

fn hosts(groups: Groups) -> Vec<&'static str> {
    let mut hosts: Vec<&str> = groups.concat();
    hosts.sort_unstable();
    hosts.dedup();
    hosts
}

/// The exit code and the output of a run on machines that are well but for `vars`.
fn preflight(groups: Groups, vars: &str) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut inventory = String::from("[all]\n");
    for (number, host) in hosts(groups).iter().enumerate() {
        inventory += &format!("{host} ansible_connection=local ip=192.0.2.{}\n", number + 1);
    }
    for (name, hosts) in ["kube-master", "kube-node", "etcd"].iter().zip(groups) {
        inventory += &format!("\n[{name}]\n{}\n", hosts.join("\n"));
    }
    inventory += "\n[k8s-cluster:children]\nkube-node\nkube-master\n";
    let hosts_ini = folder.path().join("hosts.ini");
    std::fs::write(&hosts_ini, inventory).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_ksplay"))
        .arg("-i")
        .arg(hosts_ini)
        .args(["-e", WELL, "-e", vars])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../playbooks/preflight.yml"))
        .env_remove("ANSIBLE_CONFIG")
        .env("ANSIBLE_NOCOLOR", "1")
        .output()
        .unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap_or(-1), text)
}
