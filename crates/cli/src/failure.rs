//! What keeps ksplay from starting, and the exit code that says so.

use std::process::ExitCode;

use ksplay_value::Diagnostic;

/// Why nothing was run.
#[derive(Debug)]
pub struct Failure {
    /// The whole message, in the form of the house: `error: …`.
    pub message: String,
    /// The exit code: 1 for an error, 4 for a playbook that cannot be read, 5 for bad options and settings.
    pub code: u8,
}

impl Failure {
    /// This error with this exit code.
    pub fn of(code: u8, diagnostic: &Diagnostic) -> Self {
        Self { message: diagnostic.render(), code }
    }

    /// An error of the inventory or the system.
    pub fn error(message: impl std::fmt::Display) -> Self {
        Self::of(1, &Diagnostic::new(message.to_string()))
    }

    /// Options that do not fit.
    pub fn options(message: impl std::fmt::Display) -> Self {
        Self::of(5, &Diagnostic::new(message.to_string()))
    }

    /// The same with what to do about it.
    #[must_use]
    pub fn help(mut self, help: &str) -> Self {
        self.message = format!("{}\n  = help: {help}\n", self.message.trim_end());
        self
    }

    /// Says it, and ends. Places below the current directory are shown from there.
    pub fn exit(self) -> ExitCode {
        let here = std::env::current_dir().map(|dir| format!("--> {}/", dir.display())).unwrap_or_default();
        let message = if here.is_empty() { self.message } else { self.message.replace(&here, "--> ") };
        eprintln!("{}", message.trim_end());
        ExitCode::from(self.code)
    }
}

impl From<ksplay_playbook::Error> for Failure {
    fn from(error: ksplay_playbook::Error) -> Self {
        let code = error.exit_code().try_into().unwrap_or(1);
        let mut diagnostic = error.diagnostic();
        if error.kind == ksplay_playbook::ErrorKind::Vault && diagnostic.help.is_none() {
            diagnostic.help =
                Some("name the password: `--vault-password-file FILE`, `--vault-id ID@FILE` or `-J`".into());
        }
        Self::of(code, &diagnostic)
    }
}

impl From<ksplay_inventory::Error> for Failure {
    fn from(error: ksplay_inventory::Error) -> Self {
        use ksplay_inventory::Error;
        let code = if matches!(error, Error::Syntax { .. } | Error::Vault { .. }) { 4 } else { 1 };
        let mut diagnostic = Diagnostic::from(&error);
        // The first thing that was wrong is most likely what is to be mended.
        if let Error::NothingParsed { warnings, .. } = &error
            && let Some(first) = warnings.first()
        {
            diagnostic = Diagnostic { message: format!("{error}: {}", first.message), ..first.clone() };
        }
        Self::of(code, &diagnostic)
    }
}

impl From<ksplay_template::Error> for Failure {
    fn from(error: ksplay_template::Error) -> Self {
        Self::of(1, &Diagnostic::new(error.message).at(error.span))
    }
}

impl From<ksplay_engine::TaskFailure> for Failure {
    fn from(failure: ksplay_engine::TaskFailure) -> Self {
        Self::of(failure.exit_code, &Diagnostic::new(failure.message).at(failure.span).help(failure.help))
    }
}

impl From<crate::settings::Error> for Failure {
    fn from(error: crate::settings::Error) -> Self {
        Self::of(5, &error.diagnostic())
    }
}
