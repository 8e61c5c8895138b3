//! Which tasks can see another host than the one that they run for. Under the strategy `pipelined` only they wait for all
//! hosts; when in doubt, a task can.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use ksplay_playbook::Task;
use ksplay_template::{Reads, Templar};
use ksplay_value::{Map, Str, Value};

use crate::actions::short_name;
use crate::run::{Layers, Shared};
use crate::scope::PlayContext;

/// Variables that say something of other hosts, beside those that [`Reads::reads_other_hosts`] knows.
const OF_OTHERS: &[&str] = &["ansible_play_batch", "ansible_play_hosts", "play_hosts"];

/// Lookups that read variables or files that are not named here.
const BLIND: &[&str] = &["template", "varnames", "vars"];

/// Actions that see other hosts, change what they see, or read what is not looked through here.
const ACTIONS: &[&str] = &["add_host", "group_by", "include_vars", "meta", "pause", "template"];

/// What the tasks of a batch can see.
pub(super) struct Sight {
    shared: Arc<Shared>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// All that variables of this name can be, for any host, as far as they are templates.
    variables: HashMap<Str, Vec<Value>>,
    /// The answers for tasks, by their numbers.
    answers: HashMap<u32, bool>,
}

impl Sight {
    pub fn of(shared: &Arc<Shared>, context: &PlayContext, hosts: &[Str]) -> Self {
        let this = Self { shared: Arc::clone(shared), known: Mutex::default() };
        let mut seen: HashSet<*const Map> = HashSet::new();
        let mut layers = vec![Arc::clone(&shared.extra_vars), Arc::clone(&context.vars)];
        for role in context.roles.read().unwrap_or_else(PoisonError::into_inner).iter() {
            layers.extend([&role.vars, &role.defaults, &role.params].map(Arc::clone));
        }
        layers.extend(context.files.read().unwrap_or_else(PoisonError::into_inner).values().flatten().cloned());
        layers.extend(hosts.iter().flat_map(|host| shared.inventory_vars(host)));
        // Most hosts share the layers of their groups.
        layers.retain(|layer| seen.insert(Arc::as_ptr(layer)));
        layers.iter().for_each(|layer| this.learn(layer));
        this
    }

    /// Takes in variables that came later.
    pub fn learn(&self, vars: &Map) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.answers.clear();
        for (name, value) in vars.iter() {
            if let Some(name) = name.as_str()
                && holds_template(value)
            {
                known.variables.entry(name.into()).or_default().push(value.clone());
            }
        }
    }

    /// Whether the task can see another host.
    pub fn sees_others(&self, task: &Arc<Task>) -> bool {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Known { variables, answers } = &mut *known;
        *answers.entry(task.id).or_insert_with(|| self.look(task, variables))
    }

    fn look(&self, task: &Task, variables: &HashMap<Str, Vec<Value>>) -> bool {
        let keywords = &task.keywords;
        if task.chosen.is_some()
            || ACTIONS.contains(&short_name(&task.action))
            || keywords.run_once.is_some()
            || keywords.delegate_to.is_some()
            || keywords.any_errors_fatal.is_some()
        {
            return true;
        }
        let layers = Layers(Vec::new());
        let templar = Templar::new(&self.shared.environment, &layers);
        let mut own: HashMap<&str, Vec<&Value>> = HashMap::new();
        let of_role = task.role.iter().flat_map(|role| [&role.vars, &role.defaults, &role.params]);
        let outer = task.role.iter().flat_map(|role| &role.inherited);
        let of_outer = outer.flat_map(|role| [&role.vars, &role.defaults, &role.params]);
        for layer in keywords.vars.iter().chain(&keywords.include_vars).chain(of_role).chain(of_outer) {
            for (name, value) in layer.iter() {
                own.entry(name.as_str().unwrap_or_default()).or_default().push(value);
            }
        }
        let conditions =
            [Some(&keywords.when), Some(&task.until), task.changed_when.as_ref(), task.failed_when.as_ref()];
        let mut open: Vec<Reads> =
            conditions.into_iter().flatten().flatten().map(|text| templar.expression_reads(text)).collect();
        let values = std::iter::once(&task.args)
            .chain(task.loop_.iter().map(|loop_| &loop_.items))
            .chain(task.loop_.iter().flat_map(|loop_| [&loop_.control.label, &loop_.control.parallel]).flatten())
            .chain(&keywords.environment)
            .chain(&keywords.module_defaults)
            .chain([&task.retries, &task.delay, &task.name].into_iter().flatten())
            .chain(&keywords.notify);
        open.extend(values.map(|value| templar.reads(value)));
        let mut visited: HashSet<Str> = HashSet::new();
        while let Some(reads) = open.pop() {
            if reads.reads_other_hosts()
                || OF_OTHERS.iter().any(|name| reads.variables.contains(*name))
                || reads.lookups.iter().any(|name| BLIND.contains(&short_name(name)))
            {
                return true;
            }
            for name in reads.variables {
                let found = own.get(&*name).into_iter().flatten().copied();
                let found = found.chain(variables.get(&name).into_iter().flatten());
                let reads: Vec<Reads> = found.map(|value| templar.reads(value)).collect();
                if visited.insert(name) {
                    open.extend(reads);
                }
            }
        }
        false
    }
}

fn holds_template(value: &Value) -> bool {
    match value {
        Value::Template(_) => true,
        Value::List(items) => items.iter().any(holds_template),
        Value::Map(map) => map.values().any(holds_template),
        _ => false,
    }
}
