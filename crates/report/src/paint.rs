//! Colours, byte for byte as Ansible writes them so that whatever reads its coloured output reads ours.

/// What a text is about; each has the colour that Ansible gives it by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Ok,
    Changed,
    Failed,
    Unreachable,
    Skipped,
    Warning,
    Debug,
}

impl Tone {
    fn code(self) -> Option<&'static str> {
        Some(match self {
            Self::Plain => return None,
            Self::Ok => "0;32",
            Self::Changed => "0;33",
            Self::Failed => "0;31",
            Self::Unreachable => "1;31",
            Self::Skipped => "0;36",
            Self::Warning => "1;35",
            Self::Debug => "1;30",
        })
    }

    /// The text in this colour. Each line is coloured by itself so that a pager can begin anywhere.
    pub(crate) fn paint(self, text: &str) -> String {
        let Some(code) = self.code() else { return text.to_owned() };
        let lines: Vec<String> = text.split('\n').map(|line| format!("\x1b[{code}m{line}\x1b[0m")).collect();
        lines.join("\n")
    }
}
