//! `ksplay bundle create`: downloads by the role itself, then packs.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::PathBuf;

use ksplay_value::Value;

use super::CreateArgs;
use super::archive::{self, Bundle};
use crate::args::{BecomeArgs, ConnectArgs, SourceArgs};
use crate::failure::Failure;
use crate::installer::cluster::ClusterArgs;
use crate::output::say;

/// Downloads to `FILE.partial`, where complete files wait for the next try if something fails, and packs them.
///
/// # Errors
///
/// If the settings cannot be read, or the bundle cannot be written.
pub fn run(args: &CreateArgs) -> Result<u8, Failure> {
    let mut partial = OsString::from(&args.file);
    partial.push(".partial");
    let partial = std::path::absolute(PathBuf::from(partial)).map_err(Failure::error)?;
    let unwritable = |error: io::Error| Failure::error(format!("cannot write to {}: {error}", partial.display()));
    fs::create_dir_all(&partial).map_err(unwritable)?;
    // Only what is wanted now is listed afterwards.
    let old = archive::lists_below(&partial).map_err(unwritable)?;
    old.iter().try_for_each(fs::remove_file).map_err(unwritable)?;

    let cluster = ClusterArgs {
        sources: SourceArgs {
            inventory: vec!["localhost,".to_owned()],
            extra_vars: args.extra_vars.clone(),
            vault: args.vault.clone(),
            ..SourceArgs::default()
        },
        forks: None,
        verbose: args.verbose,
        connect: ConnectArgs::default(),
        becoming: BecomeArgs::default(),
    };
    let mut assembled = cluster.read("bundle.yml")?;
    let vars = &mut assembled.options.extra_vars;
    vars.insert("download_dir", partial.display().to_string());
    if let Some(url) = &args.base_url {
        vars.insert("download_base_url", url.trim_end_matches('/'));
    }
    if !args.architecture.is_empty() {
        let names: Value = args.architecture.iter().map(|name| Value::from(name.as_str())).collect();
        vars.insert("download_architectures", names);
    }
    let code = cluster.carry_out(assembled, None)?;
    if code != 0 {
        eprintln!("\nWhat is complete is kept in {}; run the same again to go on.", partial.display());
        return Ok(code);
    }
    archive::pack(&partial, &args.file)?;
    fs::remove_dir_all(&partial).map_err(unwritable)?;
    let bundle = Bundle::open(&args.file)?;
    say!("{} are in {}", bundle.contents(), args.file.display());
    Ok(0)
}
