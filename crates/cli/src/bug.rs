//! Panics: bugs of ksplay, told as such.

use std::process::ExitCode;

/// The exit code of a bug, as Ansible's of what it did not expect.
const CODE: u8 = 250;

/// Does the work; a panic in it ends with a message that asks to report it.
pub fn guarded(work: impl FnOnce() -> ExitCode) -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        // A panic in a task is the task's failure, and told there.
        if tokio::runtime::Handle::try_current().is_err() || std::thread::current().name() == Some("main") {
            eprintln!("\nerror: ksplay has a bug: {panic}\n  = help: please report it, with the playbook if you can");
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
