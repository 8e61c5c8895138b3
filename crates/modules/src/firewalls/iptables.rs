//! `iptables`: rules, chains and policies of the kernel's packet filter.

use ksplay_value::{Map, Value};

use crate::arguments::{Opt, OptType};
use crate::{CommandSpec, Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`IptablesArgs`].
pub struct Iptables;

arguments! {
    /// Keeps rules, chains and policies of the kernel's packet filter, until the machine starts anew.
    pub struct IptablesArgs {
        /// Whether a new rule is put behind the others or before them.
        action: String = Opt::str().default("append").choices(&["append", "insert"]),
        /// The chain.
        chain: Option<String> = Opt::str(),
        /// Whether the chain itself is made, or removed where nothing else is given.
        chain_management: bool = Opt::bool().default("false"),
        /// A remark that stands with the rule.
        comment: Option<String> = Opt::str(),
        /// The states of connections that match: `NEW`, `ESTABLISHED`, …
        ctstate: Vec<String> = Opt::list(OptType::Str).default("[]"),
        /// The address packets go to; `!` before it inverts that.
        destination: Option<String> = Opt::str(),
        /// The port, or `FIRST:LAST`, packets go to.
        destination_port: Option<String> = Opt::str(),
        /// Several ports that packets go to.
        destination_ports: Vec<String> = Opt::list(OptType::Str).default("[]"),
        /// The range of addresses packets go to: `FIRST-LAST`.
        dst_range: Option<String> = Opt::str(),
        /// Whether all rules of the chain, or of the table, are removed.
        flush: bool = Opt::bool().default("false"),
        /// Match second and further fragments.
        fragment: Option<String> = Opt::str(),
        /// Where a copy of the packet is sent; for `TEE`.
        gateway: Option<String> = Opt::str(),
        /// The group of the program that sends.
        gid_owner: Option<String> = Opt::str(),
        /// The chain where it goes on, without coming back.
        goto: Option<String> = Opt::str(),
        /// The type of an ICMP packet.
        icmp_type: Option<String> = Opt::str(),
        /// The interface that a packet came by.
        in_interface: Option<String> = Opt::str(),
        /// For which of both protocols it is.
        ip_version: String = Opt::str().default("ipv4").choices(&["ipv4", "ipv6", "both"]),
        /// What becomes of the packet: `ACCEPT`, `DROP`, a chain, …
        jump: Option<String> = Opt::str(),
        /// How often the rule matches at most: `5/second`.
        limit: Option<String> = Opt::str(),
        /// How many packets match before that limit counts.
        limit_burst: Option<String> = Opt::str(),
        /// The level of the log; for `LOG`.
        log_level: Option<String> = Opt::str().choices(&[
            "0", "1", "2", "3", "4", "5", "6", "7", "emerg", "alert", "crit", "error", "warning", "notice", "info", "debug",
        ]),
        /// The text before a line of the log; for `LOG`.
        log_prefix: Option<String> = Opt::str(),
        /// The extensions that match.
        r#match: Vec<String> = Opt::list(OptType::Str).default("[]"),
        /// A set of `ipset` that matches.
        match_set: Option<String> = Opt::str(),
        /// What of the packet is looked up in that set.
        match_set_flags: Option<String> = Opt::str()
            .choices(&["src", "dst", "src,dst", "dst,src", "dst,dst", "src,src"]),
        /// Whether chains are listed without asking for names of addresses.
        numeric: bool = Opt::bool().default("false"),
        /// The interface that a packet leaves by.
        out_interface: Option<String> = Opt::str(),
        /// What becomes of packets that no rule of the chain decides about.
        policy: Option<String> = Opt::str().choices(&["ACCEPT", "DROP", "QUEUE", "RETURN"]),
        /// The protocol: `tcp`, `udp`, …
        protocol: Option<String> = Opt::str(),
        /// What a refused sender is told; for `REJECT`.
        reject_with: Option<String> = Opt::str(),
        /// The place where a rule is inserted.
        rule_num: Option<String> = Opt::str(),
        /// Where the counters of packets and bytes begin.
        set_counters: Option<String> = Opt::str(),
        /// The DSCP mark that packets get.
        set_dscp_mark: Option<String> = Opt::str(),
        /// The DSCP class that packets get.
        set_dscp_mark_class: Option<String> = Opt::str(),
        /// The address packets come from; `!` before it inverts that.
        source: Option<String> = Opt::str(),
        /// The port, or `FIRST:LAST`, packets come from.
        source_port: Option<String> = Opt::str(),
        /// The range of addresses packets come from: `FIRST-LAST`.
        src_range: Option<String> = Opt::str(),
        /// Whether the rule, or the chain, is there.
        state: String = Opt::str().default("present").choices(&["absent", "present"]),
        /// Whether only packets that open a connection match, or only others.
        syn: String = Opt::str().default("ignore").choices(&["ignore", "match", "negate"]),
        /// The table.
        table: String = Opt::str().default("filter").choices(&["filter", "nat", "mangle", "raw", "security"]),
        /// The TCP flags that are looked at (`flags`), and those of them that are set (`flags_set`).
        tcp_flags: Option<Map> = Opt::dict(),
        /// The address that packets are led to.
        to_destination: Option<String> = Opt::str(),
        /// The ports that packets are led to.
        to_ports: Option<String> = Opt::str(),
        /// The address that packets seem to come from.
        to_source: Option<String> = Opt::str(),
        /// The user of the program that sends.
        uid_owner: Option<String> = Opt::str(),
        /// How many seconds are waited for another program that holds the table.
        wait: Option<String> = Opt::str(),
    }
    rules {
        mutually_exclusive: &[&["set_dscp_mark", "set_dscp_mark_class"], &["flush", "policy"]],
        required_if: &[
            ("jump", "TEE", &["gateway"]),
            ("jump", "tee", &["gateway"]),
            ("flush", "False", &["chain"]),
        ],
    }
}

impl Module for Iptables {
    type Args = IptablesArgs;
    type Plan = Vec<CommandSpec>;

    fn inspect(args: &IptablesArgs, system: &Probe) -> Result<Inspection<Self::Plan>, Failure> {
        for (name, mark) in [("set_dscp_mark", &args.set_dscp_mark), ("set_dscp_mark_class", &args.set_dscp_mark_class)]
        {
            if mark.is_some() && args.jump.is_none() {
                return Err(Failure::new(format!("missing parameter(s) required by '{name}': jump")));
            }
        }
        let logs = args.log_prefix.is_some() || args.log_level.is_some();
        if logs && args.jump.as_deref().is_some_and(|jump| jump != "LOG") {
            return Err(Failure::new("Logging options can only be used with the LOG jump target."));
        }
        let mut outcome = Outcome::default();
        let shown = rule(args, args.jump.as_deref(), args.ip_version == "ipv6")?.join(" ");
        for (name, value) in [
            ("ip_version", Value::from(args.ip_version.as_str())),
            ("table", args.table.as_str().into()),
            ("chain", args.chain.clone().map_or(Value::Null, Value::from)),
            ("flush", args.flush.into()),
            ("rule", shown.into()),
            ("state", args.state.as_str().into()),
            ("chain_management", args.chain_management.into()),
            ("wait", args.wait.clone().map_or(Value::Null, Value::from)),
        ] {
            outcome.values.insert(name, value);
        }
        let programs: &[&str] = match args.ip_version.as_str() {
            "ipv4" => &["iptables"],
            "ipv6" => &["ip6tables"],
            _ => &["iptables", "ip6tables"],
        };
        let mut commands = Vec::new();
        for name in programs {
            let program = system.required(name)?;
            let jump = args.jump.as_deref().or(logs.then_some("LOG"));
            let table = Table { args, program, rule: rule(args, jump, *name == "ip6tables")? };
            commands.extend(table.wanted(system)?);
        }
        if commands.is_empty() {
            return Ok(Inspection::nothing_to_do(outcome));
        }
        Ok(Inspection::change(outcome, commands))
    }

    fn apply(plan: Self::Plan, predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        for command in plan {
            system.run(&command)?.or_stderr(&command)?;
        }
        Ok(predicted)
    }
}

/// The table of one of both protocols, and the rule in its words.
struct Table<'a> {
    args: &'a IptablesArgs,
    program: String,
    rule: Vec<String>,
}

impl Table<'_> {
    /// What is to be done; nothing when all is as wanted.
    fn wanted(&self, system: &Probe) -> Result<Option<CommandSpec>, Failure> {
        let args = self.args;
        let present = args.state == "present";
        if args.flush {
            return Ok(Some(self.command("-F", None, &[])));
        }
        if let Some(policy) = &args.policy {
            let listing = self.listing();
            let text = system.query(&listing)?.or_stderr(&listing)?.stdout_text();
            let now = text.split_once("(policy ").and_then(|(_, rest)| rest.split([' ', ')']).next());
            let now = now.ok_or_else(|| Failure::new("Can't detect current policy"))?;
            return Ok((now != policy).then(|| self.command("-P", Some(policy), &[])));
        }
        if args.chain_management && self.rule.is_empty() {
            let there = system.query(&self.listing())?.ok();
            let action = if present { "-N" } else { "-X" };
            return Ok((there != present).then(|| self.command(action, None, &[])));
        }
        if self.rule.is_empty() {
            return Ok(None);
        }
        let there = system.query(&self.command("-C", None, &self.rule))?.ok();
        if there == present {
            return Ok(None);
        }
        Ok(Some(match (present, args.action.as_str()) {
            (true, "insert") => self.command("-I", args.rule_num.as_deref(), &self.rule),
            (true, _) => self.command("-A", None, &self.rule),
            (false, _) => self.command("-D", None, &self.rule),
        }))
    }

    fn listing(&self) -> CommandSpec {
        let numeric = self.args.numeric.then(|| "--numeric".to_owned());
        self.command("-L", None, numeric.as_slice())
    }

    fn command(&self, action: &str, operand: Option<&str>, rest: &[String]) -> CommandSpec {
        let args = self.args;
        let mut argv = vec![self.program.as_str(), "-t", &args.table, action];
        argv.extend(args.chain.as_deref());
        argv.extend(operand);
        if let Some(wait) = &args.wait {
            argv.extend(["-w", wait]);
        }
        argv.extend(rest.iter().map(String::as_str));
        CommandSpec::new(argv).parsable()
    }
}

/// The words of a rule, in the order that the program shows them in results.
struct Words(Vec<String>);

impl Words {
    /// A flag with its value, if it is given; `!` before the value goes before the flag.
    fn flag(&mut self, flag: &str, value: Option<&str>) {
        match value.map(|value| value.strip_prefix('!').ok_or(value)) {
            Some(Ok(inverted)) => self.all(&["!", flag, inverted]),
            Some(Err(value)) => self.all(&[flag, value]),
            None => {}
        }
    }

    fn all(&mut self, words: &[&str]) {
        self.0.extend(words.iter().map(ToString::to_string));
    }
}

fn rule(args: &IptablesArgs, jump: Option<&str>, v6: bool) -> Result<Vec<String>, Failure> {
    let mut words = Words(Vec::new());
    let given = |option: &str| args.r#match.iter().any(|extension| extension == option);
    for (flag, value) in [("-p", &args.protocol), ("-s", &args.source), ("-d", &args.destination)] {
        words.flag(flag, value.as_deref());
    }
    for extension in &args.r#match {
        words.all(&["-m", extension]);
    }
    if let Some(flags) = &args.tcp_flags {
        let side = |name: &str| {
            let flags = flags.get(name).and_then(Value::as_list)?;
            Some(flags.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
        };
        let (Some(looked_at), Some(set)) = (side("flags"), side("flags_set")) else {
            return Err(Failure::new("tcp_flags needs the lists `flags` and `flags_set`"));
        };
        words.all(&["--tcp-flags", &looked_at, &set]);
    }
    words.flag("-j", jump);
    let copies = jump.is_some_and(|jump| jump.eq_ignore_ascii_case("tee"));
    words.flag("--gateway", args.gateway.as_deref().filter(|_| copies));
    for (flag, value) in [
        ("--log-prefix", &args.log_prefix),
        ("--log-level", &args.log_level),
        ("--to-destination", &args.to_destination),
    ] {
        words.all(&value.as_ref().map_or(vec![], |value| vec![flag, value]));
    }
    if !args.destination_ports.is_empty() {
        words.all(&["-m", "multiport", "--dports", &args.destination_ports.join(",")]);
    }
    for (flag, value) in [
        ("--to-source", &args.to_source),
        ("-g", &args.goto),
        ("-i", &args.in_interface),
        ("-o", &args.out_interface),
        ("-f", &args.fragment),
        ("-c", &args.set_counters),
        ("--source-port", &args.source_port),
        ("--destination-port", &args.destination_port),
        ("--to-ports", &args.to_ports),
        ("--set-dscp", &args.set_dscp_mark),
        ("--set-dscp-class", &args.set_dscp_mark_class),
    ] {
        words.flag(flag, value.as_deref());
    }
    let marks = args.set_dscp_mark.is_some() || args.set_dscp_mark_class.is_some();
    if marks && jump.is_none_or(|jump| !jump.eq_ignore_ascii_case("dscp")) {
        words.all(&["-j", "DSCP"]);
    }
    match args.syn.as_str() {
        "match" => words.all(&["--syn"]),
        "negate" => words.all(&["!", "--syn"]),
        _ => {}
    }
    if !args.ctstate.is_empty() {
        let states = args.ctstate.join(",");
        match (given("conntrack"), given("state")) {
            (true, _) => words.all(&["--ctstate", &states]),
            (false, true) => words.all(&["--state", &states]),
            _ => words.all(&["-m", "conntrack", "--ctstate", &states]),
        }
    }
    if (args.src_range.is_some() || args.dst_range.is_some()) && !given("iprange") {
        words.all(&["-m", "iprange"]);
    }
    words.flag("--src-range", args.src_range.as_deref());
    words.flag("--dst-range", args.dst_range.as_deref());
    if let Some(set) = &args.match_set {
        let flags = args.match_set_flags.as_deref().ok_or_else(|| Failure::new("match_set needs match_set_flags"))?;
        if !given("set") {
            words.all(&["-m", "set"]);
        }
        words.flag("--match-set", Some(set));
        words.all(&[flags]);
    }
    if args.limit.is_some() || args.limit_burst.is_some() {
        words.all(&["-m", "limit"]);
        words.flag("--limit", args.limit.as_deref());
        words.flag("--limit-burst", args.limit_burst.as_deref());
    }
    for (flag, owner) in [("--uid-owner", &args.uid_owner), ("--gid-owner", &args.gid_owner)] {
        if owner.is_some() {
            words.all(&["-m", "owner"]);
            words.flag(flag, owner.as_deref());
        }
    }
    if jump.is_none() && args.reject_with.is_some() {
        words.all(&["-j", "REJECT"]);
    }
    words.flag("--reject-with", args.reject_with.as_deref());
    words.flag(if v6 { "--icmpv6-type" } else { "--icmp-type" }, args.icmp_type.as_deref());
    if let Some(comment) = &args.comment {
        words.all(&["-m", "comment", "--comment", comment]);
    }
    Ok(words.0)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::{RunOptions, run};

    /// A program that notes how it was called; it knows the rule of the file `there`, and no chain but `INPUT`.
    const STAND_IN: &str = r#"#!/bin/sh
cd "$(dirname "$0")"
echo "$*" >> calls
case "$3" in
-C) [ "$*" = "$(cat there)" ];;
-L) [ "$4" = INPUT ] && echo "Chain INPUT (policy ACCEPT)";;
esac
"#;

    fn called(there: &str, check: bool, args: &Value) -> (Map, String) {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("iptables");
        fs::write(&program, STAND_IN).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(folder.path().join("there"), there).unwrap();
        let environment = vec![("PATH".into(), format!("{}:/usr/bin:/bin", folder.path().display()))];
        let options = RunOptions { check, environment, ..RunOptions::default() };
        let result = run("iptables", args.as_map().unwrap(), &options, Probe::default());
        (result, fs::read_to_string(folder.path().join("calls")).unwrap_or_default())
    }

    fn json(text: &str) -> Value {
        ksplay_value::text::from_json(text).unwrap()
    }

    /// The rules that ansible-core 2.19 gives for these arguments.
    #[test]
    fn rules_are_those_of_the_reference() {
        for (args, rule) in [
            (
                r#"{"protocol":"tcp","syn":"negate","tcp_flags":{"flags":["ALL"],"flags_set":["ACK","RST"]},"limit":"2/second",
                "limit_burst":"20","log_prefix":"x ","log_level":"info","jump":"LOG","uid_owner":"!root",
                "src_range":"10.0.0.1-10.0.0.2","dst_range":"1.1.1.1-1.1.1.2","in_interface":"!eth0","icmp_type":"8",
                "match_set":"a","match_set_flags":"src,dst","set_counters":"1 2","fragment":"x","reject_with":"y","goto":"z",
                "to_ports":"1","to_destination":"t","to_source":"s","set_dscp_mark_class":"CS1","gateway":"g",
                "source":"!1.2.3.4","destination":"5.6.7.8","source_port":"!1","destination_port":"7",
                "destination_ports":["1","2:3"],"match":["a","comment"],"wait":"5","out_interface":"o","gid_owner":"g",
                "comment":"c","ctstate":["A"]}"#,
                "-p tcp ! -s 1.2.3.4 -d 5.6.7.8 -m a -m comment --tcp-flags ALL ACK,RST -j LOG --log-prefix x  --log-level info \
                 --to-destination t -m multiport --dports 1,2:3 --to-source s -g z ! -i eth0 -o o -f x -c 1 2 \
                 ! --source-port 1 --destination-port 7 --to-ports 1 --set-dscp-class CS1 -j DSCP ! --syn -m conntrack \
                 --ctstate A -m iprange --src-range 10.0.0.1-10.0.0.2 --dst-range 1.1.1.1-1.1.1.2 -m set --match-set a src,dst \
                 -m limit --limit 2/second --limit-burst 20 -m owner ! --uid-owner root -m owner --gid-owner g \
                 --reject-with y --icmp-type 8 -m comment --comment c",
            ),
            (r#"{"jump":"ACCEPT","ctstate":["NEW"],"match":["state"]}"#, "-m state -j ACCEPT --state NEW"),
            (r#"{"jump":"tee","gateway":"8"}"#, "-j tee --gateway 8"),
            (r#"{"reject_with":"x"}"#, "-j REJECT --reject-with x"),
            (r#"{"log_prefix":"x"}"#, "--log-prefix x"),
        ] {
            let mut args = json(args).as_map().unwrap().clone();
            args.insert("chain", "INPUT");
            let (result, _) = called("", true, &args.into());
            assert_eq!(result.get("rule").map(ToString::to_string).as_deref(), Some(rule));
        }
    }

    #[test]
    fn a_rule_is_looked_for_and_then_put_in_its_place() {
        let args =
            json(r#"{"chain":"INPUT","jump":"ACCEPT","action":"insert","rule_num":"2","wait":"3","numeric":true}"#);
        let looked = "-t filter -C INPUT -w 3 -j ACCEPT\n";
        let (result, calls) = called("", true, &args);
        assert_eq!((result.get("changed"), calls.as_str()), (Some(&Value::Bool(true)), looked));
        let (_, calls) = called("", false, &args);
        assert_eq!(calls, format!("{looked}-t filter -I INPUT 2 -w 3 -j ACCEPT\n"));
        let (result, calls) = called(looked.trim_end(), false, &args);
        assert_eq!((result.get("changed"), calls.as_str()), (Some(&Value::Bool(false)), looked));
    }

    #[test]
    fn chains_and_policies_are_looked_at_first() {
        let calls = |args: &str| called("", false, &json(args)).1;
        assert_eq!(calls(r#"{"chain":"INPUT","policy":"ACCEPT"}"#), "-t filter -L INPUT\n");
        assert_eq!(calls(r#"{"chain":"INPUT","policy":"DROP"}"#), "-t filter -L INPUT\n-t filter -P INPUT DROP\n");
        assert_eq!(calls(r#"{"chain":"NEW","chain_management":true}"#), "-t filter -L NEW\n-t filter -N NEW\n");
        assert_eq!(
            calls(r#"{"chain":"INPUT","chain_management":true,"state":"absent"}"#),
            "-t filter -L INPUT\n-t filter -X INPUT\n"
        );
        assert_eq!(calls(r#"{"flush":true,"table":"nat"}"#), "-t nat -F\n");
        assert_eq!(
            calls(r#"{"chain":"INPUT","log_prefix":"x"}"#).lines().last(),
            Some("-t filter -A INPUT -j LOG --log-prefix x")
        );
    }

    #[test]
    fn wrong_arguments_start_nothing() {
        for (args, message) in [
            (r#"{"jump":"ACCEPT"}"#, "flush is False but all of the following are missing: chain"),
            (r#"{"chain":"I","set_dscp_mark":"8"}"#, "missing parameter(s) required by 'set_dscp_mark': jump"),
            (
                r#"{"chain":"I","log_prefix":"x","jump":"ACCEPT"}"#,
                "Logging options can only be used with the LOG jump target.",
            ),
        ] {
            let (result, calls) = called("", false, &json(args));
            assert_eq!(result.get("msg").map(ToString::to_string).as_deref(), Some(message));
            assert_eq!(calls, "");
        }
    }
}
