//! From variables and keywords to a connection: how a host is reached, and who a task runs as.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ksplay_playbook::Keywords;
use ksplay_template::Templar;
use ksplay_transport::{AgentFiles, Become, Connection, Error, Link, Method, Secret, Ssh, Target};
use ksplay_value::{Str, Value};
use tokio::sync::OnceCell;

use crate::failure::TaskFailure;
use crate::options::Options;

/// The variables and keywords of one task on one host, read on demand.
struct Reader<'a> {
    templar: &'a Templar<'a>,
}

impl Reader<'_> {
    /// The first of these variables that is defined and not null, else the keyword.
    fn value(&self, names: &[&str], keyword: Option<&Value>) -> Result<Option<Value>, TaskFailure> {
        for name in names {
            match self.templar.variable(name)? {
                None | Some(Value::Null | Value::Omit) => {}
                found => return Ok(found),
            }
        }
        let keyword = keyword.map(|value| self.templar.resolve(value)).transpose()?;
        Ok(keyword.filter(|value| !matches!(value, Value::Null | Value::Omit)))
    }

    fn text(&self, names: &[&str], keyword: Option<&Value>) -> Result<Option<String>, TaskFailure> {
        Ok(self.value(names, keyword)?.map(|value| value.to_string()))
    }

    fn secret(&self, names: &[&str]) -> Result<Option<Secret>, TaskFailure> {
        Ok(self.text(names, None)?.map(Secret::new))
    }

    fn flag(&self, names: &[&str], keyword: Option<&Value>) -> Result<Option<bool>, TaskFailure> {
        self.value(names, keyword)?.map(|value| boolean(&value)).transpose()
    }

    fn number<T: std::str::FromStr>(&self, names: &[&str], keyword: Option<&Value>) -> Result<Option<T>, TaskFailure> {
        let Some(value) = self.value(names, keyword)? else { return Ok(None) };
        let text = value.to_string();
        let wrong = |_| TaskFailure::new(format!("the value '{text}' of '{}' is not a number", names[0]));
        text.trim().parse().map(Some).map_err(wrong)
    }

    fn words(&self, names: &[&str]) -> Result<Option<Vec<String>>, TaskFailure> {
        let Some(text) = self.text(names, None)? else { return Ok(None) };
        split_words(&text)
            .map(Some)
            .ok_or_else(|| TaskFailure::new(format!("unbalanced quotes in '{}': {text}", names[0])))
    }
}

/// The words of a command line, quotes and backslashes as in a shell; `None` when a quote is not closed.
pub fn split_words(text: &str) -> Option<Vec<String>> {
    shlex::split(text)
}

/// The boolean that a value or a word (`yes`, `off`, `1`) means.
pub(crate) fn boolean(value: &Value) -> Result<bool, TaskFailure> {
    match value {
        Value::Bool(flag) => Ok(*flag),
        Value::Int(0) => Ok(false),
        Value::Int(1) => Ok(true),
        Value::Float(number) if *number == 0.0 || *number == 1.0 => Ok(*number == 1.0),
        other => match other.to_string().trim().to_lowercase().as_str() {
            "yes" | "on" | "true" | "y" | "t" | "1" | "1.0" => Ok(true),
            "no" | "off" | "false" | "n" | "f" | "0" | "0.0" => Ok(false),
            _ => Err(TaskFailure::new(format!(
                "The value '{other}' is not a valid boolean. Valid booleans include: 0, 1, 'f', 'false', 'n', 'no', 'off', 'on', 't', 'true', 'y', 'yes'"
            ))),
        },
    }
}

/// How the host is reached, by its variables, the task's keywords and the defaults.
pub(crate) fn target(
    host: &str,
    templar: &Templar<'_>,
    keywords: &Keywords,
    options: &Options,
) -> Result<Target, TaskFailure> {
    let read = Reader { templar };
    let defaults = &options.connection;
    let kind =
        read.text(&["ansible_connection"], keywords.connection.as_ref())?.unwrap_or_else(|| defaults.kind.clone());
    let agent_dir = read.text(&["ansible_ksplay_agent_dir"], None)?;
    let link = match kind.strip_prefix("ansible.builtin.").unwrap_or(&kind) {
        "local" => Link::Local,
        "ssh" | "smart" | "paramiko" | "paramiko_ssh" => Link::Ssh(Ssh {
            host: read.text(&["ansible_ssh_host", "ansible_host"], None)?.unwrap_or_else(|| host.to_owned()),
            port: read.number(&["ansible_ssh_port", "ansible_port"], keywords.port.as_ref())?.or(defaults.port),
            user: read
                .text(&["ansible_ssh_user", "ansible_user"], keywords.remote_user.as_ref())?
                .or_else(|| defaults.user.clone()),
            password: read
                .secret(&["ansible_ssh_password", "ansible_ssh_pass", "ansible_password"])?
                .or_else(|| defaults.password.clone()),
            key_file: read
                .text(&["ansible_ssh_private_key_file", "ansible_private_key_file"], None)?
                .map(|path| PathBuf::from(expand_home(&path)))
                .or_else(|| defaults.key_file.clone()),
            key_passphrase: read.secret(&["ansible_ssh_private_key_passphrase"])?,
            common_args: {
                let mut words =
                    read.words(&["ansible_ssh_args"])?.or_else(|| defaults.ssh_args.clone()).unwrap_or_default();
                let common = read.words(&["ansible_ssh_common_args"])?;
                words.extend(common.unwrap_or_else(|| defaults.common_args.clone()));
                words
            },
            extra_args: read.words(&["ansible_ssh_extra_args"])?.unwrap_or_else(|| defaults.extra_args.clone()),
            executable: read.text(&["ansible_ssh_executable"], None)?.unwrap_or_else(|| defaults.executable.clone()),
            host_key_checking: read
                .flag(&["ansible_ssh_host_key_checking", "ansible_host_key_checking"], None)?
                .unwrap_or(defaults.host_key_checking),
        }),
        other => {
            return Err(TaskFailure::new(format!(
                "the connection '{other}' is not supported; ksplay connects by `ssh` and `local`"
            )));
        }
    };
    let timeout = read.number(&["ansible_ssh_timeout", "ansible_timeout"], None)?;
    Ok(Target {
        name: host.to_owned(),
        link,
        agent_dir,
        timeout: timeout.map_or(defaults.timeout, Duration::from_secs),
    })
}

/// How another user is become, with the name as given; `None` when nobody is.
fn become_method(
    read: &Reader<'_>,
    keywords: &Keywords,
    options: &Options,
) -> Result<Option<(String, Method)>, TaskFailure> {
    let defaults = &options.becoming;
    if !read.flag(&["ansible_become"], keywords.become_.as_ref())?.unwrap_or(defaults.enabled) {
        return Ok(None);
    }
    let name = read
        .text(&["ansible_become_method"], keywords.become_method.as_ref())?
        .unwrap_or_else(|| defaults.method.clone());
    let short = ["ansible.builtin.", "community.general."].iter().find_map(|collection| name.strip_prefix(collection));
    let short = short.unwrap_or(&name);
    let Some(method) = Method::named(short) else {
        let known: Vec<String> = Method::names().map(|name| format!("`{name}`")).collect();
        let known = known.join(", ");
        return Err(TaskFailure::new(format!("the become method '{short}' is not supported; ksplay knows {known}")));
    };
    Ok(Some((short.to_owned(), method)))
}

/// Refuses a method that is not known, for tasks that connect to nothing too.
pub(crate) fn check_become_method(
    templar: &Templar<'_>,
    keywords: &Keywords,
    options: &Options,
) -> Result<(), TaskFailure> {
    become_method(&Reader { templar }, keywords, options).map(drop)
}

/// Who the task runs as; `None` for the user who connected.
pub(crate) fn becoming(
    templar: &Templar<'_>,
    keywords: &Keywords,
    options: &Options,
) -> Result<Option<Become>, TaskFailure> {
    let read = Reader { templar };
    let Some((name, method)) = become_method(&read, keywords, options)? else { return Ok(None) };
    let defaults = &options.becoming;
    let named = |what: &str| [format!("ansible_{name}_{what}"), format!("ansible_become_{what}")];
    let text = |what: &str, keyword: Option<&Value>| {
        let names = named(what);
        read.text(&[&names[1], &names[0]], keyword)
    };
    let password = match text("pass", None)? {
        Some(password) => Some(Secret::new(password)),
        None => read.secret(&["ansible_become_password"])?.or_else(|| defaults.password.clone()),
    };
    Ok(Some(Become {
        method,
        user: text("user", keywords.become_user.as_ref())?.unwrap_or_else(|| defaults.user.clone()),
        password,
        exe: text("exe", keywords.become_exe.as_ref())?.or_else(|| defaults.exe.clone()),
        flags: text("flags", keywords.become_flags.as_ref())?.or_else(|| defaults.flags.clone()),
    }))
}

/// The path with `~/` replaced by the home folder.
pub fn expand_home(path: &str) -> String {
    match (path.strip_prefix("~/"), std::env::var("HOME")) {
        (Some(rest), Ok(home)) => format!("{home}/{rest}"),
        _ => path.to_owned(),
    }
}

/// How long the end of a run waits for its connections to end.
const PATIENCE: Duration = Duration::from_secs(3);

type Slot = Arc<OnceCell<Result<Connection, Arc<Error>>>>;

/// The connections of a run: one for each way to each host, and one more where modules are used that the small agent has
/// not.
#[derive(Debug)]
pub struct Pool {
    agents: AgentFiles,
    slots: Mutex<HashMap<Key, Slot>>,
}

/// The host, the way to it, and whether all modules are there.
type Key = (Str, String, bool);

/// A connection that others use too.
#[derive(Debug, Clone)]
pub(crate) struct Shared(Slot);

impl Shared {
    pub(crate) fn get(&self) -> Option<&Connection> {
        self.0.get().and_then(|connection| connection.as_ref().ok())
    }
}

impl Pool {
    /// A pool that sends these agents.
    pub fn new(agents: AgentFiles) -> Self {
        Self { agents, slots: Mutex::default() }
    }

    /// The connection to this target, opened by whoever asks first; with all modules if need be.
    pub(crate) async fn open(&self, target: &Target, whole: bool) -> Result<Shared, Arc<Error>> {
        let agents = if whole { self.agents.whole() } else { &self.agents };
        let is_other = !std::ptr::eq(agents, &raw const self.agents);
        let key = (Str::from(target.name.as_str()), way(target), is_other);
        let slot = Arc::clone(self.lock().entry(key.clone()).or_default());
        let opened = slot.get_or_init(|| async { Connection::open(target, agents).await.map_err(Arc::new) }).await;
        match opened {
            Ok(_) => Ok(Shared(slot)),
            Err(error) => {
                // The next task tries again: the host may have come up.
                let error = Arc::clone(error);
                self.forget(&key, &slot);
                Err(error)
            }
        }
    }

    /// Forgets a connection that broke, or that is to be made anew (`meta: reset_connection`).
    pub(crate) fn reset(&self, host: &str) {
        self.lock().retain(|(name, ..), _| &**name != host);
    }

    fn forget(&self, key: &Key, slot: &Slot) {
        let mut slots = self.lock();
        if slots.get(key).is_some_and(|known| Arc::ptr_eq(known, slot)) {
            slots.remove(key);
        }
    }

    /// Ends all connections and waits for them, for a while.
    pub async fn close(&self) {
        let slots: Vec<Slot> = self.lock().drain().map(|(_, slot)| slot).collect();
        let mut closing = tokio::task::JoinSet::new();
        for slot in slots {
            if let Some(Ok(connection)) = Arc::into_inner(slot).and_then(OnceCell::into_inner) {
                closing.spawn(connection.close());
            }
        }
        // A connection that does not end by then ends with the program.
        let _ = tokio::time::timeout(PATIENCE, async { while closing.join_next().await.is_some() {} }).await;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What makes two targets of one name different connections.
fn way(target: &Target) -> String {
    match &target.link {
        Link::Local => "local".into(),
        Link::Ssh(ssh) => format!(
            "{}@{}:{} {:?} {:?} {:?}",
            ssh.user.as_deref().unwrap_or_default(),
            ssh.host,
            ssh.port.unwrap_or_default(),
            ssh.key_file,
            ssh.common_args,
            ssh.extra_args
        ),
    }
}
