//! `ksplay bundle`: what a cluster needs in one file, for machines without internet.

mod archive;
mod create;
mod serve;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::args::VaultArgs;
use crate::failure::Failure;
use crate::output::say;

use archive::Bundle;

/// `ksplay bundle`.
#[derive(Debug, Subcommand)]
pub enum BundleCommand {
    /// Download programs and images for these settings, and pack them
    Create(CreateArgs),
    /// Serve a bundle over HTTP, for machines with `download_base_url`
    Serve(ServeArgs),
    /// Unpack a bundle for `download_dir` or `local_release_dir`
    Extract(ExtractArgs),
}

/// `ksplay bundle create`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ksplay bundle create -e @conf/vars.yml cluster.bundle
  ksplay bundle create -e @conf/vars.yml --architecture amd64,arm64 cluster.bundle

Which files these are is decided by roles/download. Images are packed as far as kube_image_archives
lists them. An interrupted download goes on when the command is run again.")]
pub struct CreateArgs {
    /// The bundle
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Set variables: `key=value`, YAML or JSON text, or `@file` (may be repeated)
    #[arg(short, long, value_name = "VARS")]
    pub extra_vars: Vec<String>,
    /// Download everything from here, laid out as `ksplay bundle serve` does
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
    /// For machines of these architectures: `amd64,arm64` (default: this machine's)
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub architecture: Vec<String>,
    /// Show every task; more with -vv
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub verbose: u8,
    #[command(flatten)]
    pub vault: VaultArgs,
}

/// `ksplay bundle serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The bundle
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Listen on this address and port
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "0.0.0.0:5080")]
    pub listen: String,
}

/// `ksplay bundle extract`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ksplay bundle extract cluster.bundle ~/releases
  ksplay install --multi-node -e download_run_once=true      hands the files on from there")]
pub struct ExtractArgs {
    /// The bundle
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The folder; files of other versions in it stay
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

/// Creates, serves or unpacks a bundle.
///
/// # Errors
///
/// If files cannot be downloaded, read or written, or are not what their checksums say.
pub fn run(command: &BundleCommand) -> Result<u8, Failure> {
    match command {
        BundleCommand::Create(args) => create::run(args),
        BundleCommand::Serve(args) => serve::run(args),
        BundleCommand::Extract(args) => {
            let bundle = Bundle::open(&args.file)?;
            bundle.extract(&args.folder)?;
            say!("{} are in {}, their checksums are right", bundle.contents(), args.folder.display());
            Ok(0)
        }
    }
}
