//! `ksplay install`: the menu of the guide, and the installation that was chosen.

use std::path::Path;

use clap::Args;

use crate::failure::Failure;
use crate::installer::all_in_one;
use crate::installer::cluster::{ClusterArgs, ask};
use crate::output::say;

const RULE: &str = "################################################";

/// `ksplay install`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ksplay install                                  choose from a menu
  ksplay install --multi-node --yes               the machines of conf/hosts.ini, nothing is asked
  ksplay install --all-in-one --yes               this machine alone
  ksplay install --multi-node -i prod/hosts.ini   another inventory, with the vars.yml beside it")]
pub struct InstallArgs {
    /// Install on this machine alone
    #[arg(long, conflicts_with = "multi_node")]
    pub all_in_one: bool,
    /// Install on the machines of the inventory (conf/hosts.ini, or that of -i)
    #[arg(long)]
    pub multi_node: bool,
    /// Answer yes to what is asked: persistent storage is configured
    #[arg(short, long)]
    pub yes: bool,
    #[command(flatten)]
    pub cluster: ClusterArgs,
}

enum Mode {
    AllInOne,
    MultiNode,
    Quit,
}

/// Installs what is chosen.
///
/// # Errors
///
/// If nobody chooses, or playbooks, inventory or settings cannot be read.
pub fn run(args: InstallArgs) -> Result<u8, Failure> {
    let mode = match (args.all_in_one, args.multi_node) {
        (true, _) => Mode::AllInOne,
        (_, true) => Mode::MultiNode,
        _ if args.yes => {
            return Err(Failure::options("`--yes` does not say what to install")
                .help("pass --all-in-one or --multi-node with it"));
        }
        _ => choose()?,
    };
    let cluster = match mode {
        Mode::Quit => return Ok(0),
        Mode::AllInOne => all_in_one::inventory(args.cluster)?,
        Mode::MultiNode => {
            let cluster = args.cluster.with_inventory()?;
            if !args.yes && !storage_is_configured(&cluster)? {
                return Ok(0);
            }
            cluster
        }
    };
    let assembled = cluster.read("site.yml")?;
    cluster.carry_out(assembled, Some("install"))
}

fn choose() -> Result<Mode, Failure> {
    loop {
        say!("{RULE}\n         KubeSphere Installer Menu\n{RULE}");
        say!("*   1) All-in-one\n*   2) Multi-node\n*   3) Quit\n{RULE}");
        say!("https://kubesphere.io/{:>26}\n{RULE}", concat!("ksplay ", env!("CARGO_PKG_VERSION")));
        match ask("Please input an option: ", "pass --all-in-one or --multi-node")?.as_str() {
            "1" => return Ok(Mode::AllInOne),
            "2" => return Ok(Mode::MultiNode),
            "3" => return Ok(Mode::Quit),
            other => say!("There is no option {other:?}.\n"),
        }
    }
}

/// Several machines need storage that all of them reach.
fn storage_is_configured(cluster: &ClusterArgs) -> Result<bool, Failure> {
    let inventory = cluster.sources.inventory.first().map(Path::new);
    let settings = inventory.map(|file| file.with_file_name("vars.yml")).unwrap_or_default();
    let settings = settings.display();
    loop {
        match ask(&format!("Is persistent storage configured in {settings}? [yes/no]: "), "pass --yes")?.as_str() {
            "yes" | "y" => return Ok(true),
            "no" | "n" => {
                say!("Choose a storage system in {settings}, then run `ksplay install` again.");
                return Ok(false);
            }
            _ => say!("Please answer yes or no."),
        }
    }
}
