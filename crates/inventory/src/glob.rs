//! Shell globs as Python's `fnmatch` reads them: `*`, `?`, `[abc]`, `[a-z]`, `[!abc]`.

/// Whether the whole text fits the pattern.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut next) = (0, 0);
    // Where to go on when what follows the last `*` does not fit.
    let mut star: Option<(usize, usize)> = None;
    while next < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at + 1, next));
                at += 1;
                continue;
            }
            Some(_) => {
                if let Some(width) = one(&pattern[at..], text[next]) {
                    at += width;
                    next += 1;
                    continue;
                }
            }
            None => {}
        }
        let Some((after, taken)) = star else { return false };
        star = Some((after, taken + 1));
        (at, next) = (after, taken + 1);
    }
    pattern[at..].iter().all(|char| *char == '*')
}

/// How much of the pattern stands for this character, when it fits.
fn one(pattern: &[char], char: char) -> Option<usize> {
    match pattern[0] {
        '?' => Some(1),
        '[' => {
            let negated = pattern.get(1) == Some(&'!');
            let begin = if negated { 2 } else { 1 };
            // A `]` that stands first is one of the characters.
            let Some(length) = pattern.iter().skip(begin + 1).position(|char| *char == ']') else {
                return (char == '[').then_some(1);
            };
            let end = begin + 1 + length;
            (class(&pattern[begin..end], char) != negated).then_some(end + 1)
        }
        literal => (literal == char).then_some(1),
    }
}

fn class(set: &[char], char: char) -> bool {
    let mut rest = set;
    while let [first, after @ ..] = rest {
        match after {
            ['-', last, tail @ ..] => {
                if (*first..=*last).contains(&char) {
                    return true;
                }
                rest = tail;
            }
            _ => {
                if *first == char {
                    return true;
                }
                rest = after;
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_glob_fits_the_whole_text() {
        for (pattern, text, fits) in [
            ("web*", "web1", true),
            ("*", "", true),
            ("w?b", "web", true),
            ("[ab]x", "bx", true),
            ("[!ab]x", "bx", false),
            ("[a-c]x", "bx", true),
            ("*a*b", "xaxxb", true),
            ("a", "ab", false),
            ("[", "[", true),
            ("[]]", "]", true),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
    }
}
