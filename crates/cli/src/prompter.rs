//! Asking the user on the terminal while a run goes on.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

use ksplay_engine::Prompter;
use ksplay_report::Terminal;

/// The user at the terminal that is the standard input.
pub struct AtTerminal {
    terminal: Arc<Terminal>,
    settings: Option<libc::termios>,
}

impl AtTerminal {
    /// The user who sees this terminal.
    pub fn new(terminal: Arc<Terminal>) -> Self {
        // SAFETY: all zeros is a valid `termios`, which `tcgetattr` fills.
        let settings = unsafe {
            let mut settings: libc::termios = std::mem::zeroed();
            (libc::tcgetattr(libc::STDIN_FILENO, &raw mut settings) == 0).then_some(settings)
        };
        Self { terminal, settings }
    }
}

impl Prompter for AtTerminal {
    fn is_there(&self) -> bool {
        io::stdin().is_terminal()
    }

    fn ask(&self, question: &str, hidden: bool) -> io::Result<String> {
        self.terminal.hush(true);
        let answer = if hidden { rpassword::prompt_password(question) } else { read(question) };
        self.terminal.hush(false);
        answer
    }

    fn give_up(&self) {
        self.terminal.hush(false);
        if let Some(settings) = &self.settings {
            // SAFETY: the settings are those that the terminal had.
            unsafe { libc::tcsetattr(libc::STDIN_FILENO, libc::TCSANOW, settings) };
        }
    }
}

fn read(question: &str) -> io::Result<String> {
    let mut output = io::stdout();
    output.write_all(question.as_bytes()).and_then(|()| output.flush())?;
    let mut line = String::new();
    if io::stdin().read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}
