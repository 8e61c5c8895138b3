//! Modules that a playbook names and that cannot be run: told all at once, with where each is used.

use std::fmt::Write;
use std::sync::{Mutex, PoisonError};

use ksplay_value::Span;

use crate::{Error, ErrorKind};

/// How many places of one module are shown.
const PLACES: usize = 3;

/// Why a module cannot be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// There is none of this name.
    Unknown,
    /// There can be none of this name, since it means something else; what to do.
    NoModule(&'static str),
    /// It belongs to ansible.builtin, but not to ksplay yet.
    NotYet,
    /// Its file is written for Ansible's own library in this language.
    Language(&'static str),
}

impl Why {
    fn is_unknown(self) -> bool {
        matches!(self, Self::Unknown | Self::NoModule(_))
    }
}

/// A module, and where it is used.
#[derive(Debug)]
struct Module {
    name: String,
    why: Why,
    hint: Option<String>,
    places: Vec<Span>,
}

/// The modules that were missed so far, in the order of their first use.
#[derive(Debug, Default)]
pub(crate) struct Missing(Mutex<Vec<Module>>);

impl Missing {
    /// Notes a use.
    pub fn note(&self, name: &str, why: Why, place: &Span, hint: Option<String>) {
        let mut modules = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match modules.iter_mut().find(|module| module.name == name) {
            Some(module) => module.places.push(place.clone()),
            None => modules.push(Module { name: name.to_owned(), why, hint, places: vec![place.clone()] }),
        }
    }

    /// The error about what was missed since the last time.
    pub fn take(&self) -> Option<Error> {
        let modules = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        (!modules.is_empty()).then(|| error(modules))
    }

    /// An error of loading, unless names that mean nothing stand before it: Ansible would have stopped there.
    pub fn before(&self, later: Error) -> Error {
        let modules = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let unknown = modules.iter().any(|module| module.why.is_unknown());
        drop(modules);
        self.take().filter(|_| unknown).unwrap_or(later)
    }

    /// What was loaded, unless modules were missed.
    pub fn settle<T>(&self, loaded: Result<T, Error>) -> Result<T, Error> {
        match loaded {
            Ok(loaded) => self.take().map_or(Ok(loaded), Err),
            Err(later) => Err(self.before(later)),
        }
    }
}

fn error(mut modules: Vec<Module>) -> Error {
    if let [module] = modules.as_mut_slice()
        && module.places.len() == 1
    {
        return Error {
            message: match module.why {
                Why::Unknown | Why::NoModule(_) => format!("couldn't resolve module/action '{}'", module.name),
                _ => format!("ksplay does not have the module '{}'", module.name),
            },
            span: module.places.pop(),
            hint: module.hint.take(),
            help: Some(match module.why {
                Why::Unknown => {
                    "this often indicates a misspelling, missing collection, or incorrect module path".to_owned()
                }
                Why::NoModule(advice) => advice.to_owned(),
                why => format!("it is {}", words(why)),
            }),
            kind: ErrorKind::Invalid,
        };
    }
    let unknown = modules.iter().filter(|module| module.why.is_unknown()).count();
    let width = modules.iter().map(|module| module.name.len()).max().unwrap_or_default();
    let mut message = match modules.len() {
        1 => "a module is not there:".to_owned(),
        count => format!("{count} modules are not there:"),
    };
    for Module { name, why, hint, places } in &modules {
        let times = match places.len() {
            1 => String::new(),
            count => format!(", used {count} times"),
        };
        let hint = hint.as_ref().map(|hint| format!(", {hint}")).unwrap_or_default();
        let _ = write!(message, "\n  {name:width$}  {}{times}{hint}", words(*why));
        for place in places.iter().take(PLACES) {
            let _ = write!(message, "\n      {place}");
        }
        if places.len() > PLACES {
            let _ = write!(message, "\n      and {} more", places.len() - PLACES);
        }
    }
    let help = match unknown {
        0 => "ksplay runs no modules in Python or PowerShell; other modules or `command` may do the same".to_owned(),
        _ => "unknown names often indicate a misspelling, missing collection, or incorrect module path".to_owned(),
    };
    Error { message, span: None, hint: None, help: Some(help), kind: ErrorKind::Invalid }
}

fn words(why: Why) -> String {
    match why {
        Why::Unknown => "unknown".to_owned(),
        Why::NoModule(advice) => format!("unknown: {advice}"),
        Why::NotYet => "a module of ansible.builtin that is not supported yet".to_owned(),
        Why::Language(language) => format!("written in {language} for Ansible's own library"),
    }
}
