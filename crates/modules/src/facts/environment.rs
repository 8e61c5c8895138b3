//! The environment that commands of the task see.

use ksplay_value::Map;

use super::look::Look;

/// `env`.
pub(crate) fn collect(look: &Look) -> Map {
    let own = std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()));
    let environment: Map = own.chain(look.probe.environment.iter().cloned()).collect();
    Map::from([("env", environment)])
}
