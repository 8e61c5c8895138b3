//! `ksplay ssh-copy-id`: password-less logins on all machines.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::failure::Failure;
use crate::installer::cluster::ClusterArgs;
use crate::output::say;

/// The keys that ssh tries by itself, in its order.
const KEYS: [&str; 5] = ["id_rsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk"];

/// `ksplay ssh-copy-id`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ksplay ssh-copy-id -i conf/hosts.ini                 with the passwords of the inventory
  ksplay ssh-copy-id -i conf/hosts.ini --ask-pass      with one that is asked for
  ksplay ssh-copy-id --generate --accept-new           make a key first, take unknown host keys")]
pub struct SshCopyIdArgs {
    /// Send this public key (default: the one that ssh would use)
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Make a key with ssh-keygen if there is none
    #[arg(long, conflicts_with = "key")]
    pub generate: bool,
    /// Remember the host keys of machines that are not known yet; changed ones are refused all the same
    #[arg(long)]
    pub accept_new: bool,
    #[command(flatten)]
    pub cluster: ClusterArgs,
}

/// Sends the public key to every machine of the inventory that is not this one.
///
/// # Errors
///
/// If there is no key, or the inventory cannot be read.
pub fn run(args: SshCopyIdArgs) -> Result<u8, Failure> {
    let key = match &args.key {
        Some(key) => key.clone(),
        None => own_key(args.generate)?,
    };
    let key = std::path::absolute(key).map_err(Failure::error)?;
    check(&key)?;
    let mut cluster = args.cluster.with_inventory()?;
    if args.accept_new {
        let given = cluster.connect.ssh_extra_args.unwrap_or_default();
        cluster.connect.ssh_extra_args = Some(format!("-o StrictHostKeyChecking=accept-new {given}"));
    }
    let mut assembled = cluster.read("ssh-copy-id.yml")?;
    assembled.options.extra_vars.insert("ssh_public_key_file", key.display().to_string());
    let code = cluster.carry_out(assembled, None)?;
    if code == 4 && !args.accept_new {
        eprintln!("Where ssh does not know a machine yet, `--accept-new` remembers its host key.");
    }
    Ok(code)
}

/// The public key of the user.
fn own_key(generate: bool) -> Result<PathBuf, Failure> {
    let home = std::env::var_os("HOME").ok_or_else(|| Failure::error("HOME is not set, so there is no ~/.ssh"))?;
    let folder = Path::new(&home).join(".ssh");
    let public = |name: &str| folder.join(format!("{name}.pub"));
    match KEYS.map(public).into_iter().find(|file| file.is_file()) {
        Some(key) => Ok(key),
        None if generate => make(&folder.join("id_ed25519")).map(|()| public("id_ed25519")),
        None => Err(Failure::error(format!("there is no public key in {}", folder.display()))
            .help("`--generate` makes a pair of keys; `--key FILE` names a public key elsewhere")),
    }
}

/// Makes a key without a passphrase, for runs that nobody attends.
fn make(file: &Path) -> Result<(), Failure> {
    let refused = |why: String| Failure::error(format!("cannot make the key {}: {why}", file.display()));
    if let Some(folder) = file.parent().filter(|folder| !folder.exists()) {
        use std::os::unix::fs::DirBuilderExt;
        std::fs::DirBuilder::new().mode(0o700).create(folder).map_err(|error| refused(error.to_string()))?;
    }
    let keygen = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(file).output();
    match keygen {
        Ok(output) if output.status.success() => {
            say!("made the key {}", file.display());
            Ok(())
        }
        Ok(output) => Err(refused(String::from_utf8_lossy(&output.stderr).trim().to_owned())),
        Err(error) => Err(refused(format!("ssh-keygen: {error}"))),
    }
}

/// A private key must never be sent by a slip.
fn check(key: &Path) -> Result<(), Failure> {
    let shown = key.display();
    let text = std::fs::read_to_string(key)
        .map_err(|error| Failure::error(format!("the public key {shown} cannot be read: {error}")))?;
    if text.contains("PRIVATE KEY") {
        return Err(Failure::error(format!("{shown} is a private key")).help(&format!("did you mean {shown}.pub?")));
    }
    if text.split_whitespace().count() < 2 {
        return Err(Failure::error(format!("{shown} holds no public key")));
    }
    Ok(())
}
