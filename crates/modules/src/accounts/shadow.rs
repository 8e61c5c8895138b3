//! A line of the shadow file.

use crate::Probe;

/// Password and rules of its age.
#[derive(Debug, Default, Clone)]
pub(crate) struct Shadow {
    /// The hash; `!` before it locks the account.
    pub(crate) password: String,
    /// The fewest days between two changes.
    pub(crate) minimum: Option<i64>,
    /// The most days between two changes.
    pub(crate) maximum: Option<i64>,
    /// Days of warning.
    pub(crate) warning: Option<i64>,
    /// Days that a password still works after its end.
    pub(crate) inactive: Option<i64>,
    /// The day since 1970 on which the account ends.
    pub(crate) expires: Option<i64>,
}

impl Shadow {
    /// The line of this account; empty when there is none or it may not be read.
    pub(crate) fn of(name: &str, system: &Probe) -> Self {
        let text = system.read_text("/etc/shadow".as_ref()).unwrap_or_default();
        Self::find(&text, name).unwrap_or_default()
    }

    fn find(text: &str, name: &str) -> Option<Self> {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        let fields: Vec<&str> = line.split(':').collect();
        let number = |index: usize| fields.get(index)?.parse().ok();
        Some(Self {
            password: fields.first()?.to_string(),
            minimum: number(2),
            maximum: number(3),
            warning: number(4),
            inactive: number(5),
            expires: number(6),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_by_their_places() {
        let shadow = Shadow::find("root:*:1:0:99999:7:::\nab:!$6$x:19000:1:90:7:14:20000:\n", "ab").unwrap();
        assert_eq!(shadow.password, "!$6$x");
        assert_eq!((shadow.minimum, shadow.maximum, shadow.inactive), (Some(1), Some(90), Some(14)));
        assert_eq!(shadow.expires, Some(20000));
        assert!(Shadow::find("abc:x:::::::\n", "ab").is_none());
    }
}
