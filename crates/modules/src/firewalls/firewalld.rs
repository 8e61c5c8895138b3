//! `firewalld`: what the zones of that firewall let through.

use ksplay_value::{Map, Value};

use crate::arguments::{Opt, OptType};
use crate::{CommandSpec, Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`FirewalldArgs`].
pub struct Firewalld;

arguments! {
    /// Keeps zones of firewalld, and what they let through, by `firewall-cmd`.
    pub struct FirewalldArgs {
        /// Whether packets are passed on within the zone.
        forward: Option<bool> = Opt::bool(),
        /// A type of ICMP packets that is blocked.
        icmp_block: Option<String> = Opt::str(),
        /// Whether all types of ICMP packets are blocked but those that are named.
        icmp_block_inversion: Option<bool> = Opt::bool(),
        /// Whether the running firewall changes; it does where `permanent` is not set.
        immediate: bool = Opt::bool().default("false"),
        /// An interface that belongs to the zone.
        interface: Option<String> = Opt::str(),
        /// Whether packets that are passed on get the address of this machine.
        masquerade: Option<bool> = Opt::bool(),
        /// Whether `immediate` is passed over where the firewall does not run.
        offline: bool = Opt::bool().default("false"),
        /// Whether the stored configuration changes.
        permanent: bool = Opt::bool().default("false"),
        /// A port, or a range of ports: `80/tcp`.
        port: Option<String> = Opt::str(),
        /// A port that is passed on, with `port`, `proto`, `toport` and `toaddr`.
        port_forward: Vec<Map> = Opt::list(OptType::Dict),
        /// A protocol.
        protocol: Option<String> = Opt::str(),
        /// A rule in firewalld's language.
        rich_rule: Option<String> = Opt::str(),
        /// A service that firewalld knows.
        service: Option<String> = Opt::str(),
        /// An address or network that belongs to the zone.
        source: Option<String> = Opt::str(),
        /// Whether it is so; `present` and `absent` are for zones.
        state: String = Opt::str().required().choices(&["absent", "disabled", "enabled", "present"]),
        /// What becomes of packets that nothing in the zone decides about.
        target: Option<String> = Opt::str().choices(&["default", "ACCEPT", "DROP", "%%REJECT%%"]),
        /// After how many seconds the running firewall forgets it.
        timeout: i64 = Opt::int().default("0"),
        /// The zone; without it the default one.
        zone: Option<String> = Opt::str(),
    }
    rules {
        mutually_exclusive: &[&[
            "icmp_block", "icmp_block_inversion", "service", "protocol", "port", "port_forward", "rich_rule", "interface",
            "forward", "masquerade", "source", "target",
        ]],
    }
}

/// The commands, and what is said when they are done.
#[derive(Debug)]
pub struct FirewalldPlan {
    commands: Vec<CommandSpec>,
    messages: Vec<String>,
}

/// One thing that a zone has or has not.
struct Setting {
    /// What `--query-`, `--add-` and `--remove-` are put before.
    name: &'static str,
    value: Option<String>,
    wanted: bool,
    message: String,
}

/// How the firewall is reached.
struct Firewall {
    running: bool,
    zone: Option<String>,
}

impl Module for Firewalld {
    type Args = FirewalldArgs;
    type Plan = FirewalldPlan;

    fn inspect(args: &FirewalldArgs, system: &Probe) -> Result<Inspection<FirewalldPlan>, Failure> {
        let settings = setting(args, "");
        check(args, settings.is_some())?;
        let state = CommandSpec::new(["firewall-cmd", "--state"]).parsable();
        let running = system.query(&state)?.ok();
        let mut immediate = args.immediate || !args.permanent;
        if !running && immediate {
            if !args.offline {
                return Err(Failure::new(
                    "firewall is not currently running, unable to perform immediate actions without a running firewall \
                     daemon",
                )
                .missing());
            }
            immediate = false;
        }
        let firewall = Firewall { running, zone: args.zone.clone() };
        let operation = match (args.permanent, immediate) {
            (true, true) => "Permanent and Non-Permanent(immediate) operation",
            (true, false) => "Permanent operation",
            _ => "Non-permanent operation",
        };
        let mut plan = FirewalldPlan { commands: Vec::new(), messages: vec![operation.to_owned()] };
        if args.target.is_some() {
            firewall.target(args, &mut plan, system)?;
        } else if matches!(args.state.as_str(), "present" | "absent") {
            firewall.zone(args, &mut plan, system)?;
        } else if settings.is_some() {
            let zone = match &args.zone {
                Some(zone) => zone.clone(),
                None => firewall.ask(&["--get-default-zone"], true, system)?.stdout_text().trim().to_owned(),
            };
            if let Some(setting) = setting(args, &zone) {
                let query = setting.word("query");
                for permanent in [false, true] {
                    if !(if permanent { args.permanent } else { immediate }) {
                        continue;
                    }
                    let now = firewall.ask(&[&query], permanent, system)?.ok();
                    if now != setting.wanted {
                        let verb = match (setting.wanted, setting.name) {
                            (true, "interface") => "change",
                            (true, _) => "add",
                            (false, _) => "remove",
                        };
                        let timeout = format!("--timeout={}", args.timeout);
                        let mut words = vec![setting.word(verb)];
                        words.extend((args.timeout > 0 && setting.wanted && !permanent).then_some(timeout));
                        plan.commands.push(firewall.command(&words, permanent));
                    }
                }
                plan.messages.extend((!plan.commands.is_empty()).then_some(setting.message));
            }
        } else {
            plan.messages.clear();
        }
        if !running && !plan.messages.is_empty() {
            plan.messages.push("(offline operation: only on-disk configs were altered)".into());
        }
        let mut outcome = Outcome::default();
        if plan.commands.is_empty() {
            outcome.values.insert("msg", plan.messages.join(", "));
            return Ok(Inspection::nothing_to_do(outcome));
        }
        Ok(Inspection::change(outcome, plan))
    }

    fn apply(plan: FirewalldPlan, mut predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        for command in &plan.commands {
            let output = system.run(command)?;
            if !output.ok() {
                return Err(refused(&output));
            }
        }
        predicted.values.insert("msg", plan.messages.join(", "));
        Ok(predicted)
    }
}

fn check(args: &FirewalldArgs, has_setting: bool) -> Result<(), Failure> {
    if args.offline && !args.permanent {
        return Err(Failure::new("offline cannot be enabled unless permanent changes are allowed"));
    }
    if args.port_forward.len() > 1 {
        return Err(Failure::new("Only one port forward supported at a time"));
    }
    if args.port.as_ref().is_some_and(|port| !port.contains('/')) {
        return Err(Failure::new("improper port format (missing protocol?)"));
    }
    if matches!(args.state.as_str(), "present" | "absent") {
        if has_setting {
            return Err(Failure::new("absent and present state can only be used in zone level operations"));
        }
        if args.zone.is_none() {
            return Err(Failure::new("`state: present` and `absent` are for a zone: name it with `zone`"));
        }
    }
    let of_zone = args.target.is_some() || matches!(args.state.as_str(), "present" | "absent");
    if of_zone && (!args.permanent || args.immediate) {
        return Err(Failure::new(
            "Zone operations must be permanent. Make sure you didn't set the 'permanent' flag to 'false' or the \
             'immediate' flag to 'true'.",
        ));
    }
    for forward in &args.port_forward {
        let missing: Vec<&str> =
            ["port", "proto", "toport"].into_iter().filter(|name| !forward.contains_key(name)).collect();
        if !missing.is_empty() {
            let missing = missing.join(", ");
            return Err(Failure::new(format!("missing required arguments: {missing} found in port_forward")));
        }
    }
    Ok(())
}

/// What the arguments ask of this zone.
fn setting(args: &FirewalldArgs, zone: &str) -> Option<Setting> {
    let enabled = args.state == "enabled";
    let texts = [
        ("service", "service", &args.service),
        ("port", "port", &args.port),
        ("protocol", "protocol", &args.protocol),
        ("rich-rule", "rich_rule", &args.rich_rule),
        ("icmp-block", "icmp-block", &args.icmp_block),
    ];
    let state = &args.state;
    let moved = |what: &str, added: bool| match added {
        true => format!("Added {what} to zone {zone}"),
        false => format!("Removed {what} from zone {zone}"),
    };
    let make = |name, value: Option<&str>, wanted, message| {
        Some(Setting { name, value: value.map(str::to_owned), wanted, message })
    };
    for (name, shown, value) in texts {
        if let Some(value) = value {
            return make(name, Some(value), enabled, format!("Changed {shown} {value} to {state}"));
        }
    }
    if let Some(source) = &args.source {
        return make("source", Some(source), enabled, moved(source, enabled));
    }
    if let Some(interface) = &args.interface {
        let message = if enabled { format!("Changed {interface} to zone {zone}") } else { moved(interface, false) };
        return make("interface", Some(interface), enabled, message);
    }
    for (name, value) in [("masquerade", args.masquerade), ("forward", args.forward)] {
        if let Some(value) = value {
            return make(name, None, enabled == value, moved(name, enabled == value));
        }
    }
    if let Some(value) = args.icmp_block_inversion {
        let shown = if value { "True" } else { "False" };
        let message = format!("Changed icmp-block-inversion {shown} to {state}");
        return make("icmp-block-inversion", None, enabled == value, message);
    }
    let forward = args.port_forward.first()?;
    let text =
        |name: &str| forward.get(name).filter(|value| !value.is_null()).map(Value::to_string).unwrap_or_default();
    let value =
        format!("port={}:proto={}:toport={}:toaddr={}", text("port"), text("proto"), text("toport"), text("toaddr"));
    make("forward-port", Some(&value), enabled, format!("Changed port_forward {value} to {state}"))
}

impl Setting {
    fn word(&self, verb: &str) -> String {
        match &self.value {
            Some(value) => format!("--{verb}-{}={value}", self.name),
            None => format!("--{verb}-{}", self.name),
        }
    }
}

impl Firewall {
    /// A command about the zone, in the running firewall or in what is stored.
    fn command(&self, words: &[String], permanent: bool) -> CommandSpec {
        let program = if self.running { "firewall-cmd" } else { "firewall-offline-cmd" };
        let mut argv = vec![program.to_owned()];
        argv.extend((self.running && permanent).then(|| "--permanent".to_owned()));
        argv.extend(self.zone.iter().map(|zone| format!("--zone={zone}")));
        argv.extend_from_slice(words);
        CommandSpec::new(argv).parsable()
    }

    /// What it answers; no is 1, and anything else is an error.
    fn ask(&self, words: &[&str], permanent: bool, system: &Probe) -> Result<crate::CommandOutput, Failure> {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        // What is asked of all zones names none, and the default zone is that of the running firewall.
        let of_all = words[0].starts_with("--get-") && words[0] != "--get-target";
        let asked = Self { running: self.running, zone: self.zone.clone().filter(|_| !of_all) };
        let output = system.query(&asked.command(&words, permanent && words[0] != "--get-default-zone"))?;
        if matches!(output.rc, 0 | 1) { Ok(output) } else { Err(refused(&output)) }
    }

    fn zone(&self, args: &FirewalldArgs, plan: &mut FirewalldPlan, system: &Probe) -> Result<(), Failure> {
        let Some(zone) = &self.zone else { return Ok(()) };
        let known = self.ask(&["--get-zones"], true, system)?.stdout_text();
        let wanted = args.state == "present";
        if known.split_whitespace().any(|known| known == zone) != wanted {
            let (verb, done) = if wanted { ("new", "Added") } else { ("delete", "Removed") };
            let all = Self { running: self.running, zone: None };
            plan.commands.push(all.command(&[format!("--{verb}-zone={zone}")], true));
            plan.messages.push(format!("{done} zone {zone}"));
            plan.messages.push(format!("Changed zone {zone} to {}", args.state));
        }
        Ok(())
    }

    fn target(&self, args: &FirewalldArgs, plan: &mut FirewalldPlan, system: &Probe) -> Result<(), Failure> {
        let sets = matches!(args.state.as_str(), "present" | "enabled");
        let wanted = args.target.as_deref().filter(|_| sets).unwrap_or("default");
        let now = self.ask(&["--get-target"], true, system)?.stdout_text();
        if now.trim() != wanted {
            plan.commands.push(self.command(&[format!("--set-target={wanted}")], true));
            let zone = self.zone.as_deref().unwrap_or_default();
            plan.messages.push(match sets {
                true => format!("Set zone {zone} target to {wanted}"),
                false => format!("Reset zone {zone} target to default"),
            });
        }
        Ok(())
    }
}

fn refused(output: &crate::CommandOutput) -> Failure {
    let said = output.stderr_text();
    let said = said.trim();
    Failure::new(format!("ERROR: Exception caught: {}", said.strip_prefix("Error: ").unwrap_or(said)))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::{RunOptions, run};

    /// A firewall that notes what is done to it; it has the words of the file `there`.
    const STAND_IN: &str = r#"#!/bin/sh
cd "$(dirname "$0")"
case "$*" in
--state) [ ! -e stopped ];;
*--get-default-zone) echo public;;
*--get-zones) echo public dmz;;
*--get-target) echo default;;
*--query-*) case " $(cat there) " in *" $* "*) ;; *) exit 1;; esac;;
*) echo "$(basename "$0") $*" >> calls;;
esac
"#;

    fn called(there: &str, running: bool, check: bool, args: &str) -> (String, String) {
        let folder = tempfile::tempdir().unwrap();
        for name in ["firewall-cmd", "firewall-offline-cmd"] {
            let program = folder.path().join(name);
            fs::write(&program, STAND_IN).unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        }
        fs::write(folder.path().join("there"), there).unwrap();
        if !running {
            fs::write(folder.path().join("stopped"), "").unwrap();
        }
        let environment = vec![("PATH".into(), format!("{}:/usr/bin:/bin", folder.path().display()))];
        let options = RunOptions { check, environment, ..RunOptions::default() };
        let args = ksplay_value::text::from_json(args).unwrap();
        let result = run("ansible.posix.firewalld", args.as_map().unwrap(), &options, Probe::default());
        let message = result.get("msg").map(ToString::to_string).unwrap_or_default();
        (message, fs::read_to_string(folder.path().join("calls")).unwrap_or_default())
    }

    /// The messages that ansible.posix gives for these arguments.
    #[test]
    fn what_is_not_there_is_added_and_told_as_the_reference_tells_it() {
        for (args, message, calls) in [
            (
                r#"{"service":"https","state":"enabled"}"#,
                "Non-permanent operation, Changed service https to enabled",
                "firewall-cmd --add-service=https\n",
            ),
            (
                r#"{"port":"8081/tcp","state":"enabled","permanent":true,"immediate":true,"zone":"dmz"}"#,
                "Permanent and Non-Permanent(immediate) operation, Changed port 8081/tcp to enabled",
                "firewall-cmd --zone=dmz --add-port=8081/tcp\nfirewall-cmd --permanent --zone=dmz --add-port=8081/tcp\n",
            ),
            (
                r#"{"source":"10.0.0.0/8","state":"enabled","permanent":true}"#,
                "Permanent operation, Added 10.0.0.0/8 to zone public",
                "firewall-cmd --permanent --add-source=10.0.0.0/8\n",
            ),
            (
                r#"{"interface":"lo","zone":"dmz","state":"enabled","permanent":true}"#,
                "Permanent operation, Changed lo to zone dmz",
                "firewall-cmd --permanent --zone=dmz --change-interface=lo\n",
            ),
            (
                r#"{"icmp_block_inversion":true,"state":"enabled","permanent":true}"#,
                "Permanent operation, Changed icmp-block-inversion True to enabled",
                "firewall-cmd --permanent --add-icmp-block-inversion\n",
            ),
            (
                r#"{"port_forward":[{"port":443,"proto":"tcp","toport":8443}],"state":"enabled","permanent":true}"#,
                "Permanent operation, Changed port_forward port=443:proto=tcp:toport=8443:toaddr= to enabled",
                "firewall-cmd --permanent --add-forward-port=port=443:proto=tcp:toport=8443:toaddr=\n",
            ),
            (
                r#"{"zone":"custom","state":"present","permanent":true}"#,
                "Permanent operation, Added zone custom, Changed zone custom to present",
                "firewall-cmd --permanent --new-zone=custom\n",
            ),
            (
                r#"{"zone":"dmz","target":"DROP","state":"enabled","permanent":true}"#,
                "Permanent operation, Set zone dmz target to DROP",
                "firewall-cmd --permanent --zone=dmz --set-target=DROP\n",
            ),
            (
                r#"{"port":"9/tcp","state":"enabled","timeout":60}"#,
                "Non-permanent operation, Changed port 9/tcp to enabled",
                "firewall-cmd --add-port=9/tcp --timeout=60\n",
            ),
        ] {
            assert_eq!(called("", true, false, args), (message.into(), calls.into()));
            assert_eq!(called("", true, true, args), (String::new(), String::new()));
        }
    }

    #[test]
    fn what_is_there_stays() {
        let there = "--permanent --query-service=https";
        let args = r#"{"service":"https","state":"enabled","permanent":true}"#;
        assert_eq!(called(there, true, false, args), ("Permanent operation".into(), String::new()));
        let there = "--permanent --zone=dmz --query-masquerade";
        let removed = "Permanent operation, Removed masquerade from zone dmz";
        let args = r#"{"masquerade":false,"zone":"dmz","state":"enabled","permanent":true}"#;
        let calls = "firewall-cmd --permanent --zone=dmz --remove-masquerade\n";
        assert_eq!(called(there, true, false, args), (removed.into(), calls.into()));
    }

    #[test]
    fn a_firewall_that_does_not_run_is_changed_on_disk_alone() {
        let args = r#"{"service":"https","state":"enabled","permanent":true,"immediate":true,"offline":true}"#;
        let message = "Permanent operation, Changed service https to enabled, (offline operation: only on-disk configs were \
                       altered)";
        let calls = "firewall-offline-cmd --add-service=https\n";
        assert_eq!(called("", false, false, args), (message.into(), calls.into()));
        let refused = called("", false, false, r#"{"service":"https","state":"enabled"}"#);
        assert!(refused.0.starts_with("firewall is not currently running") && refused.1.is_empty());
    }

    #[test]
    fn what_cannot_be_is_told_before_anything() {
        for (args, message) in [
            (r#"{"port":"161","state":"enabled"}"#, "improper port format (missing protocol?)"),
            (
                r#"{"service":"https","state":"present"}"#,
                "absent and present state can only be used in zone level operations",
            ),
            (
                r#"{"port":"9/tcp","state":"enabled","immediate":true,"offline":true}"#,
                "offline cannot be enabled unless permanent changes are allowed",
            ),
        ] {
            assert_eq!(called("", true, false, args), (message.into(), String::new()));
        }
    }
}
