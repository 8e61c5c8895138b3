//! What is asked for (`curl`, `etcd=3.4*`, `libc6:i386`), and what dpkg has of it.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::facts::pattern_matches;
use crate::{CommandSpec, Failure, Probe};

/// One package that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    /// Its name, possibly a pattern, with `:architecture` where given.
    pub(crate) name: String,
    /// The comparison and the version: `("=", "3.4*")`, `(">=", "1.2")`.
    pub(crate) version: Option<(String, String)>,
}

/// One package that dpkg knows.
#[derive(Debug, Clone)]
pub(crate) struct Installed {
    name: String,
    architecture: String,
    version: String,
    /// `installed`, `config-files`, `half-configured`, …
    status: String,
}

impl Request {
    /// `name`, `name=version`, `name>=version`.
    pub(crate) fn parse(text: &str) -> Self {
        let end = text.find(['=', '>', '<']).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let operator = rest.len() - rest.trim_start_matches(['=', '>', '<']).len();
        let (operator, version) = rest.split_at(operator);
        let version = (!version.is_empty()).then(|| (operator.to_owned(), version.to_owned()));
        Self { name: name.trim().to_owned(), version }
    }

    /// As `apt-get` takes it; it knows exact versions only.
    pub(crate) fn shown(&self) -> String {
        match &self.version {
            Some((operator, version)) if operator == "=" || operator == "==" => format!("{}={version}", self.name),
            _ => self.name.clone(),
        }
    }

    fn is(&self, package: &Installed) -> bool {
        let (name, architecture) = self.name.split_once(':').map_or((self.name.as_str(), None), |(n, a)| (n, Some(a)));
        pattern_matches(name, &package.name)
            && architecture.is_none_or(|architecture| architecture == package.architecture || architecture == "any")
    }

    /// Whether it is installed in any version.
    pub(crate) fn is_installed(&self, packages: &[Installed]) -> bool {
        packages.iter().any(|package| self.is(package) && package.status == "installed")
    }

    /// Whether it is installed in a version that is asked for.
    pub(crate) fn is_satisfied(&self, packages: &[Installed]) -> bool {
        packages.iter().filter(|package| self.is(package) && package.status == "installed").any(|package| {
            match &self.version {
                None => true,
                Some((operator, version)) if operator.starts_with('=') => pattern_matches(version, &package.version),
                Some((operator, version)) => {
                    let order = compare(&package.version, version);
                    (operator.contains('>') && order.is_gt())
                        || (operator.contains('<') && order.is_lt())
                        || (operator.contains('=') && order.is_eq())
                }
            }
        })
    }

    /// The names to remove: what is installed, and when purging also what left configuration files.
    pub(crate) fn removable(&self, packages: &[Installed], purge: bool) -> Vec<String> {
        let there = |package: &&Installed| match package.status.as_str() {
            "installed" | "unpacked" | "half-installed" | "half-configured" | "triggers-awaited"
            | "triggers-pending" => true,
            "config-files" => purge,
            _ => false,
        };
        let found = packages.iter().filter(|package| self.is(package)).filter(there);
        let names = found.map(|package| {
            if self.name.contains(':') {
                format!("{}:{}", package.name, package.architecture)
            } else {
                package.name.clone()
            }
        });
        names.collect()
    }
}

/// What dpkg knows of these packages, in one question.
pub(crate) fn installed(requests: &[Request], system: &Probe) -> Result<Vec<Installed>, Failure> {
    let format = "${Package}\\t${Architecture}\\t${Version}\\t${db:Status-Status}\\n";
    let words = ["dpkg-query", "-W", "-f", format].map(str::to_owned);
    let names = requests.iter().map(|request| request.name.clone());
    // Its exit code is 1 when one of them is unknown; the others are listed all the same.
    let output = system.query(&CommandSpec::new(words.into_iter().chain(names)).parsable())?;
    Ok(parse(&output.stdout_text()))
}

fn parse(text: &str) -> Vec<Installed> {
    text.lines()
        .filter_map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            let [name, architecture, version, status] = fields[..] else { return None };
            let [name, architecture, version, status] = [name, architecture, version, status].map(str::to_owned);
            Some(Installed { name, architecture, version, status })
        })
        .collect()
}

/// When the package lists were last read, in seconds since 1970; 0 when that is not known.
pub(crate) fn update_time(system: &Probe) -> i64 {
    let of = |path: &str| system.metadata(Path::new(path)).ok().map(|found| found.mtime());
    of("/var/lib/apt/periodic/update-success-stamp").or_else(|| of("/var/lib/apt/lists")).unwrap_or(0)
}

/// The order of two versions as Debian's policy defines it.
pub(crate) fn compare(left: &str, right: &str) -> std::cmp::Ordering {
    let parts = |text: &str| -> (u64, String, String) {
        let (epoch, rest) = text.split_once(':').unwrap_or(("0", text));
        let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
        (epoch.parse().unwrap_or(0), upstream.to_owned(), revision.to_owned())
    };
    let (left, right) = (parts(left), parts(right));
    left.0.cmp(&right.0).then_with(|| compare_part(&left.1, &right.1)).then_with(|| compare_part(&left.2, &right.2))
}

/// Text and numbers in turn; `~` sorts before everything, even the end, and letters before other characters.
fn compare_part(left: &str, right: &str) -> std::cmp::Ordering {
    let weight = |byte: Option<u8>| match byte {
        Some(b'~') => -1,
        None => 0,
        Some(byte) if byte.is_ascii_digit() => 0,
        Some(byte) if byte.is_ascii_alphabetic() => i32::from(byte),
        Some(byte) => i32::from(byte) + 256,
    };
    let (mut left, mut right) = (left.as_bytes(), right.as_bytes());
    while !left.is_empty() || !right.is_empty() {
        let text = |bytes: &[u8]| bytes.first().copied().filter(|byte| !byte.is_ascii_digit());
        while text(left).is_some() || text(right).is_some() {
            let order = weight(left.first().copied()).cmp(&weight(right.first().copied()));
            if order.is_ne() {
                return order;
            }
            left = left.get(1..).unwrap_or_default();
            right = right.get(1..).unwrap_or_default();
        }
        let number = |bytes: &mut &[u8]| {
            let length = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let (digits, rest) = bytes.split_at(length);
            *bytes = rest;
            digits.iter().skip_while(|digit| **digit == b'0').copied().collect::<Vec<_>>()
        };
        let (first, second) = (number(&mut left), number(&mut right));
        let order = first.len().cmp(&second.len()).then_with(|| first.cmp(&second));
        if order.is_ne() {
            return order;
        }
    }
    std::cmp::Ordering::Equal
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cmp::Ordering;

    #[test]
    fn versions_sort_as_debian_policy_says() {
        for (left, right, order) in [
            ("1.0", "1.0", Ordering::Equal),
            ("1.10", "1.9", Ordering::Greater),
            ("1.0~rc1", "1.0", Ordering::Less),
            ("1:0.1", "2.0", Ordering::Greater),
            ("1.0-1", "1.0-2", Ordering::Less),
            ("1.0a", "1.0+", Ordering::Less),
            ("3.4.30+ds-1", "3.4.3-1", Ordering::Greater),
        ] {
            assert_eq!(compare(left, right), order, "{left} {right}");
        }
    }

    #[test]
    fn what_is_installed_decides_what_is_asked_for() {
        let packages = parse("curl\tamd64\t7.88.1-10\tinstalled\nnano\tamd64\t7.2-1\tconfig-files\n");
        assert!(Request::parse("curl").is_satisfied(&packages));
        assert!(Request::parse("curl=7.88*").is_satisfied(&packages));
        assert!(!Request::parse("curl=7.74*").is_satisfied(&packages));
        assert!(Request::parse("curl>=7.80").is_satisfied(&packages));
        assert!(Request::parse("cu*").is_satisfied(&packages));
        assert!(!Request::parse("curl:i386").is_satisfied(&packages));
        assert!(!Request::parse("nano").is_satisfied(&packages));
        assert!(Request::parse("nano").removable(&packages, false).is_empty());
        assert_eq!(Request::parse("nano").removable(&packages, true), ["nano"]);
        assert_eq!(Request::parse("etcd=3.4*").shown(), "etcd=3.4*");
    }
}
