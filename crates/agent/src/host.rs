//! What the agent says about where it runs.

use std::ffi::CStr;
use std::fs;
use std::mem::MaybeUninit;

use ksplay_protocol::{Ready, VERSION};

/// The first message to the controller.
pub(crate) fn ready() -> Ready {
    // SAFETY: `getuid` cannot fail.
    let uid = unsafe { libc::getuid() };
    let account = Account::of_uid(uid);
    let home = std::env::var("HOME").ok().filter(|home| !home.is_empty());
    Ready {
        version: VERSION,
        arch: arch(),
        home: home.or_else(|| account.as_ref().map(|account| account.home.clone())).unwrap_or_else(|| "/".into()),
        uid,
        user: account.map_or_else(|| uid.to_string(), |account| account.name),
        pid: std::process::id(),
    }
}

/// A line of `/etc/passwd`. A static program cannot ask other sources.
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) home: String,
    pub(crate) shell: String,
}

impl Account {
    fn of_uid(uid: u32) -> Option<Self> {
        Self::find(|account| account.uid == uid)
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::find(|account| account.name == name)
    }

    fn find(wanted: impl Fn(&Self) -> bool) -> Option<Self> {
        let text = fs::read("/etc/passwd").ok()?;
        String::from_utf8_lossy(&text).lines().filter_map(Self::parse).find(wanted)
    }

    fn parse(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.split(':').collect();
        let &[name, _, uid, _, _, home, shell] = fields.as_slice() else { return None };
        Some(Self { name: name.into(), uid: uid.parse().ok()?, home: home.into(), shell: shell.into() })
    }

    /// Whether the shell only says that nobody logs in here.
    pub(crate) fn refuses_login(&self) -> bool {
        matches!(self.shell.rsplit('/').next(), Some("nologin" | "false"))
    }
}

fn arch() -> String {
    let mut names = MaybeUninit::<libc::utsname>::zeroed();
    // SAFETY: the pointer is to a whole `utsname`, which is all zeros and so holds terminated texts in any case.
    let machine = unsafe {
        libc::uname(names.as_mut_ptr());
        CStr::from_ptr(names.assume_init_ref().machine.as_ptr()).to_owned()
    };
    machine.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_without_a_login_shell_is_recognized() {
        let account = Account::parse("etcd:x:108:114:etcd:/var/lib/etcd/:/usr/sbin/nologin").unwrap();
        assert!(account.refuses_login());
        assert_eq!((account.uid, account.name.as_str()), (108, "etcd"));
        assert!(!Account::parse("root:x:0:0:root:/root:/bin/bash").unwrap().refuses_login());
        assert!(Account::parse("+::::::x:y").is_none());
    }

    #[test]
    fn the_architecture_has_a_name() {
        assert_eq!(arch(), std::env::consts::ARCH);
    }
}
