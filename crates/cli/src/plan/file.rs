//! The file that holds a plan: JSON, for its owner alone.

use std::ffi::OsString;
use std::fmt;
use std::path::Path;

use clap::{Args, Parser};
use ksplay_playbook::{Loader, LoaderOptions};
use ksplay_report::plan::Step;
use ksplay_value::{Map, Value, names_secret};
use serde::{Deserialize, Serialize};

use super::inputs::Inputs;
use super::look::Look;
use crate::args::{Cli, Command, PlanArgs, RunArgs};
use crate::failure::Failure;
use crate::{files, variables};

/// The form of the file. Another number is another form.
const FORMAT: u32 = 1;

/// A plan as it is kept.
#[derive(Debug, Serialize, Deserialize)]
pub struct PlanFile {
    format: u32,
    /// The version of ksplay that made it.
    ksplay: String,
    /// When, in universal time.
    pub made: String,
    /// Where relative paths begin.
    pub directory: String,
    /// The command line, from `plan` on, without `--output`.
    pub arguments: Vec<String>,
    /// What it rests on.
    pub inputs: Inputs,
    /// What it does.
    pub steps: Vec<Step>,
}

impl PlanFile {
    /// What was seen, asked for by these arguments of this very program.
    ///
    /// # Errors
    ///
    /// If the current directory is gone.
    pub fn of(look: Look, arguments: Vec<String>) -> Result<Self, Failure> {
        let directory = std::env::current_dir().map_err(Failure::error)?;
        Ok(Self {
            format: FORMAT,
            ksplay: env!("CARGO_PKG_VERSION").to_owned(),
            made: ksplay_report::now(),
            directory: directory.display().to_string(),
            arguments: without_output(arguments.into_iter()),
            inputs: look.inputs,
            steps: look.steps,
        })
    }

    /// The command line, as a shell takes it.
    pub fn command_line(&self) -> String {
        let words = shlex::try_join(self.arguments.iter().map(String::as_str));
        format!("ksplay {}", words.unwrap_or_else(|_| self.arguments.join(" ")))
    }

    /// Writes it; a file of that name is replaced.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), Failure> {
        let mut text = serde_json::to_string_pretty(self).map_err(Failure::error)?;
        text.push('\n');
        files::replace_private(path, text.as_bytes())
            .map_err(|error| Failure::error(format!("cannot write the plan to {}: {error}", path.display())))
    }

    /// Reads a plan.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or holds no plan.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::error(format!("cannot read the plan {shown}: {error}")))?;
        let plan: Self = serde_json::from_str(&text).map_err(|error| {
            Failure::error(format!("{shown} holds no plan: {error}")).help("`ksplay plan PLAYBOOK -o FILE` makes one")
        })?;
        match plan.format {
            FORMAT => Ok(plan),
            other => Err(Failure::error(format!("{shown} is a plan of form {other}, this ksplay reads form {FORMAT}"))),
        }
    }

    /// Refuses a plan that another version made.
    ///
    /// # Errors
    ///
    /// If it did.
    pub fn check_version(&self, path: &Path) -> Result<(), Failure> {
        let this = env!("CARGO_PKG_VERSION");
        if self.ksplay == this {
            return Ok(());
        }
        let message = format!("{} was made by ksplay {}, this is {this}", path.display(), self.ksplay);
        Err(Failure::error(message).help("make the plan again with the ksplay that is to carry it out"))
    }

    /// The run that is planned.
    ///
    /// # Errors
    ///
    /// If the arguments are none.
    pub fn run_args(&self) -> Result<RunArgs, Failure> {
        let arguments = std::iter::once("ksplay").chain(self.arguments.iter().map(String::as_str));
        match Cli::try_parse_from(arguments) {
            Ok(Cli { command: Some(Command::Plan(plan)), .. }) => Ok(plan.run),
            Ok(_) => Err(Failure::error("the arguments in the plan are not those of `ksplay plan`")),
            Err(error) => Err(Failure::error(format!("the arguments in the plan cannot be read: {error}"))),
        }
    }
}

/// The arguments of this program.
///
/// # Errors
///
/// If one of them is no text, which a plan cannot hold.
pub fn arguments() -> Result<Vec<String>, Failure> {
    let text = |argument: OsString| {
        argument.into_string().map_err(|bytes| Failure::options(format!("{} is not UTF-8", bytes.display())))
    };
    std::env::args_os().skip(1).map(text).collect()
}

/// Refuses, before anything is looked at, a place where no plan can be kept.
///
/// # Errors
///
/// If the path is that of a folder, or no file can be made beside it.
pub fn refuse_place(path: &Path) -> Result<(), Failure> {
    let refused = |why: &dyn fmt::Display| Failure::error(format!("no plan can be kept in {}: {why}", path.display()));
    if path == Path::new("-") {
        return Err(
            refused(&"a plan is a file").help("the plan is shown without `-o` too; `./-` is a file of that name")
        );
    }
    if path.is_dir() {
        return Err(refused(&"it is a folder"));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    tempfile::tempfile_in(folder).map(drop).map_err(|error| refused(&error))
}

/// The arguments without the file that the plan is kept in. The value of another option may look as if it named that.
fn without_output(mut arguments: impl Iterator<Item = String>) -> Vec<String> {
    let command = PlanArgs::augment_args(clap::Command::new("plan"));
    let takes_value = |option: &str| {
        let is_called = |arg: &clap::Arg| match option.strip_prefix("--") {
            Some(long) => arg.get_long() == Some(long) || arg.get_all_aliases().is_some_and(|all| all.contains(&long)),
            None => arg.get_short().is_some_and(|short| option.strip_prefix('-') == Some(&*short.to_string())),
        };
        command.get_arguments().any(|arg| arg.get_action().takes_values() && is_called(arg))
    };
    let mut kept = Vec::new();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "-o" | "--output" => drop(arguments.next()),
            joined if joined.starts_with("--output=") || (joined.starts_with("-o") && !joined.starts_with("--")) => {}
            option if takes_value(option) => {
                kept.push(argument);
                kept.extend(arguments.next());
            }
            _ => kept.push(argument),
        }
    }
    kept
}

/// Refuses secrets on the command line, which the plan would hold.
///
/// # Errors
///
/// If the name of a variable that is given says that it holds one.
pub fn refuse_secrets(extra_vars: &[String]) -> Result<(), Failure> {
    let given: Vec<String> = extra_vars.iter().filter(|given| !given.starts_with('@')).cloned().collect();
    let vars = variables::extra_vars(&given, &Loader::new(LoaderOptions::default()))?;
    match secret_in(&vars) {
        None => Ok(()),
        Some(name) => Err(Failure::options(format!(
            "`-e {name}=…` looks like a secret, which the plan would hold: give it in a file"
        ))
        .help("write it to a file of variables, vaulted or not, and pass `-e @FILE`")),
    }
}

fn secret_in(vars: &Map) -> Option<String> {
    vars.iter().find_map(|(key, value)| {
        let within = || secret_within(value);
        key.as_str().filter(|name| names_secret(name)).map(str::to_owned).or_else(within)
    })
}

fn secret_within(value: &Value) -> Option<String> {
    match value {
        Value::Map(vars) => secret_in(vars),
        Value::List(items) => items.iter().find_map(secret_within),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_kept_without_the_file_of_the_plan() {
        let kept = |line: &str| without_output(line.split(' ').map(str::to_owned)).join(" ");
        assert_eq!(kept("plan -i hosts site.yml -o plan"), "plan -i hosts site.yml");
        let of_ssh = "plan --ssh-common-args -oPort=1 -e -o --extra-vars -oa=b site.yml";
        assert_eq!(kept(&format!("{of_ssh} -o plan")), of_ssh);
        assert_eq!(kept("plan --output plan -i hosts --output=x site.yml -oplan"), "plan -i hosts site.yml");
    }

    #[test]
    fn a_secret_on_the_command_line_is_refused_and_a_file_of_them_is_not() {
        let refused = |given: &str| refuse_secrets(&[given.to_owned()]).is_err();
        assert!(refused("db_password=x") && refused(r#"{"db": {"api_token": "x"}}"#));
        assert!(refused(r#"{"users": [{"password": "x"}]}"#) && refused(r#"{"secrets": {"db": "x"}}"#));
        assert!(!refused("version=3 name=x") && !refused("@secrets.yml"));
    }
}
