//! Running as another user.

use serde::{Deserialize, Serialize};

use crate::Secret;

/// The program that changes the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Method {
    /// `sudo`.
    #[default]
    Sudo,
    /// `su`, which asks for the password of the user to become.
    Su,
    /// `doas`, which asks on a terminal.
    Doas,
}

/// Who a task runs as, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Become {
    /// The program.
    pub method: Method,
    /// The user to become (`become_user`).
    pub user: String,
    /// The password that the program asks for (`ansible_become_password`).
    pub password: Option<Secret>,
    /// Another file for the program (`become_exe`).
    pub exe: Option<String>,
    /// Other flags for it (`become_flags`), separated by blanks.
    pub flags: Option<String>,
}

impl Become {
    /// Becomes this user through sudo without a password.
    pub fn sudo(user: impl Into<String>) -> Self {
        Self { method: Method::Sudo, user: user.into(), password: None, exe: None, flags: None }
    }
}
