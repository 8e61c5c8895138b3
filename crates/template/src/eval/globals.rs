//! The functions that every template can call.

use ksplay_value::{Map, Undefined, Value};

use super::objects::{Cycler, Joiner, NamespaceObject, Range, function};
use crate::{Call, Error, ErrorKind, Templar};

/// The global of this name.
pub(crate) fn value(templar: &Templar<'_>, name: &str) -> Option<Value> {
    Some(match name {
        "omit" => Value::Omit,
        "range" | "dict" | "cycler" | "joiner" | "namespace" => function("type", name),
        "lookup" | "query" | "q" | "now" | "undef" | "lipsum" => function("function", name),
        "vars" => templar.all_variables(),
        _ => return None,
    })
}

/// Calls the global function of this name.
pub(crate) fn call(templar: &Templar<'_>, name: &str, mut args: Vec<Value>, kwargs: Map) -> Result<Value, Error> {
    match name {
        "range" => range(&args),
        "dict" => dict(templar, &args, kwargs),
        "namespace" => {
            let mut map = Map::new();
            for arg in &args {
                if let Value::Map(entries) = templar.deep(arg)? {
                    map.extend(entries.iter().map(|(key, value)| (key.clone(), value.clone())));
                }
            }
            map.extend(kwargs);
            Ok(NamespaceObject::create(map))
        }
        "cycler" if args.is_empty() => Err(Error::operation("at least one item has to be provided")),
        "cycler" => Ok(Cycler::create(args)),
        "joiner" => Ok(Joiner::create(
            args.into_iter().next().or_else(|| kwargs.get("sep").cloned()).unwrap_or_else(|| Value::from(", ")),
        )),
        "lookup" | "query" | "q" => {
            if args.is_empty() {
                let name = if name == "lookup" { name } else { "query" };
                let message = format!("_{name}() missing 1 required positional argument: 'plugin_name'");
                return Err(Error::operation(message));
            }
            let plugin = templar.text(&args.remove(0))?;
            if name == "lookup" {
                templar.lookup(&plugin, args, kwargs)
            } else {
                templar.call_lookup(&plugin, args, kwargs)
            }
        }
        "undef" => {
            let hint = args.into_iter().next().or_else(|| kwargs.get("hint").cloned());
            let message = match hint {
                Some(hint) if !hint.is_null() => templar.text(&hint)?,
                _ => "Mandatory variable has not been overridden".into(),
            };
            Ok(Undefined { name: "undef".into(), message, ..Undefined::default() }.into())
        }
        "now" | "lipsum" => match crate::filters::find(name) {
            Some(function) => {
                templar.impure();
                function(&mut Call { name, args, kwargs, templar })
            }
            None => Err(Error::new(ErrorKind::UnknownPlugin, format!("'{name}' is not available"))),
        },
        other => Err(Error::operation(format!("'{other}' is not callable"))),
    }
}

fn range(args: &[Value]) -> Result<Value, Error> {
    let number = |index: usize| match &args[index] {
        Value::Int(number) => Ok(*number),
        Value::Bool(flag) => Ok(i64::from(*flag)),
        other => Err(Error::operation(format!("'{}' object cannot be interpreted as an integer", other.type_name()))),
    };
    let (start, stop, step) = match args.len() {
        0 => return Err(Error::operation("range expected at least 1 argument, got 0")),
        1 => (0, number(0)?, 1),
        2 => (number(0)?, number(1)?, 1),
        3 => (number(0)?, number(1)?, number(2)?),
        more => return Err(Error::operation(format!("range expected at most 3 arguments, got {more}"))),
    };
    if step == 0 {
        return Err(Error::operation("range() arg 3 must not be zero"));
    }
    if (stop.saturating_sub(start) / step) > 10_000_000 {
        return Err(Error::operation("the range is too large"));
    }
    Ok(Range::create(start, stop, step))
}

fn dict(templar: &Templar<'_>, args: &[Value], kwargs: Map) -> Result<Value, Error> {
    let mut map = Map::new();
    match args.first().map(|arg| templar.deep(arg)).transpose()? {
        None => {}
        Some(Value::Map(entries)) => map = (*entries).clone(),
        Some(pairs) => {
            for pair in templar.iterate(&pairs)? {
                let pair = templar.iterate(&pair)?;
                let [key, value] = <[Value; 2]>::try_from(pair).map_err(|pair| {
                    Error::operation(format!(
                        "dictionary update sequence element #{} has length {}; 2 is required",
                        map.len(),
                        pair.len()
                    ))
                })?;
                map.insert(super::methods::hashable(key)?, value);
            }
        }
    }
    map.extend(kwargs);
    Ok(map.into())
}
