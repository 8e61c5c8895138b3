//! Arguments that are written to a file as they are given, one line each.

use ksplay_value::Value;

use crate::{Given, Opt};

/// Declares such arguments: a type that holds those that were given, by name, in the order of their names.
///
/// They are taken in a loop, since a field for each of them would be much code in the agent.
macro_rules! settings {
    (
        $(#[doc = $summary:literal])+
        pub struct $type:ident;
        $( $(#[doc = $doc:literal])+ $name:literal = $opt:expr; )*
    ) => {
        $(#[doc = $summary])+
        #[derive(Debug, Clone)]
        pub struct $type(Vec<(&'static str, ksplay_value::Value)>);

        impl crate::Arguments for $type {
            const SPEC: crate::Spec = crate::Spec::new(&[$( crate::Opt { name: $name, ..$opt } ),*]);
            const DOCS: crate::Docs = crate::Docs {
                summary: concat!($($summary),+).trim_ascii(),
                options: &[$( concat!($($doc, "\n"),+) ),*],
                includes: &[],
            };

            fn parse(given: &mut crate::Given) -> Self {
                Self(crate::packages::settings::taken(Self::SPEC.options, given))
            }
        }
    };
}

pub(crate) use settings;

pub(crate) fn taken(options: &'static [Opt], given: &mut Given) -> Vec<(&'static str, Value)> {
    let values = options.iter().map(|option| (option.name, given.take::<Value>(option.name)));
    let mut settings: Vec<_> = values.filter(|(_, value)| !value.is_null()).collect();
    settings.sort_unstable_by_key(|(name, _)| *name);
    settings
}

/// The items of a list with something between them, or the text of another value.
pub(crate) fn joined(value: &Value, between: &str) -> String {
    match value {
        Value::List(items) => items.iter().map(Value::to_string).collect::<Vec<_>>().join(between),
        other => other.to_string(),
    }
}
