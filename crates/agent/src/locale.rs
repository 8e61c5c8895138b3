//! The language of an agent behind a program that was started in English.

const PREFIX: &str = "LC_ALL=";

/// What the agent behind such a program is told, so that it has the language of this one.
pub(crate) fn argument() -> String {
    format!("{PREFIX}{}", std::env::var("LC_ALL").unwrap_or_default())
}

/// Takes the language that this agent was told, if it was told one.
pub(crate) fn take() {
    let Some(told) = std::env::args().nth(2) else { return };
    // SAFETY: called before there is another thread.
    match told.strip_prefix(PREFIX) {
        Some("") => unsafe { std::env::remove_var("LC_ALL") },
        Some(language) => unsafe { std::env::set_var("LC_ALL", language) },
        None => {}
    }
}
