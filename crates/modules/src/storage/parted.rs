//! `parted`: partitions of disks.

use ksplay_value::{Map, Value};

use crate::arguments::{Opt, OptType};
use crate::{CommandSpec, Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`PartedArgs`].
pub struct Parted;

arguments! {
    /// Makes partitions, changes and removes them, or tells what there is.
    pub struct PartedArgs {
        /// How new partitions are aligned.
        align: String = Opt::str().default("optimal").choices(&["cylinder", "minimal", "none", "optimal", "undefined"]),
        /// The disk.
        device: String = Opt::str().required(),
        /// The flags that the partition has, and no others.
        flags: Value = Opt::list(OptType::Str),
        /// The type of file system that a new partition is for.
        fs_type: Option<String> = Opt::str(),
        /// The kind of partition table; another one that is there is lost.
        label: String = Opt::str()
            .default("msdos")
            .choices(&["aix", "amiga", "bsd", "dvh", "gpt", "loop", "mac", "msdos", "pc98", "sun"]),
        /// The name of the partition.
        name: Option<String> = Opt::str(),
        /// The number of the partition.
        number: Option<i64> = Opt::int(),
        /// Where it ends.
        part_end: String = Opt::str().default("100%"),
        /// Where it begins.
        part_start: String = Opt::str().default("0%"),
        /// The kind of partition.
        part_type: String = Opt::str().default("primary").choices(&["extended", "logical", "primary"]),
        /// Whether the end of a partition that is there is moved.
        resize: bool = Opt::bool().default("false"),
        /// Whether the partition is there; `info` only tells what is.
        state: String = Opt::str().default("info").choices(&["absent", "present", "info"]),
        /// The unit of sizes and places.
        unit: String = Opt::str()
            .default("KiB")
            .choices(&["s", "B", "KB", "KiB", "MB", "MiB", "GB", "GiB", "TB", "TiB", "%", "cyl", "chs", "compact"]),
    }
    rules {
        required_if: &[("state", "present", &["number"]), ("state", "absent", &["number"])],
    }
}

/// The words for `parted`.
#[derive(Debug)]
pub struct PartedPlan {
    args: PartedArgs,
    program: String,
    words: Vec<String>,
    /// Name and flags come when the partition is made.
    then_adjust: bool,
}

impl Module for Parted {
    type Args = PartedArgs;
    type Plan = PartedPlan;

    fn inspect(args: &PartedArgs, system: &Probe) -> Result<Inspection<PartedPlan>, Failure> {
        let number = args.number.unwrap_or(0);
        if args.state != "info" && number < 1 {
            return Err(Failure::new("The partition number must be greater then 0."));
        }
        for (name, place) in [("part_start", &args.part_start), ("part_end", &args.part_end)] {
            check_place(name, place)?;
        }
        let program = system.required("parted")?;
        let now = Disk::now(args, &args.unit, &program, system)?;
        let known = now.partition(number);
        let mut then_adjust = false;
        let words = match args.state.as_str() {
            "info" => {
                return Ok(Inspection::nothing_to_do(now.outcome(&["unit", &args.unit, "print"].map(str::to_owned))));
            }
            "absent" => known.map_or(vec![], |_| vec!["rm".into(), number.to_string()]),
            _ if now.table != args.label || known.is_none() => {
                then_adjust = true;
                let relabel = now.table != args.label;
                let mut words = vec!["unit", &args.unit];
                words.extend(["mklabel", &args.label].iter().filter(|_| relabel));
                words.extend(["mkpart", &args.part_type]);
                words.extend(args.fs_type.as_deref());
                words.extend([args.part_start.as_str(), &args.part_end]);
                words.into_iter().map(str::to_owned).collect()
            }
            _ => {
                let mut words = Vec::new();
                if args.resize && !ends_there(args, number, &program, system)? {
                    words.extend(["resizepart".to_owned(), number.to_string(), args.part_end.clone()]);
                }
                words.extend(adjustments(args, known));
                words
            }
        };
        let outcome = now.outcome(&words);
        if words.is_empty() {
            return Ok(Inspection::nothing_to_do(outcome));
        }
        let plan = PartedPlan { args: args.clone(), program, words, then_adjust };
        Ok(Inspection::change(outcome, plan))
    }

    fn apply(plan: PartedPlan, _: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        let PartedPlan { args, program, mut words, then_adjust } = plan;
        change(&args, &program, &words, system)?;
        if then_adjust {
            let made = Disk::now(&args, &args.unit, &program, system)?;
            let rest = adjustments(&args, made.partition(args.number.unwrap_or(0)));
            if !rest.is_empty() {
                change(&args, &program, &rest, system)?;
                words.extend(rest);
            }
        }
        let mut outcome = Disk::now(&args, &args.unit, &program, system)?.outcome(&words);
        outcome.changed = true;
        Ok(outcome)
    }
}

fn change(args: &PartedArgs, program: &str, words: &[String], system: &mut System) -> Result<(), Failure> {
    let version = system.query(&CommandSpec::new([program, "--version"]).parsable())?.stdout_text();
    let mut argv = vec![program, "-s"];
    argv.extend(knows_fix(&version).then_some("-f"));
    argv.push("-m");
    if args.align != "undefined" {
        argv.extend(["-a", &args.align]);
    }
    argv.extend([args.device.as_str(), "--"]);
    argv.extend(words.iter().map(String::as_str));
    let command = CommandSpec::new(argv).parsable();
    let output = system.run(&command)?;
    if output.ok() {
        return Ok(());
    }
    Err(refused(&format!("Error while running parted script: {}", command.argv.join(" ")), &output))
}

fn refused(message: &str, output: &crate::CommandOutput) -> Failure {
    Failure::new(message).with("rc", output.rc).with("out", output.stdout_text()).with("err", output.stderr_text())
}

/// `-f` came after version 3.4.
fn knows_fix(version: &str) -> bool {
    let word = version.lines().next().and_then(|line| line.rsplit(' ').next()).unwrap_or_default();
    let mut numbers = word.split('.').map(|number| number.parse::<u32>().unwrap_or(0));
    let version = [(); 3].map(|()| numbers.next().unwrap_or(0));
    version >= [3, 4, 64]
}

/// A number and its unit.
fn parts(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '-')).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    Some((number.parse().ok()?, unit.trim()))
}

fn check_place(name: &str, place: &str) -> Result<(), Failure> {
    let units = ["s", "B", "KB", "kB", "KiB", "MB", "MiB", "GB", "GiB", "TB", "TiB", "%", "cyl", "chs"];
    // A place in cylinders, heads and sectors.
    if place.matches(',').count() == 2 {
        return Ok(());
    }
    let Some((_, unit)) = parts(place) else {
        return Err(Failure::new(format!("Error interpreting parted size output: '{place}'")));
    };
    if units.contains(&unit) {
        return Ok(());
    }
    Err(Failure::new(format!("The argument '{name}' doesn't respect required format.The size unit is case sensitive.")))
}

/// Whether the partition ends where it should.
fn ends_there(args: &PartedArgs, number: i64, program: &str, system: &Probe) -> Result<bool, Failure> {
    let Some((wanted, unit)) = parts(&args.part_end) else { return Ok(false) };
    let disk = Disk::now(args, unit, program, system)?;
    let wanted = if wanted < 0.0 { parts(&disk.size).map_or(0.0, |(size, _)| size) + wanted } else { wanted };
    Ok(disk.partition(number).and_then(|known| parts(&known.end)).is_some_and(|(end, _)| end == wanted))
}

/// The words that give a partition its name and flags.
fn adjustments(args: &PartedArgs, known: Option<&Partition>) -> Vec<String> {
    let Some(known) = known else { return Vec::new() };
    let number = known.number.to_string();
    let mut words = Vec::new();
    if let Some(name) = args.name.as_ref().filter(|name| **name != known.name) {
        words.extend(["name".to_owned(), number.clone(), format!("\"{name}\"")]);
    }
    if let Some(flags) = args.flags.as_list() {
        let wanted: Vec<String> = flags.iter().map(ToString::to_string).collect();
        let mut set = |flag: &str, word: &str| {
            words.extend(["set".to_owned(), number.clone(), flag.to_owned(), word.to_owned()]);
        };
        wanted.iter().filter(|flag| !known.flags.contains(flag)).for_each(|flag| set(flag, "on"));
        // In a GPT `boot` and `esp` are one flag.
        let twin = |flag: &str| {
            wanted.iter().any(|wanted| matches!((flag, wanted.as_str()), ("esp", "boot") | ("boot", "esp")))
        };
        known.flags.iter().filter(|flag| !wanted.contains(flag) && !twin(flag)).for_each(|flag| set(flag, "off"));
    }
    if !words.is_empty() {
        words.splice(..0, ["unit".to_owned(), args.unit.clone()]);
    }
    words
}

#[derive(Debug, Default)]
struct Partition {
    number: i64,
    begin: String,
    end: String,
    size: String,
    fstype: String,
    name: String,
    flags: Vec<String>,
}

#[derive(Debug, Default)]
struct Disk {
    device: String,
    size: String,
    logical: i64,
    physical: i64,
    table: String,
    model: String,
    /// Cylinders, heads, sectors and the size of a cylinder.
    geometry: Option<[String; 4]>,
    partitions: Vec<Partition>,
}

impl Disk {
    fn now(args: &PartedArgs, unit: &str, program: &str, system: &Probe) -> Result<Self, Failure> {
        let command = CommandSpec::new([program, "-s", "-m", &args.device, "--", "unit", unit, "print"]).parsable();
        let output = system.query(&command)?;
        // A disk without a partition table is told too.
        if !output.ok() && !output.stderr_text().contains("unrecognised disk label") {
            let script = command.argv.join(" ");
            let message = format!("Error while getting device information with parted script: '{script}'");
            return Err(refused(&message, &output).missing());
        }
        Self::read(&output.stdout_text()).ok_or_else(|| refused("parted tells nothing of the device", &output))
    }

    fn read(text: &str) -> Option<Self> {
        let mut lines = text.lines().map(|line| fields(line.trim().trim_end_matches(';')));
        let kind = lines.find(|fields| matches!(fields.first().map(String::as_str), Some("BYT" | "CHS" | "CYL")))?;
        let disk = lines.next().filter(|fields| fields.len() >= 7)?;
        let geometry = match kind[0].as_str() {
            "BYT" => None,
            _ => lines.next().and_then(|fields| <[String; 4]>::try_from(fields).ok()),
        };
        let partitions = lines.filter(|fields| fields.len() >= 6).map(|fields| {
            let at = |index: usize| fields.get(index).cloned().unwrap_or_default();
            // In cylinders, heads and sectors no size is told.
            let shift = usize::from(kind[0] != "CHS");
            let flags = at(5 + shift);
            Partition {
                number: at(0).parse().unwrap_or(0),
                begin: at(1),
                end: at(2),
                size: if shift == 1 { at(3) } else { String::new() },
                fstype: at(3 + shift),
                name: at(4 + shift),
                flags: flags.split(", ").filter(|flag| !flag.is_empty()).map(str::to_owned).collect(),
            }
        });
        let number = |index: usize| disk[index].parse().unwrap_or(0);
        Some(Self {
            device: disk[0].clone(),
            size: disk[1].clone(),
            logical: number(3),
            physical: number(4),
            table: disk[5].clone(),
            model: disk[6].clone(),
            geometry,
            partitions: partitions.collect(),
        })
    }

    fn partition(&self, number: i64) -> Option<&Partition> {
        self.partitions.iter().find(|partition| partition.number == number)
    }

    fn outcome(&self, script: &[String]) -> Outcome {
        let mut disk = Map::new();
        disk.insert("dev", self.device.as_str());
        disk.insert("size", place(&self.size));
        disk.insert("unit", unit_of(&self.size));
        disk.insert("table", self.table.as_str());
        disk.insert("model", self.model.as_str());
        disk.insert("logical_block", self.logical);
        disk.insert("physical_block", self.physical);
        if let Some([cylinders, heads, sectors, size]) = &self.geometry {
            let count = |text: &str| Value::Int(text.parse().unwrap_or(0));
            let mut geometry = Map::new();
            geometry.insert("cylinders", count(cylinders));
            geometry.insert("heads", count(heads));
            geometry.insert("sectors", count(sectors));
            geometry.insert("cyl_size", place(size));
            geometry.insert("cyl_size_unit", unit_of(size));
            disk.insert("chs_info", geometry);
        }
        let partitions = self.partitions.iter().map(|one| {
            let mut map = Map::new();
            map.insert("num", one.number);
            map.insert("begin", place(&one.begin));
            map.insert("end", place(&one.end));
            map.insert("size", if one.size.is_empty() { "".into() } else { place(&one.size) });
            map.insert("fstype", one.fstype.as_str());
            map.insert("name", one.name.as_str());
            map.insert("flags", one.flags.iter().cloned().collect::<Value>());
            map.insert("unit", unit_of(&one.begin));
            Value::from(map)
        });
        let mut outcome = Outcome::default();
        outcome.values.insert("partitions", partitions.collect::<Value>());
        outcome.values.insert("disk", disk);
        outcome.values.insert("script", script.iter().cloned().collect::<Value>());
        outcome
    }
}

/// The fields of a line; a colon in one of them has a backslash before it.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ':' => fields.push(String::new()),
            '\\' => fields.iter_mut().last().into_iter().for_each(|field| field.extend(letters.next())),
            _ => fields.iter_mut().last().into_iter().for_each(|field| field.push(letter)),
        }
    }
    fields
}

/// The number, or cylinder, head and sector.
fn place(text: &str) -> Value {
    let numbers: Vec<i64> = text.split(',').filter_map(|number| number.parse().ok()).collect();
    if let [cylinder, head, sector] = numbers[..] {
        return Value::from(Map::from([("cylinder", cylinder), ("head", head), ("sector", sector)]));
    }
    parts(text).map_or_else(|| text.into(), |(number, _)| Value::Float(number))
}

fn unit_of(text: &str) -> String {
    if text.contains(',') {
        return "chs".into();
    }
    parts(text).map(|(_, unit)| unit.to_ascii_lowercase()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Arguments, Given};

    const GPT: &str = "BYT;\n/d:102400kiB:file:512:512:gpt::;\n1:17.0kiB:51200kiB:51183kiB::one \\: two:lvm;\n\
                       2:51200kiB:102383kiB:51184kiB:ext4:new:boot, esp;\n";

    fn args(text: &str) -> PartedArgs {
        let given = ksplay_value::text::from_json(text).unwrap();
        Given::check("parted", PartedArgs::SPEC_REF, given.as_map().unwrap()).unwrap().typed().unwrap()
    }

    #[test]
    fn what_is_printed_is_read() {
        let disk = Disk::read(GPT).unwrap();
        assert_eq!((disk.table.as_str(), disk.partitions.len()), ("gpt", 2));
        assert_eq!(disk.partition(1).unwrap().name, "one : two");
        assert_eq!(disk.partition(2).unwrap().flags, ["boot", "esp"]);
        let shown = Value::from(disk.outcome(&[]).values).to_string();
        assert!(shown.contains("'begin': 17.0, 'end': 51200.0, 'size': 51183.0"), "{shown}");
        let chs = "CHS;\n/d:1599,3,31:file:512:512:gpt::;\n1600:4:32:65.5kB;\n1:0,1,2:799,3,31::one two:lvm;\n";
        let shown = Value::from(Disk::read(chs).unwrap().outcome(&[]).values).to_string();
        assert!(shown.contains("'begin': {'cylinder': 0, 'head': 1, 'sector': 2}"), "{shown}");
        assert!(shown.contains("'cyl_size': 65.5, 'cyl_size_unit': 'kb'"), "{shown}");
        assert!(shown.contains("'name': 'one two', 'flags': ['lvm']"), "{shown}");
    }

    #[test]
    fn names_and_flags_are_set_where_they_differ() {
        let disk = Disk::read(GPT).unwrap();
        let words = |text: &str, number| adjustments(&args(text), disk.partition(number)).join(" ");
        let base = r#"{"device":"/d","number":2,"state":"present""#;
        assert_eq!(words(&format!(r#"{base},"flags":["boot"],"name":"new"}}"#), 2), "");
        assert_eq!(
            words(&format!(r#"{base},"flags":["raid"],"name":"a b"}}"#), 1),
            "unit KiB name 1 \"a b\" set 1 raid on set 1 lvm off"
        );
        assert_eq!(words(&format!("{base}}}"), 1), "");
    }

    #[test]
    fn places_have_a_unit() {
        assert!(check_place("part_end", "10GiB").is_ok() && check_place("part_end", "-5%").is_ok());
        assert!(check_place("part_end", "10").unwrap_err().message.starts_with("The argument 'part_end'"));
        assert!(check_place("part_end", "bad").unwrap_err().message.starts_with("Error interpreting"));
        assert!(knows_fix("parted (GNU parted) 3.5") && !knows_fix("parted (GNU parted) 3.2"));
    }
}
