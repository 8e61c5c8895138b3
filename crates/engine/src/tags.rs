//! Which tasks `--tags` and `--skip-tags` select.

use ksplay_value::Str;

/// Whether a task with these tags runs.
///
/// `all`, `tagged` and `untagged` are words of the selection; `always` runs unless it is skipped by name, `never` only
/// when one of the task's tags is asked for.
pub fn selects(only: &[String], skip: &[String], tags: &[Str]) -> bool {
    let has = |tag: &str| tags.iter().any(|own| &**own == tag);
    let untagged = tags.is_empty();
    let asks = |tag: &str| only.iter().any(|asked| asked == tag);
    let skips = |tag: &str| skip.iter().any(|skipped| skipped == tag);
    let named = |list: &[String]| list.iter().any(|tag| has(tag));

    let everything = only.is_empty() || asks("all");
    let wanted = has("always")
        || named(only)
        || (everything && !has("never"))
        || (asks("tagged") && !untagged && !has("never"))
        || (asks("untagged") && untagged);
    let excluded = if skips("all") {
        !has("always") || skips("always")
    } else {
        named(skip) || (skips("tagged") && !untagged) || (skips("untagged") && untagged)
    };
    wanted && !excluded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selected(only: &[&str], skip: &[&str], tags: &[&str]) -> bool {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let tags: Vec<Str> = tags.iter().map(|tag| (*tag).into()).collect();
        selects(&owned(only), &owned(skip), &tags)
    }

    #[test]
    fn without_a_selection_everything_but_never_runs() {
        assert!(selected(&[], &[], &[]));
        assert!(selected(&[], &[], &["a"]));
        assert!(!selected(&[], &[], &["never", "a"]));
    }

    #[test]
    fn never_runs_when_one_of_its_tags_is_asked_for() {
        assert!(selected(&["a"], &[], &["never", "a"]));
        assert!(selected(&["never"], &[], &["never"]));
        assert!(!selected(&["all"], &[], &["never", "a"]));
        assert!(!selected(&["tagged"], &[], &["never", "a"]));
    }

    #[test]
    fn always_runs_unless_it_is_skipped_by_name() {
        assert!(selected(&["x"], &[], &["always"]));
        assert!(!selected(&["x"], &["always"], &["always"]));
        assert!(selected(&[], &["all"], &["always"]));
        assert!(selected(&[], &[], &["always", "never"]));
        assert!(!selected(&[], &["never"], &["always", "never"]));
    }

    #[test]
    fn skipping_wins_over_asking() {
        assert!(!selected(&["a"], &["b"], &["a", "b"]));
        assert!(!selected(&[], &["tagged"], &["a"]));
        assert!(!selected(&[], &["untagged"], &[]));
    }
}
