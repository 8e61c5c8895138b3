//! `filesystem`: makes file systems, grows and removes them.

use std::path::{Path, PathBuf};

use crate::arguments::Opt;
use crate::text::words;
use crate::{CommandSpec, Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`FilesystemArgs`].
pub struct Filesystem;

arguments! {
    /// Makes a file system on a device or in a file, grows it, or removes what says that there is one.
    pub struct FilesystemArgs {
        /// The device.
        dev: PathBuf = Opt::path().required().aliases(&["device"]),
        /// Whether another file system that is there is overwritten.
        force: bool = Opt::bool().default("false"),
        /// The type of file system; `ufs` is refused.
        fstype: Option<String> = Opt::str()
            .choices(&[
                "bcachefs", "btrfs", "ext2", "ext3", "ext4", "ext4dev", "f2fs", "lvm", "ocfs2", "reiserfs", "xfs", "vfat",
                "swap", "ufs",
            ])
            .aliases(&["type"]),
        /// Options for the program that makes it.
        opts: Option<String> = Opt::str(),
        /// Whether it grows to the size of the device; for ext2, ext3, ext4, xfs and btrfs.
        resizefs: bool = Opt::bool().default("false"),
        /// Whether there is one.
        state: String = Opt::str().default("present").choices(&["present", "absent"]),
        /// Its UUID; for ext2, ext3, ext4, xfs and lvm.
        uuid: Option<String> = Opt::str(),
    }
    rules {
        mutually_exclusive: &[&["resizefs", "uuid"]],
        required_if: &[("state", "present", &["fstype"])],
    }
}

/// What is to be run.
#[derive(Debug)]
pub struct FilesystemPlan {
    command: CommandSpec,
    /// Whether what it prints is the message.
    tells: bool,
}

impl Module for Filesystem {
    type Args = FilesystemArgs;
    type Plan = FilesystemPlan;

    fn inspect(args: &FilesystemArgs, system: &Probe) -> Result<Inspection<FilesystemPlan>, Failure> {
        let device = args.dev.display().to_string();
        let absent = args.state == "absent";
        if !system.exists(&args.dev) {
            let message = format!("Device {device} not found.");
            if !absent {
                return Err(Failure::new(message).missing());
            }
            let mut outcome = Outcome::default();
            outcome.values.insert("msg", message);
            return Ok(Inspection::nothing_to_do(outcome));
        }
        let now = signature("TYPE", &device, system)?;
        let command = match args.fstype.as_deref() {
            _ if absent => {
                if now.is_empty() {
                    return Ok(Inspection::nothing_to_do(Outcome::default()));
                }
                tool("wipefs", &["--all".to_owned(), device], system)?
            }
            Some(wanted) => {
                let same = now == type_of(wanted);
                if same && !args.force {
                    return changed_in_place(args, wanted, &device, system);
                }
                if !now.is_empty() && !args.force {
                    let message = format!("'{device}' is already used as {now}, use force=true to overwrite");
                    return Err(Failure::new(message).with("rc", 0).with("err", ""));
                }
                made(args, wanted, &device, system)?
            }
            None => return Ok(Inspection::nothing_to_do(Outcome::default())),
        };
        Ok(Inspection::change(Outcome::default(), FilesystemPlan { command, tells: false }))
    }

    fn apply(plan: FilesystemPlan, mut predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        let output = system.run(&plan.command)?.or_stderr(&plan.command)?;
        if plan.tells {
            predicted.values.insert("msg", output.stdout_text());
        }
        Ok(predicted)
    }
}

/// What `blkid` calls it.
fn type_of(wanted: &str) -> &str {
    if wanted == "lvm" { "LVM2_member" } else { wanted }
}

/// What is known of the device: `TYPE`, `UUID`; empty when there is nothing.
fn signature(name: &str, device: &str, system: &Probe) -> Result<String, Failure> {
    let command = tool("blkid", &["-c", "/dev/null", "-o", "value", "-s", name, device].map(str::to_owned), system)?;
    Ok(system.query(&command)?.stdout_text().trim().to_owned())
}

fn tool(program: &str, words: &[String], system: &Probe) -> Result<CommandSpec, Failure> {
    let program = system.required(program)?;
    Ok(CommandSpec::new([program].into_iter().chain(words.iter().cloned())).parsable())
}

/// The command that makes it.
fn made(args: &FilesystemArgs, wanted: &str, device: &str, system: &Probe) -> Result<CommandSpec, Failure> {
    let mkfs = format!("mkfs.{wanted}");
    let (program, flags): (&str, &[&str]) = match wanted {
        "ext2" | "ext3" | "ext4" | "ext4dev" => (&mkfs, &["-F"]),
        "xfs" | "btrfs" | "f2fs" => (&mkfs, &["-f"]),
        "reiserfs" => (&mkfs, &["-q"]),
        "ocfs2" => (&mkfs, &["-Fx"]),
        "vfat" => (&mkfs, &[]),
        "swap" => ("mkswap", &["-f"]),
        "lvm" => ("pvcreate", &["-f"]),
        "bcachefs" => ("bcachefs", &["format", "--force"]),
        _ => return Err(Failure::new(format!("{wanted} is made on FreeBSD only"))),
    };
    let mut words: Vec<String> = flags.iter().map(ToString::to_string).collect();
    match (&args.uuid, wanted) {
        (None, _) | (Some(_), "lvm") => {}
        (Some(uuid), "xfs") => words.extend(["-m".to_owned(), format!("uuid={uuid}")]),
        (Some(uuid), kind) if kind.starts_with("ext") => words.extend(["-U".to_owned(), uuid.clone()]),
        _ => return Err(no_uuid(wanted)),
    }
    words.extend(words::split(args.opts.as_deref().unwrap_or_default()).map_err(Failure::new)?);
    words.push(device.to_owned());
    tool(program, &words, system)
}

fn no_uuid(wanted: &str) -> Failure {
    Failure::new(format!("module does not support UUID option for this filesystem ({wanted}) yet."))
}

/// What is done with a file system of the right type that stays.
fn changed_in_place(
    args: &FilesystemArgs,
    wanted: &str,
    device: &str,
    system: &Probe,
) -> Result<Inspection<FilesystemPlan>, Failure> {
    let mut outcome = Outcome::default();
    if let Some(uuid) = &args.uuid {
        if signature("UUID", device, system)?.eq_ignore_ascii_case(uuid) {
            return Ok(Inspection::nothing_to_do(outcome));
        }
        let (program, words) = match wanted {
            "xfs" => ("xfs_admin", vec!["-U", uuid, device]),
            "lvm" => ("pvchange", vec!["-u", device]),
            kind if kind.starts_with("ext") => ("tune2fs", vec!["-U", uuid, device]),
            _ => return Err(no_uuid(wanted)),
        };
        let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
        let plan = FilesystemPlan { command: tool(program, &words, system)?, tells: true };
        return Ok(Inspection::change(outcome, plan));
    }
    if !args.resizefs {
        return Ok(Inspection::nothing_to_do(outcome));
    }
    let (shown, command) = grown(wanted, device, system)?;
    let Some(command) = command else {
        outcome.values.insert("msg", format!("{shown} filesystem is using the whole device {device}"));
        return Ok(Inspection::nothing_to_do(outcome));
    };
    outcome.values.insert("msg", format!("resizing filesystem {shown} on device {device}"));
    Ok(Inspection::change(outcome, FilesystemPlan { command, tells: true }))
}

/// How the type is called in messages, and the command that grows it; none when it has the whole device.
fn grown(wanted: &str, device: &str, system: &Probe) -> Result<(String, Option<CommandSpec>), Failure> {
    let size = device_size(device, system)?;
    let mounted = || mount_point(device, system);
    let unmounted = |name: &str| Failure::new(format!("{device} needs to be mounted for {name} operations"));
    let number = |text: &str, name: &str| {
        let value = text.split_once(name).map_or("", |(_, rest)| rest.trim_start_matches([':', '=', ' ', '\t']));
        value.split(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse::<u64>().ok())
    };
    let unread = || Failure::new(format!("cannot tell how large the file system on {device} is"));
    match wanted {
        kind if kind.starts_with("ext") => {
            let command = tool("tune2fs", &["-l".to_owned(), device.to_owned()], system)?;
            let text = system.query(&command)?.or_stderr(&command)?.stdout_text();
            let (Some(count), Some(block)) = (number(&text, "Block count"), number(&text, "Block size")) else {
                return Err(unread());
            };
            let grows = size / block.max(1) > count;
            let command = grows.then(|| tool("resize2fs", &[device.to_owned()], system)).transpose()?;
            Ok((format!("E{}", &kind[1..]), command))
        }
        "xfs" => {
            let place = mounted();
            let command = tool("xfs_info", &[place.clone().unwrap_or_else(|| device.to_owned())], system)?;
            let text = system.query(&command)?.or_stderr(&command)?.stdout_text();
            let data = text.lines().find(|line| line.starts_with("data")).unwrap_or_default();
            let (Some(block), Some(count)) = (number(data, "bsize"), number(data, "blocks")) else {
                return Err(unread());
            };
            if size / block.max(1) <= count {
                return Ok(("XFS".into(), None));
            }
            let place = place.ok_or_else(|| unmounted("XFS"))?;
            Ok(("XFS".into(), Some(tool("xfs_growfs", &[place], system)?)))
        }
        "btrfs" => {
            let place = mounted().ok_or_else(|| unmounted("Btrfs"))?;
            let words = ["filesystem", "usage", "-b", &place].map(str::to_owned);
            let command = tool("btrfs", &words, system)?;
            let text = system.query(&command)?.or_stderr(&command)?.stdout_text();
            if number(&text, "Device size").ok_or_else(unread)? >= size {
                return Ok(("Btrfs".into(), None));
            }
            let words = ["filesystem", "resize", "max", &place].map(str::to_owned);
            Ok(("Btrfs".into(), Some(tool("btrfs", &words, system)?)))
        }
        _ => Err(Failure::new(format!("module does not support resizing {wanted} filesystem yet."))),
    }
}

fn device_size(device: &str, system: &Probe) -> Result<u64, Failure> {
    if system.is_file(Path::new(device)) {
        return system
            .metadata(Path::new(device))
            .map(|found| found.len())
            .map_err(|error| Failure::new(error.to_string()));
    }
    let command = tool("blockdev", &["--getsize64".to_owned(), device.to_owned()], system)?;
    let text = system.query(&command)?.or_stderr(&command)?.stdout_text();
    text.trim().parse().map_err(|_| Failure::new(format!("cannot tell how large {device} is: {text}")))
}

/// Where the device is mounted.
fn mount_point(device: &str, system: &Probe) -> Option<String> {
    let real = system.canonicalize(Path::new(device)).ok()?;
    let mounts = system.read_text("/proc/self/mounts".as_ref()).ok()?;
    let mut lines = mounts.lines().map(|line| line.split(' '));
    lines.find_map(|mut words| {
        let source = system.canonicalize(Path::new(words.next()?)).ok()?;
        let place = words.next()?;
        (source == real).then(|| place.replace("\\040", " "))
    })
}

#[cfg(test)]
mod tests {
    use ksplay_value::{Map, Value};

    use super::*;
    use crate::{RunOptions, run};

    /// With the real programs, in a file.
    #[test]
    fn a_file_system_is_made_grown_and_wiped() {
        let probe = Probe::default();
        if ["mkfs.ext4", "blkid", "tune2fs", "resize2fs", "wipefs"].iter().any(|program| probe.which(program).is_none())
        {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let device = folder.path().join("disk");
        let size = |megabytes: u64| {
            std::fs::File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(&device)
                .and_then(|file| file.set_len(megabytes << 20))
                .unwrap();
        };
        size(8);
        let call = |fields: &[(&str, &str)], check: bool| {
            let mut args = Map::from([("dev", device.to_str().unwrap())]);
            args.extend(fields.iter().map(|(name, value)| (*name, *value)).collect::<Map>());
            let options = RunOptions { check, ..RunOptions::default() };
            let result = run("community.general.filesystem", &args, &options, Probe::default());
            let message = result.get("msg").map(ToString::to_string).unwrap_or_default();
            (result.get("changed").and_then(Value::as_bool).unwrap(), message)
        };
        let ext4 = [("fstype", "ext4")];
        let grow = [("fstype", "ext4"), ("resizefs", "yes")];
        assert!(call(&ext4, true).0 && call(&ext4, false).0);
        assert!(!call(&ext4, false).0);
        let shown = device.display();
        let refused = format!("'{shown}' is already used as ext4, use force=true to overwrite");
        assert_eq!(call(&[("fstype", "xfs")], false), (false, refused));
        assert_eq!(call(&grow, false), (false, format!("Ext4 filesystem is using the whole device {shown}")));
        size(16);
        assert_eq!(call(&grow, true), (true, format!("resizing filesystem Ext4 on device {shown}")));
        let grown = call(&grow, false);
        assert!(grown.0 && grown.1.contains("blocks long"), "{}", grown.1);
        assert!(!call(&grow, false).0);
        let swap = call(&[("fstype", "swap"), ("resizefs", "yes"), ("uuid", "x")], false);
        assert_eq!(swap.1, "parameters are mutually exclusive: resizefs|uuid");
        let uuid = [("fstype", "ext4"), ("uuid", "8a1b2c3d-0000-4000-8000-000000000001")];
        assert!(call(&uuid, false).0);
        assert!(!call(&uuid, false).0);
        assert!(call(&[("state", "absent")], true).0 && call(&[("state", "absent")], false).0);
        assert!(!call(&[("state", "absent")], false).0);
    }

    #[test]
    fn a_device_that_is_not_there_has_no_file_system_to_remove() {
        let call = |state: &str| {
            let args = Map::from([("dev", "/no/such/device"), ("fstype", "ext4"), ("state", state)]);
            run("filesystem", &args, &RunOptions::default(), Probe::default())
        };
        let message = Some(&Value::from("Device /no/such/device not found."));
        assert_eq!((call("absent").get("msg"), call("absent").get("failed")), (message, None));
        assert_eq!((call("present").get("msg"), call("present").get("failed")), (message, Some(&Value::Bool(true))));
    }
}
