//! The filter `fact_diff`.

use ksplay_value::Value;
use ksplay_value::text::{JsonStyle, Step, hunks, to_json};

use super::regex::{Flags, Pattern};
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[("fact_diff", fact_diff)];

/// How two texts or data structures differ, as `diff -u` shows it: `before | fact_diff(after)`. With `common` only what
/// they have in common; lines that match `skip_lines` of the option `plugin` are left out.
fn fact_diff(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (before, [after, plugin, common]) = call.bind(["after", "plugin", "common"])?;
    let after = after.required()?;
    let skipped = skipped(&plugin.value().unwrap_or_default())?;
    let (old, new) = (lines(&before, &skipped)?, lines(&after, &skipped)?);
    let Some(hunk) = hunks(&old, &new, usize::MAX).pop() else { return Ok("[]".into()) };
    let common = common.flag_or(false);
    let mut shown: Vec<String> = Vec::new();
    if !common {
        shown.extend(["--- before".to_owned(), "+++ after".to_owned()]);
    }
    shown.push(format!("@@ -{} +{} @@", range(old.len()), range(new.len())));
    for Step { equal, old: gone, new: come } in hunk {
        if equal {
            shown.extend(old[gone].iter().map(|line| format!(" {line}")));
        } else if !common {
            shown.extend(old[gone].iter().map(|line| format!("-{line}")));
            shown.extend(new[come].iter().map(|line| format!("+{line}")));
        }
    }
    shown.push(String::new());
    // The original answers with Python's text of a list.
    Ok(shown.into_iter().map(Value::from).collect::<Value>().to_string().into())
}

/// The place of a hunk that is the whole text.
fn range(lines: usize) -> String {
    if lines == 1 { "1".to_owned() } else { format!("1,{lines}") }
}

fn skipped(plugin: &Value) -> Result<Vec<Pattern>, Error> {
    let patterns = plugin.get("vars").and_then(|vars| vars.get("skip_lines")).cloned().unwrap_or_default();
    let patterns = match patterns {
        Value::Null => Vec::new(),
        Value::List(patterns) => patterns.to_vec(),
        one => vec![one],
    };
    patterns.iter().map(|pattern| Pattern::new(&pattern.to_string(), Flags::default())).collect()
}

fn lines(value: &Value, skipped: &[Pattern]) -> Result<Vec<String>, Error> {
    let lines: Vec<String> = match value {
        Value::String(text) => text.lines().map(str::to_owned).collect(),
        Value::Map(_) => {
            let style = JsonStyle { sort_keys: true, ..JsonStyle::indented(4) };
            let json = to_json(value, &style).map_err(|error| Error::operation(error.to_string()))?;
            json.lines().map(str::to_owned).collect()
        }
        Value::List(items) => items.iter().map(Value::to_string).collect(),
        other => return Err(Error::operation(format!("'{}' has no lines to compare", other.type_name()))),
    };
    let mut kept = Vec::new();
    for line in lines {
        let mut skip = false;
        for pattern in skipped {
            skip = skip || pattern.search(&line)?.is_some();
        }
        if !skip {
            kept.push(line);
        }
    }
    if kept.is_empty() {
        kept.push(String::new());
    }
    Ok(kept)
}
