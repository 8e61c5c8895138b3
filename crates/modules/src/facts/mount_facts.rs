//! `mount_facts`: what is mounted, and what would be.

use std::collections::HashMap;
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use ksplay_value::{Map, Value};

use super::devices::Links;
use super::look::Look;
use super::mounts::{sizes, unescape};
use crate::arguments::{Opt, OptType};
use crate::text::glob;
use crate::{CommandSpec, Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`MountFactsArgs`].
pub struct MountFacts;

arguments! {
    /// Gathers facts about mounts, from the tables that are named.
    pub struct MountFactsArgs {
        /// Patterns of devices; only mounts of one of them are told.
        devices: Vec<String> = Opt::list(OptType::Str),
        /// Patterns of types of file systems; only mounts of one of them are told.
        fstypes: Vec<String> = Opt::list(OptType::Str),
        /// Whether mounts that hide behind others are told too, in a list; when this is null, a warning tells of them.
        include_aggregate_mounts: Option<bool> = Opt::bool(),
        /// The program that lists mounts where no table is; null for none.
        mount_binary: Value = Opt::raw().default("mount"),
        /// What happens when the size of a mount takes longer than `timeout`.
        on_timeout: String = Opt::str().default("error").choices(&["error", "warn", "ignore"]),
        /// The tables: files, `mount` for the program, `dynamic`, `static` or `all`.
        sources: Vec<String> = Opt::list(OptType::Str),
        /// How many seconds the size of a mount may take.
        timeout: Option<f64> = Opt::float(),
    }
}

const DYNAMIC: [&str; 3] = ["/etc/mtab", "/proc/mounts", "/etc/mnttab"];
const STATIC: [&str; 3] = ["/etc/fstab", "/etc/vfstab", "/etc/filesystems"];

/// A line of a table.
struct Mount {
    device: String,
    point: String,
    kind: String,
    options: String,
    /// `dump` and `passno`, where they are given.
    numbers: Vec<i64>,
    line: String,
}

impl Module for MountFacts {
    type Args = MountFactsArgs;
    type Plan = ();

    fn inspect(args: &MountFactsArgs, system: &Probe) -> Result<Inspection<()>, Failure> {
        if let Some(timeout) = args.timeout.filter(|timeout| *timeout <= 0.0 || !timeout.is_finite()) {
            let timeout = ksplay_value::text::float(timeout);
            let message = format!("argument 'timeout' must be a positive number or null, not {timeout}");
            return Err(Failure::new(message));
        }
        if args.mount_binary.as_str().is_none() && !args.mount_binary.is_null() {
            let message = format!("argument 'mount_binary' must be a string or null, not {}", args.mount_binary);
            return Err(Failure::new(message));
        }
        let mut outcome = Outcome::default();
        let tables = tables(args, &mut outcome, system)?;
        let look = Look::new(system);
        let uuids = Links::read(&look).uuids_by_path(&look);
        let wanted = |patterns: &[String], name: &str| {
            patterns.is_empty() || patterns.iter().any(|pattern| glob::matches(pattern, name))
        };
        let mut points = Map::new();
        let mut all = Vec::new();
        let mut repeated = Vec::new();
        for (source, mounts) in tables {
            let mounts: Vec<Mount> = mounts
                .into_iter()
                .filter(|mount| wanted(&args.devices, &mount.device) && wanted(&args.fstypes, &mount.kind))
                .collect();
            let count = |point: &str| mounts.iter().filter(|mount| mount.point == point).count();
            if mounts.iter().any(|mount| count(&mount.point) > 1) {
                let told: Value = mounts.iter().map(|mount| mount.point.as_str()).collect();
                repeated.push(format!("{source} ({})", ksplay_value::text::repr(&told)));
            }
            for mount in mounts {
                let fact = fact(&mount, &source, &uuids, args, &mut outcome, system)?;
                if args.include_aggregate_mounts == Some(true) {
                    all.push(Value::from(fact.clone()));
                }
                if !points.contains_key(&mount.point) {
                    points.insert(mount.point, fact);
                }
            }
        }
        if args.include_aggregate_mounts.is_none() && !repeated.is_empty() {
            outcome.warnings.push(format!(
                "mount_facts: ignoring repeat mounts in the following sources: {}. You can disable this warning by \
                 configuring the 'include_aggregate_mounts' option as True or False.",
                repeated.join(", ")
            ));
        }
        let mut facts = Map::from([("mount_points", Value::from(points))]);
        facts.insert("aggregate_mounts", all.into_iter().collect::<Value>());
        outcome.facts = Some(facts);
        Ok(Inspection::nothing_to_do(outcome))
    }

    fn apply((): (), predicted: Outcome, _: &mut System) -> Result<Outcome, Failure> {
        Ok(predicted)
    }
}

/// The tables that are there, each once.
fn tables(args: &MountFactsArgs, outcome: &mut Outcome, system: &Probe) -> Result<Vec<(String, Vec<Mount>)>, Failure> {
    let mut names: Vec<String> = Vec::new();
    let asked = if args.sources.is_empty() { &["all".to_owned()][..] } else { &args.sources };
    for source in asked {
        let (dynamic, fixed) = match source.as_str() {
            "all" => (&DYNAMIC[..], &STATIC[..]),
            "dynamic" => (&DYNAMIC[..], &[][..]),
            "static" => (&[][..], &STATIC[..]),
            "" => return Err(Failure::new("argument 'sources' contains an empty string")),
            other => {
                names.push(other.to_owned());
                continue;
            }
        };
        names.extend(dynamic.iter().chain(fixed).map(ToString::to_string));
    }
    if names.iter().enumerate().any(|(index, name)| names[..index].contains(name)) {
        let shown = ksplay_value::text::repr(&names.iter().cloned().collect::<Value>());
        outcome.warnings.push(format!(
            "mount_facts option 'sources' contains duplicate entries, repeat sources will be ignored: {shown}"
        ));
    }
    let mut seen = Vec::new();
    let mut found = Vec::new();
    let mut dynamic_found = false;
    for name in &names {
        let real = system.canonicalize(Path::new(name)).unwrap_or_else(|_| name.into());
        if seen.contains(&real) {
            continue;
        }
        seen.push(real);
        if name == "mount" {
            found.push((name.clone(), listed(&args.mount_binary, system)?));
        } else if let Ok(text) = system.read_text(Path::new(name)) {
            dynamic_found |= DYNAMIC.contains(&name.as_str()) && !text.is_empty();
            found.push((name.clone(), table(&text).unwrap_or_default()));
        }
    }
    let asks_program =
        names.iter().any(|name| DYNAMIC.contains(&name.as_str())) && !names.iter().any(|name| name == "mount");
    if asks_program && !dynamic_found && !args.mount_binary.is_null() {
        found.push(("mount".into(), listed(&args.mount_binary, system)?));
    }
    Ok(found)
}

/// The mounts of a table like `/etc/fstab`; none when it has lines of another kind.
fn table(text: &str) -> Option<Vec<Mount>> {
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let [device, point, kind, options, rest @ ..] = &fields[..] else { return None };
            Some(Mount {
                device: unescape(device),
                point: unescape(point),
                kind: unescape(kind),
                options: unescape(options),
                numbers: rest.iter().take(2).map_while(|number| number.parse().ok()).collect(),
                line: line.to_owned(),
            })
        })
        .collect()
}

/// The mounts that the program lists: `proc on /proc type proc (rw,relatime)`.
fn listed(program: &Value, system: &Probe) -> Result<Vec<Mount>, Failure> {
    let program = program.as_str().unwrap_or("mount");
    let command = CommandSpec::new([system.required(program)?]).parsable();
    let text = system.query(&command)?.or_stderr(&command)?.stdout_text();
    let mount = |line: &str| {
        let (device, rest) = line.split_once(" on ")?;
        let (point, rest) = rest.split_once(" type ")?;
        let (kind, options) = rest.split_once(" (")?;
        Some(Mount {
            device: device.into(),
            point: point.into(),
            kind: kind.into(),
            options: options.trim_end_matches(')').into(),
            numbers: Vec::new(),
            line: line.into(),
        })
    };
    Ok(text.lines().filter_map(mount).collect())
}

fn fact(
    mount: &Mount,
    source: &str,
    uuids: &HashMap<String, String>,
    args: &MountFactsArgs,
    outcome: &mut Outcome,
    system: &Probe,
) -> Result<Map, Failure> {
    let mut fact = Map::from([
        ("mount", mount.point.as_str()),
        ("device", &mount.device),
        ("fstype", &mount.kind),
        ("options", &mount.options),
    ]);
    for (name, number) in ["dump", "passno"].into_iter().zip(&mount.numbers) {
        fact.insert(name, *number);
    }
    let uuid = mount.device.strip_prefix("UUID=").map(str::to_owned).or_else(|| uuids.get(&mount.device).cloned());
    fact.insert("uuid", uuid.map_or(Value::Null, Value::from));
    let mut context = Map::from([("source", source)]);
    context.insert("source_data", mount.line.as_str());
    fact.insert("ansible_context", context);
    match patiently(&mount.point, args.timeout, system) {
        Some(sizes) => fact.extend(sizes.unwrap_or_default()),
        None => {
            let seconds = ksplay_value::text::float(args.timeout.unwrap_or_default());
            let message = format!("the size of the mount {} did not come within {seconds} seconds", mount.point);
            match args.on_timeout.as_str() {
                "error" => return Err(Failure::new(message)),
                "warn" => outcome.warnings.push(message),
                _ => {}
            }
        }
    }
    Ok(fact)
}

/// The sizes of a mount; none when they take too long. A dead network share blocks whoever asks, hence the thread.
fn patiently(point: &str, timeout: Option<f64>, system: &Probe) -> Option<Option<Map>> {
    let (send, receive) = mpsc::channel();
    let asked = point.to_owned();
    std::thread::spawn(move || send.send(sizes(&asked)));
    let until = timeout.map(|timeout| Instant::now() + Duration::from_secs_f64(timeout));
    loop {
        let step = Duration::from_millis(200);
        let left = until.map_or(step, |until| until.saturating_duration_since(Instant::now()).min(step));
        if let Ok(sizes) = receive.recv_timeout(left) {
            return Some(sizes);
        }
        if system.cancelled() || until.is_some_and(|until| Instant::now() >= until) {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RunOptions, run};

    fn call(args: &str) -> Map {
        let args = ksplay_value::text::from_json(args).unwrap();
        run("mount_facts", args.as_map().unwrap(), &RunOptions::default(), Probe::default())
    }

    #[test]
    fn a_table_is_told_with_what_stands_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fstab");
        let text =
            "/dev/none1 /no/where ext4 ro\n\n  # c\nUUID=u none swap sw 0 2\nLABEL=x /no/a\\040b ext4 rw 0 0 # c\n";
        std::fs::write(&path, text).unwrap();
        let result = call(&format!(r#"{{"sources":["{}"]}}"#, path.display()));
        let facts = result.get("ansible_facts").unwrap();
        let shown = facts.get("mount_points").unwrap().to_string().replace(path.to_str().unwrap(), "T");
        let wanted = "{'/no/where': {'mount': '/no/where', 'device': '/dev/none1', 'fstype': 'ext4', 'options': 'ro', \
                      'uuid': None, 'ansible_context': {'source': 'T', 'source_data': '/dev/none1 /no/where ext4 ro'}}, \
                      'none': {'mount': 'none', 'device': 'UUID=u', 'fstype': 'swap', 'options': 'sw', 'dump': 0, \
                      'passno': 2, 'uuid': 'u', 'ansible_context': {'source': 'T', 'source_data': 'UUID=u none swap sw 0 2'}}, \
                      '/no/a b': {'mount': '/no/a b', 'device': 'LABEL=x', 'fstype': 'ext4', 'options': 'rw', 'dump': 0, \
                      'passno': 0, 'uuid': None, 'ansible_context': {'source': 'T', 'source_data': \
                      'LABEL=x /no/a\\\\040b ext4 rw 0 0 # c'}}}";
        assert_eq!(shown, wanted);
        assert_eq!(facts.get("aggregate_mounts").unwrap().to_string(), "[]");
    }

    #[test]
    fn mounts_are_chosen_and_repeated_ones_are_told_or_listed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fstab");
        std::fs::write(&path, "/dev/a /no/x ext4 a 0 0\n/dev/b /no/x ext4 ro 0 0\n/dev/c /no/y xfs ro 0 0\n").unwrap();
        let path = path.display();
        let count = |result: &Map| {
            let facts = result.get("ansible_facts").unwrap();
            let points = facts.get("mount_points").unwrap().as_map().unwrap().len();
            (points, facts.get("aggregate_mounts").unwrap().as_list().unwrap().len())
        };
        let warned = call(&format!(r#"{{"sources":["{path}"]}}"#));
        assert_eq!(count(&warned), (2, 0));
        let warning = warned.get("warnings").unwrap().to_string();
        assert!(warning.contains(&format!(
            "ignoring repeat mounts in the following sources: {path} (['/no/x', '/no/x', '/no/y'])"
        )));
        assert_eq!(count(&call(&format!(r#"{{"sources":["{path}"],"include_aggregate_mounts":true}}"#))), (2, 3));
        assert_eq!(count(&call(&format!(r#"{{"sources":["{path}"],"fstypes":["xf*"]}}"#))), (1, 0));
        let one = call(&format!(r#"{{"sources":["{path}"],"devices":["/dev/a"]}}"#));
        assert_eq!((count(&one), one.get("warnings")), ((1, 0), None));
    }

    #[test]
    fn what_is_mounted_has_sizes() {
        let result = call(r#"{"sources":["dynamic"],"fstypes":["proc"],"timeout":5}"#);
        let points = result.get("ansible_facts").unwrap().get("mount_points").unwrap();
        assert_eq!(points.get("/proc").unwrap().get("size_total"), Some(&Value::Int(0)));
        let refused = call(r#"{"timeout":0}"#);
        let message = "argument 'timeout' must be a positive number or null, not 0.0";
        assert_eq!(refused.get("msg").unwrap().to_string(), message);
    }
}
