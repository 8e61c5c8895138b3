//! A unit of systemd: what the manager says of it.

use ksplay_value::{Map, Value};

use crate::{CommandSpec, Failure, Probe};

/// Which manager is talked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    System,
    User,
    Global,
}

impl Scope {
    /// `system`, `user` or `global`.
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "user" => Self::User,
            "global" => Self::Global,
            _ => Self::System,
        }
    }

    /// A call of `systemctl` with these words.
    pub(crate) fn systemctl(self, words: &[&str]) -> CommandSpec {
        let scope = match self {
            Self::System => None,
            Self::User => Some("--user"),
            Self::Global => Some("--global"),
        };
        let mut command =
            CommandSpec::new(["systemctl"].into_iter().chain(scope).chain(words.iter().copied())).parsable();
        if self == Self::User && std::env::var_os("XDG_RUNTIME_DIR").is_none() {
            // SAFETY: the call takes nothing and cannot fail.
            let uid = unsafe { libc::geteuid() };
            command = command.env("XDG_RUNTIME_DIR", &format!("/run/user/{uid}"));
        }
        command
    }
}

/// What is known of a unit.
#[derive(Debug, Clone)]
pub(crate) struct Unit {
    /// All its properties.
    pub(crate) properties: Map,
    /// Whether it is started when the machine is, as far as systemd decides that itself.
    pub(crate) enabled: bool,
}

impl Unit {
    /// Asks for all properties at once.
    pub(crate) fn read(name: &str, scope: Scope, system: &Probe) -> Result<Self, Failure> {
        let command = scope.systemctl(&["show", name]);
        let output = system.query(&command)?;
        if !output.ok() {
            return Err(output.failure(output.stderr_text().trim()).with("cmd", "systemctl"));
        }
        let properties = properties(&output.stdout_text());
        let mut unit = Self { enabled: false, properties };
        unit.enabled = match unit.property("UnitFileState") {
            "enabled" | "static" => true,
            // Made from an init script, which has links of its own.
            "generated" => has_start_link(name, system),
            _ => false,
        };
        Ok(unit)
    }

    /// A property's text; empty where it is not set.
    pub(crate) fn property(&self, name: &str) -> &str {
        self.properties.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether there is such a unit.
    pub(crate) fn exists(&self) -> bool {
        !self.properties.is_empty() && !matches!(self.property("LoadState"), "not-found" | "")
    }

    /// Whether it is masked.
    pub(crate) fn is_masked(&self) -> bool {
        self.property("LoadState") == "masked" || self.property("UnitFileState").starts_with("masked")
    }

    /// Whether it runs, or is about to.
    pub(crate) fn is_running(&self) -> bool {
        matches!(self.property("ActiveState"), "active" | "activating")
    }

    /// Whether it is being stopped.
    pub(crate) fn is_stopping(&self) -> bool {
        self.property("ActiveState") == "deactivating"
    }
}

/// Whether a run level starts this init script.
pub(crate) fn has_start_link(name: &str, system: &Probe) -> bool {
    let script = name.trim_end_matches(".service");
    ["2", "3", "4", "5", "S"].iter().any(|level| {
        let links = system.list_dir(format!("/etc/rc{level}.d").as_ref()).unwrap_or_default();
        links.iter().filter_map(|path| path.file_name()?.to_str()).any(|link| {
            let order = link.strip_prefix('S').and_then(|rest| rest.strip_suffix(script));
            order.is_some_and(|order| order.len() == 2 && order.bytes().all(|digit| digit.is_ascii_digit()))
        })
    })
}

/// The answer of `systemctl show` as a mapping. The value of an `Exec…` property can go over several lines, up to a `}`.
fn properties(text: &str) -> Map {
    let mut map = Map::new();
    let mut open: Option<(String, String)> = None;
    for line in text.lines() {
        if let Some((name, mut value)) = open.take() {
            value.push('\n');
            value += line;
            if line.trim_end().ends_with('}') {
                map.insert(name, value);
            } else {
                open = Some((name, value));
            }
            continue;
        }
        let Some((name, value)) = line.split_once('=') else { continue };
        if name.starts_with("Exec") && value.trim_start().starts_with('{') && !value.trim_end().ends_with('}') {
            open = Some((name.to_owned(), value.to_owned()));
        } else {
            map.insert(name, value.trim());
        }
    }
    if let Some((name, value)) = open {
        map.insert(name, value);
    }
    map
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_of_several_lines_is_one_property() {
        let text = "Id=a.service\nExecStart={ path=/bin/sh ; argv[]=/bin/sh -c one\ntwo ; pid=0 }\nLoadState=loaded\nActiveState=active\nDescription=a = b\n";
        let map = properties(text);
        assert_eq!(map.len(), 5);
        assert!(map.get("ExecStart").unwrap().as_str().unwrap().ends_with("two ; pid=0 }"));
        assert_eq!(map.get("Description"), Some(&Value::from("a = b")));
        let unit = Unit { properties: map, enabled: false };
        assert!(unit.exists() && unit.is_running() && !unit.is_masked());
    }
}
