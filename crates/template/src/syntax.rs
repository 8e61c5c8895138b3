//! Whether a text is a template at all, without evaluating it.

use std::sync::Arc;

use ksplay_value::Source;

use crate::{Error, FileOptions, parse};

/// Checks a value with markers, as it stands in a playbook.
///
/// # Errors
///
/// If it is no template, or names a filter or test that does not exist.
pub fn check_value(text: &str) -> Result<(), Error> {
    parse::parse_value(&text.into()).map(drop)
}

/// Checks a bare expression, as it stands in `when`.
///
/// # Errors
///
/// As [`check_value`].
pub fn check_expression(text: &str) -> Result<(), Error> {
    parse::parse_expression(&text.into()).map(drop)
}

/// Checks a template file.
///
/// # Errors
///
/// As [`check_value`]; or if its `#jinja2:` header is wrong.
pub fn check_file(file: &Arc<Source>, options: &FileOptions) -> Result<(), Error> {
    let (options, text) = options.with_header(&file.text)?;
    parse::parse_file(&text.into(), &file.name, &options).map(drop)
}
