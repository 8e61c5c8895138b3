//! `pip`: packages of Python.

use std::path::{Path, PathBuf};

use ksplay_value::Value;

use crate::arguments::{Opt, OptType};
use crate::text::words;
use crate::{CommandOutput, CommandSpec, Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`PipArgs`].
pub struct Pip;

arguments! {
    /// Installs and removes packages of Python.
    pub struct PipArgs {
        /// The packages, each with the versions that are wanted, or where they come from.
        name: Option<Vec<String>> = Opt::list(OptType::Str),
        /// The version of the one package.
        version: Option<String> = Opt::str(),
        /// A file with the packages.
        requirements: Option<String> = Opt::str(),
        /// The virtual environment they are installed in; it is made when it is not there.
        virtualenv: Option<PathBuf> = Opt::path(),
        /// Whether the environment has the packages of the machine too.
        virtualenv_site_packages: bool = Opt::bool().default("no"),
        /// The command that makes the environment.
        virtualenv_command: String = Opt::path().default("virtualenv"),
        /// The Python of the environment.
        virtualenv_python: Option<String> = Opt::str(),
        /// Whether they are installed.
        state: String = Opt::str().default("present").choices(&["absent", "forcereinstall", "latest", "present"]),
        /// More arguments of pip.
        extra_args: Option<String> = Opt::str(),
        /// Whether the package stays where it is.
        editable: bool = Opt::bool().default("no"),
        /// The directory that pip is called in.
        chdir: Option<String> = Opt::path(),
        /// The pip program.
        executable: Option<String> = Opt::path(),
        /// The bits that new files do not get, in octal.
        umask: Option<String> = Opt::str(),
        /// Whether a Python that the system manages is changed.
        break_system_packages: bool = Opt::bool().default("false"),
    }
    rules {
        required_one_of: &[&["name", "requirements"]],
        mutually_exclusive: &[&["name", "requirements"], &["executable", "virtualenv"]],
    }
}

/// What pip is told.
#[derive(Debug)]
pub struct PipPlan {
    args: PipArgs,
    packages: Vec<String>,
    umask: Option<u32>,
}

impl Module for Pip {
    type Args = PipArgs;
    type Plan = PipPlan;

    fn inspect(args: &PipArgs, system: &Probe) -> Result<Inspection<PipPlan>, Failure> {
        if args.version.is_some() && args.state == "latest" {
            return Err(Failure::new("version is incompatible with state=latest"));
        }
        let umask = args.umask.as_ref().map(|text| {
            u32::from_str_radix(text.trim_start_matches("0o"), 8).map_err(|_| {
                Failure::new("umask must be an octal integer").with("details", format!("`{text}` is none"))
            })
        });
        let plan = PipPlan { args: args.clone(), packages: packages(args)?, umask: umask.transpose()? };
        let uses_venv_module =
            args.virtualenv_command.contains(" -m venv") || args.virtualenv_command.ends_with("pyvenv");
        if uses_venv_module && args.virtualenv_python.is_some() {
            let message =
                "virtualenv_python should not be used when using the venv module or pyvenv as virtualenv_command";
            return Err(Failure::new(message));
        }
        let mut outcome = Outcome::default();
        if system.check {
            outcome.changed = plan.would_change(system)?;
        }
        Ok(Inspection { predicted: outcome, plan: Some(plan) })
    }

    fn apply(plan: PipPlan, mut predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        let args = &plan.args;
        let mut said = (String::new(), String::new());
        if let Some(folder) = args.virtualenv.as_deref().filter(|folder| !is_environment(folder, system)) {
            let command = plan.environment_command(folder)?;
            let output = system.run(&command)?;
            said = (output.stdout_text(), output.stderr_text());
            if !output.ok() {
                return Err(refused(&output, &command.argv));
            }
            predicted.changed = true;
        }
        let pip = plan.pip(system)?;
        // Of what comes from a repository of sources pip says each time that it has installed it.
        let compared = args.editable || plan.packages.iter().any(|name| name.contains("://"));
        let freeze = plan.command([pip.clone(), "freeze".into()].to_vec());
        let before = if compared { Some(system.query(&freeze)?.stdout) } else { None };
        let command = plan.command(plan.words(pip)?);
        let output = system.run(&command)?;
        if !output.ok() {
            return Err(refused(&output, &command.argv));
        }
        let text = output.stdout_text();
        predicted.changed |= match before {
            Some(before) => system.query(&freeze)?.stdout != before,
            None if args.state == "absent" => text.contains("Successfully uninstalled"),
            None => text.contains("Successfully installed"),
        };
        let optional = |text: &Option<String>| Value::from(text.clone());
        let values = &mut predicted.values;
        values.insert("cmd", command.argv.iter().map(String::as_str).collect::<Value>());
        let names = args.name.as_ref().map(|names| names.iter().map(String::as_str).collect::<Value>());
        values.insert("name", names.unwrap_or_default());
        values.insert("version", optional(&args.version));
        values.insert("state", args.state.as_str());
        values.insert("requirements", optional(&args.requirements));
        let environment = args.virtualenv.as_ref().map(|folder| folder.display().to_string());
        values.insert("virtualenv", optional(&environment));
        values.insert("stdout", said.0 + &text);
        values.insert("stderr", said.1 + &output.stderr_text());
        Ok(predicted)
    }
}

/// The packages as pip takes them.
fn packages(args: &PipArgs) -> Result<Vec<String>, Failure> {
    let mut packages: Vec<String> = Vec::new();
    for name in args.name.iter().flatten().map(|name| name.trim()) {
        // A list that was one text: `a>=1,<2`.
        match packages.last_mut() {
            Some(last) if name.starts_with(['<', '>', '=', '!', '~']) => *last += &format!(",{name}"),
            _ => packages.push(name.to_owned()),
        }
    }
    let Some(version) = &args.version else { return Ok(packages) };
    let [package] = &mut packages[..] else {
        let message = "'version' argument is ambiguous when installing multiple package distributions. Please specify \
                       version restrictions next to each package in 'name' argument.";
        return Err(Failure::new(message));
    };
    if package.contains(['<', '>', '=', '!', '~']) {
        let message = "The 'version' argument conflicts with any version specifier provided along with a package name. \
                       Please keep the version specifier, but remove the 'version' argument.";
        return Err(Failure::new(message));
    }
    let equal = if version.starts_with(|c: char| c.is_ascii_digit()) { "==" } else { "" };
    *package += &format!("{equal}{version}");
    Ok(packages)
}

fn is_environment(folder: &Path, system: &Probe) -> bool {
    system.exists(&folder.join("bin/activate"))
}

fn refused(output: &CommandOutput, argv: &[String]) -> Failure {
    let stdout = output.stdout_text();
    let stdout = if stdout.is_empty() { stdout } else { format!("stdout: {stdout}") };
    Failure::new(format!("{stdout}\n:stderr: {}", output.stderr_text()))
        .with("cmd", argv.iter().map(String::as_str).collect::<Value>())
}

/// A package's name without version and extras, as the index compares names.
fn plain_name(package: &str) -> String {
    let end = package.find(['<', '>', '=', '!', '~', '[', ';', ' ', '@']).unwrap_or(package.len());
    package[..end].to_lowercase().replace(['_', '.'], "-")
}

impl PipPlan {
    fn command(&self, argv: Vec<String>) -> CommandSpec {
        let mut command = CommandSpec::new(argv).parsable();
        command.chdir = self.args.chdir.clone();
        command.umask = self.umask;
        match self.args.break_system_packages {
            true => command.env("PIP_BREAK_SYSTEM_PACKAGES", "1"),
            false => command,
        }
    }

    fn environment_command(&self, folder: &Path) -> Result<CommandSpec, Failure> {
        let mut argv = words::split(&self.args.virtualenv_command).map_err(Failure::new)?;
        if self.args.virtualenv_site_packages {
            argv.push("--system-site-packages".into());
        }
        if let Some(python) = &self.args.virtualenv_python {
            argv.extend(["-p".to_owned(), python.clone()]);
        }
        argv.push(folder.display().to_string());
        Ok(self.command(argv))
    }

    /// Where pip is.
    fn pip(&self, system: &Probe) -> Result<String, Failure> {
        let named = self.args.executable.as_deref();
        let candidates = named.map_or(vec!["pip3", "pip"], |named| vec![named]);
        let found = candidates.iter().find_map(|name| match &self.args.virtualenv {
            Some(folder) => system.which(&folder.join("bin").join(name).to_string_lossy()),
            None => system.which(name),
        });
        let found = found.map(|path| path.display().to_string());
        found.ok_or_else(|| {
            Failure::new(format!("Unable to find any of {} to use.  pip needs to be installed.", candidates.join(", ")))
                .missing()
        })
    }

    fn words(&self, pip: String) -> Result<Vec<String>, Failure> {
        let args = &self.args;
        let verb: &[&str] = match args.state.as_str() {
            "absent" => &["uninstall", "-y"],
            "latest" => &["install", "-U"],
            "forcereinstall" => &["install", "-U", "--force-reinstall"],
            _ => &["install"],
        };
        let mut argv = vec![pip];
        argv.extend(verb.iter().map(|word| (*word).to_owned()));
        argv.extend(words::split(args.extra_args.as_deref().unwrap_or_default()).map_err(Failure::new)?);
        for package in &self.packages {
            argv.extend(args.editable.then(|| "-e".to_owned()));
            argv.push(package.clone());
        }
        if let Some(file) = &args.requirements {
            argv.extend(["-r".to_owned(), file.clone()]);
        }
        Ok(argv)
    }

    /// Whether pip would do something, as far as the machine alone can tell.
    fn would_change(&self, system: &Probe) -> Result<bool, Failure> {
        let args = &self.args;
        if args.virtualenv.as_deref().is_some_and(|folder| !is_environment(folder, system)) {
            return Ok(args.state != "absent");
        }
        let pip = self.pip(system)?;
        match args.state.as_str() {
            "absent" if args.requirements.is_none() => {
                let list = self.command([pip, "list".into(), "--format=freeze".into()].to_vec());
                let installed = system.query(&list)?.stdout_text();
                let installed: Vec<String> = installed.lines().map(plain_name).collect();
                Ok(self.packages.iter().any(|package| installed.contains(&plain_name(package))))
            }
            "present" => {
                // What is there satisfies pip without an index.
                let options = ["install", "--dry-run", "--no-index", "--no-deps", "--disable-pip-version-check"];
                let mut argv: Vec<String> = [pip].into_iter().chain(options.map(str::to_owned)).collect();
                argv.extend(self.packages.iter().cloned());
                argv.extend(args.requirements.iter().flat_map(|file| ["-r".to_owned(), file.clone()]));
                let output = system.query(&self.command(argv))?;
                Ok(!output.ok() || output.stdout_text().contains("Would install"))
            }
            _ => Ok(true),
        }
    }
}

#[cfg(test)]
mod tests {
    use ksplay_value::Map;

    use super::*;
    use crate::{Arguments, Given};

    fn plan(fields: &[(&str, &str)]) -> Result<Vec<String>, String> {
        let given: Map = fields.iter().map(|(name, value)| (*name, Value::from(*value))).collect();
        let args: PipArgs = Given::check("pip", PipArgs::SPEC_REF, &given).unwrap().typed().unwrap();
        let packages = packages(&args).map_err(|failure| failure.message)?;
        PipPlan { args, packages, umask: None }.words("pip3".into()).map_err(|failure| failure.message)
    }

    #[test]
    fn pip_is_told_what_ansible_tells_it() {
        for (fields, wanted) in [
            (&[("name", "a")][..], "pip3 install a"),
            (&[("name", "a>=1.0,<3,b")], "pip3 install a>=1.0,<3 b"),
            (&[("name", "a"), ("version", "1.0")], "pip3 install a==1.0"),
            (&[("name", "a"), ("state", "latest"), ("extra_args", "-i 'x y'")], "pip3 install -U -i x y a"),
            (&[("name", "a"), ("state", "forcereinstall")], "pip3 install -U --force-reinstall a"),
            (&[("name", "a"), ("state", "absent")], "pip3 uninstall -y a"),
            (&[("requirements", "r.txt")], "pip3 install -r r.txt"),
            (&[("name", "git+https://x/y"), ("editable", "yes")], "pip3 install -e git+https://x/y"),
        ] {
            assert_eq!(plan(fields).unwrap().join(" "), wanted);
        }
        assert!(plan(&[("name", "a==1"), ("version", "1")]).unwrap_err().contains("conflicts"));
        assert!(plan(&[("name", "a,b"), ("version", "1")]).unwrap_err().contains("ambiguous"));
    }

    #[test]
    fn names_are_compared_as_the_index_does() {
        assert_eq!(plain_name("Tiny_B[x]>=1"), "tiny-b");
    }

    #[test]
    fn what_pip_says_tells_whether_something_changed() {
        // The program is a stand-in that installs into a file.
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join("list").display().to_string();
        let pip = folder.path().join("pip3");
        let text = format!(
            "#!/bin/sh\ncase \"$*\" in *--dry-run*) test -e {list}; exit ;; esac\n\
             if [ -e {list} ]; then echo Requirement already satisfied: a; else echo a > {list}; echo Successfully \
             installed a-1; fi\n"
        );
        std::fs::write(&pip, text).unwrap();
        std::fs::set_permissions(&pip, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let args = Map::from([("name", "a".to_owned()), ("executable", pip.display().to_string())]);
        for (check, changed) in [(true, true), (false, true), (true, false), (false, false)] {
            let options = crate::RunOptions { check, ..Default::default() };
            let result = crate::run("pip", &args, &options, Probe::default());
            assert_eq!(result.get("changed"), Some(&Value::Bool(changed)), "{result:?}");
        }
    }
}
