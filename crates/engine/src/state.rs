//! What the run has learnt about each host: facts, variables set by tasks, registered results.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use ksplay_value::{Key, Map, Str, Value};

use crate::fact_cache::FactCache;

/// What is known about one host. Cheap to clone; a change copies only what others still look at.
#[derive(Debug, Clone, Default)]
pub struct HostState {
    /// Facts, under the names that modules gave them.
    pub facts: Arc<Map>,
    /// `set_fact` and `register`.
    pub vars: Arc<Map>,
    /// `include_vars`.
    pub included: Arc<Map>,
    namespace: Arc<OnceLock<Value>>,
}

impl HostState {
    /// The variable `ansible_facts`: facts without the prefix that the variables of the same meaning have.
    pub fn ansible_facts(&self) -> Value {
        let plain = |key: &Key| match key.as_str() {
            Some(name) if name != "ansible_local" => name.strip_prefix("ansible_").map(Key::from),
            _ => None,
        };
        self.namespace
            .get_or_init(|| {
                let facts = self.facts.iter();
                facts
                    .map(|(key, value)| (plain(key).unwrap_or_else(|| key.clone()).into_value(), value.clone()))
                    .collect::<Map>()
                    .into()
            })
            .clone()
    }

    /// Whether facts were gathered, by whatever task.
    pub(crate) fn has_been_looked_at(&self) -> bool {
        self.facts.contains_key("module_setup")
    }

    fn add_facts(&mut self, facts: Map) {
        Arc::make_mut(&mut self.facts).extend(facts.into_iter().map(|(key, value)| (key.into_value(), value)));
        self.namespace = Arc::default();
    }
}

/// The states of all hosts.
#[derive(Debug, Default)]
pub struct States {
    known: RwLock<HashMap<Str, HostState>>,
    cache: Option<FactCache>,
}

impl States {
    /// What is known about this host now.
    pub fn of(&self, host: &str) -> HostState {
        if let Some(known) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(host) {
            return known.clone();
        }
        if self.cache.is_some() {
            self.change(host, |_| {});
            return self.known.read().unwrap_or_else(PoisonError::into_inner).get(host).cloned().unwrap_or_default();
        }
        HostState::default()
    }

    /// States whose facts are kept between runs.
    pub fn with_cache(cache: Option<FactCache>) -> Self {
        Self { known: RwLock::default(), cache }
    }

    /// Adds facts.
    ///
    /// # Errors
    ///
    /// If they cannot be kept for later runs; this one has them.
    pub fn add_facts(&self, host: &str, facts: Map) -> std::io::Result<()> {
        self.change(host, |state| state.add_facts(facts));
        self.cache.as_ref().map_or(Ok(()), |cache| cache.store(host, &self.of(host).facts))
    }

    /// Forgets all facts.
    pub fn clear_facts(&self, host: &str) {
        if let Some(cache) = &self.cache {
            cache.forget(host);
        }
        self.change(host, |state| {
            state.facts = Arc::default();
            state.namespace = Arc::default();
        });
    }

    /// Sets variables, as `set_fact` and `register` do.
    pub fn set_vars(&self, host: &str, vars: Map) {
        self.change(host, |state| overlay(&mut state.vars, vars));
    }

    /// Sets variables, as `include_vars` does.
    pub fn include_vars(&self, host: &str, vars: Map) {
        self.change(host, |state| overlay(&mut state.included, vars));
    }

    fn change(&self, host: &str, change: impl FnOnce(&mut HostState)) {
        let mut states = self.known.write().unwrap_or_else(PoisonError::into_inner);
        match states.get_mut(host) {
            Some(state) => change(state),
            None => {
                let state = states.entry(host.into()).or_default();
                if let Some(facts) = self.cache.as_ref().and_then(|cache| cache.load(host)) {
                    state.add_facts(facts);
                }
                change(state);
            }
        }
    }
}

fn overlay(below: &mut Arc<Map>, above: Map) {
    Arc::make_mut(below).extend(above.into_iter().map(|(key, value)| (key.into_value(), value)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ansible_facts_has_the_names_without_prefix_but_for_local_facts() {
        let states = States::default();
        states.add_facts("a", Map::from([("ansible_system", "Linux"), ("ansible_local", "x"), ("own", "y")])).unwrap();
        let facts = states.of("a").ansible_facts();
        assert_eq!(facts, Value::from(Map::from([("system", "Linux"), ("ansible_local", "x"), ("own", "y")])));
    }

    #[test]
    fn a_snapshot_does_not_see_later_changes() {
        let states = States::default();
        states.set_vars("a", Map::from([("x", 1)]));
        let before = states.of("a");
        states.set_vars("a", Map::from([("x", 2)]));
        assert_eq!(before.vars.get("x"), Some(&Value::Int(1)));
        assert_eq!(states.of("a").vars.get("x"), Some(&Value::Int(2)));
    }
}
