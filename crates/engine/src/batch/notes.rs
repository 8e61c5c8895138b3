//! What a task leaves behind when it ends: facts, variables, hosts, its registered result.

use ksplay_playbook::Task;
use ksplay_scheduler::HostIndex;
use ksplay_value::{Map, Str};

use super::Batch;
use crate::change::Change;
use crate::effect::Effect;
use crate::event::Event;
use crate::failure;
use crate::task::Outcome;

impl Batch {
    /// Notes what a task left: facts, variables, its registered result.
    pub(super) fn note(&self, task: &Task, working: HostIndex, hosts: &[HostIndex], outcome: &Outcome) {
        for effect in &outcome.effects {
            // What belongs to a delegate is not of the hosts that the task ran for.
            let names = |host: &Str| {
                if *host == self.hosts[working] {
                    hosts.iter().map(|host| self.hosts[*host].clone()).collect()
                } else {
                    vec![host.clone()]
                }
            };
            match effect {
                Effect::Facts { host, facts } => {
                    for host in names(host) {
                        if let Err(error) = self.shared.states.add_facts(&host, facts.clone()) {
                            let text = format!("the facts of {host} cannot be kept for later runs: {error}");
                            self.shared.emit(Event::Warning(text));
                        }
                    }
                }
                Effect::Vars { host, vars } => {
                    task.reserved.facts.iter().for_each(|warning| self.shared.emit(warning.clone().into()));
                    names(host).iter().for_each(|host| self.shared.states.set_vars(host, vars.clone()));
                }
                Effect::Included { host, vars } => {
                    if let Some(sight) = &self.sight {
                        sight.learn(vars);
                    }
                    names(host).iter().for_each(|host| self.shared.states.include_vars(host, vars.clone()));
                }
                Effect::AddHost { name, groups, vars } => {
                    let (name, groups, vars) = (name.clone(), groups.clone(), vars.clone());
                    self.shared.change_inventory(Change::AddHost { name, groups, vars });
                }
                Effect::GroupBy { group, parents } => {
                    for host in hosts {
                        let (host, group, parents) = (self.hosts[*host].clone(), group.clone(), parents.clone());
                        self.shared.change_inventory(Change::GroupBy { host, group, parents });
                    }
                }
            }
        }
        if let Some(register) = &task.register {
            let result = outcome.foreseen.clone().unwrap_or_else(|| {
                let mut result = outcome.result.clone();
                if !outcome.looped {
                    result.remove("invocation");
                }
                if outcome.error.is_some() {
                    failure::complete(&mut result);
                }
                result.into()
            });
            for host in hosts {
                let vars = Map::from([(register.to_string(), result.clone())]);
                self.shared.states.set_vars(&self.hosts[*host], vars);
            }
        }
    }
}
