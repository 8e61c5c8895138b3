//! Text of pages in lines of a width.

/// As wide as the terminal, but no line longer than reads well.
pub(super) fn width() -> usize {
    terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0)).clamp(40, 100)
}

/// Names, and beside each what is said of it.
pub(super) fn list(entries: &[(String, String)], width: usize) -> String {
    let column = entries.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0) + 2;
    let mut text = String::new();
    for (name, about) in entries {
        for (number, line) in wrap(about, width.saturating_sub(column).max(20)).iter().enumerate() {
            let name = if number == 0 { name.as_str() } else { "" };
            text += &format!("{name:<column$}{line}\n");
        }
    }
    text
}

/// The text in lines that begin so far to the right.
pub(super) fn indented(text: &str, indent: usize, width: usize) -> String {
    let blank = " ".repeat(indent);
    wrap(text, width - indent).iter().map(|line| format!("{blank}{line}")).collect::<Vec<_>>().join("\n")
}

/// The words of a text in lines of at most this width.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}
