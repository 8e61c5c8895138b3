//! The first line of a template file that sets how it is rendered: `#jinja2: trim_blocks: False, lstrip_blocks: True`.

use crate::{Error, ErrorKind, FileOptions};

impl FileOptions {
    /// The options with those of the header, and the text without it.
    ///
    /// # Errors
    ///
    /// If the header has an option that is not known.
    pub fn with_header<'t>(&self, text: &'t str) -> Result<(Self, &'t str), Error> {
        let mut options = self.clone();
        let Some(rest) = text.strip_prefix("#jinja2:") else { return Ok((options, text)) };
        let (line, body) = rest.split_once('\n').unwrap_or((rest, ""));
        for pair in line.split(',') {
            let (key, value) = pair.split_once(':').ok_or_else(|| {
                Error::new(
                    ErrorKind::Syntax,
                    format!("failed to parse jinja2 override '{}': expected 'name: value'", pair.trim()),
                )
            })?;
            options.set(key.trim(), value.trim())?;
        }
        Ok((options, body))
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), Error> {
        let flag = || match value {
            "True" | "true" | "yes" => Ok(true),
            "False" | "false" | "no" => Ok(false),
            other => Err(Error::new(ErrorKind::Syntax, format!("jinja2 override '{key}' is no boolean: {other}"))),
        };
        let text = || {
            let quoted = value.strip_prefix(['\'', '"']).and_then(|value| value.strip_suffix(['\'', '"']));
            quoted.unwrap_or(value).replace("\\r", "\r").replace("\\n", "\n")
        };
        let usual = || [("{{", "}}"), ("{%", "%}"), ("{#", "#}")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        match key {
            "trim_blocks" => self.trim_blocks = flag()?,
            "lstrip_blocks" => self.lstrip_blocks = flag()?,
            "keep_trailing_newline" => self.keep_trailing_newline = flag()?,
            "newline_sequence" => self.newline_sequence = text(),
            "variable_start_string" => self.markers.get_or_insert_with(usual)[0].0 = text(),
            "variable_end_string" => self.markers.get_or_insert_with(usual)[0].1 = text(),
            "block_start_string" => self.markers.get_or_insert_with(usual)[1].0 = text(),
            "block_end_string" => self.markers.get_or_insert_with(usual)[1].1 = text(),
            "comment_start_string" => self.markers.get_or_insert_with(usual)[2].0 = text(),
            "comment_end_string" => self.markers.get_or_insert_with(usual)[2].1 = text(),
            other => {
                return Err(Error::new(
                    ErrorKind::Syntax,
                    format!("'{other}' is not a jinja2 override that is supported"),
                ));
            }
        }
        Ok(())
    }
}
