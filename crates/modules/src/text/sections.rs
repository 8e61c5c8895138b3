//! Files of sections as Python's `configparser` reads and writes them: `yum` and `dnf` keep their repositories so.

/// A section: its name and its options, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Section {
    pub name: String,
    pub options: Vec<(String, String)>,
}

/// The sections of a text; values of several lines have no white space at the begin of each.
///
/// # Errors
///
/// With the number of a line that is none of such a file, and what is wrong with it.
pub(crate) fn parse(text: &str) -> Result<Vec<Section>, (usize, &'static str)> {
    let mut sections: Vec<Section> = Vec::new();
    // How far the option whose value may go on is indented.
    let mut open: Option<usize> = None;
    for (index, line) in text.lines().enumerate() {
        let wrong = |what| Err((index + 1, what));
        let content = line.trim();
        let last = sections.last_mut();
        if content.starts_with(['#', ';']) {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        if let (Some(depth), Some((_, value))) = (open, last.and_then(|section| section.options.last_mut()))
            && (content.is_empty() || indent > depth)
        {
            value.push('\n');
            value.push_str(content);
            continue;
        }
        if content.is_empty() {
            continue;
        }
        let name = content.strip_prefix('[').and_then(|rest| rest.rsplit_once(']')).map(|(name, _)| name);
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            if sections.iter().any(|section| section.name == name) {
                return wrong("the section is there twice");
            }
            sections.push(Section { name: name.to_owned(), options: Vec::new() });
            open = None;
            continue;
        }
        let Some(section) = sections.last_mut() else { return wrong("it stands before the first section") };
        let Some((name, value)) = content.split_once(['=', ':']) else { return wrong("it has no `=`") };
        let name = name.trim_end().to_lowercase();
        if section.options.iter().any(|(known, _)| *known == name) {
            return wrong("the option is there twice");
        }
        section.options.push((name, value.trim_start().to_owned()));
        open = Some(indent);
    }
    for (_, value) in sections.iter_mut().flat_map(|section| &mut section.options) {
        value.truncate(value.trim_end().len());
    }
    Ok(sections)
}

/// The text of these sections; `tab` stands before the second and further lines of a value.
pub(crate) fn text<'a>(sections: impl IntoIterator<Item = &'a Section>, tab: &str) -> String {
    let mut text = String::new();
    for section in sections {
        text += &format!("[{}]\n", section.name);
        for (name, value) in &section.options {
            text += &format!("{name} = {}\n", value.replace('\n', &format!("\n{tab}")));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_on_in_lines_that_are_indented() {
        let sections = parse("# c\n[a b]\nURL = x\n  y\n\n  z\n; c\nn: 1\n\n[c]\n").unwrap();
        let option = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(sections[0].options, [option("url", "x\ny\n\nz"), option("n", "1")]);
        assert_eq!(text(&sections, "\t"), "[a b]\nurl = x\n\ty\n\t\n\tz\nn = 1\n\n[c]\n\n");
    }

    #[test]
    fn what_is_no_such_file_is_refused() {
        for (text, line) in [("a = 1\n", 1), ("[a]\nb\n", 2), ("[a]\n[a]\n", 2), ("[a]\nb=1\nb=2\n", 3)] {
            assert_eq!(parse(text).unwrap_err().0, line, "{text}");
        }
    }
}
