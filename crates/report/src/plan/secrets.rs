//! What of a plan nobody may read in it.

use ksplay_value::hide_secrets;

use super::Step;

const HIDDEN: &str = "********";

/// Texts shorter than this hide too much that is no secret.
const SHORTEST: usize = 5;

/// Secrets that are known.
#[derive(Default)]
pub struct Hidden(Vec<String>);

impl Hidden {
    /// These texts; of one of several lines, each line too.
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut all: Vec<String> = Vec::new();
        for secret in secrets {
            all.extend(secret.lines().map(|line| line.trim().to_owned()));
            all.push(secret);
        }
        all.retain(|secret| secret.chars().count() >= SHORTEST);
        // What holds another one is hidden whole.
        all.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        all.dedup();
        Self(all)
    }

    /// Hides them in what a step shows: known secrets, what is given to names of secrets, private keys.
    pub fn hide(&self, step: &mut Step) {
        step.task = self.without_known(&step.task);
        for text in [&mut step.item, &mut step.why].into_iter().flatten() {
            *text = self.line(text);
        }
        if let Some(diff) = &mut step.diff {
            *diff = self.diff(diff);
        }
    }

    fn diff(&self, diff: &str) -> String {
        let mut shown = String::with_capacity(diff.len());
        let mut in_key = false;
        for line in self.without_known(diff).split_inclusive('\n') {
            in_key |= line.contains("-----BEGIN ") && line.contains("PRIVATE KEY-----");
            if in_key {
                shown.push_str(line.get(..1).filter(|mark| ["+", "-", " "].contains(mark)).unwrap_or_default());
                shown.push_str(HIDDEN);
                shown.push('\n');
                in_key = !(line.contains("-----END ") && line.contains("PRIVATE KEY-----"));
                continue;
            }
            let text = line.strip_suffix('\n').unwrap_or(line);
            shown.push_str(&hide_secrets(text));
            shown.push_str(&line[text.len()..]);
        }
        shown
    }

    fn line(&self, text: &str) -> String {
        hide_secrets(&self.without_known(text))
    }

    fn without_known(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| match text.contains(secret) {
            true => text.replace(secret, HIDDEN),
            false => text,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Kind;
    use crate::plan::tests::step;

    fn hidden(diff: &str) -> String {
        let mut step = Step { diff: Some(diff.into()), ..step("one", "a", Kind::Change) };
        Hidden::new(["s3cret-value".to_owned(), "ab".to_owned()]).hide(&mut step);
        step.diff.unwrap_or_default()
    }

    #[test]
    fn known_secrets_are_hidden_wherever_they_stand() {
        assert_eq!(hidden("+url: http://u:s3cret-value@host/ab\n"), "+url: http://u:********@host/ab\n");
    }

    #[test]
    fn what_is_given_to_names_of_secrets_is_hidden() {
        assert_eq!(
            hidden("-password: old\n+password: new\n user: x\n"),
            "-password: ********\n+password: ********\n user: x\n"
        );
    }

    #[test]
    fn a_private_key_is_hidden_from_its_first_line_to_its_last() {
        let key = "+a\n+-----BEGIN RSA PRIVATE KEY-----\n+MIIE\n+-----END RSA PRIVATE KEY-----\n+b\n";
        assert_eq!(hidden(key), "+a\n+********\n+********\n+********\n+b\n");
    }
}
