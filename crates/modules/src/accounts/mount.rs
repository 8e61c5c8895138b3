//! `mount`: mounted file systems and the table of them.

use std::path::PathBuf;

use ksplay_value::Map;

use super::text_file;
use crate::arguments::Opt;
use crate::facts::mounts::unescape;
use crate::{CommandSpec, Failure, Inspection, Module, NewFile, Outcome, Probe, System, arguments};

/// See [`MountArgs`].
pub struct Mount;

arguments! {
    /// Mounts file systems and keeps `/etc/fstab`.
    pub struct MountArgs {
        /// Where it is mounted.
        path: String = Opt::path().required().aliases(&["name"]),
        /// The device, share or directory.
        src: Option<String> = Opt::str(),
        /// The type.
        fstype: Option<String> = Opt::str(),
        /// The options.
        opts: Option<String> = Opt::str(),
        /// The fifth field of its line.
        dump: String = Opt::str().default("0"),
        /// The sixth field of its line.
        passno: String = Opt::str().default("0"),
        /// `mounted`: in the table and mounted; `present`: in the table; `unmounted`: not mounted; `absent`: neither, and the
        /// directory removed; `absent_from_fstab`: not in the table; `remounted`: mounted anew; `ephemeral`: mounted without
        /// the table.
        state: String = Opt::str().required()
            .choices(&["absent", "absent_from_fstab", "mounted", "present", "unmounted", "remounted", "ephemeral"]),
        /// The table.
        fstab: PathBuf = Opt::path().default("/etc/fstab"),
        /// Whether it is mounted at start.
        boot: bool = Opt::bool().default("true"),
        /// Whether the table as it was is kept.
        backup: bool = Opt::bool().default("false"),
    }
    rules {
        required_if: &[
            ("state", "mounted", &["src", "fstype"]),
            ("state", "present", &["src", "fstype"]),
            ("state", "ephemeral", &["src", "fstype"]),
        ],
    }
}

/// What is to be done.
#[derive(Debug)]
pub struct MountPlan {
    args: MountArgs,
    fstab: Option<String>,
    make_folder: bool,
    commands: Vec<CommandSpec>,
    remove_folder: bool,
}

impl Module for Mount {
    type Args = MountArgs;
    type Plan = MountPlan;

    fn inspect(args: &MountArgs, system: &Probe) -> Result<Inspection<MountPlan>, Failure> {
        let path = args.path.trim_end_matches('/');
        let path = if path.is_empty() { "/" } else { path };
        let table = system.read_text("/proc/self/mounts".as_ref()).unwrap_or_default();
        let mounted =
            table.lines().filter_map(|line| line.split_whitespace().nth(1)).any(|point| unescape(point) == path);
        let before = text_file::read(&args.fstab, system)?;
        let line = fstab_line(args, path);
        let after = match args.state.as_str() {
            "mounted" | "present" => with_line(&before, path, Some(&line)),
            "absent" | "absent_from_fstab" => with_line(&before, path, None),
            _ => before.clone(),
        };
        let rewritten = after != before;
        let mount = |words: &[&str]| CommandSpec::new(words.iter().copied()).parsable();
        let directly = || {
            let options = args.opts.iter().flat_map(|opts| ["-o", opts]);
            let kind = args.fstype.iter().flat_map(|kind| ["-t", kind]);
            let words = ["mount"].into_iter().chain(kind).chain(options).chain(args.src.as_deref()).chain([path]);
            CommandSpec::new(words).parsable()
        };
        let commands = match (args.state.as_str(), mounted) {
            ("mounted", false) => vec![mount(&["mount", path])],
            ("mounted", true) if rewritten => vec![mount(&["mount", "-o", "remount", path])],
            ("ephemeral", false) => vec![directly()],
            ("unmounted" | "absent", true) => vec![mount(&["umount", path])],
            ("remounted", true) => vec![mount(&["mount", "-o", "remount", path])],
            ("remounted", false) => vec![mount(&["mount", path])],
            _ => vec![],
        };
        let is_there = system.exists(path.as_ref());
        let make_folder = matches!(args.state.as_str(), "mounted" | "ephemeral") && !is_there;
        let remove_folder = args.state == "absent" && is_there && path != "/";
        let mut outcome = Outcome { values: values(args, path), ..Outcome::default() };
        if rewritten && system.diff {
            outcome.diff = text_file::diff(&args.fstab, &before, &after).into();
        }
        if !rewritten && commands.is_empty() && !remove_folder {
            return Ok(Inspection::nothing_to_do(outcome));
        }
        let fstab = rewritten.then_some(after);
        let args = MountArgs { path: path.to_owned(), ..args.clone() };
        Ok(Inspection::change(outcome, MountPlan { args, fstab, make_folder, commands, remove_folder }))
    }

    fn apply(plan: MountPlan, mut predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        let MountPlan { args, fstab, make_folder, commands, remove_folder } = plan;
        let path = args.path.clone();
        if make_folder {
            let command = CommandSpec::new(["mkdir", "-p", "--", &path]).parsable();
            system.run(&command)?.checked(&command)?;
        }
        if let Some(text) = fstab {
            if args.backup && system.exists(&args.fstab) {
                let kept = system
                    .backup(&args.fstab)
                    .map_err(|error| Failure::new(format!("cannot keep the table: {error}")))?;
                predicted.values.insert("backup_file", kept.map(|path| path.display().to_string()));
            }
            text_file::write(&args.fstab, &text, &NewFile::default(), system)?;
        }
        for command in commands {
            let output = system.run(&command)?;
            if !output.ok() {
                let verb = command
                    .argv
                    .first()
                    .map_or("mount", |program| if program == "umount" { "unmount" } else { "mount" });
                return Err(Failure::new(format!("Error {verb}ing {path}: {}", output.stderr_text())));
            }
        }
        if remove_folder {
            system.remove_dir(path.as_ref()).map_err(|error| Failure::new(format!("Error rmdir {path}: {error}")))?;
        }
        Ok(predicted)
    }
}

fn values(args: &MountArgs, path: &str) -> Map {
    let mut values = Map::from([("name", path), ("dump", &args.dump), ("passno", &args.passno)]);
    values.insert("fstab", args.fstab.display().to_string());
    values.insert("opts", options(args));
    values.insert("boot", if args.boot { "yes" } else { "no" });
    for (name, value) in [("src", &args.src), ("fstype", &args.fstype)] {
        if let Some(value) = value {
            values.insert(name, value.as_str());
        }
    }
    values
}

fn options(args: &MountArgs) -> String {
    let options = args.opts.clone().unwrap_or_else(|| "defaults".into());
    if args.boot || options.split(',').any(|option| option == "noauto") { options } else { format!("{options},noauto") }
}

/// Blanks in fields are written in octal.
fn escape(field: &str) -> String {
    field.replace('\\', "\\134").replace(' ', "\\040").replace('\t', "\\011")
}

fn fstab_line(args: &MountArgs, path: &str) -> String {
    let [src, kind] = [&args.src, &args.fstype].map(|field| field.clone().unwrap_or_default());
    let (src, path, options) = (escape(&src), escape(path), escape(&options(args)));
    format!("{src} {path} {kind} {options} {} {}", args.dump, args.passno)
}

/// The table with this line for the mount point, or without one.
fn with_line(text: &str, path: &str, wanted: Option<&str>) -> String {
    let mut result = String::new();
    let mut found = false;
    for line in text.lines() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let its = !line.trim_start().starts_with('#') && fields.get(1).is_some_and(|point| unescape(point) == path);
        let same = wanted.is_some_and(|wanted| {
            let padded = fields.iter().copied().chain(["0", "0"].into_iter().skip(fields.len().saturating_sub(4)));
            padded.eq(wanted.split_whitespace())
        });
        let kept = match (its, wanted) {
            (false, _) => Some(line),
            (true, Some(_)) if same && !found => Some(line),
            (true, Some(wanted)) if !found => Some(wanted),
            (true, _) => None,
        };
        found |= its;
        result.extend(kept.into_iter().flat_map(|line| [line, "\n"]));
    }
    if let (false, Some(wanted)) = (found, wanted) {
        result += &format!("{wanted}\n");
    }
    if result.strip_suffix('\n') == Some(text) { text.to_owned() } else { result }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_point_has_one_line() {
        let table = "# a\nUUID=1 / ext4 defaults 0 1\n/dev/sdb  /data\\040x  xfs\tnoatime\n";
        assert_eq!(with_line(table, "/data x", Some("/dev/sdb /data\\040x xfs noatime 0 0")), table);
        assert_eq!(with_line(table, "/", None), "# a\n/dev/sdb  /data\\040x  xfs\tnoatime\n");
        let changed = with_line(table, "/", Some("UUID=2 / ext4 defaults 0 1"));
        assert_eq!(changed, "# a\nUUID=2 / ext4 defaults 0 1\n/dev/sdb  /data\\040x  xfs\tnoatime\n");
        assert!(with_line(table, "/new", Some("a /new xfs defaults 0 0")).ends_with("a /new xfs defaults 0 0\n"));
    }
}
