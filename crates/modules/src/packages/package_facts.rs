//! `package_facts`: the installed packages.

use ksplay_value::{Map, Value};

use crate::arguments::{Opt, OptType};
use crate::{CommandSpec, Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`PackageFactsArgs`].
pub struct PackageFacts;

arguments! {
    /// Gathers the installed packages as the fact `packages`.
    pub struct PackageFactsArgs {
        /// Which package managers are asked, in this order; `auto` means those that are there.
        manager: Vec<String> = Opt::list(OptType::Str).default("[auto]"),
        /// Whether the `first` that answers is enough, or `all` are asked.
        strategy: String = Opt::str().default("first").choices(&["first", "all"]),
    }
}

impl Module for PackageFacts {
    type Args = PackageFactsArgs;
    type Plan = ();

    fn inspect(args: &PackageFactsArgs, system: &Probe) -> Result<Inspection<()>, Failure> {
        let automatic = ["rpm", "apt", "apk"].map(str::to_owned);
        let asked = if args.manager.iter().any(|name| name == "auto") { &automatic[..] } else { &args.manager };
        let mut packages = Map::new();
        for manager in asked {
            let found = match manager.as_str() {
                "apt" => ask(
                    system,
                    &[
                        "dpkg-query",
                        "-W",
                        "-f",
                        "${Package}\\t${Version}\\t${Architecture}\\t${Section}\\t${Origin}\\t${db:Status-Status}\\n",
                    ],
                )
                .map(|text| of_dpkg(&text)),
                "rpm" | "yum" | "dnf" | "dnf5" | "zypper" => {
                    ask(system, &["rpm", "-qa", "--qf", "%{NAME}\\t%{VERSION}\\t%{RELEASE}\\t%{EPOCH}\\t%{ARCH}\\n"])
                        .map(|text| of_rpm(&text))
                }
                "apk" => ask(system, &["apk", "info", "-v"]).map(|text| of_apk(&text)),
                other => {
                    return Err(Failure::new(format!("Unsupported package managers requested: {other}")));
                }
            };
            packages.extend(found.unwrap_or_default());
            if !packages.is_empty() && args.strategy == "first" {
                break;
            }
        }
        if packages.is_empty() {
            return Err(Failure::new(
                "Could not detect a supported package manager from the following list: rpm, apt, apk",
            ));
        }
        let facts = Some(Map::from([("packages", packages)]));
        Ok(Inspection::nothing_to_do(Outcome { facts, ..Outcome::default() }))
    }

    fn apply((): (), predicted: Outcome, _system: &mut System) -> Result<Outcome, Failure> {
        Ok(predicted)
    }
}

fn ask(system: &Probe, argv: &[&str]) -> Option<String> {
    system.which(argv[0])?;
    let output = system.query(&CommandSpec::new(argv.iter().copied()).parsable()).ok()?;
    output.ok().then(|| output.stdout_text())
}

/// A package can be installed more than once, for several architectures or versions.
fn add(packages: &mut Map, name: &str, package: Map) {
    let known = packages.get(name).and_then(Value::as_list).unwrap_or_default();
    let all: Vec<Value> = known.iter().cloned().chain([package.into()]).collect();
    packages.insert(name, all);
}

fn of_dpkg(text: &str) -> Map {
    let mut packages = Map::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [name, version, architecture, section, origin, "installed"] = fields[..] else { continue };
        let package = [
            ("name", name),
            ("version", version),
            ("arch", architecture),
            ("category", section),
            ("origin", origin),
            ("source", "apt"),
        ];
        add(&mut packages, name, package.into());
    }
    packages
}

fn of_rpm(text: &str) -> Map {
    let mut packages = Map::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [name, version, release, epoch, architecture] = fields[..] else { continue };
        let mut package = Map::from([("name", name), ("version", version), ("release", release), ("source", "rpm")]);
        package.insert("epoch", epoch.parse::<i64>().ok());
        package.insert("arch", (architecture != "(none)").then_some(architecture));
        add(&mut packages, name, package);
    }
    packages
}

/// Lines such as `musl-1.2.4-r2`: the version and the release are the last two parts.
fn of_apk(text: &str) -> Map {
    let mut packages = Map::new();
    for line in text.lines() {
        let Some((rest, release)) = line.trim().rsplit_once('-') else { continue };
        let Some((name, version)) = rest.rsplit_once('-') else { continue };
        let mut package = Map::from([("name", name), ("version", version), ("source", "apk")]);
        package.insert("release", release);
        add(&mut packages, name, package);
    }
    packages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_manager_lists_its_packages() {
        let dpkg = of_dpkg(
            "libc6\t2.36\tamd64\tlibs\t\tinstalled\nlibc6\t2.36\ti386\tlibs\t\tinstalled\nold\t1\tamd64\tlibs\t\tconfig-files\n",
        );
        assert_eq!(dpkg.get("libc6").unwrap().as_list().unwrap().len(), 2);
        assert!(!dpkg.contains_key("old"));
        let rpm = of_rpm("curl\t7.76.1\t26.el9\t(none)\tx86_64\n");
        assert_eq!(rpm.get("curl").unwrap().as_list().unwrap()[0].get("epoch"), Some(&Value::Null));
        let apk = of_apk("ca-certificates-bundle-20230506-r0\n");
        assert_eq!(
            apk.get("ca-certificates-bundle").unwrap().as_list().unwrap()[0].get("release"),
            Some(&Value::from("r0"))
        );
    }
}
