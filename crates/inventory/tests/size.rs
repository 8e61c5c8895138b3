//! A large inventory is read at once and in little memory.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

use std::time::Instant;

use ksplay_inventory::{Inventory, LoadOptions};

fn resident_megabytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() / 1024
}

/// The time is that of a release build on a quiet machine, so it is measured on request only:
/// `cargo test --release -p ksplay-inventory --test size -- --ignored --nocapture --test-threads 1`, one of them at a time
/// for the memory.
#[test]
#[ignore = "measures time"]
fn five_thousand_hosts_that_share_four_hundred_variables_load_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let vars: String =
        (0..400).map(|index| format!("variable_{index}: \"value {index} of {{{{ name }}}}\"\n")).collect();
    std::fs::create_dir(dir.path().join("group_vars")).unwrap();
    std::fs::write(dir.path().join("group_vars/all.yml"), vars).unwrap();
    let hosts: String =
        (0..5000).map(|index| format!("host{index} ansible_host=10.0.{}.{}\n", index / 250, index % 250)).collect();
    std::fs::write(dir.path().join("hosts"), format!("[web]\n{hosts}")).unwrap();
    let begin = Instant::now();
    let inventory =
        Inventory::load(&[dir.path().join("hosts").display().to_string()], &LoadOptions::default()).unwrap();
    let layers: usize = inventory.hosts().map(|host| inventory.variables(host.name()).unwrap().len()).sum();
    assert_eq!(layers, 10_000);
    check(begin);
}

#[test]
#[ignore = "measures time"]
fn five_thousand_hosts_with_four_hundred_variables_of_their_own_load_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("hosts");
    let line = |host: usize| {
        let vars: String = (0..400).map(|index| format!(" v{index}={}", host * 7 + index)).collect();
        format!("host{host}{vars}\n")
    };
    std::fs::write(&file, (0..5000).map(line).collect::<String>()).unwrap();
    let begin = Instant::now();
    let inventory = Inventory::load(&[file.display().to_string()], &LoadOptions::default()).unwrap();
    inventory.hosts().for_each(|host| inventory.read_files_of(host.name()).unwrap());
    assert_eq!(inventory.variables("host4999").unwrap()[0].vars.len(), 400);
    check(begin);
}

fn check(begin: Instant) {
    let (seconds, megabytes) = (begin.elapsed().as_secs_f64(), resident_megabytes());
    println!("{seconds:.3} s, {megabytes} MB");
    assert!(seconds < 0.5, "{seconds} s");
    assert!(megabytes < 150, "{megabytes} MB");
}
