//! Panics: bugs of ksplay, told as such.

use std::process::ExitCode;

/// The exit code of a bug, as Ansible's of what it did not expect.
const CODE: u8 = 250;

/// Does the work; a panic in it ends with a message that asks to report it.
///
/// Where panics unwind (the tests), a panic in a task is that task's failure and told there. The released program is built
/// to abort: a panic anywhere ends it, and agents end with their channels.
pub fn guarded(work: impl FnOnce() -> ExitCode) -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        let in_task = tokio::runtime::Handle::try_current().is_ok() && std::thread::current().name() != Some("main");
        if cfg!(panic = "abort") || !in_task {
            eprintln!("\nerror: ksplay has a bug: {panic}\n  = help: please report it, with the playbook if you can");
        }
        if cfg!(panic = "abort") {
            std::process::exit(CODE.into());
        }
    }));
    // Nothing is used after it but the exit code.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or_else(|_| ExitCode::from(CODE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_ends_with_250() {
        let code = guarded(|| panic!("on purpose"));
        assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::from(250)));
    }
}
