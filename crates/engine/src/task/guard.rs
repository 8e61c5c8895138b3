//! Panics kept where they happen.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;

/// What a future comes to, or the text of its panic.
pub(super) async fn guarded<T>(work: impl Future<Output = T>) -> Result<T, String> {
    let mut work = Box::pin(work);
    let ended = std::future::poll_fn(|context| {
        // After a panic it is never polled again.
        match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    });
    ended.await.map_err(|panic| text_of(&*panic))
}

fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no message").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_answer() {
        assert_eq!(guarded(async { 7 }).await, Ok(7));
        let panics = async {
            tokio::task::yield_now().await;
            let number = std::hint::black_box(3);
            assert!(number > 3, "only {number}");
        };
        assert_eq!(guarded(panics).await, Err("only 3".to_owned()));
    }
}
