//! Owner, group and mode of files: the arguments that many modules share, and what they mean.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use ksplay_value::{Map, Value};

use crate::arguments::Opt;
use crate::system::{InodeFlags, os_message};
use crate::{Failure, Probe, System, arguments};

/// Ansible's words for a change of owner or mode.
pub(super) const ATTRIBUTES_CHANGED: &str = "ownership, perms or SE linux context changed";

arguments! {
    /// Owner, group and mode of a file.
    pub struct FileAttributes {
        /// The permissions: octal digits in quotes, or symbols such as `u=rwX,g=rX`.
        mode: Value = Opt::raw(),
        /// The name or number of the owner.
        owner: Option<String> = Opt::str(),
        /// The name or number of the group.
        group: Option<String> = Opt::str(),
        /// The attributes of the file system, as `chattr` takes them.
        attributes: Option<String> = Opt::str().aliases(&["attr"]),
        /// The level of the SELinux context; ignored where SELinux is off.
        selevel: Option<String> = Opt::str(),
        /// The role of the SELinux context; ignored where SELinux is off.
        serole: Option<String> = Opt::str(),
        /// The type of the SELinux context; ignored where SELinux is off.
        setype: Option<String> = Opt::str(),
        /// The user of the SELinux context; ignored where SELinux is off.
        seuser: Option<String> = Opt::str(),
        /// Write into a file that cannot be replaced.
        unsafe_writes: bool = Opt::bool().default("false"),
    }
}

/// What a file is now, or will be when it has just been made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Current {
    pub uid: u32,
    pub gid: u32,
    pub mode: u32,
    pub is_dir: bool,
    pub is_link: bool,
}

impl Current {
    pub fn of(found: &Metadata) -> Self {
        Self {
            uid: found.uid(),
            gid: found.gid(),
            mode: found.mode() & 0o7777,
            is_dir: found.is_dir(),
            is_link: found.is_symlink(),
        }
    }

    pub fn new_file(system: &Probe) -> Self {
        Self { uid: system.uid(), gid: system.gid(), mode: 0o666 & !system.umask(), is_dir: false, is_link: false }
    }

    pub fn new_dir(system: &Probe) -> Self {
        Self { mode: 0o777 & !system.umask(), is_dir: true, ..Self::new_file(system) }
    }
}

/// What of a file's attributes is to be changed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Change {
    pub uid: Option<u32>,
    pub gid: Option<u32>,
    pub mode: Option<u32>,
    /// The flags now and after.
    pub flags: Option<(InodeFlags, InodeFlags)>,
}

impl Change {
    pub fn is_empty(&self) -> bool {
        self.uid.is_none() && self.gid.is_none() && self.mode.is_none() && self.flags.is_none()
    }

    /// Makes the change.
    pub fn apply(&self, path: &Path, system: &mut System) -> Result<(), Failure> {
        if self.uid.is_some() || self.gid.is_some() {
            let what = if self.uid.is_some() { "chown failed" } else { "chgrp failed" };
            system
                .set_owner(path, self.uid, self.gid)
                .map_err(|error| described(Failure::new(what), path, system, &error))?;
        }
        if let Some(mode) = self.mode {
            system
                .set_mode(path, mode)
                .map_err(|error| described(Failure::new("chmod failed"), path, system, &error))?;
        }
        if let Some((_, flags)) = self.flags {
            system
                .set_inode_flags(path, flags)
                .map_err(|error| described(Failure::new("chattr failed"), path, system, &error))?;
        }
        Ok(())
    }

    /// Adds what changes to the two sides of a diff.
    pub fn diff(&self, current: &Current, before: &mut Map, after: &mut Map) {
        if let Some(uid) = self.uid {
            before.insert("owner", current.uid);
            after.insert("owner", uid);
        }
        if let Some(gid) = self.gid {
            before.insert("group", current.gid);
            after.insert("group", gid);
        }
        if let Some(mode) = self.mode {
            before.insert("mode", octal(current.mode));
            after.insert("mode", octal(mode));
        }
        if let Some((now, wanted)) = self.flags {
            before.insert("attributes", now.letters());
            after.insert("attributes", wanted.letters());
        }
    }
}

fn described(failure: Failure, path: &Path, system: &Probe, error: &std::io::Error) -> Failure {
    let mut failure = failure.with("details", os_message(error)).with("path", path.display().to_string());
    describe(system, path, &mut failure.values);
    failure
}

pub(crate) fn octal(mode: u32) -> String {
    format!("0{mode:03o}")
}

impl FileAttributes {
    /// Whether nothing is asked for.
    pub(crate) fn is_empty(&self) -> bool {
        self.mode.is_null() && self.owner.is_none() && self.group.is_none() && self.attributes.is_none()
    }

    /// What is to be changed of a file that is this now.
    pub(crate) fn change(&self, path: &Path, current: &Current, system: &Probe) -> Result<Change, Failure> {
        let failed = |message: &str| {
            let mut failure = Failure::new(message).with("path", path.display().to_string());
            describe(system, path, &mut failure.values);
            failure
        };
        let uid = match &self.owner {
            None => None,
            Some(owner) => Some(
                owner
                    .parse()
                    .ok()
                    .or_else(|| system.user_named(owner).map(|user| user.uid))
                    .ok_or_else(|| failed(&format!("chown failed: failed to look up user {owner}")).missing())?,
            ),
        };
        let gid = match &self.group {
            None => None,
            Some(group) => Some(
                group
                    .parse()
                    .ok()
                    .or_else(|| system.group_named(group).map(|group| group.gid))
                    .ok_or_else(|| failed(&format!("chgrp failed: failed to look up group {group}")).missing())?,
            ),
        };
        let mode = self
            .mode_for(current.mode, current.is_dir)
            .map_err(|details| failed("mode must be in octal or symbolic form").with("details", details))?;
        let flags = match &self.attributes {
            None => None,
            Some(text) => {
                // What has yet to be made has none.
                let now = system.inode_flags(path).unwrap_or_default();
                let wanted = now.changed_by(text).map_err(|letter| {
                    failed("chattr failed").with("details", format!("unknown attribute '{letter}' in '{text}'"))
                })?;
                Some((now, wanted)).filter(|(now, wanted)| now != wanted)
            }
        };
        Ok(Change {
            flags,
            uid: uid.filter(|uid| *uid != current.uid),
            gid: gid.filter(|gid| *gid != current.gid),
            // Linux has no modes of symbolic links.
            mode: mode.filter(|mode| *mode != current.mode && !current.is_link),
        })
    }

    /// Compares a file with what is wanted and changes it; says whether something changed.
    pub(crate) fn ensure(&self, path: &Path, system: &mut System) -> Result<bool, Failure> {
        if self.is_empty() {
            return Ok(false);
        }
        let found = system
            .link_metadata(path)
            .map_err(|error| Failure::new(format!("cannot look at {}: {error}", path.display())))?;
        let change = self.change(path, &Current::of(&found), system)?;
        change.apply(path, system)?;
        Ok(!change.is_empty())
    }

    /// The wanted permission bits, for something that has these now.
    pub(crate) fn mode_for(&self, current: u32, is_dir: bool) -> Result<Option<u32>, String> {
        mode_of(&self.mode, current, is_dir)
    }
}

/// The permission bits that a `mode` argument means.
pub(crate) fn mode_of(mode: &Value, current: u32, is_dir: bool) -> Result<Option<u32>, String> {
    match mode {
        Value::Null => Ok(None),
        Value::Int(bits) => u32::try_from(*bits).map(|bits| Some(bits & 0o7777)).map_err(|error| error.to_string()),
        other => {
            let text = other.to_string();
            match u32::from_str_radix(text.trim().trim_start_matches("0o"), 8) {
                Ok(bits) => Ok(Some(bits & 0o7777)),
                Err(_) => symbolic(&text, current, is_dir)
                    .map(Some)
                    .ok_or_else(|| format!("bad symbolic permission for mode: {text}")),
            }
        }
    }
}

/// `u=rwX,g-w,a+r` applied to these bits.
fn symbolic(text: &str, mut mode: u32, is_dir: bool) -> Option<u32> {
    for clause in text.split(',') {
        let begin = clause.find(['+', '-', '='])?;
        let (who, mut rest) = clause.split_at(begin);
        let users: &[u32] = match who {
            "" | "a" => &[6, 3, 0],
            _ => &who.chars().map(shift_of).collect::<Option<Vec<_>>>()?,
        };
        while let Some(operator) = rest.chars().next() {
            let end = rest[1..].find(['+', '-', '=']).map_or(rest.len(), |end| end + 1);
            let bits = permissions(&rest[1..end], users, mode, is_dir)?;
            match operator {
                '+' => mode |= bits,
                '-' => mode &= !bits,
                _ => mode = mode & !cleared(users) | bits,
            }
            rest = &rest[end..];
        }
    }
    Some(mode)
}

fn shift_of(user: char) -> Option<u32> {
    Some(match user {
        'u' => 6,
        'g' => 3,
        'o' => 0,
        _ => return None,
    })
}

/// The bits that `=` takes away from these users: their own three and their special one.
fn cleared(users: &[u32]) -> u32 {
    users.iter().map(|shift| 0o7 << shift | special(*shift)).sum()
}

fn special(shift: u32) -> u32 {
    match shift {
        6 => 0o4000,
        3 => 0o2000,
        _ => 0o1000,
    }
}

fn permissions(letters: &str, users: &[u32], mode: u32, is_dir: bool) -> Option<u32> {
    let mut bits = 0;
    for letter in letters.chars() {
        for shift in users {
            bits |= match letter {
                'r' => 4 << shift,
                'w' => 2 << shift,
                'x' => 1 << shift,
                'X' if is_dir || mode & 0o111 != 0 => 1 << shift,
                'X' => 0,
                's' if *shift != 0 => special(*shift),
                's' => 0,
                't' if *shift == 0 || users.len() == 1 => 0o1000,
                't' => 0,
                'u' | 'g' | 'o' => (mode >> shift_of(letter)? & 7) << shift,
                _ => return None,
            };
        }
    }
    Some(bits)
}

/// Adds what modules that end with a file say of it: `uid gid owner group mode state size`.
pub(crate) fn describe(system: &Probe, path: &Path, values: &mut Map) {
    let Ok(found) = system.link_metadata(path) else {
        values.insert("state", "absent");
        return;
    };
    let owner = system.user_with_id(found.uid()).map_or_else(|| found.uid().to_string(), |user| user.name);
    let group = system.group_with_id(found.gid()).map_or_else(|| found.gid().to_string(), |group| group.name);
    values.insert("uid", found.uid());
    values.insert("gid", found.gid());
    values.insert("owner", owner);
    values.insert("group", group);
    values.insert("mode", octal(found.mode() & 0o7777));
    values.insert("state", state_of(&found));
    values.insert("size", found.size());
}

/// The word for the kind of a file that exists: `file`, `hard`, `directory` or `link`.
pub(crate) fn state_of(found: &Metadata) -> &'static str {
    if found.is_symlink() {
        "link"
    } else if found.is_dir() {
        "directory"
    } else if found.nlink() > 1 {
        "hard"
    } else {
        "file"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octal_text_and_numbers_are_modes() {
        assert_eq!(mode_of(&"0644".into(), 0, false), Ok(Some(0o644)));
        assert_eq!(mode_of(&"644".into(), 0, false), Ok(Some(0o644)));
        assert_eq!(mode_of(&Value::Int(0o644), 0, false), Ok(Some(0o644)));
        assert_eq!(mode_of(&Value::Null, 0, false), Ok(None));
        assert!(mode_of(&"9".into(), 0, false).is_err());
    }

    #[test]
    fn symbols_change_what_is_there() {
        for (text, current, is_dir, wanted) in [
            ("u=rwX,go=rX", 0o600, false, 0o644),
            ("u=rwX,go=rX", 0o600, true, 0o755),
            ("a+x", 0o644, false, 0o755),
            ("go-rwx", 0o755, false, 0o700),
            ("u+s,g+s", 0o755, false, 0o6755),
            ("o=u", 0o740, false, 0o747),
            ("+r", 0o200, false, 0o644),
            ("u=rw,g=r,o=", 0o777, false, 0o640),
            ("u+x-w", 0o600, false, 0o500),
            ("o+t", 0o755, true, 0o1755),
        ] {
            assert_eq!(mode_of(&text.into(), current, is_dir), Ok(Some(wanted)), "{text}");
        }
    }
}
