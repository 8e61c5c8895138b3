//! `alternatives`: which of several programs a common name stands for.

use std::path::PathBuf;

use ksplay_value::{Map, Value};

use crate::arguments::{Opt, OptType};
use crate::{CommandSpec, Diff, Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`AlternativesArgs`].
pub struct Alternatives;

arguments! {
    /// Chooses which of several programs a common name stands for.
    pub struct AlternativesArgs {
        /// The family of alternatives that are chosen together; where RPM is.
        family: Option<String> = Opt::str(),
        /// The link that leads to the program.
        link: Option<PathBuf> = Opt::path(),
        /// The name.
        name: String = Opt::str().required(),
        /// The program.
        path: Option<PathBuf> = Opt::path(),
        /// Its priority where the choice is automatic; 50 for a new one.
        priority: Option<i64> = Opt::int(),
        /// Whether the alternative is known (`present`), the chosen one (`selected`), or known where the choice is
        /// automatic (`auto`).
        state: String = Opt::str().default("selected").choices(&["present", "selected", "auto", "absent"]),
        /// Further links that go with it, each with `name`, `link` and `path`.
        subcommands: Value = Opt::list(OptType::Dict).aliases(&["slaves"]),
    }
    rules { required_one_of: &[&["path", "family"]] }
}

/// A further link.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
struct Follower {
    name: String,
    link: String,
    path: String,
}

/// One of the alternatives.
#[derive(Debug, Default)]
struct Alternative {
    path: String,
    priority: i64,
    family: Option<String>,
    followers: Vec<Follower>,
}

/// All that is known of a name.
#[derive(Debug, Default)]
struct Known {
    link: Option<String>,
    automatic: bool,
    current: Option<String>,
    alternatives: Vec<Alternative>,
}

impl Module for Alternatives {
    type Args = AlternativesArgs;
    type Plan = Vec<CommandSpec>;

    fn inspect(args: &AlternativesArgs, system: &Probe) -> Result<Inspection<Self::Plan>, Failure> {
        let wanted_followers = followers(&args.subcommands)?;
        let program = system.required("update-alternatives").or_else(|_| system.required("alternatives"))?;
        let call = |words: &[&str]| CommandSpec::new([program.as_str()].iter().chain(words).copied()).parsable();
        let output = system.query(&call(&["--display", &args.name]))?;
        let known = output.ok().then(|| Known::of(&output.stdout_text()));
        let known_link = known.as_ref().and_then(|known| known.link.clone()).or_else(|| {
            let text = system.read_text(format!("/var/lib/alternatives/{}", args.name).as_ref()).ok()?;
            text.lines().nth(1).map(str::to_owned)
        });
        let alternatives = known.as_ref().map_or(&[][..], |known| &known.alternatives);
        let given = args.path.as_ref().map(|path| path.display().to_string());
        let this = alternatives.iter().find(|one| match &given {
            Some(path) => one.path == *path,
            None => one.family.is_some() && one.family == args.family,
        });
        let path = given.clone().or_else(|| this.map(|one| one.path.clone())).or_else(|| args.family.clone());
        let path = path.unwrap_or_default();
        let current = known.as_ref().and_then(|known| known.current.as_deref());

        let mut before = Map::new();
        if let Some(one) = this {
            let free = known.as_ref().is_some_and(|known| !known.automatic) && current != Some(&one.path);
            before.insert("state", if free { "selected" } else { "present" });
            before.insert("path", one.path.as_str());
            before.insert("priority", one.priority);
            before.insert("link", known_link.clone().map_or(Value::Null, Value::from));
            if !one.followers.is_empty() {
                before.insert("subcommands", shown(&one.followers));
            }
        } else if known.is_some() {
            before.insert("state", "absent");
        }
        let mut after = Map::new();
        let mut messages = Vec::new();
        let mut commands = Vec::new();
        if args.state == "absent" {
            if let Some(one) = this {
                commands.push(call(&["--remove", &args.name, &one.path]));
                messages.push(format!("Remove alternative '{}' from '{}'.", one.path, args.name));
                after.insert("state", "absent");
            }
        } else {
            let differs = this.is_none_or(|one| {
                args.priority.is_some_and(|priority| priority != one.priority)
                    || wanted_followers.as_ref().is_some_and(|wanted| sorted(wanted) != sorted(&one.followers))
            });
            if differs && given.is_some() {
                if !system.exists(path.as_ref()) {
                    return Err(Failure::new(format!("Specified path {path} does not exist")).missing());
                }
                let link = args.link.as_ref().map(|link| link.display().to_string()).or(known_link);
                let link = link.ok_or_else(|| {
                    Failure::new("Needed to install the alternative, but unable to do so as we are missing the link")
                })?;
                let priority = args.priority.or(this.map(|one| one.priority)).unwrap_or(50);
                let kept = wanted_followers.as_deref().or(this.map(|one| &one.followers[..])).unwrap_or_default();
                let number = priority.to_string();
                let mut words = vec!["--install", &link, &args.name, &path, &number];
                words.extend(args.family.iter().flat_map(|family| ["--family", family]));
                words.extend(kept.iter().flat_map(|one| ["--slave", &one.link, &one.name, &one.path]));
                commands.push(call(&words));
                messages.push(format!("Install alternative '{path}' for '{}'.", args.name));
                after.insert("state", "present");
                after.insert("path", path.as_str());
                after.insert("family", args.family.clone().map_or(Value::Null, Value::from));
                after.insert("link", link);
                after.insert("priority", priority);
                if !kept.is_empty() {
                    after.insert("subcommands", shown(kept));
                }
            }
            if args.state == "selected" && current != Some(&path) {
                commands.push(call(&["--set", &args.name, &path]));
                messages.push(format!("Set alternative '{path}' for '{}'.", args.name));
                after.insert("state", "selected");
            }
            if args.state == "auto" && known.as_ref().is_some_and(|known| !known.automatic) {
                commands.push(call(&["--auto", &args.name]));
                messages.push(format!("Set alternative to auto for '{}'.", args.name));
                after.insert("state", "present");
            }
        }
        let diff = Diff { before: before.into(), after: after.into(), ..Diff::default() };
        let mut outcome = Outcome { diff: diff.into(), ..Outcome::default() };
        outcome.values.insert("msg", messages.join(" "));
        if commands.is_empty() {
            return Ok(Inspection::nothing_to_do(outcome));
        }
        Ok(Inspection::change(outcome, commands))
    }

    fn apply(plan: Self::Plan, predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        for command in &plan {
            system.run(command)?.or_stderr(command)?;
        }
        Ok(predicted)
    }
}

fn sorted(followers: &[Follower]) -> Vec<&Follower> {
    let mut all: Vec<&Follower> = followers.iter().collect();
    all.sort_unstable();
    all
}

fn shown(followers: &[Follower]) -> Value {
    let one = |one: &Follower| Value::from(Map::from([("name", &*one.name), ("link", &one.link), ("path", &one.path)]));
    followers.iter().map(one).collect()
}

/// What `subcommands` has; nothing when it is not given.
fn followers(given: &Value) -> Result<Option<Vec<Follower>>, Failure> {
    let Some(items) = given.as_list() else { return Ok(None) };
    let follower = |item: &Value| {
        let missing: Vec<&str> = ["link", "name", "path"].into_iter().filter(|name| item.get(name).is_none()).collect();
        if !missing.is_empty() {
            return Err(Failure::new(format!(
                "missing required arguments: {} found in subcommands",
                missing.join(", ")
            )));
        }
        let text = |name: &str| item.get(name).map(ToString::to_string).unwrap_or_default();
        Ok(Follower { name: text("name"), link: text("link"), path: text("path") })
    };
    items.iter().map(follower).collect::<Result<_, _>>().map(Some)
}

impl Known {
    /// Reads what `--display` says, that of Debian and that of Red Hat.
    fn of(text: &str) -> Self {
        let mut known = Self::default();
        let mut links: Vec<(String, String)> = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let rest = line.trim();
            if number == 0 {
                known.automatic = rest.ends_with("auto mode") || rest.ends_with("status is auto.");
            } else if let Some(path) = rest.strip_prefix("link currently points to ") {
                known.current = Some(path.to_owned());
            } else if let Some((path, priority)) = rest.split_once(" - ").filter(|_| line.starts_with('/')) {
                let mut one = Alternative { path: path.into(), ..Alternative::default() };
                let mut words = priority.split_whitespace();
                while let Some(word) = words.next() {
                    match word {
                        "priority" => one.priority = words.next().and_then(|word| word.parse().ok()).unwrap_or(0),
                        "family" => one.family = words.next().map(str::to_owned),
                        _ => {}
                    }
                }
                known.alternatives.push(one);
            } else if let Some(rest) = rest.strip_prefix("slave ").or_else(|| rest.strip_prefix("follower ")) {
                if let Some((name, path)) = rest.split_once(": ") {
                    let link = links.iter().find(|(known, _)| known == name).map(|(_, link)| link.clone());
                    let follower = Follower { name: name.into(), link: link.unwrap_or_default(), path: path.into() };
                    known
                        .alternatives
                        .iter_mut()
                        .last()
                        .into_iter()
                        .for_each(|one| one.followers.push(follower.clone()));
                } else if let Some((name, link)) = rest.split_once(" is ") {
                    links.push((name.into(), link.into()));
                }
            } else if let Some((_, link)) = rest.strip_prefix("link ").and_then(|rest| rest.split_once(" is "))
                && link.starts_with('/')
                && !rest.starts_with("link best version")
            {
                known.link = Some(link.to_owned());
            }
        }
        known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_debian_displays_is_read() {
        let known = Known::of(
            "tool - manual mode\n  link best version is /opt/a/v2\n  link currently points to /opt/a/v1\n  \
             link tool is /usr/bin/tool\n  slave toolman is /usr/share/tool.1\n/opt/a/v1 - priority 50\n  \
             slave toolman: /opt/a/m1\n/opt/a/v2 - priority -70\n",
        );
        assert!(!known.automatic);
        assert_eq!(known.link.as_deref(), Some("/usr/bin/tool"));
        assert_eq!(known.current.as_deref(), Some("/opt/a/v1"));
        let follower = Follower { name: "toolman".into(), link: "/usr/share/tool.1".into(), path: "/opt/a/m1".into() };
        assert_eq!(known.alternatives[0].followers, [follower]);
        assert_eq!((known.alternatives[1].path.as_str(), known.alternatives[1].priority), ("/opt/a/v2", -70));
    }

    #[test]
    fn what_red_hat_displays_is_read() {
        let known = Known::of(
            "tool - status is auto.\n link currently points to /opt/a/v2\n/opt/a/v1 - family f priority 50\n \
             follower toolman: /opt/a/m1\n/opt/a/v2 - priority 70\nCurrent `best' version is /opt/a/v2.\n",
        );
        assert!(known.automatic);
        assert_eq!(known.alternatives[0].family.as_deref(), Some("f"));
        assert_eq!(known.alternatives[0].priority, 50);
        assert_eq!(known.current.as_deref(), Some("/opt/a/v2"));
    }
}
