//! Users and groups, from `/etc/passwd` and `/etc/group`; from `getent` for those that are kept elsewhere.

use super::{CommandSpec, Probe};

/// A user, as a line of `/etc/passwd` has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct User {
    /// Its name.
    pub name: String,
    /// The password field, nearly always `x`.
    pub password: String,
    /// Its number.
    pub uid: u32,
    /// The number of its primary group.
    pub gid: u32,
    /// Full name and other remarks.
    pub gecos: String,
    /// Its home directory.
    pub home: String,
    /// Its login shell.
    pub shell: String,
}

/// A group, as a line of `/etc/group` has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Its number.
    pub gid: u32,
    /// The users that have it as a supplementary group.
    pub members: Vec<String>,
}

impl User {
    fn from_line(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.split(':').collect();
        let [name, password, uid, gid, gecos, home, shell] = fields[..] else { return None };
        Some(Self {
            name: name.into(),
            password: password.into(),
            uid: uid.parse().ok()?,
            gid: gid.parse().ok()?,
            gecos: gecos.into(),
            home: home.into(),
            shell: shell.into(),
        })
    }
}

impl Group {
    fn from_line(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.split(':').collect();
        let [name, _, gid, members] = fields[..] else { return None };
        let members = members.split(',').filter(|member| !member.is_empty()).map(str::to_owned).collect();
        Some(Self { name: name.into(), gid: gid.parse().ok()?, members })
    }
}

fn lines(path: &str) -> String {
    std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// The home directory of a user of `/etc/passwd`.
pub(crate) fn home_of(user: &str) -> Option<String> {
    lines("/etc/passwd").lines().filter_map(User::from_line).find(|entry| entry.name == user).map(|entry| entry.home)
}

/// The home directory of the user that this program runs as.
pub(crate) fn own_home() -> Option<String> {
    // SAFETY: `getuid` has no arguments and cannot fail.
    let uid = unsafe { libc::getuid() };
    lines("/etc/passwd").lines().filter_map(User::from_line).find(|entry| entry.uid == uid).map(|entry| entry.home)
}

impl Probe {
    /// The users of `/etc/passwd`.
    pub fn users(&self) -> Vec<User> {
        lines("/etc/passwd").lines().filter_map(User::from_line).collect()
    }

    /// The groups of `/etc/group`.
    pub fn groups(&self) -> Vec<Group> {
        lines("/etc/group").lines().filter_map(Group::from_line).collect()
    }

    /// The user of this name.
    pub fn user_named(&self, name: &str) -> Option<User> {
        let known = self.users().into_iter().find(|user| user.name == name);
        known.or_else(|| self.getent("passwd", name).and_then(|line| User::from_line(&line)))
    }

    /// The user with this number.
    pub fn user_with_id(&self, uid: u32) -> Option<User> {
        let known = self.users().into_iter().find(|user| user.uid == uid);
        known.or_else(|| self.getent("passwd", &uid.to_string()).and_then(|line| User::from_line(&line)))
    }

    /// The group of this name.
    pub fn group_named(&self, name: &str) -> Option<Group> {
        let known = self.groups().into_iter().find(|group| group.name == name);
        known.or_else(|| self.getent("group", name).and_then(|line| Group::from_line(&line)))
    }

    /// The group with this number.
    pub fn group_with_id(&self, gid: u32) -> Option<Group> {
        let known = self.groups().into_iter().find(|group| group.gid == gid);
        known.or_else(|| self.getent("group", &gid.to_string()).and_then(|line| Group::from_line(&line)))
    }

    /// A line of a database that may be kept elsewhere (LDAP, systemd); not asked where only files are configured.
    fn getent(&self, database: &str, key: &str) -> Option<String> {
        let switch = lines("/etc/nsswitch.conf");
        let sources = switch.lines().find_map(|line| line.trim().strip_prefix(database)?.trim().strip_prefix(':'))?;
        if sources.split_whitespace().all(|source| matches!(source, "files" | "compat")) {
            return None;
        }
        let output = self.query(&CommandSpec::new(["getent", database, key])).ok()?;
        (output.rc == 0).then(|| output.stdout_text().trim_end().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_passwd_is_a_user() {
        let user = User::from_line("etcd:x:998:997:etcd user:/var/lib/etcd:/sbin/nologin").unwrap();
        assert_eq!((user.uid, user.gid, user.home.as_str()), (998, 997, "/var/lib/etcd"));
        assert_eq!(User::from_line("broken:x:y"), None);
    }

    #[test]
    fn a_group_knows_its_members() {
        let group = Group::from_line("docker:x:99:ann,bob").unwrap();
        assert_eq!(group.members, ["ann", "bob"]);
        assert!(Group::from_line("empty:x:1:").unwrap().members.is_empty());
    }

    #[test]
    fn root_is_found_by_name_and_by_number() {
        let probe = Probe::default();
        assert_eq!(probe.user_named("root"), probe.user_with_id(0));
        assert_eq!(probe.group_with_id(0).unwrap().name, "root");
        assert_eq!(probe.user_named("no-such-user"), None);
    }
}
