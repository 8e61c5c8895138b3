//! A run: playbooks one after the other, plays one after the other, batch by batch.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use ksplay_inventory::Inventory;
use ksplay_playbook::{Loader, Play, Playbook};
use ksplay_template::Environment;
use ksplay_transport::AgentFiles;
use ksplay_value::{Diagnostic, Map, Str, Value};
use tokio::sync::watch;

use crate::actions::Sums;
use crate::batch::{Batch, Ending};
use crate::change::Change;
use crate::connect::Pool;
use crate::event::{Counts, Event, Sink};
use crate::failure::TaskFailure;
use crate::options::Options;
use crate::pending::Pending;
use crate::prompts::{self, Prompter};
use crate::scope::{HostScope, PlayContext};
use crate::state::States;
use crate::teller::Teller;
use crate::written::{as_written, place};
use crate::{steps, vars_files};

/// What all parts of a run share.
pub struct Shared {
    /// The settings.
    pub options: Options,
    /// The settings of templates.
    pub environment: Environment,
    /// What reads files of the playbook.
    pub loader: Loader,
    /// What is known about hosts.
    pub states: States,
    /// `-e`.
    pub extra_vars: Arc<Map>,
    pub(crate) pool: Pool,
    /// What a dry run has left undone.
    pub(crate) pending: Pending,
    inventory: RwLock<Arc<Inventory>>,
    /// What tasks have added to it.
    changes: Mutex<Vec<Change>>,
    layers: RwLock<HashMap<Str, Vec<Arc<Map>>>>,
    groups: Mutex<Option<Value>>,
    teller: Teller,
    pub(crate) sums: Sums,
    pub(crate) prompter: Arc<dyn Prompter>,
    said: Mutex<HashSet<String>>,
    /// The hosts that had a task.
    met: Mutex<HashSet<Str>>,
    numbers: AtomicU64,
    started: AtomicBool,
    counts: Mutex<BTreeMap<Str, Counts>>,
    lost: Mutex<Lost>,
}

/// Hosts that take no part any more.
#[derive(Debug, Default)]
struct Lost {
    failed: HashSet<Str>,
    unreachable: HashSet<Str>,
    /// Hosts with a failed include that was rescued, until the next batch begins.
    without_include: HashSet<Str>,
    /// Hosts that were unreachable when a play ended. As in Ansible, errors that are cleared bring them back for the rest
    /// of a play, and the next one begins without them all the same.
    given_up: HashSet<Str>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(crate) fn emit(&self, event: Event) {
        let once = match &event {
            Event::Warning(text) => Some(text.clone()),
            Event::WarningAt { text, span, .. } => Some(format!("{text}\n{span}")),
            Event::Error(error) => Some(format!("{error:?}")),
            _ => None,
        };
        if once.is_some_and(|text| !lock(&self.said).insert(text)) {
            return;
        }
        self.teller.tell(event);
    }

    /// Waits until all that has happened so far is told.
    pub(crate) async fn settle(&self) {
        self.teller.settle().await;
    }

    pub(crate) fn next_number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// Whether the task of `--start-at-task` has been reached, where there is one.
    pub(crate) fn has_started(&self) -> bool {
        self.options.start_at_task.is_none() || self.started.load(Ordering::Relaxed)
    }

    pub(crate) fn start(&self) {
        self.started.store(true, Ordering::Relaxed);
    }

    /// The inventory as it is now.
    pub fn inventory(&self) -> Arc<Inventory> {
        Arc::clone(&self.inventory.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The variables that the inventory gives a host, lowest first.
    ///
    /// None when its files cannot be read, which [`Shared::read_inventory_vars`] tells first wherever a host is met.
    pub(crate) fn inventory_vars(&self, host: &str) -> Vec<Arc<Map>> {
        self.read_inventory_vars(host).unwrap_or_default()
    }

    /// The same.
    ///
    /// # Errors
    ///
    /// If a file of `group_vars` or `host_vars` cannot be read, parsed or decrypted.
    pub(crate) fn read_inventory_vars(&self, host: &str) -> Result<Vec<Arc<Map>>, TaskFailure> {
        if let Some(known) = self.layers.read().unwrap_or_else(PoisonError::into_inner).get(host) {
            return Ok(known.clone());
        }
        let inventory = self.inventory();
        let layers: Vec<Arc<Map>> = inventory.variables(host)?.into_iter().map(|layer| layer.vars).collect();
        inventory.take_file_warnings().into_iter().for_each(|warning| self.emit(warning.into()));
        self.layers.write().unwrap_or_else(PoisonError::into_inner).insert(host.into(), layers.clone());
        Ok(layers)
    }

    /// Reads the files that these variables are in.
    ///
    /// # Errors
    ///
    /// As [`Shared::read_inventory_vars`].
    fn read_inventory_files(&self, host: &str) -> Result<(), TaskFailure> {
        let inventory = self.inventory();
        inventory.read_files_of(host)?;
        inventory.take_file_warnings().into_iter().for_each(|warning| self.emit(warning.into()));
        Ok(())
    }

    /// Tells, when a host has its first task, of the names of its variables that keywords and templates have.
    pub(crate) fn tell_reserved_names(&self, host: &Str) {
        if !lock(&self.met).insert(Str::clone(host)) {
            return;
        }
        let places = self.inventory().first_places(host, ksplay_playbook::is_reserved).unwrap_or_default();
        for (name, place) in places {
            self.emit(ksplay_playbook::reserved_name(&name, place).into());
        }
    }

    /// Tells what was odd in the files of the playbook read since this was last done.
    pub(crate) fn tell_warnings_of_files(&self) {
        self.loader.take_warnings().into_iter().for_each(|warning| self.emit(warning.into()));
    }

    pub(crate) fn groups(&self, inventory: &Inventory) -> Value {
        lock(&self.groups).get_or_insert_with(|| Value::from(inventory.groups_map())).clone()
    }

    pub(crate) fn has_host(&self, name: &str, groups: &[String], vars: &Map) -> bool {
        let inventory = self.inventory();
        let Some(host) = inventory.host(name) else { return false };
        let own = inventory.group_names(name);
        groups.iter().all(|group| own.contains(&group.as_str()))
            && vars.iter().all(|(key, value)| host.vars().get_key(key) == Some(value))
    }

    pub(crate) fn in_group(&self, host: &str, group: &str) -> bool {
        let inventory = self.inventory();
        inventory.group_names(host).contains(&&*inventory.kept_name(group))
    }

    /// Changes the inventory for the rest of the run.
    pub(crate) fn change_inventory(&self, change: Change) {
        let mut inventory = self.inventory.write().unwrap_or_else(PoisonError::into_inner);
        let told = inventory.warnings().len();
        match change.make(Arc::make_mut(&mut inventory)) {
            Ok(()) => lock(&self.changes).push(change),
            Err(error) => self.emit(Event::Warning(error.to_string())),
        }
        inventory.warnings().iter().skip(told).for_each(|warning| self.emit(warning.clone().into()));
        drop(inventory);
        self.forget_inventory();
    }

    /// Reads the inventory's sources again, and adds again what tasks have added.
    pub(crate) fn refresh_inventory(&self) -> Result<(), ksplay_inventory::Error> {
        let old = self.inventory();
        let mut new = old.reload()?;
        lock(&self.changes).iter().try_for_each(|change| change.make(&mut new))?;
        let unknown = |warning: &&Diagnostic| !old.warnings().contains(warning);
        new.warnings().iter().filter(unknown).for_each(|warning| self.emit(warning.clone().into()));
        *self.inventory.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
        self.forget_inventory();
        Ok(())
    }

    /// Forgets what was made of the inventory as it was.
    fn forget_inventory(&self) {
        lock(&self.groups).take();
        self.layers.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub(crate) fn count(&self, host: &Str, add: impl FnOnce(&mut Counts)) {
        add(lock(&self.counts).entry(host.clone()).or_default());
    }

    pub(crate) fn lose(&self, host: &Str, unreachable: bool) {
        let mut lost = lock(&self.lost);
        if unreachable {
            lost.unreachable.insert(host.clone())
        } else {
            lost.failed.insert(host.clone())
        };
    }

    /// Keeps a host out of later plays. As in Ansible its failure counts at the end only if there are any.
    pub(crate) fn keep_out(&self, host: &Str) {
        lock(&self.lost).without_include.insert(host.clone());
    }

    fn count_kept_out(&self) {
        let Lost { failed, without_include, .. } = &mut *lock(&self.lost);
        failed.extend(without_include.drain());
    }

    pub(crate) fn forgive(&self, host: &Str) {
        let mut lost = lock(&self.lost);
        lost.failed.remove(host);
        lost.unreachable.remove(host);
        lost.without_include.remove(host);
    }

    /// The play before has ended with the hosts that it lost; another begins.
    fn give_up_unreachable(&self) {
        let Lost { unreachable, given_up, .. } = &mut *lock(&self.lost);
        given_up.extend(unreachable.drain());
        unreachable.extend(given_up.iter().cloned());
    }

    /// Whether nothing but that it could not be reached keeps a host out.
    pub(crate) fn is_unreachable(&self, host: &Str) -> bool {
        let lost = lock(&self.lost);
        lost.unreachable.contains(host) && !lost.failed.contains(host) && !lost.without_include.contains(host)
    }

    fn is_lost(&self, host: &Str) -> bool {
        let lost = lock(&self.lost);
        [&lost.failed, &lost.unreachable, &lost.without_include].iter().any(|lost| lost.contains(host))
    }

    fn exit_code(&self) -> u8 {
        let lost = lock(&self.lost);
        if !lost.unreachable.is_empty() {
            4
        } else if !lost.failed.is_empty() {
            2
        } else {
            0
        }
    }
}

/// What a run is made of.
pub struct Parts {
    /// The settings.
    pub options: Options,
    /// The settings of templates.
    pub environment: Environment,
    /// What reads files of the playbook.
    pub loader: Loader,
    /// The hosts.
    pub inventory: Inventory,
    /// The agents for the targets.
    pub agents: AgentFiles,
    /// Who is told what happens.
    pub sink: Box<dyn Sink>,
    /// Who is asked what the play wants to know.
    pub prompter: Arc<dyn Prompter>,
}

/// A run of playbooks.
pub struct Run {
    shared: Arc<Shared>,
    interrupt: watch::Receiver<bool>,
    interrupter: watch::Sender<bool>,
}

/// Ends a run from outside, as Ctrl-C does.
#[derive(Clone)]
pub struct Interrupter(watch::Sender<bool>);

impl Interrupter {
    /// Ends the run: nothing more is started, what runs on the targets is ended.
    pub fn interrupt(&self) {
        self.0.send_replace(true);
    }
}

impl Run {
    /// A run of these parts.
    pub fn new(parts: Parts) -> Self {
        let (interrupter, interrupt) = watch::channel(false);
        let extra_vars = Arc::new(parts.options.extra_vars.clone());
        let states = States::with_cache(parts.options.fact_cache.clone());
        let teller = Teller::new(parts.sink);
        let (mut environment, told) = (parts.environment, teller.clone());
        environment.warn = Some(Arc::new(move |message| told.tell(Event::Warning(message))));
        let shared = Shared {
            options: parts.options,
            environment,
            loader: parts.loader,
            states,
            extra_vars,
            pool: Pool::new(parts.agents),
            pending: Pending::default(),
            inventory: RwLock::new(Arc::new(parts.inventory)),
            changes: Mutex::default(),
            layers: RwLock::default(),
            groups: Mutex::default(),
            teller,
            sums: Sums::default(),
            prompter: parts.prompter,
            said: Mutex::default(),
            met: Mutex::default(),
            numbers: AtomicU64::default(),
            started: AtomicBool::default(),
            counts: Mutex::default(),
            lost: Mutex::default(),
        };
        Self { shared: Arc::new(shared), interrupt, interrupter }
    }

    /// What ends this run from outside.
    pub fn interrupter(&self) -> Interrupter {
        Interrupter(self.interrupter.clone())
    }

    /// What all parts of the run share.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Carries the playbooks out; the answer is Ansible's exit code: 0, 2 for failed hosts, 4 for unreachable ones and
    /// for a play whose hosts cannot be told, 1 for an error of the play itself, 99 when interrupted. Everything that
    /// happened has been told by then.
    pub async fn run(mut self, playbooks: &[Playbook]) -> u8 {
        let code = self.carry_out(playbooks).await;
        self.shared.teller.finish().await;
        code
    }

    async fn carry_out(&mut self, playbooks: &[Playbook]) -> u8 {
        let mut code = None;
        'playbooks: for playbook in playbooks {
            let plays = playbook.plays.len();
            self.shared.emit(Event::PlaybookStart { file: playbook.file.display().to_string(), plays });
            for play in &playbook.plays {
                match self.play(play).await {
                    Ok(Ending::Done | Ending::EndPlay) => {}
                    Ok(Ending::Stop) => break 'playbooks,
                    Ok(Ending::Interrupted) => {
                        code = Some(99);
                        break 'playbooks;
                    }
                    Err(failure) => {
                        self.shared.emit(Event::Error(Arc::new(failure.to_plain_error())));
                        self.shared.pool.close().await;
                        return failure.exit_code;
                    }
                }
            }
        }
        self.shared.pool.close().await;
        self.shared.tell_warnings_of_files();
        let counts = lock(&self.shared.counts).iter().map(|(host, counts)| (host.clone(), *counts)).collect();
        self.shared.emit(Event::Recap(counts));
        if code == Some(99) {
            self.shared.emit(Event::Warning("User interrupted execution".into()));
        } else if let Some(wanted) = self.shared.options.start_at_task.as_ref().filter(|_| !self.shared.has_started()) {
            let message =
                format!("No matching task \"{wanted}\" found. Note: --start-at-task can only follow static includes.");
            self.shared.emit(Event::Error(Arc::new(TaskFailure::new(message).to_plain_error())));
        }
        code.unwrap_or_else(|| self.shared.exit_code())
    }

    async fn play(&mut self, play: &Arc<Play>) -> Result<Ending, TaskFailure> {
        let shared = &self.shared;
        shared.tell_warnings_of_files();
        let Some(play) = &prompts::answered(play, shared, &mut self.interrupt).await? else {
            return Ok(Ending::Interrupted);
        };
        let patterns = patterns_of(play, &shared.environment, &shared.extra_vars)?;
        let name = name_of(play, shared);
        let selection = shared
            .inventory()
            .select(&patterns, shared.options.limit.as_deref())
            .map_err(|error| TaskFailure { span: Some(play.span.clone()), ..error.into() })?;
        selection.warnings.into_iter().for_each(|warning| shared.emit(warning.into()));
        let all: Vec<Str> = selection.hosts.iter().map(|host| Str::from(host.as_str())).collect();
        let begin = || {
            let (name, check, span) = (name.clone(), shared.options.check, play.span.clone());
            shared.emit(Event::PlayStart { name, check, span });
        };
        if all.is_empty() {
            begin();
            shared.emit(Event::NoHostsMatched);
            return Ok(Ending::Done);
        }
        shared.give_up_unreachable();
        let alive = |hosts: &[Str]| hosts.iter().filter(|host| !shared.is_lost(host)).cloned().collect::<Vec<_>>();
        let in_play = alive(&all);
        let context = |living: &[Str]| {
            Arc::new(PlayContext {
                play: Arc::clone(play),
                vars: Arc::new(play.vars.clone()),
                roles: RwLock::new(play.roles.clone()),
                included: RwLock::default(),
                hosts_all: all.clone(),
                hosts: RwLock::new(in_play.iter().filter(|host| !shared.is_lost(host)).cloned().collect()),
                batch: RwLock::new(living.iter().cloned().collect()),
                name: name.clone(),
                files: RwLock::default(),
            })
        };
        if !play.vars_files.is_empty() {
            vars_files::tell_undefined(shared, &context(&in_play));
        }
        let mut hosts = all.clone();
        order(play, shared, &mut hosts)?;
        for host in &in_play {
            shared.read_inventory_files(host).map_err(|failure| TaskFailure { exit_code: 4, ..failure })?;
        }
        let mut stops = false;
        // As in Ansible, hosts that were lost before count where sizes of batches and shares of failures are meant.
        for batch in steps::batches(play, shared, &hosts)? {
            begin();
            let living = alive(&batch);
            if living.is_empty() {
                continue;
            }
            shared.count_kept_out();
            let context = context(&living);
            for host in &living {
                vars_files::take_in(shared, &context, host)?;
            }
            let had_lost = living.len() < batch.len();
            let may_return = |host: &&Str| !shared.is_lost(host) || shared.is_unreachable(host);
            let hosts = batch.iter().filter(may_return).cloned().collect();
            match Batch::new(shared, &context, hosts, batch)?.run(&mut self.interrupt).await? {
                Ending::Done => {}
                Ending::EndPlay => break,
                // Only when all of a batch has failed, those after it are not begun.
                Ending::Stop if had_lost => stops = true,
                other => return Ok(other),
            }
        }
        Ok(if stops { Ending::Stop } else { Ending::Done })
    }
}

/// The host patterns of a play, as far as its own variables and these of the command line tell them.
///
/// # Errors
///
/// If they cannot be evaluated, or there are none.
pub fn patterns_of(play: &Play, environment: &Environment, extra_vars: &Map) -> Result<Vec<String>, TaskFailure> {
    let vars = ksplay_template::Layer { front: extra_vars.clone(), behind: &*play.known_vars };
    let templar = ksplay_template::Templar::new(environment, &vars);
    // As in Ansible: a play without a name is named by its hosts, and the name comes first.
    let keyword = if play.name.is_some() { "hosts" } else { "name" };
    let wrong = |error| TaskFailure::of_play(keyword, error);
    if let Some(name) = &play.name {
        templar.resolve(name).map_err(|error| TaskFailure::of_play("name", error))?;
    }
    let patterns: Vec<String> = match templar.resolve(&play.hosts).map_err(wrong)? {
        Value::List(patterns) => patterns.iter().map(Value::to_string).collect(),
        pattern => vec![pattern.to_string()],
    };
    if patterns.iter().any(String::is_empty) {
        let message = "Error processing keyword 'hosts': Keyword 'hosts' is required, and cannot have empty values.";
        return Err(TaskFailure {
            span: place(&play.hosts).or_else(|| Some(play.span.clone())),
            exit_code: 4,
            ..TaskFailure::new(message)
        });
    }
    Ok(patterns)
}

fn name_of(play: &Play, shared: &Arc<Shared>) -> String {
    let vars = Layers::of_play(shared, play);
    let shown = |name: &Value| {
        let templar = ksplay_template::Templar::new(&shared.environment, &vars);
        templar.resolve(name).unwrap_or_else(|_| as_written(name)).to_string()
    };
    match (&play.name, &play.hosts) {
        (Some(name), _) => shown(name),
        // As in Ansible: the items of a list are shown as they are written.
        (None, Value::List(hosts)) => {
            hosts.iter().map(|host| as_written(host).to_string()).collect::<Vec<_>>().join(",")
        }
        (None, hosts) => shown(hosts),
    }
}

/// Puts hosts into the play's `order`.
fn order(play: &Play, shared: &Arc<Shared>, hosts: &mut [Str]) -> Result<(), TaskFailure> {
    let Some(order) = &play.order else { return Ok(()) };
    let vars = Layers::of_play(shared, play);
    let templar = ksplay_template::Templar::new(&shared.environment, &vars);
    let order = templar.resolve(order).map_err(|error| TaskFailure::of_play("order", error))?.to_string();
    match order.as_str() {
        "inventory" => {}
        "reverse_inventory" => hosts.reverse(),
        "sorted" => hosts.sort(),
        "reverse_sorted" => {
            hosts.sort();
            hosts.reverse();
        }
        "shuffle" => shuffle(hosts),
        other => {
            let message = format!("Invalid 'order' specified for inventory hosts: {other}");
            return Err(TaskFailure { exit_code: 5, ..TaskFailure::new(message) });
        }
    }
    Ok(())
}

/// A random order, from the hash keys that the standard library draws for every map.
fn shuffle(hosts: &mut [Str]) {
    use std::hash::BuildHasher;
    let keys = std::hash::RandomState::new();
    hosts.sort_by_cached_key(|host| keys.hash_one(host));
}

/// Variables outside of any host, highest first.
pub(crate) struct Layers(pub Vec<Arc<Map>>);

impl Layers {
    /// What is known of a play while no host is meant: its own variables below those of the command line.
    pub fn of_play(shared: &Shared, play: &Play) -> Self {
        Self(vec![Arc::clone(&shared.extra_vars), Arc::clone(&play.known_vars)])
    }
}

impl ksplay_template::Scope for Layers {
    fn get(&self, name: &str) -> Option<Value> {
        self.0.iter().find_map(|layer| layer.get(name).cloned())
    }

    fn names(&self) -> Vec<Str> {
        self.0.iter().flat_map(|layer| layer.keys()).filter_map(|key| key.as_str().map(Str::from)).collect()
    }
}

impl HostScope {
    /// The variables of a host outside of any play, for those who only ask.
    pub fn outside(shared: &Arc<Shared>, host: &Str) -> Self {
        Self::new(shared, None, None, host)
    }
}
