//! Talking to the program that changes the user until the agent behind it speaks.

use std::fs::File;
use std::io::{Read, Write};
use std::process;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use ksplay_protocol::{Become, Prompt, QUIET};

/// How long the program may take, its own delays after a wrong password included.
const PATIENCE: Duration = Duration::from_secs(60);

/// How much of what the program says is kept.
const KEPT: usize = 4096;

/// A program that is to change the user and start an agent.
pub(crate) struct Launch {
    pub(crate) process: process::Child,
    /// To the agent.
    pub(crate) input: File,
    /// From the agent.
    pub(crate) output: File,
    /// Where the program prompts and complains.
    pub(crate) talk: File,
    /// Where it reads the password.
    pub(crate) keyboard: File,
    pub(crate) prompt: Prompt,
}

/// What happens while the program starts.
pub(crate) enum Event {
    /// It says something.
    Talk(Vec<u8>),
    /// The agent behind it is there.
    Ready,
    /// The channel has ended.
    Ended,
}

/// Answers the program until the agent is there.
///
/// The error is the text for the user, in Ansible's words where it has some.
pub(crate) fn log_in(
    becoming: &Become,
    prompt: &Prompt,
    mut keyboard: File,
    events: &Receiver<Event>,
) -> Result<(), String> {
    let name = becoming.method.name();
    let deadline = Instant::now() + PATIENCE;
    let mut said = String::new();
    let mut unanswered = String::new();
    let mut answered = false;
    loop {
        let asked = prompt.asks(&unanswered);
        let next = match prompt {
            Prompt::Exactly(_) if asked => Err(RecvTimeoutError::Timeout),
            Prompt::LineWithColon if asked => events.recv_timeout(QUIET),
            _ => events.recv_timeout(deadline.saturating_duration_since(Instant::now())),
        };
        match next {
            Ok(Event::Ready) => return Ok(()),
            Ok(Event::Talk(bytes)) => {
                let text = String::from_utf8_lossy(&bytes);
                said.push_str(&text);
                unanswered.push_str(&text);
            }
            Err(RecvTimeoutError::Timeout) if asked => {
                let Some(password) = &becoming.password else { return Err(becoming.missing_password()) };
                if answered {
                    return Err(becoming.incorrect_password());
                }
                answered = true;
                unanswered.clear();
                let line = zeroize::Zeroizing::new(format!("{}\n", password.expose()));
                keyboard.write_all(line.as_bytes()).map_err(|error| format!("{name}: {error}"))?;
            }
            Ok(Event::Ended) | Err(RecvTimeoutError::Disconnected) => {
                // What it said last may still be on its way.
                while let Ok(Event::Talk(bytes)) = events.recv_timeout(Duration::from_millis(100)) {
                    said.push_str(&String::from_utf8_lossy(&bytes));
                }
                return Err(becoming.complaint(prompt, &said, answered));
            }
            Err(RecvTimeoutError::Timeout) => {
                return Err(format!("Timed out after {} s waiting for {name}: {}", PATIENCE.as_secs(), said.trim()));
            }
        }
    }
}

/// Passes on what the program says, and keeps its last words.
pub(crate) fn listen(mut talk: File, mut heard: impl FnMut(&[u8])) {
    let mut buffer = [0; 1024];
    // A terminal whose other side is closed gives an error instead of an end.
    while let Ok(count @ 1..) = talk.read(&mut buffer) {
        heard(&buffer[..count]);
    }
}

/// Adds to last words, of which only so much is kept.
pub(crate) fn keep(words: &mut Vec<u8>, more: &[u8]) {
    words.extend_from_slice(more);
    if words.len() > 2 * KEPT {
        words.drain(..words.len() - KEPT);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use ksplay_protocol::Method;

    use super::*;

    fn play(becoming: &Become, prompt: &Prompt, events: Vec<Event>) -> (Result<(), String>, String) {
        let file = tempfile::NamedTempFile::new().unwrap();
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            for event in events {
                // As it is: an end comes long after a question, a complaint in one go.
                std::thread::sleep(if matches!(event, Event::Ended) { 3 * QUIET } else { QUIET / 20 });
                if sender.send(event).is_err() {
                    return;
                }
            }
        });
        let result = log_in(becoming, prompt, file.reopen().unwrap(), &receiver);
        (result, std::fs::read_to_string(file.path()).unwrap())
    }

    fn talk(text: &str) -> Event {
        Event::Talk(text.as_bytes().to_vec())
    }

    fn with_password(method: Method) -> Become {
        Become { method, password: Some("pw".into()), ..Become::sudo("root") }
    }

    #[test]
    fn the_password_is_typed_once_when_it_is_asked_for() {
        let prompt = Prompt::Exactly("[x] password:".into());
        let events =
            vec![talk("We trust you have received the usual lecture\n"), talk("[x] pass"), talk("word:"), Event::Ready];
        assert_eq!(play(&with_password(Method::Sudo), &prompt, events), (Ok(()), "pw\n".into()));
        assert_eq!(play(&with_password(Method::Sudo), &prompt, vec![Event::Ready]), (Ok(()), String::new()));
    }

    #[test]
    fn a_second_question_means_the_password_is_wrong() {
        let prompt = Prompt::Exactly("[x]".into());
        let events = vec![talk("[x]"), talk("\nSorry, try again.\n[x]")];
        let (result, typed) = play(&with_password(Method::Sudo), &prompt, events);
        assert_eq!(result.unwrap_err(), "Incorrect sudo password");
        assert_eq!(typed, "pw\n");
    }

    #[test]
    fn a_question_without_a_password_means_it_is_missing() {
        let events = || vec![talk("Password: "), Event::Ended];
        let becoming = Become { method: Method::Su, ..Become::sudo("root") };
        assert_eq!(play(&becoming, &Prompt::LineWithColon, events()).0.unwrap_err(), "Missing su password");
        let events = vec![talk("sudo: a password is required\n"), Event::Ended];
        let prompt = Prompt::Exactly("[x]".into());
        assert_eq!(play(&Become::sudo("root"), &prompt, events).0.unwrap_err(), "Missing sudo password");
    }

    #[test]
    fn the_beginning_of_a_complaint_is_no_question() {
        let events = vec![talk("su: "), talk("user x does not exist\n"), Event::Ended];
        let becoming = Become { method: Method::Su, ..Become::sudo("x") };
        assert_eq!(play(&becoming, &Prompt::LineWithColon, events).0.unwrap_err(), "su: user x does not exist");
    }

    #[test]
    fn other_complaints_are_shown_as_they_are() {
        let events = vec![talk("[x]"), talk("u is not in the sudoers file.\n"), Event::Ended];
        let prompt = Prompt::Exactly("[x]".into());
        assert_eq!(play(&with_password(Method::Sudo), &prompt, events).0.unwrap_err(), "u is not in the sudoers file.");
    }
}
