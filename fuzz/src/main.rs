//! Reads texts that are bent by chance, until one makes a reader panic or hang, or the time is over.

mod bend;
mod targets;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bend::Chance;
use targets::Target;

/// How long one text may take.
const PATIENCE: Duration = Duration::from_secs(5);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((target, seconds)) = arguments.first().and_then(|name| Some((Target::named(name)?, arguments.get(1)?)))
    else {
        eprintln!("usage: ksplay-fuzz yaml|template|vault|ini SECONDS [SEED]");
        std::process::exit(2);
    };
    let time = Duration::from_secs(seconds.parse().expect("SECONDS is a number"));
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_nanos() as u64);
    let seed = arguments.get(2).map_or_else(now, |seed| seed.parse().expect("SEED is a number"));
    println!("target {}, seed {seed}", arguments[0]);
    let rounds = watched(target, time, seed);
    println!("{rounds} texts in {time:?}, nothing found");
}

/// Runs the target on a thread of its own and watches that it goes on; the number of texts that were read.
fn watched(target: Target, time: Duration, seed: u64) -> u64 {
    let rounds = Arc::new(AtomicU64::new(0));
    let current = Arc::new(std::sync::Mutex::new(Vec::new()));
    let (count, text) = (Arc::clone(&rounds), Arc::clone(&current));
    let seeds = target.seeds();
    assert!(!seeds.is_empty(), "the tests have texts to begin with");
    let work = std::thread::Builder::new().stack_size(8 << 20).spawn(move || {
        let mut chance = Chance::new(seed);
        let start = Instant::now();
        while start.elapsed() < time {
            let bent = chance.bent(&seeds);
            text.lock().unwrap().clone_from(&bent);
            target.read(&bent);
            count.fetch_add(1, Ordering::Relaxed);
        }
    });
    let work = work.expect("a thread can be had");
    let mut last = (0, Instant::now());
    while !work.is_finished() {
        std::thread::sleep(Duration::from_millis(200));
        let done = rounds.load(Ordering::Relaxed);
        if done != last.0 {
            last = (done, Instant::now());
        } else if last.1.elapsed() > PATIENCE {
            found("takes too long", &current.lock().unwrap());
        }
    }
    if work.join().is_err() {
        found("panics", &current.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }
    rounds.load(Ordering::Relaxed)
}

fn found(what: &str, text: &[u8]) -> ! {
    println!("{what}:\n{}\nas bytes: {:?}", String::from_utf8_lossy(text), text);
    std::process::exit(1);
}
