//! An agent with modules that show what a channel can do.

use std::io::Read;
use std::process::ExitCode;
use std::sync::Arc;

use ksplay_modules::Probe;
use ksplay_protocol::Run;
use ksplay_value::{Map, Value};

pub fn serve() -> ExitCode {
    ksplay_agent::serve_with(Arc::new(execute))
}

fn execute(run: &Run, probe: Probe) -> Map {
    match run.module.as_str() {
        "echo" => run.args.clone(),
        "whoami" => {
            // SAFETY: `getuid` cannot fail.
            let uid = unsafe { libc::getuid() };
            let home = std::env::var("HOME").unwrap_or_default();
            let sees_password = std::env::vars().any(|(_, value)| value.contains("Lab-"));
            Map::from([
                ("uid", Value::from(i64::from(uid))),
                ("home", Value::from(home)),
                ("language", std::env::var("LC_ALL").ok().into()),
                ("pid", Value::from(i64::from(std::process::id()))),
                ("sees_password", Value::from(sees_password)),
            ])
        }
        "count" => {
            let payload = probe.payload.expect("a payload");
            let mut total = 0u64;
            let mut sum = 0u64;
            for _ in 0..2 {
                let mut reader = payload.open().expect("it opens");
                let mut buffer = vec![0; 10_000];
                loop {
                    match reader.read(&mut buffer) {
                        Ok(0) => break,
                        Ok(count) => {
                            total += count as u64;
                            sum += buffer[..count].iter().map(|byte| u64::from(*byte)).sum::<u64>();
                        }
                        Err(error) => {
                            return Map::from([("failed", Value::Bool(true)), ("msg", error.to_string().into())]);
                        }
                    }
                }
            }
            Map::from([
                ("size", Value::from(payload.size() as i64)),
                ("total", Value::from(total as i64)),
                ("sum", Value::from(sum as i64)),
            ])
        }
        "send" => {
            let sink = probe.sink.expect("a sink");
            for part in 0..64u8 {
                sink(&vec![part; 50_000]).expect("it goes");
            }
            Map::new()
        }
        "wait" => {
            while !probe.cancel.is_cancelled() {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            if let Some(path) = run.args.get("path").and_then(Value::as_str) {
                std::fs::write(path, "cancelled").expect("it is written");
            }
            Map::new()
        }
        "program" => {
            let marker = run.args.get("marker").and_then(Value::as_str).unwrap_or("300");
            let _ = std::process::Command::new("sleep").arg(marker).status();
            Map::new()
        }
        "later" => {
            std::thread::sleep(std::time::Duration::from_millis(700));
            let path = run.args.get("path").and_then(Value::as_str).expect("a path");
            std::fs::write(path, "done").expect("it is written");
            Map::from([("ended", true)])
        }
        "panic" => panic!("out of cheese"),
        name => Map::from([("failed", Value::Bool(true)), ("msg", format!("no module {name}").into())]),
    }
}
