//! `hostname`: the name of the machine.

use std::path::Path;

use ksplay_value::Map;

use super::text_file;
use crate::arguments::Opt;
use crate::{CommandSpec, Diff, Failure, Inspection, Module, NewFile, Outcome, Probe, System, arguments};

/// See [`HostnameArgs`].
pub struct Hostname;

arguments! {
    /// Sets the name of the machine, now and for good.
    pub struct HostnameArgs {
        /// The name.
        name: String = Opt::str().required(),
        /// How it is set, instead of the way that is found.
        r#use: Option<String> = Opt::str()
            .choices(&["alpine", "debian", "freebsd", "generic", "macos", "macosx", "darwin", "openbsd", "openrc", "redhat", "sles", "solaris", "systemd"]),
    }
}

/// What is to be set.
#[derive(Debug)]
pub struct HostnamePlan {
    name: String,
    by_systemd: bool,
    running: bool,
    stored: bool,
}

const FILE: &str = "/etc/hostname";

impl Module for Hostname {
    type Args = HostnameArgs;
    type Plan = HostnamePlan;

    fn inspect(args: &HostnameArgs, system: &Probe) -> Result<Inspection<HostnamePlan>, Failure> {
        let running = system.hostname();
        let stored = text_file::read(Path::new(FILE), system)?.trim().to_owned();
        let by_systemd = match args.r#use.as_deref() {
            None => system.exists("/run/systemd/system".as_ref()) && system.which("hostnamectl").is_some(),
            Some(way) => way == "systemd",
        };
        let fqdn = if args.name.contains('.') { args.name.clone() } else { running.clone() };
        let short = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
        let facts = Map::from([
            ("ansible_hostname", short(&args.name)),
            ("ansible_nodename", args.name.clone()),
            ("ansible_fqdn", if fqdn == running { args.name.clone() } else { fqdn }),
            ("ansible_domain", args.name.split_once('.').map(|(_, domain)| domain.to_owned()).unwrap_or_default()),
        ]);
        let plan = HostnamePlan {
            name: args.name.clone(),
            by_systemd,
            running: running != args.name,
            stored: stored != args.name,
        };
        let mut outcome = Outcome { facts: Some(facts), ..Outcome::default() };
        outcome.values.insert("name", args.name.as_str());
        if !plan.running && !plan.stored {
            return Ok(Inspection::nothing_to_do(outcome));
        }
        if system.diff {
            let (before, after) = (format!("hostname = {running}\n"), format!("hostname = {}\n", args.name));
            outcome.diff = Diff { before: before.into(), after: after.into(), ..Diff::default() }.into();
        }
        Ok(Inspection::change(outcome, plan))
    }

    fn apply(plan: HostnamePlan, predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        let set = |argv: &[&str], system: &mut System| {
            let command = CommandSpec::new(argv.iter().copied()).parsable();
            system.run(&command)?.checked(&command)
        };
        if plan.by_systemd {
            if plan.running {
                set(&["hostnamectl", "--transient", "set-hostname", &plan.name], system)?;
            }
            if plan.stored {
                set(&["hostnamectl", "--static", "set-hostname", &plan.name], system)?;
            }
            return Ok(predicted);
        }
        if plan.stored {
            let wanted = NewFile { mode: Some(0o644), ..NewFile::default() };
            text_file::write(Path::new(FILE), &format!("{}\n", plan.name), &wanted, system)?;
        }
        if plan.running {
            set(&["hostname", &plan.name], system)?;
        }
        Ok(predicted)
    }
}
