//! `ksplay uninstall`: the machines as they were before.

use clap::Args;

use crate::failure::Failure;
use crate::installer::cluster::{ClusterArgs, ask};
use crate::output::say;

/// `ksplay uninstall`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ksplay uninstall                            the machines of conf/hosts.ini, after a `yes`
  ksplay uninstall --yes                      the same without a question
  ksplay uninstall -i conf/all-in-one.ini     what `ksplay install --all-in-one` made")]
pub struct UninstallArgs {
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    #[command(flatten)]
    pub cluster: ClusterArgs,
}

/// Removes Kubernetes, etcd and their data.
///
/// # Errors
///
/// If nobody answers, or playbooks, inventory or settings cannot be read.
pub fn run(args: UninstallArgs) -> Result<u8, Failure> {
    let cluster = args.cluster.with_inventory()?;
    let mut assembled = cluster.read("reset.yml")?;
    if !args.yes {
        let selection = assembled.inventory.select(&["k8s-cluster:etcd"], None)?;
        let hosts: Vec<&str> = selection.hosts.iter().map(|host| host.as_str()).collect();
        say!("This removes Kubernetes, etcd and all their data from {}.", hosts.join(", "));
        if ask("Type yes to go on: ", "pass --yes")? != "yes" {
            say!("Nothing was removed.");
            return Ok(0);
        }
    }
    assembled.options.extra_vars.insert("confirm_reset", "yes");
    cluster.carry_out(assembled, Some("uninstall"))
}
