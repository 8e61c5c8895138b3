//! `dnf`, `yum`: packages of Red Hat's family.

use ksplay_value::Value;

use crate::arguments::{Opt, OptType};
use crate::{CommandSpec, Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`DnfArgs`].
pub struct Dnf;

arguments! {
    /// Installs, upgrades and removes packages of Fedora, Red Hat and their relatives.
    pub struct DnfArgs {
        /// The packages: names, `name-version`, paths or addresses of package files, `@groups`.
        name: Vec<String> = Opt::list(OptType::Str).default("[]").aliases(&["pkg"]),
        /// `present` (`installed`), `absent` (`removed`) or `latest`.
        state: Option<String> = Opt::str().choices(&["absent", "present", "installed", "removed", "latest"]),
        /// Repositories to use as well.
        enablerepo: Vec<String> = Opt::list(OptType::Str).default("[]"),
        /// Repositories not to use.
        disablerepo: Vec<String> = Opt::list(OptType::Str).default("[]"),
        /// Packages to leave alone.
        exclude: Vec<String> = Opt::list(OptType::Str).default("[]"),
        /// The configuration file.
        conf_file: Option<String> = Opt::str(),
        /// Do not check signatures.
        disable_gpg_check: bool = Opt::bool().default("false"),
        /// Read the repositories anew first.
        update_cache: bool = Opt::bool().default("false").aliases(&["expire-cache"]),
        /// Upgrade only packages that are installed.
        update_only: bool = Opt::bool().default("false"),
        /// Remove packages that nothing needs any more.
        autoremove: bool = Opt::bool().default("false"),
        /// Leave out what cannot be installed.
        skip_broken: bool = Opt::bool().default("false"),
        /// Remove packages that stand in the way.
        allowerasing: bool = Opt::bool().default("false"),
        /// Accept older versions where the best cannot be installed.
        nobest: Option<bool> = Opt::bool(),
        /// Install an older version over a newer one.
        allow_downgrade: bool = Opt::bool().default("false"),
        /// Whether weak dependencies are installed.
        install_weak_deps: bool = Opt::bool().default("true"),
        /// Only updates that fix security problems.
        security: bool = Opt::bool().default("false"),
        /// Only updates that fix bugs.
        bugfix: bool = Opt::bool().default("false"),
        /// Download, do not install.
        download_only: bool = Opt::bool().default("false"),
        /// The release to install from.
        releasever: Option<String> = Opt::str(),
        /// How many seconds to wait for another process to end.
        lock_timeout: i64 = Opt::int().default("30"),
        /// Accepted for compatibility: which program is used is found out.
        use_backend: String = Opt::str().default("auto"),
    }
}

/// What is to be done.
#[derive(Debug)]
pub struct DnfPlan {
    args: DnfArgs,
    verb: Option<&'static str>,
    names: Vec<String>,
}

impl Module for Dnf {
    type Args = DnfArgs;
    type Plan = DnfPlan;

    fn inspect(args: &DnfArgs, system: &Probe) -> Result<Inspection<DnfPlan>, Failure> {
        let state = args.state.as_deref().unwrap_or(if args.autoremove { "absent" } else { "present" });
        let (verb, names): (_, Vec<String>) = match state {
            "absent" | "removed" if args.name.is_empty() && args.autoremove => ("autoremove", Vec::new()),
            "absent" | "removed" => ("remove", select(&args.name, true, system)?),
            "latest" => ("install", outdated(args, system)?),
            _ => ("install", select(&args.name, false, system)?),
        };
        let everything = args.name.iter().any(|name| name == "*") && state == "latest";
        let verb = if everything { "upgrade" } else { verb };
        let acts = verb == "autoremove" || !names.is_empty();
        let mut outcome = Outcome::default();
        outcome.values.insert("rc", 0);
        let done = if matches!(verb, "remove" | "autoremove") { "Removed" } else { "Installed" };
        let results = names.iter().map(|name| format!("{done}: {name}")).collect::<Value>();
        outcome.values.insert("msg", if acts { "" } else { "Nothing to do" });
        outcome.values.insert("results", if acts { results } else { Value::from(Vec::new()) });
        outcome.changed = acts;
        let plan =
            (acts || args.update_cache).then(|| DnfPlan { args: args.clone(), verb: acts.then_some(verb), names });
        Ok(Inspection { predicted: outcome, plan })
    }

    fn apply(plan: DnfPlan, mut predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        let DnfPlan { args, verb, names } = plan;
        if args.update_cache {
            let command = command(&args, &["makecache"], &[], system);
            system.run(&command)?.checked(&command)?;
        }
        let Some(verb) = verb else { return Ok(predicted) };
        let names = if verb == "upgrade" { Vec::new() } else { names };
        let output = system.run(&command(&args, &[verb], &names, system))?;
        let (stdout, stderr) = (output.stdout_text(), output.stderr_text());
        if !output.ok() {
            let results: Value = stderr.lines().collect();
            let first = stderr.lines().find(|line| !line.trim().is_empty()).unwrap_or("Failed to change the packages");
            return Err(output.failure(first.trim()).with("results", results));
        }
        if stdout.contains("Nothing to do") {
            predicted.changed = false;
            predicted.values.insert("msg", "Nothing to do");
        }
        Ok(predicted)
    }
}

/// `dnf`, or `yum` where there is no other.
fn program(system: &Probe) -> &'static str {
    ["dnf", "dnf5", "yum", "microdnf"].into_iter().find(|program| system.which(program).is_some()).unwrap_or("dnf")
}

fn command(args: &DnfArgs, words: &[&str], names: &[String], system: &Probe) -> CommandSpec {
    let program = program(system);
    let mut argv = vec![program.to_owned(), "-y".into()];
    let mut add = |wanted: bool, flag: &str| {
        if wanted {
            argv.push(flag.to_owned());
        }
    };
    add(args.disable_gpg_check, "--nogpgcheck");
    add(args.skip_broken, "--skip-broken");
    add(args.allowerasing, "--allowerasing");
    add(args.nobest == Some(true), "--nobest");
    add(args.security, "--security");
    add(args.bugfix, "--bugfix");
    add(args.download_only, "--downloadonly");
    add(!args.install_weak_deps && program != "yum", "--setopt=install_weak_deps=False");
    for (flag, values) in
        [("enablerepo", &args.enablerepo), ("disablerepo", &args.disablerepo), ("exclude", &args.exclude)]
    {
        if !values.is_empty() {
            add(true, &format!("--{flag}={}", values.join(",")));
        }
    }
    if let Some(file) = &args.conf_file {
        add(true, &format!("--config={file}"));
    }
    if let Some(release) = &args.releasever {
        add(true, &format!("--releasever={release}"));
    }
    argv.extend(words.iter().map(ToString::to_string));
    argv.extend(names.iter().cloned());
    CommandSpec::new(argv).parsable()
}

/// Those of the names that are installed, or those that are not. What rpm cannot tell (`@group`, addresses, patterns) is
/// left to the package manager.
fn select(names: &[String], wanted_installed: bool, system: &Probe) -> Result<Vec<String>, Failure> {
    let mut chosen = Vec::new();
    let mut plain = Vec::new();
    for name in names.iter().flat_map(|name| name.split(',')).map(str::trim).filter(|name| !name.is_empty()) {
        if name.starts_with('@') || name.contains("://") || name.contains('*') {
            chosen.push(name.to_owned());
        } else if name.ends_with(".rpm") && name.starts_with('/') {
            let query =
                CommandSpec::new(["rpm", "-qp", "--qf", "%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}", name]).parsable();
            let full = system.query(&query)?.checked(&query)?.stdout_text();
            if is_installed(&[full], system)?[0] == wanted_installed {
                chosen.push(name.to_owned());
            }
        } else {
            plain.push(name.to_owned());
        }
    }
    let installed = is_installed(&plain, system)?;
    chosen.extend(
        plain.into_iter().zip(installed).filter(|(_, installed)| *installed == wanted_installed).map(|(name, _)| name),
    );
    Ok(chosen)
}

/// Whether something installed has each of these names or provides it, in one question.
fn is_installed(names: &[String], system: &Probe) -> Result<Vec<bool>, Failure> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let words = ["rpm", "-q", "--whatprovides", "--qf", "%{NAME}\\n"].map(str::to_owned);
    // A full name (`curl-7.76.1-1.el9.x86_64`) is provided by nothing under that form.
    let by_provides = system.query(&CommandSpec::new(words.into_iter().chain(names.iter().cloned())).parsable())?;
    let words = ["rpm", "-q"].map(str::to_owned);
    let by_name = system.query(&CommandSpec::new(words.into_iter().chain(names.iter().cloned())).parsable())?;
    Ok(installed_of(names, &by_provides.stdout_text(), &by_name.stdout_text()))
}

fn installed_of(names: &[String], by_provides: &str, by_name: &str) -> Vec<bool> {
    let missing = |name: &String| {
        by_provides.lines().any(|line| {
            line == format!("no package provides {name}") || line.starts_with(&format!("error: file {name}:"))
        }) && by_name.lines().any(|line| line == format!("package {name} is not installed"))
    };
    names.iter().map(|name| !missing(name)).collect()
}

/// What is not installed or not in its newest version.
fn outdated(args: &DnfArgs, system: &Probe) -> Result<Vec<String>, Failure> {
    let everything = args.name.iter().any(|name| name == "*");
    let names: Vec<String> = if everything { Vec::new() } else { args.name.clone() };
    let missing = if args.update_only { Vec::new() } else { select(&names, false, system)? };
    let output = system.query(&command(args, &["-q", "check-update"], &names, system))?;
    // 100 says that there are updates.
    let updates = if output.rc == 100 { updates_of(&output.stdout_text()) } else { Vec::new() };
    let mut chosen = missing;
    for update in updates {
        if !chosen.contains(&update) {
            chosen.push(update);
        }
    }
    Ok(chosen)
}

/// The names in lines such as `curl.x86_64  7.76.1-29.el9  baseos`, up to the list of what is obsolete.
fn updates_of(text: &str) -> Vec<String> {
    text.lines()
        .take_while(|line| !line.starts_with("Obsoleting"))
        .filter_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [package, version, _] = words[..] else { return None };
            version.starts_with(|first: char| first.is_ascii_digit()).then_some(package)?;
            Some(package.rsplit_once('.')?.0.to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rpm_does_not_know_is_not_installed() {
        let names = ["curl", "tree", "/usr/bin/awk"].map(str::to_owned);
        let by_provides = "curl\nno package provides tree\ngawk\n";
        let by_name =
            "curl-7.76.1-26.el9.x86_64\npackage tree is not installed\npackage /usr/bin/awk is not installed\n";
        assert_eq!(installed_of(&names, by_provides, by_name), [true, false, true]);
    }

    #[test]
    fn updates_are_read_up_to_the_obsolete_ones() {
        let text = "\ncurl.x86_64    7.76.1-29.el9_4.1    baseos\nObsoleting Packages\nold.noarch 1.0-1 appstream\n";
        assert_eq!(updates_of(text), ["curl"]);
    }
}
