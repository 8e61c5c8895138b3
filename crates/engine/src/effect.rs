//! What an action leaves to be noted once its task has ended: facts, variables, hosts.

use ksplay_value::{Map, Str};

/// What a task left to be noted, once it has ended.
#[derive(Debug, PartialEq)]
pub(crate) enum Effect {
    Facts { host: Str, facts: Map },
    Vars { host: Str, vars: Map },
    Included { host: Str, vars: Map },
    AddHost { name: String, groups: Vec<String>, vars: Map },
    GroupBy { group: String, parents: Vec<String> },
}
