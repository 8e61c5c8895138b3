//! "Did you mean …".

/// The candidate that the word is most probably a slip of.
pub(crate) fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    candidates
        .into_iter()
        .filter(|candidate| *candidate != word)
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(likeness, candidate)| *likeness > 0.82 && strsim::osa_distance(word, candidate) <= 1 + word.len() / 3)
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .map(|(_, candidate)| candidate)
}

/// The hint for a word with its nearest candidate.
pub(crate) fn did_you_mean<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<String> {
    nearest(word, candidates).map(|candidate| format!("did you mean `{candidate}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_matched_and_a_stranger_is_not() {
        assert_eq!(nearest("lineinfle", ["copy", "lineinfile", "line"]), Some("lineinfile"));
        assert_eq!(nearest("whn", ["when", "with_items"]), Some("when"));
        assert_eq!(nearest("foo", ["when", "copy"]), None);
    }
}
