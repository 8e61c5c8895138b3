//! What the command line cannot be, in the words of the house.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use ksplay_value::Diagnostic;

use crate::failure::Failure;

/// The failure for what clap says; none when help was asked for.
pub fn failure(error: &clap::Error) -> Option<Failure> {
    if !error.use_stderr() {
        return None;
    }
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        _ => None,
    };
    Some(match (error.kind(), context(ContextKind::InvalidArg)) {
        (ErrorKind::UnknownArgument, Some(option)) => unknown(&option, context(ContextKind::SuggestedArg)),
        (ErrorKind::MissingRequiredArgument, Some(what)) if what == "<PLAYBOOK>..." => Failure::of(
            5,
            &Diagnostic::new("no playbook is named")
                .help(Some("`ksplay site.yml` runs one; `ksplay --help` shows options and commands".into())),
        ),
        _ => Failure { message: error.render().to_string(), code: 5 },
    })
}

fn unknown(option: &str, similar: Option<String>) -> Failure {
    let diagnostic = Diagnostic::new(format!("there is no option `{option}`"))
        .hint(similar.map(|similar| format!("did you mean `{similar}`?")))
        .help(Some("`--help` shows them all".into()));
    Failure::of(5, &diagnostic)
}
