//! `lvg`: groups of volumes.

use super::lvm::{call, rows};
use crate::arguments::{Opt, OptType};
use crate::text::words;
use crate::{CommandSpec, Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`LvgArgs`].
pub struct Lvg;

arguments! {
    /// Makes groups of volumes out of devices, changes and removes them.
    pub struct LvgArgs {
        /// Whether a group is removed that has volumes.
        force: bool = Opt::bool().default("false"),
        /// The size of an extent of a new group, in megabytes or with a unit.
        pesize: String = Opt::str().default("4"),
        /// Options for `pvcreate`.
        pv_options: String = Opt::str().default(""),
        /// Whether the devices are used to their whole size.
        pvresize: bool = Opt::bool().default("false"),
        /// The devices.
        pvs: Vec<String> = Opt::list(OptType::Str),
        /// Whether devices that are not named leave the group.
        remove_extra_pvs: bool = Opt::bool().default("true"),
        /// Whether the devices get new UUIDs; always a change.
        reset_pv_uuid: bool = Opt::bool().default("false"),
        /// Whether the group gets a new UUID; always a change.
        reset_vg_uuid: bool = Opt::bool().default("false"),
        /// Whether the group is there, and its volumes are active.
        state: String = Opt::str().default("present").choices(&["absent", "present", "active", "inactive"]),
        /// The group.
        vg: String = Opt::str().required(),
        /// Options for `vgcreate`.
        vg_options: String = Opt::str().default(""),
    }
    rules { required_if: &[("reset_pv_uuid", "True", &["pvs"])] }
}

impl Module for Lvg {
    type Args = LvgArgs;
    type Plan = Vec<CommandSpec>;

    fn inspect(args: &LvgArgs, system: &Probe) -> Result<Inspection<Self::Plan>, Failure> {
        let vg = args.vg.as_str();
        let groups = rows(&["vgs", "-o", "vg_name,pv_count,lv_count"], system)?;
        let group = groups.iter().find(|row| row[0] == vg);
        let commands = match (group, args.state.as_str()) {
            (None, "absent") => Vec::new(),
            (Some(row), "absent") => {
                if row.get(2).is_some_and(|count| count != "0") && !args.force {
                    return Err(Failure::new(format!(
                        "Refuse to remove non-empty volume group {vg} without force=true"
                    )));
                }
                vec![call(&["vgremove", "--force", vg])]
            }
            (None, _) if args.pvs.is_empty() => return Err(Failure::new("No physical volumes given.")),
            (group, _) => kept(args, group.is_some(), system)?,
        };
        let plan = (!commands.is_empty()).then_some(commands);
        Ok(Inspection { predicted: Outcome { changed: plan.is_some(), ..Outcome::default() }, plan })
    }

    fn apply(plan: Self::Plan, predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        for command in &plan {
            system.run(command)?.or_stderr(command)?;
        }
        Ok(predicted)
    }
}

/// What makes the group, or makes it have these devices.
fn kept(args: &LvgArgs, exists: bool, system: &Probe) -> Result<Vec<CommandSpec>, Failure> {
    let vg = args.vg.as_str();
    let real = |path: &str| {
        system.canonicalize(path.as_ref()).map_or_else(|_| path.to_owned(), |path| path.display().to_string())
    };
    let mut wanted = Vec::new();
    for device in &args.pvs {
        if !system.exists(device.as_ref()) {
            return Err(Failure::new(format!("Device {device} not found.")).missing());
        }
        // The names that LVM has for what device mapper made stay as they are.
        wanted.push(if device.starts_with("/dev/mapper/") { device.clone() } else { real(device) });
    }
    let known = rows(&["pvs", "-o", "pv_name,vg_name"], system)?;
    let group_of = |device: &str| known.iter().find(|row| real(&row[0]) == real(device)).map(|row| member(row));
    for device in &wanted {
        if let Some(other) = group_of(device).filter(|other| !other.is_empty() && *other != vg) {
            return Err(Failure::new(format!("Device {device} is already in {other} volume group.")));
        }
    }
    let options = |text: &str| words::split(text).map_err(Failure::new);
    let new: Vec<&String> = wanted.iter().filter(|device| group_of(device) != Some(vg)).collect();
    let mut commands = Vec::new();
    for device in new.iter().filter(|device| group_of(device).is_none()) {
        let mut argv = vec!["pvcreate".to_owned()];
        argv.extend(options(&args.pv_options)?);
        argv.extend(["-f".to_owned(), (**device).clone()]);
        commands.push(CommandSpec::new(argv).parsable());
    }
    if !exists {
        let mut argv = vec!["vgcreate".to_owned()];
        argv.extend(options(&args.vg_options)?);
        argv.extend(["-s", &args.pesize, vg].map(str::to_owned));
        argv.extend(wanted.iter().cloned());
        commands.push(CommandSpec::new(argv).parsable());
    } else if !wanted.is_empty() {
        let members = known.iter().filter(|row| member(row) == vg).map(|row| row[0].as_str());
        let extra = members.filter(|member| {
            args.remove_extra_pvs && !wanted.iter().any(|device| *device == real(member) || device == member)
        });
        let extra: Vec<&str> = extra.collect();
        if !new.is_empty() {
            let words = ["vgextend", vg].into_iter().chain(new.iter().map(|device| device.as_str()));
            commands.push(CommandSpec::new(words).parsable());
        }
        if !extra.is_empty() {
            commands.push(CommandSpec::new(["vgreduce", "--force", vg].into_iter().chain(extra)).parsable());
        }
    }
    if exists {
        if args.pvresize {
            for device in wanted.iter().filter(|device| group_of(device) == Some(vg)) {
                commands.extend(grows(device, system)?.then(|| call(&["pvresize", device])));
            }
        }
        if args.reset_vg_uuid {
            commands.push(call(&["vgchange", "-u", vg]));
        }
        if args.reset_pv_uuid {
            commands.extend(wanted.iter().map(|device| call(&["pvchange", "-u", device])));
        }
        if args.state != "present" {
            let active = args.state == "active";
            let volumes = rows(&["vgs", "-o", "lv_attr", vg], system)?;
            let other = |row: &Vec<String>| row[0].len() > 4 && (row[0].as_bytes()[4] == b'a') != active;
            if volumes.iter().any(other) {
                commands.push(call(&["vgchange", "--activate", if active { "y" } else { "n" }, vg]));
            }
        }
    }
    Ok(commands)
}

/// The group that a device belongs to; empty when it is in none.
fn member(row: &[String]) -> &str {
    row.get(1).map_or("", String::as_str)
}

/// Whether the device has room for at least one more extent.
fn grows(device: &str, system: &Probe) -> Result<bool, Failure> {
    let words = ["pvs", "--units", "b", "--nosuffix", "-o", "dev_size,pv_size,pe_start,vg_extent_size", device];
    let row = rows(&words, system)?;
    let numbers: Vec<u64> = row.first().into_iter().flatten().filter_map(|text| text.parse().ok()).collect();
    let [all, used, start, extent] = numbers[..] else { return Ok(false) };
    Ok(all.saturating_sub(start + used) >= extent.max(1))
}

/// What the tests of `lvg` and `lvol` have in common.
#[cfg(test)]
pub(super) mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use ksplay_value::Value;

    use super::super::lvm::table;
    use super::*;
    use crate::{RunOptions, run};

    /// A program that notes how it was called and prints the file that is named after it.
    const STAND_IN: &str = r#"#!/bin/sh
name=$(basename "$0")
cd "$(dirname "$0")"
case "$name" in
vgs|lvs|pvs) cat "$name.out" 2>/dev/null || exit 5;;
*) echo "$name $*" >> calls;;
esac
"#;

    /// What the module says of these answers of `vgs`, `lvs` and `pvs`, and what it calls.
    pub(in super::super) fn called(
        module: &str,
        answers: &[(&str, &str)],
        check: bool,
        args: &str,
    ) -> (String, String) {
        let folder = tempfile::tempdir().unwrap();
        let programs = "vgs lvs pvs pvcreate vgcreate vgextend vgreduce vgremove vgchange pvresize lvcreate lvextend lvreduce lvremove lvchange";
        for name in programs.split(' ') {
            let program = folder.path().join(name);
            fs::write(&program, STAND_IN).unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        }
        for (name, text) in answers {
            fs::write(folder.path().join(format!("{name}.out")), text).unwrap();
        }
        let environment = vec![("PATH".into(), format!("{}:/usr/bin:/bin", folder.path().display()))];
        let options = RunOptions { check, environment, ..RunOptions::default() };
        let args = ksplay_value::text::from_json(args).unwrap();
        let result = run(module, args.as_map().unwrap(), &options, Probe::default());
        let said = match result.get("failed") {
            Some(_) => result.get("msg").map(ToString::to_string).unwrap_or_default(),
            None => result.get("changed").map(Value::to_string).unwrap_or_default(),
        };
        (said, fs::read_to_string(folder.path().join("calls")).unwrap_or_default())
    }

    const NONE: &[(&str, &str)] = &[("vgs", ""), ("pvs", "")];

    #[test]
    fn a_group_is_made_of_devices_and_loses_those_that_are_not_named() {
        let done = |answers, args: &str| called("community.general.lvg", answers, false, args);
        let made =
            done(NONE, r#"{"vg":"v","pvs":["/dev/null"],"pesize":"32","pv_options":"--a b","vg_options":"--c d"}"#);
        let calls = "pvcreate --a b -f /dev/null\nvgcreate --c d -s 32 v /dev/null\n";
        assert_eq!(made, ("True".into(), calls.into()));
        let has_null: &[(&str, &str)] = &[("vgs", "  v;1;0\n"), ("pvs", "  /dev/null;v\n")];
        assert_eq!(done(has_null, r#"{"vg":"v","pvs":["/dev/null"]}"#), ("False".into(), String::new()));
        let moved = done(has_null, r#"{"vg":"v","pvs":["/dev/zero"]}"#);
        let calls = "pvcreate -f /dev/zero\nvgextend v /dev/zero\nvgreduce --force v /dev/null\n";
        assert_eq!(moved, ("True".into(), calls.into()));
        let kept = done(has_null, r#"{"vg":"v","pvs":["/dev/zero"],"remove_extra_pvs":false}"#);
        assert_eq!(kept.1, "pvcreate -f /dev/zero\nvgextend v /dev/zero\n");
        let dry = called("community.general.lvg", has_null, true, r#"{"vg":"v","state":"absent"}"#);
        assert_eq!(dry, ("True".into(), String::new()));
        assert_eq!(done(has_null, r#"{"vg":"v","state":"absent"}"#).1, "vgremove --force v\n");
        assert_eq!(done(NONE, r#"{"vg":"v","state":"absent"}"#).0, "False");
    }

    #[test]
    fn what_cannot_be_is_refused_as_the_reference_refuses_it() {
        let said = |answers, args: &str| called("community.general.lvg", answers, false, args).0;
        assert_eq!(said(NONE, r#"{"vg":"w"}"#), "No physical volumes given.");
        assert_eq!(said(NONE, r#"{"vg":"w","pvs":["/no/device"]}"#), "Device /no/device not found.");
        let full: &[(&str, &str)] = &[("vgs", "  v;1;2\n"), ("pvs", "  /dev/null;v\n")];
        let refused = "Refuse to remove non-empty volume group v without force=true";
        assert_eq!(said(full, r#"{"vg":"v","state":"absent"}"#), refused);
        let taken = "Device /dev/null is already in v volume group.";
        assert_eq!(said(full, r#"{"vg":"w","pvs":["/dev/null"]}"#), taken);
        assert_eq!(
            said(NONE, r#"{"vg":"v","reset_pv_uuid":true}"#),
            "reset_pv_uuid is True but all of the following are missing: pvs"
        );
    }

    #[test]
    fn tables_are_read_by_their_separator() {
        assert_eq!(table("  v;1;2\n\n  w;;\n"), [vec!["v", "1", "2"], vec!["w", "", ""]]);
    }
}
