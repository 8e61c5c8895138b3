//! `lvol`: volumes of a group.

use ksplay_value::Map;

use super::lvm::{call, listing, table};
use crate::arguments::{Opt, OptType};
use crate::text::words;
use crate::{CommandSpec, Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`LvolArgs`].
pub struct Lvol;

arguments! {
    /// Makes volumes, snapshots and thin pools of a group, changes and removes them.
    pub struct LvolArgs {
        /// Whether the volume is active.
        active: bool = Opt::bool().default("true"),
        /// Whether a volume may be removed or become smaller.
        force: bool = Opt::bool().default("false"),
        /// The volume.
        lv: Option<String> = Opt::str(),
        /// Options for `lvcreate`.
        opts: Option<String> = Opt::str(),
        /// The devices that it lies on.
        pvs: Vec<String> = Opt::list(OptType::Str),
        /// Whether the file system changes its size too.
        resizefs: bool = Opt::bool().default("false"),
        /// Whether it may become smaller at all.
        shrink: bool = Opt::bool().default("true"),
        /// The size: in megabytes, with a unit, or as `50%VG`; with `+` or `-` by so much.
        size: Option<String> = Opt::str(),
        /// The snapshot, of the volume `lv`.
        snapshot: Option<String> = Opt::str(),
        /// Whether it is there.
        state: String = Opt::str().default("present").choices(&["absent", "present"]),
        /// The thin pool, alone or of the volume `lv`.
        thinpool: Option<String> = Opt::str(),
        /// The group.
        vg: String = Opt::str().required(),
    }
    rules { required_one_of: &[&["lv", "thinpool"]] }
}

/// What is to be run.
#[derive(Debug)]
pub struct LvolPlan {
    commands: Vec<CommandSpec>,
}

/// The size as the user writes it.
struct Size {
    /// `+` or `-` for a change.
    sign: Option<char>,
    number: f64,
    /// `%VG` and its kin, or a unit of one letter.
    unit: String,
    text: String,
}

/// A volume as `lvs` tells it.
struct Volume {
    name: String,
    size: f64,
    attributes: String,
}

/// The whole size of the group, what is free, and that of an extent.
struct Group {
    size: f64,
    free: f64,
    extent: f64,
}

impl Module for Lvol {
    type Args = LvolArgs;
    type Plan = LvolPlan;

    fn inspect(args: &LvolArgs, system: &Probe) -> Result<Inspection<LvolPlan>, Failure> {
        let vg = args.vg.as_str();
        let size = args.size.as_deref().map(Size::of).transpose()?;
        let absent = args.state == "absent";
        let unit = size.as_ref().filter(|size| !size.is_share()).map_or("m".into(), |size| size.unit.to_lowercase());
        let ask = |program: &str, columns: &str, all: bool| {
            let mut words = vec![program];
            words.extend(all.then_some("-a"));
            words.extend(["--nosuffix", "-o", columns, "--units", &unit, vg]);
            system.query(&listing(&words))
        };
        let groups = ask("vgs", "vg_name,size,free,vg_extent_size", false)?;
        if !groups.ok() {
            let message = format!("Volume group {vg} does not exist.");
            if absent {
                let values = Map::from([("stdout", message)]);
                return Ok(Inspection::nothing_to_do(Outcome { values, ..Outcome::default() }));
            }
            return Err(Failure::new(message).with("rc", groups.rc).with("err", groups.stderr_text()).missing());
        }
        let number = |row: &[String], index: usize| row.get(index).and_then(|text| text.parse().ok()).unwrap_or(0.0);
        let row = table(&groups.stdout_text()).into_iter().next().unwrap_or_default();
        let group = Group { size: number(&row, 1), free: number(&row, 2), extent: number(&row, 3) };
        let volumes = table(&ask("lvs", "lv_name,size,lv_attr", true)?.stdout_text());
        let volumes: Vec<Volume> = volumes
            .iter()
            .map(|row| Volume {
                name: row[0].trim_matches(['[', ']']).to_owned(),
                size: number(row, 1),
                attributes: row.get(2).cloned().unwrap_or_default(),
            })
            .collect();
        let find = |name: &str| volumes.iter().find(|volume| volume.name == name);
        let name = args.snapshot.as_ref().or(args.lv.as_ref()).or(args.thinpool.as_ref());
        let name = name.map_or("", String::as_str);
        let Some(volume) = find(name) else {
            let mut outcome = Outcome::default();
            outcome.values.insert("msg", "");
            if absent {
                return Ok(Inspection::nothing_to_do(outcome));
            }
            let has = |name: &String| find(name).is_some();
            let command = created(args, name, size.as_ref(), &has)?;
            return Ok(Inspection::change(outcome, LvolPlan { commands: vec![command] }));
        };
        let path = format!("{vg}/{name}");
        if absent {
            if !args.force {
                return Err(Failure::new(format!("Sorry, no removal of logical volume {name} without force=true.")));
            }
            let commands = vec![call(&["lvremove", "--force", &path])];
            return Ok(Inspection::change(Outcome::default(), LvolPlan { commands }));
        }
        let mut commands = Vec::new();
        if let Some(size) = &size {
            commands.extend(resized(args, size, volume, &group, &path)?);
        }
        if (volume.attributes.as_bytes().get(4) == Some(&b'a')) != args.active {
            commands.push(call(&["lvchange", if args.active { "-ay" } else { "-an" }, &path]));
        }
        let mut outcome = Outcome::default();
        outcome.values.insert("vg", vg);
        outcome.values.insert("lv", name);
        outcome.values.insert("size", volume.size);
        if commands.is_empty() {
            return Ok(Inspection::nothing_to_do(outcome));
        }
        Ok(Inspection::change(outcome, LvolPlan { commands }))
    }

    fn apply(plan: LvolPlan, predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        for command in &plan.commands {
            system.run(command)?.or_stderr(command)?;
        }
        Ok(predicted)
    }
}

impl Size {
    fn of(text: &str) -> Result<Self, Failure> {
        let bad = || Failure::new(format!("Bad size specification of '{text}'"));
        let sign = text.chars().next().filter(|sign| matches!(sign, '+' | '-'));
        let bare = text.trim_start_matches(['+', '-']);
        let end = bare.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(bare.len());
        let (number, unit) = bare.split_at(end);
        let number: f64 = number.parse().map_err(|_| bad())?;
        if let Some(whole) = unit.strip_prefix('%') {
            if number > 100.0 {
                return Err(Failure::new("Size percentage cannot be larger than 100%"));
            }
            if !matches!(whole, "VG" | "PVS" | "FREE" | "ORIGIN") {
                return Err(Failure::new("Specify extents as a percentage of VG|PVS|FREE|ORIGIN"));
            }
        } else if unit.len() > 1 || !unit.chars().all(|letter| "bBsSkKmMgGtTpPeE".contains(letter)) {
            return Err(bad());
        }
        let unit = if unit.is_empty() { "m" } else { unit };
        let text = if end == bare.len() { format!("{text}m") } else { text.to_owned() };
        Ok(Self { sign, number, unit: unit.to_owned(), text })
    }

    /// Whether it is a part of something else.
    fn is_share(&self) -> bool {
        self.unit.starts_with('%')
    }

    fn flag(&self) -> &'static str {
        if self.is_share() { "-l" } else { "-L" }
    }
}

/// The command that makes it.
fn created(
    args: &LvolArgs,
    name: &str,
    size: Option<&Size>,
    has: &dyn Fn(&String) -> bool,
) -> Result<CommandSpec, Failure> {
    let vg = args.vg.as_str();
    // A snapshot of a thin volume has none.
    let size = size.ok_or_else(|| Failure::new("No size given."))?;
    if size.sign.is_some() {
        return Err(Failure::new(format!("Bad size specification of '{}' for creating LV {name}", size.text)));
    }
    let mut words = vec!["lvcreate".to_owned(), "--yes".to_owned()];
    let mut add = |more: &[&str]| words.extend(more.iter().map(ToString::to_string));
    let mut target = vg.to_owned();
    match (&args.snapshot, &args.lv, &args.thinpool) {
        (Some(snapshot), Some(origin), _) => {
            if !has(origin) {
                let message = format!("Snapshot origin LV {origin} does not exist in volume group {vg}.");
                return Err(Failure::new(message).missing());
            }
            add(&[size.flag(), &size.text, "-s", "-n", snapshot]);
            target = format!("{vg}/{origin}");
        }
        (_, Some(lv), Some(pool)) => {
            if !has(pool) {
                let message = format!("Thin pool LV {pool} does not exist in volume group {vg}.");
                return Err(Failure::new(message).missing());
            }
            if size.is_share() {
                return Err(Failure::new("Thin volume sizing with percentage not supported."));
            }
            add(&["-n", lv, "-V", &size.text]);
            target = format!("{vg}/{pool}");
        }
        (_, None, Some(pool)) => {
            add(&[size.flag(), &size.text]);
            target = format!("{vg}/{pool}");
        }
        _ => add(&["-n", name, size.flag(), &size.text]),
    }
    words.extend(words::split(args.opts.as_deref().unwrap_or_default()).map_err(Failure::new)?);
    if args.thinpool.is_some() && args.snapshot.is_none() {
        words.push("-T".into());
    }
    words.push(target);
    words.extend(args.pvs.iter().cloned());
    Ok(CommandSpec::new(words).parsable())
}

/// The command that gives it this size; none when it has it.
fn resized(
    args: &LvolArgs,
    size: &Size,
    volume: &Volume,
    group: &Group,
    path: &str,
) -> Result<Option<CommandSpec>, Failure> {
    let name = &volume.name;
    let amount = match size.unit.as_str() {
        "%VG" | "%PVS" => size.number * group.size / 100.0,
        "%FREE" => size.number * group.free / 100.0,
        "%ORIGIN" => return Ok(None),
        _ => size.number,
    };
    let wanted = match size.sign {
        Some('+') => volume.size + amount,
        Some(_) => volume.size - amount,
        None => amount,
    };
    // A volume has whole extents, and a listing two digits: what is less than an extent is no difference.
    let difference = wanted - volume.size;
    let nothing = difference.abs() < group.extent.max(0.01) && size.sign.is_none();
    let rounds_up = difference > 0.01 && !size.is_share();
    if nothing && !rounds_up {
        return Ok(None);
    }
    let mut words = Vec::new();
    if difference > 0.0 {
        if group.free <= 0.0 || group.free < difference {
            return Err(Failure::new(format!(
                "Logical Volume {name} could not be extended. Not enough free space left ({}{unit} required / {}{unit} \
                 available)",
                shown(difference),
                shown(group.free),
                unit = if size.is_share() { "m" } else { &size.unit }
            )));
        }
        words.push("lvextend");
    } else if !args.shrink || difference == 0.0 {
        return Ok(None);
    } else if wanted <= 0.0 {
        return Err(Failure::new(format!("Sorry, no shrinking of {name} to 0 permitted.")));
    } else if !args.force {
        return Err(Failure::new(format!("Sorry, no shrinking of {name} without force=true.")));
    } else {
        words.extend(["lvreduce", "--force"]);
    }
    words.extend(args.resizefs.then_some("--resizefs"));
    words.extend([size.flag(), &size.text, path]);
    words.extend(args.pvs.iter().map(String::as_str));
    Ok(Some(CommandSpec::new(words).parsable()))
}

fn shown(number: f64) -> String {
    ksplay_value::text::float(number)
}

#[cfg(test)]
mod tests {
    use super::super::lvg::tests::called;

    const EMPTY: &[(&str, &str)] = &[("vgs", "  v;10240.00;5000.00;4.00\n"), ("lvs", "")];
    const FULL: &[(&str, &str)] =
        &[("vgs", "  v;10240.00;5000.00;4.00\n"), ("lvs", "  l;512.00;-wi-a-----\n  tp;512.00;twi-a-----\n")];

    fn done(answers: &[(&str, &str)], args: &str) -> (String, String) {
        called("community.general.lvol", answers, false, &format!(r#"{{"vg":"v",{args}}}"#))
    }

    /// The calls that community.general makes for these arguments.
    #[test]
    fn volumes_are_made_as_the_reference_makes_them() {
        for (args, call) in [
            (r#""lv":"l","size":"512""#, "lvcreate --yes -n l -L 512m v"),
            (
                r#""lv":"l","size":"50%VG","opts":"-r 16","pvs":["/dev/a"]"#,
                "lvcreate --yes -n l -l 50%VG -r 16 v /dev/a",
            ),
            (r#""lv":"l","size":"5.5g""#, "lvcreate --yes -n l -L 5.5g v"),
            (r#""thinpool":"tp","size":"512""#, "lvcreate --yes -L 512m -T v/tp"),
        ] {
            assert_eq!(done(EMPTY, args), ("True".into(), format!("{call}\n")));
        }
        for (args, call) in [
            (r#""lv":"new","thinpool":"tp","size":"512""#, "lvcreate --yes -n new -V 512m -T v/tp"),
            (r#""lv":"l","snapshot":"s","size":"512","opts":"-pr""#, "lvcreate --yes -L 512m -s -n s -pr v/l"),
            (r#""lv":"l","size":"1000","resizefs":true"#, "lvextend --resizefs -L 1000m v/l"),
            (r#""lv":"l","size":"20%VG","pvs":["/dev/a"]"#, "lvextend -l 20%VG v/l /dev/a"),
            (r#""lv":"l","size":"100","force":true"#, "lvreduce --force -L 100m v/l"),
            (r#""lv":"l","size":"+100""#, "lvextend -L +100m v/l"),
            (r#""lv":"l","size":"+100%FREE""#, "lvextend -l +100%FREE v/l"),
            (r#""lv":"l","active":false"#, "lvchange -an v/l"),
            (r#""lv":"l","state":"absent","force":true"#, "lvremove --force v/l"),
        ] {
            assert_eq!(done(FULL, args), ("True".into(), format!("{call}\n")));
            let dry = called("community.general.lvol", FULL, true, &format!(r#"{{"vg":"v",{args}}}"#));
            assert_eq!(dry, ("True".into(), String::new()));
        }
        for args in [r#""lv":"l","size":"512""#, r#""lv":"l""#, r#""lv":"l","size":"100","shrink":false"#] {
            assert_eq!(done(FULL, args), ("False".into(), String::new()));
        }
    }

    #[test]
    fn what_cannot_be_is_refused_as_the_reference_refuses_it() {
        for (args, message) in [
            (r#""lv":"new""#, "No size given."),
            (r#""lv":"new","size":"abc""#, "Bad size specification of 'abc'"),
            (r#""lv":"new","size":"120%VG""#, "Size percentage cannot be larger than 100%"),
            (r#""lv":"new","size":"10%FOO""#, "Specify extents as a percentage of VG|PVS|FREE|ORIGIN"),
            (r#""size":"512""#, "one of the following is required: lv, thinpool"),
            (r#""lv":"l","size":"100""#, "Sorry, no shrinking of l without force=true."),
            (r#""lv":"l","state":"absent""#, "Sorry, no removal of logical volume l without force=true."),
            (r#""lv":"m","snapshot":"s","size":"5""#, "Snapshot origin LV m does not exist in volume group v."),
            (r#""lv":"m","thinpool":"q","size":"5""#, "Thin pool LV q does not exist in volume group v."),
            (
                r#""lv":"l","size":"60%VG""#,
                "Logical Volume l could not be extended. Not enough free space left (5632.0m required / 5000.0m available)",
            ),
        ] {
            assert_eq!(done(FULL, args), (message.into(), String::new()));
        }
        assert_eq!(done(&[], r#""lv":"l","size":"5""#).0, "Volume group v does not exist.");
        assert_eq!(done(&[], r#""lv":"l","state":"absent""#).0, "False");
    }
}
