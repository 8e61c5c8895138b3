//! Random plays over many hosts, by tasks that need no connection. What the scheduler's simulation cannot see must hold:
//!
//! 1. No more hosts are at work than `forks`, nor more at one task than its `throttle`.
//! 2. A task with `run_once` is carried out once in each batch.
//! 3. After an error that is fatal for all, a batch begins nothing but what stands under `always`, and no further batch
//!    begins.
//! 4. When more hosts have failed than `max_fail_percentage` says, nothing more begins.
//! 5. On each host the parts of a block run in their order: `rescue` if and only if a task of the block failed, `always` in
//!    any case.
//! 6. A handler runs for the hosts that notified it, once, and for no other; errors that are cleared change nothing of it.

#![allow(clippy::unwrap_used, reason = "all of it is tests")]

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use ksplay_engine::{Event, Nobody, Options, Parts, Run, Sink, Status};
use ksplay_inventory::Inventory;
use ksplay_playbook::{Loader, LoaderOptions};
use ksplay_template::Environment;
use ksplay_transport::AgentFiles;
use ksplay_value::Source;

const HOSTS: usize = 24;
const BATCH: usize = 8;
const FORKS: usize = 4;
const SEEDS: u64 = 8;
const STRATEGIES: [&str; 4] = ["linear", "free", "host_pinned", "pipelined"];

/// A small generator of numbers that look random; the same seed gives the same play.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    /// A condition that holds on few hosts.
    fn some_hosts(&mut self) -> String {
        format!("inventory_hostname in ['h{}', 'h{}']", self.roll(HOSTS as u64), self.roll(HOSTS as u64))
    }
}

/// What was seen of a host at a task; `end` is how it ended, or none when it began.
#[derive(Debug, Clone)]
struct Seen {
    number: u64,
    task: String,
    host: String,
    end: Option<Status>,
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<Seen>>>);

impl Sink for Log {
    fn event(&self, event: &Event) {
        let (info, host, end) = match event {
            Event::HostStart { task, host } => (task, host, None),
            Event::Result(result) => (&result.task, &result.host, Some(result.status)),
            _ => return,
        };
        let (number, task, host) = (info.number, info.banner.clone(), host.to_string());
        self.0.lock().unwrap().push(Seen { number, task, host, end });
    }
}

/// Carries out a play with these keywords and tasks; the answer is what was seen, in its order.
async fn run(keywords: &str, tasks: &str) -> Vec<Seen> {
    let text = format!("- hosts: all\n  gather_facts: false\n{keywords}  tasks:\n{tasks}");
    let loader = Loader::new(LoaderOptions {
        is_action: Arc::new(ksplay_engine::is_known),
        action_names: Arc::new(ksplay_engine::names),
        ..LoaderOptions::default()
    });
    let playbook = loader.load_text(&Source::new("play.yml", text.as_str()), Path::new("/")).unwrap();
    let hosts: String = (0..HOSTS).map(|host| format!("h{host}\n")).collect();
    let log = Log::default();
    let run = Run::new(Parts {
        options: Options { forks: FORKS, ..Options::default() },
        environment: Environment::default(),
        loader,
        inventory: Inventory::from_ini("hosts", &hosts).unwrap(),
        agents: AgentFiles::of("there is none"),
        sink: Box::new(log.clone()),
        prompter: Arc::new(Nobody),
    });
    run.run(&[playbook]).await;
    let seen = log.0.lock().unwrap().clone();
    assert!(!seen.is_empty(), "nothing ran:\n{text}");
    seen
}

/// A task that is at work for a while, longer than hosts wait for each other for the sake of order: it is tried twice.
fn slow(name: &str, keywords: &str) -> String {
    format!(
        "    - name: {name}\n      debug:\n      until: ansible_loop_attempts > 1\n      retries: 1\n      delay: 0.02\n{keywords}"
    )
}

/// A task that fails on some hosts.
fn failing(name: &str, indent: &str, condition: &str, keywords: &str) -> String {
    format!("{indent}- name: {name}\n{indent}  fail:\n{indent}  when: {condition}\n{keywords}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn forks_and_throttle_are_never_exceeded_and_what_is_for_all_runs_once() {
    for (seed, strategy) in (0..).zip(STRATEGIES) {
        let mut dice = Dice(seed);
        let mut tasks = String::new();
        for number in 0..6 {
            tasks += &match dice.roll(3) {
                0 => slow(&format!("once {number}"), "      run_once: true\n"),
                1 => {
                    let limit = 1 + dice.roll(3);
                    slow(&format!("limit {limit} {number}"), &format!("      throttle: {limit}\n"))
                }
                _ => slow(&format!("plain {number}"), ""),
            };
        }
        let seen = run(&format!("  strategy: {strategy}\n  serial: {BATCH}\n"), &tasks).await;
        let (mut at_work, mut most, mut begun) = (HashMap::<u64, usize>::new(), 0, HashMap::<u64, usize>::new());
        for Seen { number, task, end, .. } in &seen {
            let here = at_work.entry(*number).or_default();
            match end {
                None => *here += 1,
                Some(_) => *here -= 1,
            }
            if let Some(limit) = task.strip_prefix("limit ") {
                assert!(*here <= limit[..1].parse().unwrap(), "{here} hosts are at {task} (seed {seed})");
            }
            let all: usize = at_work.values().sum();
            assert!(all <= FORKS, "{all} hosts are at work (seed {seed})");
            most = most.max(all);
            let once = task.starts_with("once") && !matches!(strategy, "free" | "host_pinned");
            *begun.entry(*number).or_default() += usize::from(end.is_none());
            assert!(!once || begun[number] <= 1, "{task} began twice (seed {seed})");
        }
        assert!(most > 1, "the hosts did not work beside each other (seed {seed})");
        let for_each =
            tasks.lines().filter(|line| line.contains("name: plain") || line.contains("name: limit")).count();
        let ended = seen.iter().filter(|seen| seen.end.is_some() && !seen.task.starts_with("once")).count();
        assert_eq!(ended, HOSTS * for_each, "each host ends each task (seed {seed})");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_error_that_is_fatal_for_all_leaves_them_nothing_but_always() {
    for seed in 0..SEEDS {
        let mut dice = Dice(seed);
        let fatal = dice.roll(6);
        let mut tasks = String::from("    - block:\n");
        for number in 0..6 {
            let condition = if number == fatal { dice.some_hosts() } else { "false".to_owned() };
            tasks += &failing(&format!("main {number}"), "        ", &condition, "");
        }
        tasks += "      always:\n        - name: always\n          debug:\n";
        tasks += "    - name: after\n      debug:\n";
        let seen = run(&format!("  any_errors_fatal: true\n  serial: {BATCH}\n"), &tasks).await;
        let failed = seen.iter().position(|seen| seen.end == Some(Status::Failed)).unwrap();
        let number = seen[failed].number;
        let later: Vec<&Seen> = seen[failed..].iter().filter(|seen| seen.number != number).collect();
        assert!(later.iter().all(|seen| seen.task == "always"), "seed {seed}: {later:?}");
        let ended = later.iter().filter(|seen| seen.end.is_some()).count();
        assert_eq!(ended, BATCH, "all hosts of the batch, and no others, run what they run always (seed {seed})");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn too_many_failures_end_the_run() {
    for seed in 0..SEEDS {
        let mut dice = Dice(seed);
        let percent = 10 + dice.roll(40);
        let tasks: String =
            (0..10).map(|number| failing(&format!("t{number}"), "    ", &dice.some_hosts(), "")).collect();
        let seen = run(&format!("  max_fail_percentage: {percent}\n  serial: {BATCH}\n"), &tasks).await;
        let mut lost: HashMap<usize, usize> = HashMap::new();
        let mut over = None;
        for Seen { number, host, end, .. } in &seen {
            assert!(over.is_none_or(|over| over == *number), "more than {percent} % have failed (seed {seed})");
            if *end == Some(Status::Failed) {
                let batch = host[1..].parse::<usize>().unwrap() / BATCH;
                let lost = lost.entry(batch).or_default();
                *lost += 1;
                if *lost as u64 * 100 > percent * BATCH as u64 {
                    over = Some(*number);
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_parts_of_a_block_run_in_their_order_on_each_host() {
    for seed in 0..SEEDS {
        let mut dice = Dice(seed);
        let mut tasks = String::new();
        for block in 0..4 {
            tasks += "    - block:\n";
            for number in 0..3 {
                tasks += &failing(&format!("main {block} {number}"), "        ", &dice.some_hosts(), "");
            }
            for part in ["rescue", "always"] {
                let _ = write!(tasks, "      {part}:\n        - name: {part} {block}\n          debug:\n");
            }
        }
        let strategy = STRATEGIES[dice.roll(4) as usize];
        let seen = run(&format!("  strategy: {strategy}\n"), &tasks).await;
        for host in 0..HOSTS {
            let host = format!("h{host}");
            let mut own = seen.iter().filter(|seen| seen.host == host && seen.end.is_some()).peekable();
            for block in 0..4 {
                let mut failed = false;
                while let Some(main) = own.next_if(|seen| seen.task.starts_with(&format!("main {block}"))) {
                    assert!(!failed, "{host} goes on with block {block} where it has failed (seed {seed})");
                    failed = main.end == Some(Status::Failed);
                }
                let rescued = own.next_if(|seen| seen.task == format!("rescue {block}")).is_some();
                assert_eq!(rescued, failed, "{host} is rescued where it failed (seed {seed}, block {block})");
                let always = own.next_if(|seen| seen.task == format!("always {block}"));
                assert!(always.is_some(), "{host} runs what it runs always (seed {seed}, block {block})");
            }
            assert!(own.next().is_none(), "{host} does nothing else (seed {seed})");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn handlers_run_once_for_the_hosts_that_notified_them() {
    for seed in 0..SEEDS {
        let mut dice = Dice(seed);
        let mut tasks = String::new();
        for number in 0..12 {
            tasks += &match dice.roll(4) {
                0 => failing(&format!("fails {number}"), "    ", &dice.some_hosts(), ""),
                1 => "    - meta: clear_host_errors\n".to_owned(),
                _ => {
                    let handler = dice.roll(3);
                    let condition = dice.some_hosts();
                    format!(
                        "    - name: notify {handler}\n      debug:\n      changed_when: {condition}\n      notify: handler {handler}\n"
                    )
                }
            };
        }
        tasks += "  handlers:\n";
        for number in 0..3 {
            let _ = write!(tasks, "    - name: handler {number}\n      debug:\n");
        }
        let seen = run("", &tasks).await;
        let of = |status: Status, prefix: &str| -> Vec<(String, String)> {
            let ended = seen.iter().filter(|seen| seen.end == Some(status));
            let named = ended.filter_map(|seen| Some((seen.host.clone(), seen.task.strip_prefix(prefix)?.to_owned())));
            named.collect()
        };
        let failed: HashSet<String> = of(Status::Failed, "fails ").into_iter().map(|(host, _)| host).collect();
        let mut wanted: HashSet<_> = of(Status::Changed, "notify ").into_iter().collect();
        wanted.retain(|(host, _)| !failed.contains(host));
        let ran = of(Status::Ok, "handler ");
        assert_eq!(ran.len(), ran.iter().collect::<HashSet<_>>().len(), "each once (seed {seed})");
        assert_eq!(ran.into_iter().collect::<HashSet<_>>(), wanted, "seed {seed}");
    }
}
