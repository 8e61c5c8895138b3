//! `npm`: packages of Node.js.

use std::path::Path;

use ksplay_value::Value;
use ksplay_value::text::from_json;

use crate::arguments::Opt;
use crate::{CommandSpec, Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`NpmArgs`].
pub struct Npm;

arguments! {
    /// Installs packages of Node.js, brings them up to date, or removes them.
    pub struct NpmArgs {
        /// Whether exactly what the lock file has is installed.
        ci: bool = Opt::bool().default("false"),
        /// The program.
        executable: Option<String> = Opt::path(),
        /// Whether packages are fetched even where they are there.
        force: bool = Opt::bool().default("false"),
        /// Whether the package is for the whole machine.
        global: bool = Opt::bool().default("false"),
        /// Whether scripts of packages are left out.
        ignore_scripts: bool = Opt::bool().default("false"),
        /// The package; without it what `package.json` names.
        name: Option<String> = Opt::str(),
        /// Whether no links to programs are made.
        no_bin_links: bool = Opt::bool().default("false"),
        /// Whether packages that are optional are left out.
        no_optional: bool = Opt::bool().default("false"),
        /// The directory of the project.
        path: Option<String> = Opt::path(),
        /// Whether packages for development are left out.
        production: bool = Opt::bool().default("false"),
        /// Where packages come from.
        registry: Option<String> = Opt::str(),
        /// Whether the package is there, in its newest version for `latest`.
        state: String = Opt::str().default("present").choices(&["present", "absent", "latest"]),
        /// Whether scripts run as root.
        unsafe_perm: bool = Opt::bool().default("false"),
        /// The version.
        version: Option<String> = Opt::str(),
    }
    rules { required_if: &[("state", "absent", &["name"])] }
}

/// What is run, and the directory that has to be there.
#[derive(Debug)]
pub struct NpmPlan {
    command: CommandSpec,
    folder: Option<String>,
}

impl Module for Npm {
    type Args = NpmArgs;
    type Plan = NpmPlan;

    fn inspect(args: &NpmArgs, system: &Probe) -> Result<Inspection<NpmPlan>, Failure> {
        if args.path.is_none() && !args.global {
            return Err(Failure::new("path must be specified when not using global"));
        }
        let program = system.required(args.executable.as_deref().unwrap_or("npm"))?;
        let verb = if args.ci {
            Some("ci")
        } else {
            let installed = Installed::now(args, &program, system)?;
            match (args.state.as_str(), &args.name) {
                ("absent", _) => installed.has.then_some("uninstall"),
                ("latest", _) if !installed.lacks && (args.name.is_none() || installed.has) => {
                    let outdated = self::command(args, &program, "outdated", false);
                    // It ends with 1 when there is something to tell.
                    let told = system.query(&outdated)?;
                    (!told.stdout_text().trim().is_empty()).then_some("update")
                }
                _ => installed.lacks.then_some("install"),
            }
        };
        let Some(verb) = verb else { return Ok(Inspection::nothing_to_do(Outcome::default())) };
        let command = command(args, &program, verb, true);
        let folder = args.path.clone().filter(|path| !args.global && !system.exists(Path::new(path)));
        Ok(Inspection::change(Outcome::default(), NpmPlan { command, folder }))
    }

    fn apply(plan: NpmPlan, predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        if let Some(folder) = &plan.folder {
            let folder = Path::new(folder);
            let missing: Vec<&Path> = folder.ancestors().take_while(|path| !system.exists(path)).collect();
            for path in missing.into_iter().rev().filter(|path| !path.as_os_str().is_empty()) {
                let failed = |error| Failure::new(format!("cannot make the directory {}: {error}", path.display()));
                system.create_dir(path).map_err(failed)?;
            }
        }
        system.run(&plan.command)?.or_stderr(&plan.command)?;
        Ok(predicted)
    }
}

/// What of the packages is there.
struct Installed {
    has: bool,
    lacks: bool,
}

impl Installed {
    fn now(args: &NpmArgs, program: &str, system: &Probe) -> Result<Self, Failure> {
        if args.path.as_ref().is_some_and(|path| !args.global && !system.is_dir(Path::new(path))) {
            // A project that is not there yet lacks what is named, and else nothing.
            return Ok(Self { has: args.name.is_none(), lacks: args.name.is_some() });
        }
        let command = command(args, program, "list", false);
        // It ends with 1 when something is missing.
        let output = system.query(&command)?;
        let text = output.stdout_text();
        let tree = from_json(&text).map_err(|error| {
            let message = format!("Failed to parse NPM output with error {error}");
            output.failure(message).with("cmd", command.shown())
        })?;
        let known = tree.get("dependencies").and_then(Value::as_map).cloned().unwrap_or_default();
        let is_there = |package: &Value| package.get("missing").is_none() && package.get("invalid").is_none();
        let Some(name) = &args.name else {
            return Ok(Self { has: true, lacks: known.values().any(|package| !is_there(package)) });
        };
        let package = known.get(name).filter(|package| is_there(package));
        let version = package.and_then(|package| package.get("version")).map(ToString::to_string);
        let right = package.is_some() && args.version.as_ref().is_none_or(|wanted| Some(wanted) == version.as_ref());
        // What is to be removed goes whatever its version.
        let has = if args.state == "absent" { package.is_some() } else { right };
        Ok(Self { has, lacks: !right })
    }
}

/// `npm VERB`, with what the arguments say; a question leaves out what is about installing.
fn command(args: &NpmArgs, program: &str, verb: &str, changes: bool) -> CommandSpec {
    let mut words = vec![program, verb];
    if verb == "list" {
        words.extend(["--json", "--long"]);
    }
    words.extend(args.global.then_some("--global"));
    words.extend((args.production && changes).then_some("--production"));
    words.extend(args.ignore_scripts.then_some("--ignore-scripts"));
    words.extend(args.unsafe_perm.then_some("--unsafe-perm"));
    let name = args.name.as_ref().map(|name| match &args.version {
        Some(version) if verb != "uninstall" => format!("{name}@{version}"),
        _ => name.clone(),
    });
    words.extend(name.as_deref().filter(|_| !matches!(verb, "list" | "ci")));
    words.extend(args.registry.iter().flat_map(|registry| ["--registry", registry]));
    words.extend(args.no_optional.then_some("--no-optional"));
    words.extend(args.no_bin_links.then_some("--no-bin-links"));
    words.extend(args.force.then_some("--force"));
    let mut command = CommandSpec::new(words).parsable();
    command.chdir = args.path.clone().filter(|_| !args.global);
    command
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::{RunOptions, run};

    /// A program that notes how it changes something, and prints the file that is named after the question.
    const STAND_IN: &str = r#"#!/bin/sh
here=$(dirname "$0")
case "$1" in
list|outdated) cat "$here/$1" 2>/dev/null;;
*) echo "$*" >> "$here/calls";;
esac
"#;

    /// What changes with these packages installed and these outdated, and what is called.
    fn called(list: &str, outdated: &str, check: bool, args: &str) -> (String, String) {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        put("npm", STAND_IN);
        put("list", list);
        put("outdated", outdated);
        fs::set_permissions(folder.path().join("npm"), fs::Permissions::from_mode(0o755)).unwrap();
        let environment = vec![("PATH".into(), format!("{}:/usr/bin:/bin", folder.path().display()))];
        let options = RunOptions { check, environment, ..RunOptions::default() };
        let args = args.replace("PROJECT", folder.path().to_str().unwrap());
        let args = from_json(&args).unwrap();
        let result = run("community.general.npm", args.as_map().unwrap(), &options, Probe::default());
        let said = result.get("msg").or_else(|| result.get("changed")).unwrap().to_string();
        (said, fs::read_to_string(folder.path().join("calls")).unwrap_or_default())
    }

    const COFFEE: &str = r#"{"dependencies":{"coffee":{"version":"1.2.3"}}}"#;

    /// The calls that community.general makes for these arguments.
    #[test]
    fn packages_are_installed_as_the_reference_installs_them() {
        let all = r#"{"name":"coffee","global":true,"registry":"http://r","production":true,"ignore_scripts":true,
            "unsafe_perm":true,"no_optional":true,"no_bin_links":true,"force":true,"version":"2"}"#;
        for (list, outdated, args, call) in [
            ("{}", "", r#"{"name":"coffee","path":"PROJECT"}"#, "install coffee"),
            (COFFEE, "", r#"{"name":"coffee","path":"PROJECT","version":"1.3"}"#, "install coffee@1.3"),
            (
                COFFEE,
                "",
                all,
                "install --global --production --ignore-scripts --unsafe-perm coffee@2 --registry http://r --no-optional \
                 --no-bin-links --force",
            ),
            (COFFEE, "", r#"{"name":"coffee","global":true,"state":"absent"}"#, "uninstall --global coffee"),
            (COFFEE, "x", r#"{"name":"coffee","state":"latest","path":"PROJECT"}"#, "update coffee"),
            (COFFEE, "", r#"{"path":"PROJECT","ci":true}"#, "ci"),
            (r#"{"dependencies":{"coffee":{"missing":true}}}"#, "", r#"{"path":"PROJECT"}"#, "install"),
        ] {
            assert_eq!(called(list, outdated, false, args), ("True".into(), format!("{call}\n")));
            assert_eq!(called(list, outdated, true, args), ("True".into(), String::new()));
        }
    }

    #[test]
    fn what_is_there_stays() {
        for args in [
            r#"{"name":"coffee","path":"PROJECT"}"#,
            r#"{"name":"coffee","path":"PROJECT","version":"1.2.3"}"#,
            r#"{"name":"coffee","path":"PROJECT","state":"latest"}"#,
            r#"{"name":"other","global":true,"state":"absent"}"#,
            r#"{"path":"PROJECT"}"#,
        ] {
            assert_eq!(called(COFFEE, "", false, args), ("False".into(), String::new()));
        }
    }

    #[test]
    fn a_project_needs_its_directory() {
        assert_eq!(called("{}", "", false, "{}").0, "path must be specified when not using global");
        let absent = called("{}", "", false, r#"{"path":"PROJECT","state":"absent"}"#).0;
        assert_eq!(absent, "state is absent but all of the following are missing: name");
    }
}
