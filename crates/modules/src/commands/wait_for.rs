//! `wait_for`: waits for a port, a file, or the end of connections.

use std::io::Read;
use std::net::{TcpStream, ToSocketAddrs};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use fancy_regex::Regex;
use ksplay_value::{Map, Value};

use crate::arguments::{Opt, OptType};
use crate::files::describe;
use crate::text::{bytes, regex};
use crate::{Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`WaitForArgs`].
pub struct WaitFor;

arguments! {
    /// Waits until a port is open or closed, a file is there or gone, or connections have ended.
    pub struct WaitForArgs {
        /// The host whose port it is.
        host: String = Opt::str().default("127.0.0.1"),
        /// How many seconds to wait at most.
        timeout: i64 = Opt::int().default("300"),
        /// How many seconds one attempt to connect may take.
        connect_timeout: i64 = Opt::int().default("5"),
        /// How many seconds to wait before the first look.
        delay: i64 = Opt::int().default("0"),
        /// The port.
        port: Option<i64> = Opt::int(),
        /// The states of a connection that is active.
        active_connection_states: Vec<String> = Opt::list(OptType::Str)
            .default("[ESTABLISHED, FIN_WAIT1, FIN_WAIT2, SYN_RECV, SYN_SENT, TIME_WAIT]"),
        /// The file.
        path: Option<PathBuf> = Opt::path(),
        /// The pattern that the file or what the port sends must have.
        search_regex: Option<String> = Opt::str(),
        /// What to wait for.
        state: String = Opt::str().default("started").choices(&["absent", "drained", "present", "started", "stopped"]),
        /// Hosts whose connections do not count for `drained`.
        exclude_hosts: Option<Vec<String>> = Opt::list(OptType::Str),
        /// How many seconds to wait between two looks.
        sleep: i64 = Opt::int().default("1"),
        /// The message of the failure.
        msg: Option<String> = Opt::str(),
    }
}

/// The states of an active connection, by their numbers in the kernel's table.
const STATES: &[(&str, &str)] = &[
    ("01", "ESTABLISHED"),
    ("02", "SYN_SENT"),
    ("03", "SYN_RECV"),
    ("04", "FIN_WAIT1"),
    ("05", "FIN_WAIT2"),
    ("06", "TIME_WAIT"),
];

impl Module for WaitFor {
    type Args = WaitForArgs;
    type Plan = WaitForArgs;

    fn inspect(args: &WaitForArgs, _system: &Probe) -> Result<Inspection<WaitForArgs>, Failure> {
        check(args)?;
        let unknown = |name: &&String| !STATES.iter().any(|(_, known)| known == *name);
        if let Some(name) = args.active_connection_states.iter().find(unknown) {
            return Err(Failure::new(format!("unknown active_connection_state ({name}) defined")).with("elapsed", 0));
        }
        Ok(Inspection::only_for_real("wait_for", args.clone()))
    }

    fn apply(args: WaitForArgs, _predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        let args = &args;
        let begin = Instant::now();
        let deadline = begin + seconds(args.timeout);
        let pattern = args.search_regex.as_deref().map(|pattern| regex::compile(pattern, "m")).transpose()?;
        let mut waiting = Waiting { args, system, pattern, groups: Map::new(), matched: Vec::new(), deadline };
        pause(seconds(args.delay), system)?;
        let bare = args.port.is_none() && args.path.is_none() && args.state != "drained";
        loop {
            if bare {
                pause(seconds(args.timeout), system)?;
                break;
            }
            if waiting.is_reached()? {
                break;
            }
            if Instant::now() >= deadline {
                return Err(waiting.timeout(begin));
            }
            pause(seconds(args.sleep).min(deadline.saturating_duration_since(Instant::now())), system)?;
        }
        Ok(waiting.outcome(begin))
    }
}

fn seconds(count: i64) -> Duration {
    Duration::from_secs(count.max(0).cast_unsigned())
}

fn pause(duration: Duration, system: &Probe) -> Result<(), Failure> {
    if system.sleep(duration) { Ok(()) } else { Err(Failure::new("cancelled while waiting")) }
}

fn check(args: &WaitForArgs) -> Result<(), Failure> {
    let wrong = match () {
        () if args.port.is_some() && args.path.is_some() => {
            "port and path parameter can not both be passed to wait_for"
        }
        () if args.path.is_some() && args.state == "stopped" => {
            "state=stopped should only be used for checking a port in the wait_for module"
        }
        () if args.path.is_some() && args.state == "drained" => {
            "state=drained should only be used for checking a port in the wait_for module"
        }
        () if args.exclude_hosts.is_some() && args.state != "drained" => {
            "exclude_hosts should only be with state=drained"
        }
        () => return Ok(()),
    };
    Err(Failure::new(wrong).with("elapsed", 0))
}

struct Waiting<'a> {
    args: &'a WaitForArgs,
    system: &'a Probe,
    pattern: Option<Regex>,
    groups: Map,
    matched: Vec<Value>,
    deadline: Instant,
}

impl Waiting<'_> {
    fn is_reached(&mut self) -> Result<bool, Failure> {
        let gone = matches!(self.args.state.as_str(), "absent" | "stopped");
        match (&self.args.path, self.args.port, self.args.state.as_str()) {
            (_, port, "drained") => Ok(!self.has_connections(port)),
            (Some(path), ..) if gone => Ok(!self.system.exists(path)),
            (Some(path), ..) => match &self.pattern {
                None => Ok(self.system.exists(path)),
                Some(pattern) => {
                    let text = bytes::decode(&self.system.read(path).unwrap_or_default());
                    Ok(self.keep(found(pattern, &text)))
                }
            },
            (None, Some(port), _) if gone => Ok(self.connect(port).is_none()),
            (None, Some(port), _) => {
                let Some(mut stream) = self.connect(port) else { return Ok(false) };
                let Some(pattern) = &self.pattern else { return Ok(true) };
                let groups = listen(&mut stream, pattern, self.deadline, self.system);
                Ok(self.keep(groups))
            }
            (None, None, _) => Ok(true),
        }
    }

    fn keep(&mut self, groups: Option<(Map, Vec<Value>)>) -> bool {
        let Some(groups) = groups else { return false };
        (self.groups, self.matched) = groups;
        true
    }

    fn connect(&self, port: i64) -> Option<TcpStream> {
        let patience = seconds(self.args.connect_timeout).max(Duration::from_millis(1));
        let addresses = (self.args.host.as_str(), u16::try_from(port).ok()?).to_socket_addrs().ok()?;
        addresses.into_iter().find_map(|address| TcpStream::connect_timeout(&address, patience).ok())
    }

    /// Whether somebody is connected to the port.
    fn has_connections(&self, port: Option<i64>) -> bool {
        let excluded = self.args.exclude_hosts.as_deref().unwrap_or_default();
        ["/proc/net/tcp", "/proc/net/tcp6"].iter().any(|table| {
            let table = self.system.read_text(table.as_ref()).unwrap_or_default();
            table.lines().skip(1).any(|line| {
                let fields: Vec<&str> = line.split_whitespace().collect();
                let [_, local, remote, state, ..] = fields[..] else { return false };
                let at = |end: &str| end.rsplit_once(':').and_then(|(_, port)| i64::from_str_radix(port, 16).ok());
                let active = state_name(state)
                    .is_some_and(|name| self.args.active_connection_states.iter().any(|state| state == name));
                active && at(local) == port && !excluded.iter().any(|host| address_of(remote).as_deref() == Some(host))
            })
        })
    }

    fn timeout(&self, begin: Instant) -> Failure {
        let args = self.args;
        let port = args.port.unwrap_or_default();
        let message = match (&args.msg, &args.path, args.state.as_str(), &args.search_regex) {
            (Some(message), ..) => message.clone(),
            (_, _, "drained", _) => format!("Timeout when waiting for {}:{port} to drain", args.host),
            (_, Some(path), "absent", _) => format!("Timeout when waiting for {} to be absent.", path.display()),
            (_, Some(path), _, Some(pattern)) => {
                format!("Timeout when waiting for search string {pattern} in {}", path.display())
            }
            (_, Some(path), ..) => format!("Timeout when waiting for file {}", path.display()),
            (_, None, "absent" | "stopped", _) => format!("Timeout when waiting for {}:{port} to stop.", args.host),
            (_, None, _, Some(pattern)) => {
                format!("Timeout when waiting for search string {pattern} in {}:{port}", args.host)
            }
            (_, None, ..) => format!("Timeout when waiting for {}:{port}", args.host),
        };
        Failure::new(message).with("elapsed", begin.elapsed().as_secs())
    }

    fn outcome(self, begin: Instant) -> Outcome {
        let mut outcome = Outcome::default();
        let values = &mut outcome.values;
        values.insert("state", self.args.state.as_str());
        values.insert("port", self.args.port);
        values.insert("search_regex", self.args.search_regex.clone());
        values.insert("match_groups", self.matched);
        values.insert("match_groupdict", self.groups);
        values.insert("path", self.args.path.as_ref().map(|path| path.display().to_string()));
        values.insert("elapsed", begin.elapsed().as_secs());
        if let Some(path) = self.args.path.as_ref().filter(|path| self.system.lexists(path)) {
            describe(self.system, path, values);
        }
        outcome
    }
}

/// The named groups and all groups of the first match.
fn found(pattern: &Regex, text: &str) -> Option<(Map, Vec<Value>)> {
    let captures = pattern.captures(text).ok().flatten()?;
    let value = |index| captures.get(index).map(|group| group.as_str().to_owned()).into();
    let all = (1..captures.len()).map(value).collect();
    let named = pattern.capture_names().enumerate().filter_map(|(index, name)| Some((name?.to_owned(), value(index))));
    Some((named.collect(), all))
}

/// Reads what the port sends until the pattern occurs in it.
fn listen(stream: &mut TcpStream, pattern: &Regex, deadline: Instant, system: &Probe) -> Option<(Map, Vec<Value>)> {
    let mut text = Vec::new();
    let mut buffer = [0; 1024];
    stream.set_read_timeout(Some(Duration::from_millis(200))).ok()?;
    while Instant::now() < deadline && !system.cancelled() {
        match stream.read(&mut buffer) {
            Ok(0) => return None,
            Ok(count) => text.extend_from_slice(&buffer[..count]),
            Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                continue;
            }
            Err(_) => return None,
        }
        if let Some(groups) = found(pattern, &bytes::decode(&text)) {
            return Some(groups);
        }
    }
    None
}

/// The name of a state in the kernel's table.
fn state_name(code: &str) -> Option<&'static str> {
    STATES.iter().find(|(known, _)| *known == code).map(|(_, name)| *name)
}

/// The IPv4 address of one end of a connection in the kernel's table.
fn address_of(end: &str) -> Option<String> {
    let (address, _) = end.split_once(':')?;
    let tail = &address[address.len().checked_sub(8)?..];
    let number = u32::from_str_radix(tail, 16).ok()?;
    Some(std::net::Ipv4Addr::from(number.swap_bytes()).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_the_kernels_table_is_read() {
        assert_eq!(address_of("0100007F:1F90").as_deref(), Some("127.0.0.1"));
        assert_eq!(address_of("0000000000000000FFFF00000100007F:1F90").as_deref(), Some("127.0.0.1"));
    }

    #[test]
    fn an_open_port_is_found_open_and_its_greeting_read() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            use std::io::Write;
            for _ in 0..2 {
                listener.accept().unwrap().0.write_all(b"220 ready\r\n").unwrap();
            }
        });
        let args = |extra: &[(&str, &str)]| {
            let mut args = Map::from([("port", Value::from(u32::from(port))), ("timeout", Value::Int(5))]);
            args.extend(extra.iter().copied());
            crate::run("wait_for", &args, &crate::RunOptions::default(), Probe::default())
        };
        assert_eq!(args(&[]).get("state"), Some(&"started".into()));
        assert_eq!(
            args(&[("search_regex", "^(\\d+) ready")]).get("match_groups").unwrap().as_list().unwrap(),
            [Value::from("220")]
        );
        server.join().unwrap();
        assert_eq!(args(&[("state", "stopped")]).get("failed"), None);
    }
}
