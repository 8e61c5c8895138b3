//! What kinds of values keywords take that are no text.

use ksplay_value::Value;
use ksplay_value::yaml::Node;

use crate::Error;

/// What a keyword takes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Takes {
    Flag,
    Whole,
    Percentage,
}

/// When the debugger can be asked for.
const DEBUGGER: [&str; 5] = ["always", "never", "on_failed", "on_skipped", "on_unreachable"];

/// Why a value of `debugger` means nothing.
pub fn odd_debugger(value: &Value) -> Option<String> {
    match value {
        Value::String(when) if !when.is_empty() && !DEBUGGER.contains(&&**when) => {
            Some(format!("'{when}' is not a valid value for debugger. Must be one of {}", DEBUGGER.join(", ")))
        }
        _ => None,
    }
}

impl Takes {
    /// What a keyword that tasks inherit takes; `None` for those that take text and more.
    pub fn of(keyword: &str) -> Option<Self> {
        match keyword {
            "any_errors_fatal" | "become" | "check_mode" | "diff" | "ignore_errors" | "ignore_unreachable"
            | "no_log" | "run_once" => Some(Self::Flag),
            "port" | "throttle" | "timeout" => Some(Self::Whole),
            _ => None,
        }
    }

    /// Refuses what the keyword of this mapping cannot be; a template may become it.
    pub fn check(self, node: &Node, keyword: &str) -> Result<(), Error> {
        let Some(written) = node.get(keyword) else { return Ok(()) };
        match written.to_value() {
            Value::Template(_) => Ok(()),
            value => self.check_value(keyword, &value, written),
        }
    }

    /// Refuses a value that the keyword, which is written here, cannot have.
    pub fn check_value(self, keyword: &str, value: &Value, written: &Node) -> Result<(), Error> {
        if self.accepts(value) {
            return Ok(());
        }
        let shown = match value {
            Value::String(text) => format!("'{text}'"),
            other => other.to_string(),
        };
        let message = format!(
            "Error processing keyword '{keyword}': The value {shown} could not be converted to '{}'.",
            self.name()
        );
        Err(Error::invalid(message, &written.span))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Flag => "bool",
            Self::Whole => "int",
            Self::Percentage => "percent",
        }
    }

    fn accepts(self, value: &Value) -> bool {
        match (self, value) {
            (_, Value::Null | Value::Omit) | (Self::Flag | Self::Whole, Value::Bool(_)) => true,
            (Self::Flag, Value::Int(number)) => matches!(number, 0 | 1),
            (Self::Flag, Value::Float(number)) => *number == 0.0 || *number == 1.0,
            (Self::Flag, Value::String(text)) => matches!(
                text.to_lowercase().as_str(),
                "y" | "yes" | "on" | "1" | "true" | "t" | "1.0" | "n" | "no" | "off" | "0" | "false" | "f" | "0.0"
            ),
            (Self::Whole | Self::Percentage, Value::Int(_)) | (Self::Percentage, Value::Float(_)) => true,
            (Self::Whole, Value::Float(number)) => number.fract() == 0.0,
            (Self::Whole, Value::String(text)) => text.trim().parse::<f64>().is_ok_and(|number| number.fract() == 0.0),
            (Self::Percentage, Value::String(text)) => text.trim_end_matches('%').parse::<f64>().is_ok(),
            _ => false,
        }
    }
}
