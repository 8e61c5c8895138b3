//! Ctrl-C and SIGTERM: the first ends the run as a run ends, the second the program.

use std::io;
use std::process;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use ksplay_engine::Interrupter;
use ksplay_report::Terminal;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How long the terminal may take to become what it was.
const PATIENCE: Duration = Duration::from_millis(200);

/// Hears signals from now on, on a thread of its own: it hears them while tasks keep all others busy too.
///
/// # Errors
///
/// If the system does not allow it.
pub fn hear(interrupter: Interrupter, terminal: Arc<Terminal>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut interrupts, mut terminations) = {
        let _inside = runtime.enter();
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        runtime.block_on(next(&mut interrupts, &mut terminations));
        interrupter.interrupt();
        let code = runtime.block_on(next(&mut interrupts, &mut terminations));
        clear(terminal);
        process::exit(128 + code)
    })?;
    Ok(())
}

/// Waits for a signal; the answer is its number.
async fn next(interrupts: &mut Signal, terminations: &mut Signal) -> i32 {
    tokio::select! {
        _ = interrupts.recv() => SignalKind::interrupt().as_raw_value(),
        _ = terminations.recv() => SignalKind::terminate().as_raw_value(),
    }
}

/// Erases what is not of the output, unless the terminal does not take it.
fn clear(terminal: Arc<Terminal>) {
    let (done, wait) = mpsc::channel();
    std::thread::spawn(move || {
        terminal.clear();
        let _ = done.send(());
    });
    let _ = wait.recv_timeout(PATIENCE);
}
