//! `ufw`: the firewall of that name.

use std::path::Path;

use ksplay_value::Value;

use crate::arguments::Opt;
use crate::{CommandSpec, Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`UfwArgs`].
pub struct Ufw;

arguments! {
    /// Keeps rules, policies and the state of the firewall `ufw`.
    pub struct UfwArgs {
        /// A remark that stands with the rule.
        comment: Option<String> = Opt::str(),
        /// What becomes of packets that no rule decides about.
        default: Option<String> = Opt::str().choices(&["allow", "deny", "reject"]).aliases(&["policy"]),
        /// Whether the rule is removed.
        delete: bool = Opt::bool().default("false"),
        /// The direction: `in` and `out` for a rule, `incoming`, `outgoing` and `routed` for a policy.
        direction: Option<String> = Opt::str().choices(&["in", "incoming", "out", "outgoing", "routed"]),
        /// The address packets come from.
        from_ip: String = Opt::str().default("any").aliases(&["from", "src"]),
        /// The port packets come from.
        from_port: Option<String> = Opt::str(),
        /// The place where the rule is inserted.
        insert: Option<i64> = Opt::int(),
        /// What that place is counted from.
        insert_relative_to: String = Opt::str()
            .default("zero")
            .choices(&["first-ipv4", "first-ipv6", "last-ipv4", "last-ipv6", "zero"]),
        /// The interface, in the direction of the rule.
        interface: Option<String> = Opt::str().aliases(&["if"]),
        /// The interface that packets come by.
        interface_in: Option<String> = Opt::str().aliases(&["if_in"]),
        /// The interface that packets leave by.
        interface_out: Option<String> = Opt::str().aliases(&["if_out"]),
        /// Whether new connections that match are logged.
        log: bool = Opt::bool().default("false"),
        /// How much is logged.
        logging: Option<String> = Opt::str().choices(&["on", "off", "low", "medium", "high", "full"]),
        /// A profile of an application.
        name: Option<String> = Opt::str().aliases(&["app"]),
        /// The protocol.
        proto: Option<String> = Opt::str()
            .choices(&["any", "tcp", "udp", "ipv6", "esp", "ah", "gre", "igmp", "vrrp"])
            .aliases(&["protocol"]),
        /// Whether the rule is for packets that are passed on.
        route: bool = Opt::bool().default("false"),
        /// What becomes of packets that match.
        rule: Option<String> = Opt::str().choices(&["allow", "deny", "limit", "reject"]),
        /// Whether the firewall is on, now and at each start; `reset` removes all rules.
        state: Option<String> = Opt::str().choices(&["disabled", "enabled", "reloaded", "reset"]),
        /// The address packets go to.
        to_ip: String = Opt::str().default("any").aliases(&["dest", "to"]),
        /// The port packets go to.
        to_port: Option<String> = Opt::str().aliases(&["port"]),
    }
    rules {
        mutually_exclusive: &[
            &["name", "proto", "logging"],
            &["direction", "interface_in"],
            &["direction", "interface_out"],
        ],
        required_one_of: &[&["state", "default", "rule", "logging"]],
    }
}

/// The commands, and what they are to change.
#[derive(Debug)]
pub struct UfwPlan {
    program: String,
    commands: Vec<CommandSpec>,
    before: Shown,
    /// It counts as a change whatever it comes to.
    always: bool,
}

/// All that a change shows in.
#[derive(Debug, PartialEq, Eq)]
struct Shown {
    status: String,
    /// The rules for IPv4, and those for IPv6.
    rules: [Vec<String>; 2],
}

impl Module for Ufw {
    type Args = UfwArgs;
    type Plan = UfwPlan;

    fn inspect(args: &UfwArgs, system: &Probe) -> Result<Inspection<UfwPlan>, Failure> {
        check(args)?;
        let program = system.required("ufw")?;
        let mut log = Vec::new();
        let before = Shown::now(&program, &mut log, system)?;
        let mut changed = false;
        let mut commands = Vec::new();
        let command = |words: &[&str]| CommandSpec::new([program.as_str()].iter().chain(words).copied()).parsable();
        let active = before.status.contains("Status: active");
        let mut always = false;
        match args.state.as_deref() {
            Some("enabled") => {
                commands.push(command(&["-f", "enable"]));
                changed |= !active;
            }
            Some("disabled") => {
                commands.push(command(&["-f", "disable"]));
                changed |= active;
            }
            Some(state) => {
                commands.push(command(&["-f", if state == "reset" { "reset" } else { "reload" }]));
                always = true;
            }
            None => {}
        }
        if let Some(policy) = &args.default {
            let mut words = vec!["default", policy];
            words.extend(args.direction.as_deref());
            commands.push(command(&words));
            let direction = args.direction.as_deref().unwrap_or("incoming");
            changed |= !before.has_policy(policy, direction);
        }
        if args.rule.is_some() {
            let position = position(args, &program, system)?;
            let wanted = command(&rule(args, position.as_deref()));
            if system.check {
                let mut dry = wanted.clone();
                dry.argv.insert(1, "--dry-run".into());
                let output = run(&dry, &mut log, |command| system.query(command))?;
                changed |= before.differs_from(&output);
            }
            commands.push(wanted);
        }
        if let Some(level) = &args.logging {
            commands.push(command(&["logging", level]));
            changed |= !before.logs(level);
        }
        let mut outcome = Outcome { changed: changed || always, ..Outcome::default() };
        outcome.values.insert("commands", log.into_iter().collect::<Value>());
        Ok(Inspection { predicted: outcome, plan: Some(UfwPlan { program, commands, before, always }) })
    }

    fn apply(plan: UfwPlan, mut predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        let mut log = predicted.values.get("commands").and_then(Value::as_list).unwrap_or_default().to_vec();
        for command in &plan.commands {
            run(command, &mut log, |command| system.run(command))?;
        }
        let after = Shown::now(&plan.program, &mut log, system)?;
        predicted.changed = plan.always || after != plan.before;
        predicted.values.insert("commands", log.into_iter().collect::<Value>());
        predicted.values.insert("msg", after.status.trim_end());
        Ok(predicted)
    }
}

fn check(args: &UfwArgs) -> Result<(), Failure> {
    if args.interface.is_some() && args.direction.is_none() {
        return Err(Failure::new("missing parameter(s) required by 'interface': direction"));
    }
    let direction = args.direction.as_deref().unwrap_or_default();
    if args.default.is_some() && !matches!(direction, "" | "outgoing" | "incoming" | "routed") {
        return Err(Failure::new(
            "For default, direction must be one of \"outgoing\", \"incoming\" and \"routed\", or direction must not be \
             specified.",
        ));
    }
    if args.rule.is_some() && !matches!(direction, "" | "in" | "out") {
        return Err(Failure::new(
            "For rules, direction must be one of \"in\" and \"out\", or direction must not be specified.",
        ));
    }
    if args.rule.is_some() && !args.route && args.interface_in.is_some() && args.interface_out.is_some() {
        return Err(Failure::new("Only route rules can combine interface_in and interface_out"));
    }
    Ok(())
}

/// Runs it and gives its output; one that fails tells all commands until then.
fn run(
    command: &CommandSpec,
    log: &mut Vec<Value>,
    start: impl FnOnce(&CommandSpec) -> Result<crate::CommandOutput, Failure>,
) -> Result<String, Failure> {
    log.push(command.shown().into());
    let output = start(command)?;
    if output.ok() {
        return Ok(output.stdout_text());
    }
    let said = [output.stderr_text(), output.stdout_text()].into_iter().find(|text| !text.is_empty());
    Err(Failure::new(said.unwrap_or_default()).with("commands", log.iter().cloned().collect::<Value>()))
}

/// The words of a rule for the program.
fn rule<'a>(args: &'a UfwArgs, position: Option<&'a str>) -> Vec<&'a str> {
    let mut words = Vec::new();
    words.extend(args.route.then_some("route"));
    words.extend(args.delete.then_some("delete"));
    if let Some(position) = position {
        words.extend(["insert", position]);
    }
    words.extend(args.rule.as_deref());
    words.extend(args.direction.as_deref());
    let mut with = |before: &[&'a str], value: &'a Option<String>| {
        if let Some(value) = value {
            words.extend(before);
            words.push(value);
        }
    };
    with(&["on"], &args.interface);
    with(&["in", "on"], &args.interface_in);
    with(&["out", "on"], &args.interface_out);
    words.extend(args.log.then_some("log"));
    for (side, address, port) in [("from", &args.from_ip, &args.from_port), ("to", &args.to_ip, &args.to_port)] {
        words.extend([side, address]);
        words.extend(port.iter().flat_map(|port| ["port", port]));
    }
    for (name, value) in [("proto", &args.proto), ("app", &args.name), ("comment", &args.comment)] {
        words.extend(value.iter().flat_map(|value| [name, value]));
    }
    words
}

/// The number that a rule is inserted as; none when it goes behind all others.
fn position(args: &UfwArgs, program: &str, system: &Probe) -> Result<Option<String>, Failure> {
    let Some(wanted) = args.insert.filter(|_| !args.delete) else { return Ok(None) };
    if args.insert_relative_to == "zero" {
        return Ok(Some(wanted.to_string()));
    }
    let command = CommandSpec::new([program, "status", "numbered"]).parsable();
    let listing = system.query(&command)?.or_stderr(&command)?.stdout_text();
    let rules: Vec<&str> = listing.lines().filter(|line| line.starts_with('[')).collect();
    let all = i64::try_from(rules.len()).unwrap_or(i64::MAX);
    let is_v6 = |line: &&&str| {
        line.contains("(v6)")
            || line.split_whitespace().any(|word| word.bytes().filter(|byte| *byte == b':').count() > 1)
    };
    let v4 = all - i64::try_from(rules.iter().filter(is_v6).count()).unwrap_or(all);
    let base = match args.insert_relative_to.as_str() {
        "first-ipv4" => 1,
        "last-ipv4" => v4.max(1),
        "first-ipv6" => v4 + 1,
        _ => all.max(v4 + 1),
    };
    let number = (base + wanted).max(0);
    Ok((number <= all).then(|| number.to_string()))
}

fn rules_of(text: &str) -> Vec<String> {
    text.lines().filter(|line| line.starts_with("### tuple")).map(str::to_owned).collect()
}

impl Shown {
    fn now(program: &str, log: &mut Vec<Value>, system: &Probe) -> Result<Self, Failure> {
        let command = CommandSpec::new([program, "status", "verbose"]).parsable();
        let status = run(&command, log, |command| system.query(command))?;
        let rules = ["user.rules", "user6.rules"].map(|name| {
            let folders = ["/lib/ufw", "/etc/ufw", "/var/lib/ufw"].map(Path::new);
            folders
                .iter()
                .flat_map(|folder| rules_of(&system.read_text(&folder.join(name)).unwrap_or_default()))
                .collect()
        });
        Ok(Self { status, rules })
    }

    /// Whether the rules that a dry run prints are others; it prints only those that it would write.
    fn differs_from(&self, printed: &str) -> bool {
        let chains = [":ufw-user-input", ":ufw6-user-input"];
        let now =
            chains.iter().zip(&self.rules).filter(|(chain, _)| printed.contains(**chain)).flat_map(|(_, rules)| rules);
        !now.eq(&rules_of(printed))
    }

    /// What the line of the status that begins so says.
    fn line(&self, name: &str) -> &str {
        self.status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim()
    }

    /// Whether this is the policy; what is not passed on at all has none.
    fn has_policy(&self, policy: &str, direction: &str) -> bool {
        let mut parts = self.line("Default:").split(", ").filter_map(|part| part.split_once(" ("));
        let now = parts.find(|(_, name)| name.trim_end_matches(')') == direction).map(|(now, _)| now);
        now.is_some_and(|now| now == policy || now == "disabled")
    }

    fn logs(&self, level: &str) -> bool {
        let now = self.line("Logging:");
        match level {
            "on" | "off" => now.split(' ').next() == Some(level),
            _ => now.strip_prefix("on (").map(|now| now.trim_end_matches(')')) == Some(level),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Arguments, Given};

    fn args(text: &str) -> UfwArgs {
        let given = ksplay_value::text::from_json(text).unwrap();
        Given::check("ufw", UfwArgs::SPEC_REF, given.as_map().unwrap()).unwrap().typed().unwrap()
    }

    /// The words that community.general gives to ufw for these arguments.
    #[test]
    fn rules_are_those_of_the_reference() {
        for (given, words) in [
            (r#"{"rule":"allow","port":"80","proto":"tcp"}"#, "allow from any to any port 80 proto tcp"),
            (
                r#"{"rule":"deny","from":"10.0.0.0/8","to_port":"22","proto":"tcp","interface":"eth0","direction":"in",
                "comment":"ssh","log":true}"#,
                "deny in on eth0 log from 10.0.0.0/8 to any port 22 proto tcp comment ssh",
            ),
            (
                r#"{"rule":"allow","route":true,"interface_in":"a","interface_out":"b","from_ip":"1.2.3.4","from_port":"55",
                "to_ip":"5.6.7.8","to_port":"66","proto":"udp"}"#,
                "route allow in on a out on b from 1.2.3.4 port 55 to 5.6.7.8 port 66 proto udp",
            ),
            (r#"{"rule":"allow","delete":true,"name":"OpenSSH"}"#, "delete allow from any to any app OpenSSH"),
        ] {
            assert_eq!(rule(&args(given), None).join(" "), words);
        }
    }

    #[test]
    fn a_dry_run_changes_what_it_prints_otherwise() {
        let rules = [vec!["### tuple ### allow 80".to_owned()], vec!["### tuple ### allow 81".to_owned()]];
        let now = Shown { status: String::new(), rules };
        assert!(!now.differs_from("Skipping adding existing rule\n"));
        assert!(!now.differs_from(":ufw-user-input - [0:0]\n### tuple ### allow 80\nRules updated\n"));
        assert!(now.differs_from(":ufw6-user-input - [0:0]\n### tuple ### allow 81\n### tuple ### allow 82\n"));
    }

    #[test]
    fn the_status_tells_policies_and_how_much_is_logged() {
        let status =
            "Status: active\nLogging: on (low)\nDefault: deny (incoming), allow (outgoing), disabled (routed)\n";
        let now = Shown { status: status.into(), rules: Default::default() };
        assert!(now.has_policy("deny", "incoming") && !now.has_policy("deny", "outgoing"));
        assert!(now.has_policy("allow", "routed"));
        assert!(now.logs("on") && now.logs("low") && !now.logs("medium") && !now.logs("off"));
    }
}
