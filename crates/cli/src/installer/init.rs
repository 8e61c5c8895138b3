//! `ksplay init`: the files that a cluster begins with.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use ksplay_value::Diagnostic;

use crate::failure::Failure;
use crate::installer::content;
use crate::output::say;

/// `ksplay init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// What the files are for
    pub kind: Kind,
    /// The folder that gets them; a new or empty one
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

/// What ksplay can begin.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Kind {
    /// A Kubernetes cluster with the KubeSphere console
    Kubesphere,
}

/// Writes hosts.ini, vars.yml, playbooks and roles, all or nothing.
///
/// # Errors
///
/// If the folder holds something, or cannot be written to.
pub fn run(args: &InitArgs) -> Result<u8, Failure> {
    let Kind::Kubesphere = args.kind;
    let shown = args.folder.display();
    let refused = |error: io::Error| Failure::error(format!("cannot write to {shown}: {error}"));
    if args.folder.exists() && fs::read_dir(&args.folder).map_err(refused)?.next().is_some() {
        let diagnostic = Diagnostic::new(format!("the folder {shown} is not empty"));
        return Err(Failure::of(1, &diagnostic).help("name a new folder; `ksplay init` replaces no files"));
    }
    write(&args.folder).map_err(refused)?;
    let conf = args.folder.join("conf");
    say!("{shown} is ready. What comes next:");
    say!("  1. list your machines in {}", conf.join("hosts.ini").display());
    say!("  2. look through the settings in {}", conf.join("vars.yml").display());
    say!("  3. cd {shown} && ksplay install");
    Ok(0)
}

/// Unpacks beside the folder and moves what is complete.
fn write(folder: &Path) -> io::Result<()> {
    let folder = std::path::absolute(folder)?;
    let parent = folder.parent().ok_or_else(|| io::Error::other("it is the root of the file system"))?;
    fs::create_dir_all(parent)?;
    let aside = tempfile::Builder::new().prefix(".ksplay-init").tempdir_in(parent)?;
    let new = aside.path().join("new");
    content::unpack(&new)?;
    // It will hold passwords.
    fs::set_permissions(new.join("conf/hosts.ini"), fs::Permissions::from_mode(0o600))?;
    if !folder.exists() {
        return fs::rename(&new, &folder);
    }
    // An empty folder stays what it is, for it may be somebody's current one.
    let mut moved = Vec::new();
    for entry in fs::read_dir(&new)? {
        let entry = entry?;
        let target = folder.join(entry.file_name());
        if let Err(error) = fs::rename(entry.path(), &target) {
            moved.iter().for_each(|target| drop(fs::remove_dir_all(target)));
            return Err(error);
        }
        moved.push(target);
    }
    Ok(())
}
