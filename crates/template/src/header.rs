//! The first line of a template file that sets how it is rendered: `#jinja2: trim_blocks: False, lstrip_blocks: True`.

use ksplay_value::Value;
use ksplay_value::text::from_literal;

use crate::{Error, ErrorKind, FileOptions};

const START: &str = "#jinja2:";

impl FileOptions {
    /// The options with those of the header, and the text without it.
    ///
    /// # Errors
    ///
    /// If the header has an option that is not known, or a value that is none of Python's or does not fit.
    pub fn with_header<'t>(&self, text: &'t str) -> Result<(Self, &'t str), Error> {
        let mut options = self.clone();
        let Some(rest) = text.strip_prefix(START) else { return Ok((options, text)) };
        let (line, body) =
            rest.split_once('\n').ok_or_else(|| wrong(format!("Missing newline after '{START}' override.")))?;
        for pair in line.split(',') {
            let (key, value) = pair.split_once(':').ok_or_else(|| {
                wrong(format!("failed to parse jinja2 override '{}': expected 'name: value'", pair.trim()))
            })?;
            let (key, value) = (key.trim(), value.trim());
            let literal = from_literal(value).ok_or_else(|| {
                wrong(format!("jinja2 override '{key}' is neither True, False nor a text in quotes: {value}"))
            })?;
            options.set(key, &literal)?;
        }
        Ok((options, body))
    }

    /// Whether there is anything in the text to evaluate.
    pub(crate) fn has_markers(&self, text: &str) -> bool {
        if text.starts_with(START) {
            return true;
        }
        match &self.markers {
            Some(markers) => markers.iter().any(|(start, _)| text.contains(start.as_str())),
            None => ksplay_value::has_markers(text),
        }
    }

    fn set(&mut self, key: &str, value: &Value) -> Result<(), Error> {
        let flag = || match value {
            Value::Bool(flag) => Ok(*flag),
            other => Err(wrong(format!("jinja2 override '{key}' must be True or False instead of {other}"))),
        };
        let text = || match value {
            Value::String(text) if !text.is_empty() => Ok(text.to_string()),
            _ => Err(wrong(format!("jinja2 override '{key}' must be a text in quotes that is not empty"))),
        };
        let usual = || [("{{", "}}"), ("{%", "%}"), ("{#", "#}")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        match key {
            "trim_blocks" => self.trim_blocks = flag()?,
            "lstrip_blocks" => self.lstrip_blocks = flag()?,
            "keep_trailing_newline" => self.keep_trailing_newline = flag()?,
            "newline_sequence" => {
                self.newline_sequence = text()?;
                if !["\n", "\r\n", "\r"].contains(&self.newline_sequence.as_str()) {
                    return Err(wrong(r"jinja2 override 'newline_sequence' must be one of '\n', '\r\n', '\r'"));
                }
            }
            "line_statement_prefix" if value.is_null() => self.line_statement_prefix = None,
            "line_statement_prefix" => self.line_statement_prefix = Some(text()?),
            "line_comment_prefix" if value.is_null() => self.line_comment_prefix = None,
            "line_comment_prefix" => self.line_comment_prefix = Some(text()?),
            "variable_start_string" => self.markers.get_or_insert_with(usual)[0].0 = text()?,
            "variable_end_string" => self.markers.get_or_insert_with(usual)[0].1 = text()?,
            "block_start_string" => self.markers.get_or_insert_with(usual)[1].0 = text()?,
            "block_end_string" => self.markers.get_or_insert_with(usual)[1].1 = text()?,
            "comment_start_string" => self.markers.get_or_insert_with(usual)[2].0 = text()?,
            "comment_end_string" => self.markers.get_or_insert_with(usual)[2].1 = text()?,
            other => return Err(wrong(format!("'{other}' is not a jinja2 override that is supported"))),
        }
        Ok(())
    }
}

fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Syntax, format!("Syntax error in template: {}", message.into()))
}
