//! Colours, byte for byte as Ansible writes them so that whatever reads its coloured output reads ours.

/// What a text is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Ok,
    Changed,
    Failed,
    Unreachable,
    Skipped,
    Included,
    Warning,
    Debug,
    Verbose,
    DiffAdd,
    DiffRemove,
    DiffLines,
}

/// The colours that have names of their own, as codes of the terminal.
const NAMED: &[(&str, &str)] = &[
    ("black", "0;30"),
    ("blue", "0;34"),
    ("bright blue", "1;34"),
    ("bright cyan", "1;36"),
    ("bright gray", "0;37"),
    ("bright green", "1;32"),
    ("bright magenta", "1;35"),
    ("bright purple", "1;35"),
    ("bright red", "1;31"),
    ("bright yellow", "1;33"),
    ("cyan", "0;36"),
    ("dark gray", "1;30"),
    ("green", "0;32"),
    ("magenta", "0;35"),
    ("normal", "0"),
    ("purple", "0;35"),
    ("red", "0;31"),
    ("white", "1;37"),
    ("yellow", "0;33"),
];

/// A colour by the name that it has in the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Colour {
    name: String,
    code: String,
}

impl Colour {
    /// The colour of this name: a word such as `bright red`, or one of 256 as `color21`, `rgb504` (levels of red, green and
    /// blue from 0 to 5) or `gray3` (from 0 to 23).
    ///
    /// ```
    /// assert!(ksplay_report::Colour::named("rgb504").is_some());
    /// assert!(ksplay_report::Colour::named("rgb905").is_none());
    /// ```
    pub fn named(name: &str) -> Option<Self> {
        let code = match NAMED.iter().find(|(known, _)| *known == name) {
            Some((_, code)) => (*code).to_owned(),
            None => format!("38;5;{}", number(name)?),
        };
        Some(Self { name: name.to_owned(), code })
    }

    /// The name that it was asked for by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The words that are names of colours.
    pub fn words() -> impl Iterator<Item = &'static str> {
        NAMED.iter().map(|(name, _)| *name)
    }

    /// The text in this colour. Each line is coloured by itself so that a pager can begin anywhere.
    pub fn paint(&self, text: &str) -> String {
        let code = &self.code;
        let lines: Vec<String> = text.split('\n').map(|line| format!("\x1b[{code}m{line}\x1b[0m")).collect();
        lines.join("\n")
    }

    fn of(known: &str) -> Self {
        Self::named(known).unwrap_or_else(|| Self { name: known.to_owned(), code: "0".to_owned() })
    }
}

/// The number of a colour among the 256 of a terminal.
fn number(name: &str) -> Option<u8> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(number) = name.strip_prefix("color").filter(|number| digits(number)) {
        return number.parse().ok();
    }
    if let Some(level) = name.strip_prefix("gray").filter(|level| digits(level)) {
        return level.parse::<u8>().ok().filter(|level| *level < 24).map(|level| 232 + level);
    }
    match name.strip_prefix("rgb")?.as_bytes() {
        [red, green, blue] if [red, green, blue].into_iter().all(|level| (b'0'..=b'5').contains(level)) => {
            Some(16 + 36 * (red - b'0') + 6 * (green - b'0') + (blue - b'0'))
        }
        _ => None,
    }
}

/// The colours of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Palette {
    /// What changed nothing.
    pub ok: Colour,
    /// What changed something.
    pub changed: Colour,
    /// Failures and errors.
    pub error: Colour,
    /// Hosts that cannot be reached.
    pub unreachable: Colour,
    /// What was skipped.
    pub skip: Colour,
    /// Files that were included.
    pub included: Colour,
    /// Warnings.
    pub warn: Colour,
    /// Places, retries, jobs.
    pub debug: Colour,
    /// What is told with `-v` alone.
    pub verbose: Colour,
    /// Lines that a difference adds.
    pub diff_add: Colour,
    /// Lines that a difference takes away.
    pub diff_remove: Colour,
    /// Where a difference stands.
    pub diff_lines: Colour,
}

impl Default for Palette {
    fn default() -> Self {
        Self {
            ok: Colour::of("green"),
            changed: Colour::of("yellow"),
            error: Colour::of("red"),
            unreachable: Colour::of("bright red"),
            skip: Colour::of("cyan"),
            included: Colour::of("cyan"),
            warn: Colour::of("bright purple"),
            debug: Colour::of("dark gray"),
            verbose: Colour::of("blue"),
            diff_add: Colour::of("green"),
            diff_remove: Colour::of("red"),
            diff_lines: Colour::of("cyan"),
        }
    }
}

impl Palette {
    fn colour(&self, tone: Tone) -> Option<&Colour> {
        Some(match tone {
            Tone::Plain => return None,
            Tone::Ok => &self.ok,
            Tone::Changed => &self.changed,
            Tone::Failed => &self.error,
            Tone::Unreachable => &self.unreachable,
            Tone::Skipped => &self.skip,
            Tone::Included => &self.included,
            Tone::Warning => &self.warn,
            Tone::Debug => &self.debug,
            Tone::Verbose => &self.verbose,
            Tone::DiffAdd => &self.diff_add,
            Tone::DiffRemove => &self.diff_remove,
            Tone::DiffLines => &self.diff_lines,
        })
    }

    /// The text in its colour.
    pub(crate) fn paint(&self, tone: Tone, text: &str) -> String {
        self.colour(tone).map_or_else(|| text.to_owned(), |colour| colour.paint(text))
    }
}

/// The text in its colour, when there are colours.
pub(crate) fn painted(palette: Option<&Palette>, tone: Tone, text: &str) -> String {
    palette.map_or_else(|| text.to_owned(), |palette| palette.paint(tone, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_have_the_codes_that_ansible_gives_them() {
        for (name, code) in [
            ("color21", "38;5;21"),
            ("rgb535", "38;5;219"),
            ("rgb555", "38;5;231"),
            ("gray3", "38;5;235"),
            ("gray23", "38;5;255"),
            ("bright red", "1;31"),
            ("normal", "0"),
        ] {
            assert_eq!(Colour::named(name).map(|colour| colour.code).as_deref(), Some(code), "{name}");
        }
        for name in
            ["", "nope", "Red", "GRAY3", "rgb666", "rgb12", "rgb1234", "gray", "gray24", "color", "color-1", "color256"]
        {
            assert_eq!(Colour::named(name), None, "{name}");
        }
    }
}
