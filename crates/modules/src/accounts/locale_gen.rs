//! `locale_gen`: the locales that are made on Debian and its kin.

use std::path::Path;

use ksplay_value::Value;

use super::text_file;
use crate::arguments::{Opt, OptType};
use crate::{CommandSpec, Failure, Inspection, Module, NewFile, Outcome, Probe, System, arguments};

/// See [`LocaleGenArgs`].
pub struct LocaleGen;

arguments! {
    /// Makes locales on Debian and its kin, or removes them.
    pub struct LocaleGenArgs {
        /// The locales: `de_DE.UTF-8`.
        name: Vec<String> = Opt::list(OptType::Str).required(),
        /// Whether they are there.
        state: String = Opt::str().default("present").choices(&["absent", "present"]),
    }
}

/// The new text of the list, and the program that goes by it.
#[derive(Debug)]
pub struct LocaleGenPlan {
    text: Option<String>,
    command: CommandSpec,
}

const LIST: &str = "/etc/locale.gen";

impl Module for LocaleGen {
    type Args = LocaleGenArgs;
    type Plan = LocaleGenPlan;

    fn inspect(args: &LocaleGenArgs, system: &Probe) -> Result<Inspection<LocaleGenPlan>, Failure> {
        if !system.exists(LIST.as_ref()) {
            return Err(Failure::new(
                "/var/lib/locales/supported.d and /etc/locale.gen are missing. Is the package \"locales\" installed?",
            )
            .missing());
        }
        let list = text_file::read(LIST.as_ref(), system)?;
        let known = ["/usr/share/i18n/SUPPORTED", "/usr/local/share/i18n/SUPPORTED"];
        let known: Vec<String> = known.iter().filter_map(|path| system.read_text(Path::new(path)).ok()).collect();
        let command = CommandSpec::new(["locale", "-a"]).parsable();
        let made = system.query(&command)?.or_stderr(&command)?.stdout_text();
        let is_made = |name: &str| made.lines().any(|line| line == as_made(name));
        let is_known = |name: &str| {
            made.lines().any(|line| line == name)
                || known
                    .iter()
                    .flat_map(|text| text.lines())
                    .chain(list.lines())
                    .any(|line| locale_of(line) == Some(name))
        };
        let unknown: Vec<&str> = args.name.iter().map(String::as_str).filter(|name| !is_known(name)).collect();
        if !unknown.is_empty() {
            return Err(Failure::new(format!(
                "The following locales you have entered are not available on your system: {}",
                unknown.join(", ")
            ))
            .missing());
        }
        let present = args.state == "present";
        let mut outcome = Outcome::default();
        outcome.values.insert("name", args.name.iter().cloned().collect::<Value>());
        outcome.values.insert("mechanism", "glibc");
        outcome.values.insert("ubuntu_mode", false);
        if args.name.iter().all(|name| is_made(name) == present) {
            return Ok(Inspection::nothing_to_do(outcome));
        }
        let text = with_locales(&list, &args.name, present);
        let text = (text != list).then_some(text);
        Ok(Inspection::change(outcome, LocaleGenPlan { text, command: CommandSpec::new(["locale-gen"]).parsable() }))
    }

    fn apply(plan: LocaleGenPlan, predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        if let Some(text) = plan.text {
            text_file::write(LIST.as_ref(), &text, &NewFile::default(), system)?;
        }
        system.run(&plan.command)?.or_stderr(&plan.command)?;
        Ok(predicted)
    }
}

/// The locale of a line `NAME CHARSET`, be it commented out.
fn locale_of(line: &str) -> Option<&str> {
    let mut words = line.trim_start_matches(['#', ' ', '\t']).split_whitespace();
    let name = words.next()?;
    (words.next().is_some() && words.next().is_none()).then_some(name)
}

/// The name as `locale -a` shows it.
fn as_made(name: &str) -> String {
    let Some((language, charset)) = name.split_once('.') else { return name.into() };
    let (charset, modifier) = charset.split_once('@').map_or((charset, None), |(before, after)| (before, Some(after)));
    let charset: String = charset.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    let modifier = modifier.map_or(String::new(), |modifier| format!("@{modifier}"));
    format!("{language}.{charset}{modifier}")
}

fn with_locales(list: &str, names: &[String], present: bool) -> String {
    let mut result = String::new();
    for line in list.split_inclusive('\n') {
        let bare = line.trim_start_matches(['#', ' ', '\t']);
        let is_comment = line.trim_start().starts_with('#');
        let meant = locale_of(line).is_some_and(|name| names.iter().any(|wanted| wanted == name));
        match (meant, present) {
            (true, true) => result += bare,
            (true, false) if !is_comment => result += &format!("# {bare}"),
            _ => result += line,
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_is_the_line_that_is_no_comment() {
        let list = "# en_US.UTF-8 UTF-8\n# de_DE.UTF-8 UTF-8\n#fr_FR ISO-8859-1\n# The first word is a locale.\n";
        let names = ["de_DE.UTF-8".to_owned(), "fr_FR".into()];
        let with = "# en_US.UTF-8 UTF-8\nde_DE.UTF-8 UTF-8\nfr_FR ISO-8859-1\n# The first word is a locale.\n";
        assert_eq!(with_locales(list, &names, true), with);
        let without = "# en_US.UTF-8 UTF-8\n# de_DE.UTF-8 UTF-8\n# fr_FR ISO-8859-1\n# The first word is a locale.\n";
        assert_eq!(with_locales(with, &names, false), without);
    }

    #[test]
    fn names_are_compared_as_they_are_listed() {
        for (name, listed) in [
            ("de_DE.UTF-8", "de_DE.utf8"),
            ("fr_FR", "fr_FR"),
            ("de_DE.ISO-8859-15@euro", "de_DE.iso885915@euro"),
            ("de_DE@euro", "de_DE@euro"),
        ] {
            assert_eq!(as_made(name), listed);
        }
    }
}
