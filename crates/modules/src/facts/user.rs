//! The account that the facts are gathered under.

use ksplay_value::Map;

use super::look::Look;

/// `user_id`, `user_dir`, … and the real and effective ids.
pub(crate) fn collect(look: &Look) -> Map {
    // SAFETY: these calls take nothing and cannot fail.
    let (uid, euid, gid, egid) = unsafe { (libc::getuid(), libc::geteuid(), libc::getgid(), libc::getegid()) };
    let passwd = look.text("/etc/passwd").unwrap_or_default();
    let entry = entry_of(&passwd, uid).or_else(|| {
        let asked = look.query(&["getent", "passwd", &uid.to_string()])?;
        entry_of(&String::from_utf8_lossy(&asked.stdout), uid)
    });
    let mut facts = Map::new();
    if let Some([name, gid, gecos, home, shell]) = entry {
        facts.insert("user_id", name);
        facts.insert("user_uid", uid);
        facts.insert("user_gid", gid.parse::<i64>().ok());
        facts.insert("user_gecos", gecos);
        facts.insert("user_dir", home);
        facts.insert("user_shell", shell);
    }
    facts.insert("real_user_id", uid);
    facts.insert("effective_user_id", euid);
    facts.insert("real_group_id", gid);
    facts.insert("effective_group_id", egid);
    facts
}

/// Name, group, comment, home and shell of the entry with this id.
fn entry_of(passwd: &str, uid: u32) -> Option<[String; 5]> {
    let uid = uid.to_string();
    passwd.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        match fields[..] {
            [name, _, id, gid, gecos, home, shell] if id == uid => {
                Some([name, gid, gecos, home, shell].map(str::to_owned))
            }
            _ => None,
        }
    })
}
