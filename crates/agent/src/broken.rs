//! What becomes of a run whose module panics: a failed result, whichever way panics go.
//!
//! Where they unwind, the thread of the run catches its own. Release builds abort instead, which makes the agent
//! smaller; there the hook answers for the thread and keeps it from ever going on.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::thread;

use ksplay_value::{Map, Value};

use crate::outbox::failure;

type Answer = Box<dyn FnOnce(String)>;

thread_local! {
    /// Where and why the thread panicked.
    static WORDS: RefCell<Option<String>> = const { RefCell::new(None) };
    /// Who is told, where panics abort.
    static ANSWER: RefCell<Option<Answer>> = const { RefCell::new(None) };
}

/// Keeps what threads panic with from the terminal, for [`guarded`].
pub(crate) fn listen() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(|at| format!("{}:{}: ", at.file(), at.line())).unwrap_or_default();
        let words = format!("{place}{}", words_of(info.payload()));
        if cfg!(panic = "unwind") {
            WORDS.set(Some(words));
        } else if let Some(answer) = ANSWER.take() {
            answer(words);
            loop {
                thread::park();
            }
        } else {
            eprintln!("ksplay-agent: {words}");
        }
    }));
}

/// Does the work of one run and answers with its result, or with what it panicked with.
pub(crate) fn guarded(module: String, work: impl FnOnce() -> Map, answer: impl FnOnce(Map) + Clone + 'static) {
    if cfg!(panic = "unwind") {
        let result = panic::catch_unwind(AssertUnwindSafe(work));
        return answer(result.unwrap_or_else(|_| broken(&module, WORDS.take())));
    }
    let instead = answer.clone();
    ANSWER.set(Some(Box::new(move |words| instead(broken(&module, Some(words))))));
    let result = work();
    ANSWER.set(None);
    answer(result);
}

fn broken(module: &str, words: Option<String>) -> Map {
    let words = words.unwrap_or_else(|| "no reason given".into());
    let mut result = failure(format!("the module `{module}` broke off, which is a bug in ksplay: {words}"));
    result.insert("exception", Value::from(words));
    result
}

fn words_of(payload: &dyn Any) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no reason given".into())
}
