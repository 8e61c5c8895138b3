//! What the commands for a cluster share: its inventory, the playbooks for it, and how their runs are told.

use std::fs::{self, OpenOptions};
use std::io::{self, BufRead, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{ArgAction, Args};
use ksplay_report::Phases;

use crate::args::{BecomeArgs, ConnectArgs, RunArgs, SourceArgs, WorkArgs};
use crate::assemble::{self, Assembled};
use crate::failure::Failure;
use crate::installer::content;

/// The inventory that is taken when none is named.
const INVENTORY: &str = "conf/hosts.ini";

/// Where a cluster's machines and settings are, and how they are reached.
#[derive(Debug, Clone, Args)]
pub struct ClusterArgs {
    #[command(flatten)]
    pub sources: SourceArgs,
    /// Work on this many hosts at the same time
    #[arg(short, long, value_name = "N")]
    pub forks: Option<usize>,
    /// Show every task, not only the phases; more with -vv
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,
    #[command(flatten)]
    pub connect: ConnectArgs,
    #[command(flatten)]
    pub becoming: BecomeArgs,
}

impl ClusterArgs {
    /// Takes `conf/hosts.ini` where no inventory is named.
    ///
    /// # Errors
    ///
    /// If it is not there.
    pub fn with_inventory(mut self) -> Result<Self, Failure> {
        if self.sources.inventory.is_empty() {
            if !Path::new(INVENTORY).is_file() {
                let help = "`ksplay init kubesphere DIR` writes one to DIR; `-i FILE` names another";
                return Err(Failure::error(format!("there is no {INVENTORY} here")).help(help));
            }
            self.sources.inventory.push(INVENTORY.to_owned());
        }
        Ok(self)
    }

    /// The folder that `conf` lies in, as far as the inventory is a file.
    fn folder(&self) -> PathBuf {
        let conf = self.sources.inventory.first().map(Path::new).and_then(Path::parent);
        conf.and_then(Path::parent).unwrap_or(Path::new("")).to_path_buf()
    }

    /// Reads a playbook for this cluster: of the folder that `ksplay init` wrote, or else of ksplay itself.
    ///
    /// # Errors
    ///
    /// If playbook, inventory or variables cannot be read.
    pub fn read(&self, playbook: &str) -> Result<Assembled, Failure> {
        let own = self.folder().join("playbooks").join(playbook);
        let built_in = || content::playbook(Path::new(&format!("builtin:{playbook}")));
        let playbook = if own.is_file() { own } else { built_in()? };
        assemble::read(&RunArgs {
            playbooks: vec![playbook],
            work: WorkArgs {
                sources: self.sources.clone(),
                forks: self.forks,
                verbose: self.verbose,
                connect: self.connect.clone(),
                becoming: self.becoming.clone(),
                groups_have_dashes: true,
                ..WorkArgs::default()
            },
            ..RunArgs::default()
        })
    }

    /// Carries it out and tells its phases; with a name, all of the output is kept in `kubesphere/NAME.log`.
    ///
    /// # Errors
    ///
    /// If the run cannot be started at all.
    pub fn carry_out(&self, assembled: Assembled, log: Option<&str>) -> Result<u8, Failure> {
        if self.verbose > 0 {
            return assemble::carry_out(assembled);
        }
        let plays = assembled.playbooks.iter().map(|playbook| playbook.plays.len()).sum();
        let (out, errors) = (Box::new(io::stdout()), Box::new(io::stderr()));
        let mut phases = Phases::new(plays, assembled.shown.clone(), out, errors);
        let log = log.map(|name| self.folder().join("kubesphere").join(format!("{name}.log")));
        if let Some(log) = &log {
            let unwritable = |error| Failure::error(format!("cannot write to {}: {error}", log.display()));
            phases = open_log(log).and_then(|file| phases.with_log(file)).map_err(unwritable)?;
        }
        let screen = phases.screen();
        let code = assemble::carry_out_telling(assembled, Box::new(phases), Arc::clone(&screen))?;
        if let Some(log) = log.filter(|_| code != 0) {
            eprintln!(
                "\nAll of it is in {}. What is done stays done: mend what failed and run it again.",
                log.display()
            );
        }
        Ok(code)
    }
}

/// A new log, for its owner alone: playbooks may show passwords.
fn open_log(path: &Path) -> io::Result<fs::File> {
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    let _ = fs::remove_file(path);
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Asks a question and reads the line that answers it.
///
/// # Errors
///
/// If nobody answers; with the flags that answer instead.
pub fn ask(question: &str, flags: &str) -> Result<String, Failure> {
    print!("{question}");
    let mut answer = String::new();
    let read = io::stdout().flush().and_then(|()| io::stdin().lock().read_line(&mut answer));
    match read {
        Ok(1..) => Ok(answer.trim().to_owned()),
        Ok(0) => {
            println!();
            Err(Failure::error("the question was not answered").help(&format!("{flags} instead of an answer")))
        }
        Err(error) => Err(Failure::error(format!("the answer cannot be read: {error}"))),
    }
}
