//! `user`: accounts.

use std::collections::BTreeSet;
use std::path::PathBuf;

use ksplay_value::Map;

use super::shadow::Shadow;
use crate::arguments::{Opt, OptType};
use crate::system::{Calendar, seconds_after_1970};
use crate::{CommandSpec, Failure, Inspection, Module, Outcome, Probe, System, User, arguments};

/// See [`UserArgs`].
pub struct UserModule;

arguments! {
    /// Makes, changes and removes accounts.
    pub struct UserArgs {
        /// The account.
        name: String = Opt::str().required().aliases(&["user"]),
        /// Whether it exists.
        state: String = Opt::str().default("present").choices(&["absent", "present"]),
        /// Its number.
        uid: Option<i64> = Opt::int(),
        /// Whether the number may be another's as well.
        non_unique: bool = Opt::bool().default("false"),
        /// Its primary group.
        group: Option<String> = Opt::str(),
        /// Its other groups.
        groups: Option<Vec<String>> = Opt::list(OptType::Str),
        /// Whether it keeps groups that are not named.
        append: bool = Opt::bool().default("false"),
        /// Its full name or another remark.
        comment: Option<String> = Opt::str(),
        /// Its login shell.
        shell: Option<String> = Opt::path(),
        /// Its home directory.
        home: Option<String> = Opt::path(),
        /// Where the first content of a home directory comes from.
        skeleton: Option<String> = Opt::str(),
        /// Whether the home directory is made.
        create_home: bool = Opt::bool().default("true").aliases(&["createhome"]),
        /// Whether the home directory moves when `home` names another.
        move_home: bool = Opt::bool().default("false"),
        /// Whether a new account is one of the system's.
        system: bool = Opt::bool().default("false"),
        /// The password as the hash that stands in the shadow file.
        password: Option<String> = Opt::str().no_log(),
        /// Whether the password of an account that exists is changed.
        update_password: String = Opt::str().default("always").choices(&["always", "on_create"]),
        /// Whether logging in by password is locked.
        password_lock: Option<bool> = Opt::bool(),
        /// The most days between two changes of the password.
        password_expire_max: Option<i64> = Opt::int(),
        /// The fewest days between two changes of the password.
        password_expire_min: Option<i64> = Opt::int(),
        /// How many days before its end a password is warned of.
        password_expire_warn: Option<i64> = Opt::int(),
        /// How many days after its end a password still works.
        password_expire_account_disable: Option<i64> = Opt::int(),
        /// When the account ends, in seconds since 1970; negative for never.
        expires: Option<f64> = Opt::float(),
        /// The bits that files in a new home directory do not get.
        umask: Option<String> = Opt::str(),
        /// The lowest number for a new account.
        uid_min: Option<i64> = Opt::int(),
        /// The highest number for a new account.
        uid_max: Option<i64> = Opt::int(),
        /// The SELinux user.
        seuser: Option<String> = Opt::str(),
        /// Whether removing an account removes its home directory.
        remove: bool = Opt::bool().default("false"),
        /// Whether an account in use is removed.
        force: bool = Opt::bool().default("false"),
        /// Use the `l…` commands for accounts of this machine alone.
        local: bool = Opt::bool().default("false"),
        /// Make an SSH key for the account unless there is one.
        generate_ssh_key: bool = Opt::bool().default("false"),
        /// The type of the SSH key.
        ssh_key_type: String = Opt::str().default("rsa"),
        /// The bits of the SSH key.
        ssh_key_bits: Option<i64> = Opt::int(),
        /// The file of the SSH key, from the home directory on.
        ssh_key_file: Option<PathBuf> = Opt::path(),
        /// The remark of the SSH key.
        ssh_key_comment: Option<String> = Opt::str(),
        /// The passphrase of the SSH key.
        ssh_key_passphrase: Option<String> = Opt::str().no_log(),
        /// Accepted for compatibility: not a matter of Linux.
        login_class: Option<String> = Opt::str(),
    }
}

/// What is to be done.
#[derive(Debug)]
pub struct UserPlan {
    args: UserArgs,
    commands: Vec<CommandSpec>,
    ssh_key: Option<PathBuf>,
}

impl Module for UserModule {
    type Args = UserArgs;
    type Plan = UserPlan;

    fn inspect(args: &UserArgs, system: &Probe) -> Result<Inspection<UserPlan>, Failure> {
        let current = system.user_named(&args.name);
        let mut values = Map::from([("name", args.name.as_str()), ("state", &args.state)]);
        if args.password.is_some() {
            values.insert("password", "NOT_LOGGING_PASSWORD");
        }
        if args.state == "absent" {
            if current.is_some() {
                values.insert("force", args.force);
                values.insert("remove", args.remove);
            }
            let commands = current.map(|_| removal(args)).into_iter().collect();
            return Ok(finished(args, values, commands, None));
        }
        check_secrets(args)?;
        check_groups(args, system)?;
        let commands = match &current {
            None => {
                values.insert("create_home", args.create_home);
                values.insert("system", args.system);
                creation(args, system)
            }
            Some(user) => {
                values.insert("append", args.append);
                values.insert("move_home", args.move_home);
                changes(args, user, system)
            }
        };
        describe(&mut values, args, current.as_ref());
        let ssh_key = args.generate_ssh_key.then(|| key_file(args, current.as_ref()));
        let ssh_key = ssh_key.filter(|path| !system.exists(path));
        Ok(finished(args, values, commands, ssh_key))
    }

    fn apply(plan: UserPlan, mut predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        let UserPlan { args, commands, ssh_key } = plan;
        for command in commands {
            let output = system.run(&command)?;
            if !output.ok() {
                let said = output.stderr_text();
                return Err(Failure::new(said.trim()).with("name", args.name.as_str()).with("rc", output.rc));
            }
        }
        if args.state == "present" {
            let user = system.user_named(&args.name);
            if ssh_key.is_some() {
                make_key(&args, &key_file(&args, user.as_ref()), user.as_ref(), system)?;
            }
            describe(&mut predicted.values, &args, user.as_ref());
        }
        Ok(predicted)
    }
}

fn finished(
    args: &UserArgs,
    values: Map,
    commands: Vec<CommandSpec>,
    ssh_key: Option<PathBuf>,
) -> Inspection<UserPlan> {
    let outcome = Outcome { values, ..Outcome::default() };
    if commands.is_empty() && ssh_key.is_none() {
        return Inspection::nothing_to_do(outcome);
    }
    Inspection::change(outcome, UserPlan { args: args.clone(), commands, ssh_key })
}

/// The account as it is, or will be as far as that is known.
fn describe(values: &mut Map, args: &UserArgs, user: Option<&User>) {
    if let Some(user) = user {
        values.insert("uid", user.uid);
        values.insert("group", user.gid);
        values.insert("comment", user.gecos.as_str());
        values.insert("home", user.home.as_str());
        values.insert("shell", user.shell.as_str());
    } else {
        values.insert("uid", args.uid);
        values.insert("group", args.group.clone());
        values.insert("comment", args.comment.clone());
        values.insert("home", args.home.clone().unwrap_or_else(|| format!("/home/{}", args.name)));
        values.insert("shell", args.shell.clone());
    }
    if let Some(groups) = &args.groups {
        values.insert("groups", groups.join(","));
    }
}

fn named_groups(args: &UserArgs) -> Option<BTreeSet<String>> {
    let groups = args.groups.as_ref()?;
    Some(groups.iter().map(|group| group.trim().to_owned()).filter(|group| !group.is_empty()).collect())
}

fn check_groups(args: &UserArgs, system: &Probe) -> Result<(), Failure> {
    let named = named_groups(args).unwrap_or_default();
    for group in args.group.iter().chain(&named) {
        let known = match group.parse() {
            Ok(gid) => system.group_with_id(gid).is_some() || system.group_named(group).is_some(),
            Err(_) => system.group_named(group).is_some(),
        };
        if !known {
            return Err(Failure::new(format!("Group {group} does not exist")).missing());
        }
    }
    Ok(())
}

fn removal(args: &UserArgs) -> CommandSpec {
    let program = if args.local { "luserdel" } else { "userdel" };
    let flags = [(args.force && !args.local, "-f"), (args.remove, "-r")];
    let flags = flags.into_iter().filter(|(wanted, _)| *wanted).map(|(_, flag)| flag);
    CommandSpec::new([program].into_iter().chain(flags).chain([args.name.as_str()])).parsable()
}

fn creation(args: &UserArgs, system: &Probe) -> Vec<CommandSpec> {
    let mut argv = vec![if args.local { "luseradd" } else { "useradd" }.to_owned()];
    let mut add = |words: &[&str]| argv.extend(words.iter().map(ToString::to_string));
    if let Some(uid) = args.uid {
        add(&["-u", &uid.to_string()]);
        if args.non_unique {
            add(&["-o"]);
        }
    }
    match &args.group {
        Some(group) => add(&["-g", group]),
        None if system.group_named(&args.name).is_some() => add(&["-N"]),
        None => {}
    }
    let groups = named_groups(args).unwrap_or_default();
    if !groups.is_empty() && !args.local {
        add(&["-G", &groups.iter().cloned().collect::<Vec<_>>().join(",")]);
    }
    for (flag, value) in [("-c", &args.comment), ("-s", &args.shell), ("-Z", &args.seuser), ("-d", &args.home)] {
        if let Some(value) = value {
            add(&[flag, value]);
        }
    }
    if let Some(expires) = args.expires {
        add(&["-e", &expiry_date(expires)]);
    }
    for (key, value) in [("UID_MIN", args.uid_min), ("UID_MAX", args.uid_max)] {
        if let Some(value) = value {
            add(&["-K", &format!("{key}={value}")]);
        }
    }
    if args.create_home {
        if !args.local {
            add(&["-m"]);
        }
        if let Some(skeleton) = &args.skeleton {
            add(&["-k", skeleton]);
        }
        if let Some(umask) = &args.umask {
            add(&["-K", &format!("UMASK={umask}")]);
        }
    } else {
        add(&["-M"]);
    }
    if args.system {
        add(&["-r"]);
    }
    add(&[&args.name]);
    let password = args.password.as_ref().map(|password| set_password(args, password));
    [CommandSpec::new(argv).parsable()].into_iter().chain(password).chain(aging(args, None)).collect()
}

fn changes(args: &UserArgs, user: &User, system: &Probe) -> Vec<CommandSpec> {
    let shadow = Shadow::of(&args.name, system);
    let mut argv: Vec<String> = Vec::new();
    let mut add = |words: &[&str]| argv.extend(words.iter().map(ToString::to_string));
    if let Some(uid) = args.uid.filter(|uid| *uid != i64::from(user.uid)) {
        add(&["-u", &uid.to_string()]);
        if args.non_unique {
            add(&["-o"]);
        }
    }
    if let Some(group) = &args.group {
        let gid = group.parse().ok().or_else(|| system.group_named(group).map(|group| group.gid));
        if gid.is_some_and(|gid| gid != user.gid) {
            add(&["-g", group]);
        }
    }
    if let Some(wanted) = named_groups(args) {
        let current = supplementary(user, system);
        let wanted = names_of(&wanted, user, system);
        let missing = !wanted.is_subset(&current);
        if missing || (!args.append && wanted != current) {
            if args.append {
                add(&["-a"]);
            }
            add(&["-G", &wanted.into_iter().collect::<Vec<_>>().join(",")]);
        }
    }
    if let Some(comment) = args.comment.as_ref().filter(|comment| **comment != user.gecos) {
        add(&["-c", comment]);
    }
    if let Some(home) = args.home.as_ref().filter(|home| **home != user.home) {
        add(&["-d", home]);
        if args.move_home {
            add(&["-m"]);
        }
    }
    if let Some(shell) = args.shell.as_ref().filter(|shell| **shell != user.shell) {
        add(&["-s", shell]);
    }
    if let Some(expires) = args.expires
        && shadow.expires != expiry_days(expires)
    {
        add(&["-e", &expiry_date(expires)]);
    }
    let password = args.password.as_ref().filter(|password| {
        args.update_password == "always" && password.trim_start_matches('!') != shadow.password.trim_start_matches('!')
    });
    // A new password comes locked or unlocked already.
    let locked = shadow.password.starts_with('!');
    match args.password_lock.filter(|_| password.is_none()) {
        Some(true) if !locked => add(&["-L"]),
        Some(false) if locked => add(&["-U"]),
        _ => {}
    }
    let program = if args.local { "lusermod" } else { "usermod" };
    let change = (!argv.is_empty())
        .then(|| CommandSpec::new([program.to_owned()].into_iter().chain(argv).chain([args.name.clone()])).parsable());
    let password = password.map(|password| set_password(args, password));
    change.into_iter().chain(password).chain(aging(args, Some(&shadow))).collect()
}

/// The call that sets the password's hash; it is read from standard input, for all can see the arguments of programs.
fn set_password(args: &UserArgs, password: &str) -> CommandSpec {
    let bare = password.trim_start_matches('!');
    let hash = match args.password_lock {
        Some(true) => format!("!{bare}"),
        Some(false) if !bare.is_empty() => bare.to_owned(),
        _ => password.to_owned(),
    };
    CommandSpec::new(["chpasswd", "-e"]).parsable().secret_stdin(format!("{}:{hash}\n", args.name))
}

/// What would end the field or the line of the shadow file that it is for.
fn check_secrets(args: &UserArgs) -> Result<(), Failure> {
    if args.password.as_ref().is_some_and(|password| password.contains([':', '\n'])) {
        return Err(Failure::new("the password must be a hash, which has neither colons nor line breaks"));
    }
    if args.ssh_key_passphrase.as_ref().is_some_and(|passphrase| passphrase.contains('\n')) {
        return Err(Failure::new("ssh_key_passphrase must be one line"));
    }
    Ok(())
}

/// The names of the groups that a user is listed in.
fn supplementary(user: &User, system: &Probe) -> BTreeSet<String> {
    let groups =
        system.groups().into_iter().filter(|group| group.members.contains(&user.name) && group.gid != user.gid);
    groups.map(|group| group.name).collect()
}

/// The groups by name, where numbers were given; without the primary group, which nobody is listed in.
fn names_of(wanted: &BTreeSet<String>, user: &User, system: &Probe) -> BTreeSet<String> {
    let found = wanted.iter().map(|group| {
        system.group_named(group).or_else(|| group.parse().ok().and_then(|gid| system.group_with_id(gid)))
    });
    found.flatten().filter(|group| group.gid != user.gid).map(|group| group.name).collect()
}

/// `chage`, where the rules for the password's age differ.
fn aging(args: &UserArgs, shadow: Option<&Shadow>) -> Option<CommandSpec> {
    let rules = [
        ("-M", args.password_expire_max, shadow.and_then(|shadow| shadow.maximum)),
        ("-m", args.password_expire_min, shadow.and_then(|shadow| shadow.minimum)),
        ("-W", args.password_expire_warn, shadow.and_then(|shadow| shadow.warning)),
        ("-I", args.password_expire_account_disable, shadow.and_then(|shadow| shadow.inactive)),
    ];
    let differing =
        rules.into_iter().filter_map(|(flag, wanted, current)| Some((flag, wanted.filter(|_| wanted != current)?)));
    let words: Vec<String> = differing.flat_map(|(flag, days)| [flag.to_owned(), days.to_string()]).collect();
    (!words.is_empty())
        .then(|| CommandSpec::new(["chage".to_owned()].into_iter().chain(words).chain([args.name.clone()])).parsable())
}

/// Days since 1970, as the shadow file has it; `None` for never.
fn expiry_days(expires: f64) -> Option<i64> {
    (expires >= 0.0).then_some((expires / 86_400.0) as i64)
}

fn expiry_date(expires: f64) -> String {
    let Some(days) = expiry_days(expires) else { return String::new() };
    Calendar::utc(seconds_after_1970(days * 86_400)).text(c"%Y-%m-%d")
}

fn key_file(args: &UserArgs, user: Option<&User>) -> PathBuf {
    let home = user.map(|user| user.home.clone()).or_else(|| args.home.clone());
    let home = PathBuf::from(home.unwrap_or_else(|| format!("/home/{}", args.name)));
    home.join(args.ssh_key_file.clone().unwrap_or_else(|| format!(".ssh/id_{}", args.ssh_key_type).into()))
}

fn make_key(args: &UserArgs, file: &std::path::Path, user: Option<&User>, system: &mut System) -> Result<(), Failure> {
    let failed = |what: &str, error: std::io::Error| Failure::new(format!("Failed to create {what}: {error}"));
    let user = user.ok_or_else(|| Failure::new(format!("there is no account {} to make a key for", args.name)))?;
    if let Some(folder) = file.parent().filter(|folder| !system.exists(folder)) {
        let shown = folder.display().to_string();
        system.create_dir(folder).map_err(|error| failed(&shown, error))?;
        system.set_mode(folder, 0o700).map_err(|error| failed(&shown, error))?;
        system.set_owner(folder, Some(user.uid), Some(user.gid)).map_err(|error| failed(&shown, error))?;
    }
    let shown = file.display().to_string();
    let comment = args.ssh_key_comment.clone().unwrap_or_else(|| format!("ansible-generated on {}", system.hostname()));
    let command = key_command(args, &comment, &shown);
    let output = system.run(&command)?;
    if !output.ok() {
        return Err(output.failure(output.stderr_text().trim()));
    }
    for path in [file.to_path_buf(), PathBuf::from(format!("{shown}.pub"))] {
        system.set_owner(&path, Some(user.uid), Some(user.gid)).map_err(|error| failed(&shown, error))?;
    }
    Ok(())
}

/// The call of ssh-keygen. Without a terminal it reads the passphrase, twice, from standard input.
fn key_command(args: &UserArgs, comment: &str, file: &str) -> CommandSpec {
    let mut argv =
        ["ssh-keygen", "-q", "-t", &args.ssh_key_type, "-C", comment, "-f", file].map(str::to_owned).to_vec();
    if let Some(bits) = args.ssh_key_bits {
        argv.extend(["-b".to_owned(), bits.to_string()]);
    }
    match args.ssh_key_passphrase.as_deref().unwrap_or_default() {
        "" => {
            argv.extend(["-N".to_owned(), String::new()]);
            CommandSpec::new(argv)
        }
        passphrase => CommandSpec::new(argv)
            .secret_stdin(format!("{passphrase}\n{passphrase}\n"))
            .env("SSH_ASKPASS_REQUIRE", "never")
            .env("DISPLAY", ""),
    }
}

#[cfg(test)]
mod tests {
    use ksplay_value::Value;

    use super::*;
    use crate::{Arguments, Given};

    fn args(fields: &[(&str, &str)]) -> UserArgs {
        let given: Map = fields.iter().map(|(name, value)| (*name, Value::from(*value))).collect();
        Given::check("user", UserArgs::SPEC_REF, &given).unwrap().typed().unwrap()
    }

    fn shown(commands: &[CommandSpec]) -> Vec<String> {
        commands.iter().map(CommandSpec::shown).collect()
    }

    #[test]
    fn a_new_account_is_made_in_one_call() {
        let args = args(&[
            ("name", "no-such-user"),
            ("uid", "1500"),
            ("shell", "/bin/sh"),
            ("groups", "root"),
            ("comment", "A B"),
        ]);
        let commands = creation(&args, &Probe::default());
        assert_eq!(shown(&commands), ["useradd -u 1500 -G root -c 'A B' -s /bin/sh -m no-such-user"]);
    }

    #[test]
    fn only_what_differs_is_changed() {
        let probe = Probe::default();
        let user = User {
            name: "root".into(),
            password: "x".into(),
            uid: 0,
            gid: 0,
            gecos: "root".into(),
            home: "/root".into(),
            shell: "/bin/bash".into(),
        };
        let same = args(&[("name", "root"), ("shell", "/bin/bash"), ("home", "/root"), ("group", "root")]);
        assert!(shown(&changes(&same, &user, &probe)).is_empty());
        let other = args(&[("name", "root"), ("shell", "/bin/sh"), ("home", "/r"), ("move_home", "yes")]);
        assert_eq!(shown(&changes(&other, &user, &probe)), ["usermod -d /r -m -s /bin/sh root"]);
    }

    #[test]
    fn the_end_of_an_account_is_a_day() {
        assert_eq!(expiry_date(1_422_403_387.0), "2015-01-28");
        assert_eq!(expiry_date(-1.0), "");
        assert_eq!(expiry_days(86_400.0 * 3.5), Some(3));
    }

    fn inputs(commands: &[CommandSpec]) -> Vec<(String, String)> {
        let input = |command: &CommandSpec| command.stdin.clone().map(|text| String::from_utf8(text).unwrap());
        commands.iter().map(|command| (command.shown(), input(command).unwrap_or_default())).collect()
    }

    #[test]
    fn no_password_is_an_argument_of_a_program() {
        let new = args(&[("name", "no-such-user"), ("password", "$6$x"), ("password_lock", "yes")]);
        let expected = [("useradd -m no-such-user", ""), ("chpasswd -e", "no-such-user:!$6$x\n")]
            .map(|(a, b)| (a.into(), b.into()));
        assert_eq!(inputs(&creation(&new, &Probe::default())), expected);
        assert!(check_secrets(&args(&[("name", "x"), ("password", "$6$x\nroot:")])).is_err());
    }

    #[test]
    fn a_new_password_of_an_account_is_set_locked_or_unlocked_in_one_call() {
        let user = User { name: "no-such-user".into(), ..User::default() };
        let changed = |fields: &[(&str, &str)]| {
            let all: Vec<_> = [("name", "no-such-user")].into_iter().chain(fields.iter().copied()).collect();
            inputs(&changes(&args(&all), &user, &Probe::default()))
        };
        let set = |hash: &str| vec![("chpasswd -e".to_owned(), format!("no-such-user:{hash}\n"))];
        assert_eq!(changed(&[("password", "$6$x"), ("password_lock", "yes")]), set("!$6$x"));
        assert_eq!(changed(&[("password", "!$6$x"), ("password_lock", "no")]), set("$6$x"));
        assert_eq!(changed(&[("password", "!$6$x")]), set("!$6$x"));
        assert_eq!(changed(&[("password_lock", "yes")]), [("usermod -L no-such-user".into(), String::new())]);
    }

    #[test]
    fn a_key_gets_its_passphrase_without_showing_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key").display().to_string();
        let args = args(&[("name", "x"), ("ssh_key_type", "ed25519"), ("ssh_key_passphrase", "a secret phrase")]);
        let command = key_command(&args, "remark", &file);
        assert!(!command.shown().contains("secret"));
        let mut system = System::new(Probe::default());
        let Ok(output) = system.run(&command) else { return };
        assert!(output.ok(), "{}", output.stderr_text());
        let opens = |phrase: &str| {
            system.query(&CommandSpec::new(["ssh-keygen", "-y", "-P", phrase, "-f", &file])).unwrap().ok()
        };
        assert!(opens("a secret phrase") && !opens(""));
    }
}
