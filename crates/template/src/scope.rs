//! The variables that an evaluation can see.

use ksplay_value::{Map, Str, Value};

/// The variables that an evaluation can see.
pub trait Scope: Send + Sync {
    /// The definition of a variable, templates in it not yet evaluated; `None` when there is none.
    fn get(&self, name: &str) -> Option<Value>;

    /// The names of all variables, for `vars`, `lookup('varnames')` and "did you mean".
    fn names(&self) -> Vec<Str>;
}

/// A scope with some variables in front of another, such as a loop's `item`.
pub struct Layer<'s> {
    /// The variables in front.
    pub front: Map,
    /// The variables behind.
    pub behind: &'s dyn Scope,
}

impl Scope for Layer<'_> {
    fn get(&self, name: &str) -> Option<Value> {
        self.front.get(name).cloned().or_else(|| self.behind.get(name))
    }

    fn names(&self) -> Vec<Str> {
        let mut names = self.behind.names();
        for key in self.front.keys() {
            if let Some(name) = key.as_str()
                && !names.iter().any(|known| &**known == name)
            {
                names.push(name.into());
            }
        }
        names
    }
}

impl Scope for Map {
    fn get(&self, name: &str) -> Option<Value> {
        Map::get(self, name).cloned()
    }

    fn names(&self) -> Vec<Str> {
        self.keys().filter_map(|key| key.as_str()).map(Str::from).collect()
    }
}
