//! "Did you mean": the name that a wrong one is most probably a slip of.

use crate::{Error, ErrorKind, Templar, filters, lookups, tests};

impl Templar<'_> {
    /// The error with the known name that is nearest to the one it complains about.
    pub(crate) fn suggest(&self, mut error: Error) -> Error {
        if error.near.is_none() {
            error.near = self.near(&error);
        }
        error
    }

    fn near(&self, error: &Error) -> Option<String> {
        let quoted = |before: &str, after: &str| {
            let (_, rest) = error.message.split_once(before)?;
            rest.split_once(after).map(|(name, _)| name)
        };
        match error.kind {
            ErrorKind::Undefined => {
                let name = quoted("'", "' is undefined")?;
                let variables = self.scope.names();
                nearest(name, variables.iter().map(AsRef::as_ref))
            }
            ErrorKind::Syntax | ErrorKind::UnknownPlugin | ErrorKind::Operation => {
                if let Some(name) = quoted("No filter named '", "'") {
                    nearest_plugin(name, filters::names())
                } else if let Some(name) = quoted("No test named '", "'") {
                    nearest_plugin(name, tests::names())
                } else {
                    let name = quoted("The lookup plugin '", "' was not found")?;
                    nearest_plugin(name, lookups::names())
                }
            }
            _ => None,
        }
    }
}

/// The nearest of short names, in the collection in which the wrong one is.
fn nearest_plugin<'c>(name: &str, candidates: impl Iterator<Item = &'c str>) -> Option<String> {
    let short = filters::short(name);
    let collection = name.strip_suffix(short).unwrap_or_default();
    nearest(short, candidates).map(|near| format!("{collection}{near}"))
}

fn nearest<'c>(word: &str, candidates: impl Iterator<Item = &'c str>) -> Option<String> {
    candidates
        .filter(|candidate| *candidate != word)
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(likeness, candidate)| *likeness > 0.82 && strsim::osa_distance(word, candidate) <= 1 + word.len() / 3)
        .max_by(|left, right| left.0.total_cmp(&right.0).then_with(|| right.1.cmp(left.1)))
        .map(|(_, candidate)| candidate.to_owned())
}
