//! What the scheduler costs: 10,000 hosts go through 200 steps; one in a hundred steps fails into a rescue.
//!
//!     cargo run --release -p ksplay-scheduler --example simulate

use std::time::Instant;

use ksplay_scheduler::{Ended, Scheduler, Strategy, Tree};

fn main() {
    let (hosts, blocks) = (10_000, 40);
    for strategy in [Strategy::Linear, Strategy::Free] {
        let block = |number: u32| Tree::Block {
            main: (0..5).map(|step| Tree::Step(number * 10 + step)).collect(),
            rescue: vec![Tree::Step(number * 10 + 5)],
            always: Vec::new(),
        };
        let mut scheduler = Scheduler::new((0..blocks).map(block).collect(), Vec::new(), hosts, strategy);
        let begun = Instant::now();
        let mut count = 0_u64;
        loop {
            let ready = scheduler.next();
            if ready.is_empty() {
                break;
            }
            for group in ready {
                let fails = scheduler.payload(group.step).is_some_and(|step| step % 10 == 2);
                for host in group.hosts {
                    count += 1;
                    let ended = if fails && host % 20 == 0 { Ended::Failed } else { Ended::Ok };
                    scheduler.complete(group.step, host, ended);
                }
            }
        }
        let each = begun.elapsed().as_secs_f64() * 1e6 / count as f64;
        println!("{strategy:?}: {count} steps of hosts, {each:.2} µs each");
    }
}
