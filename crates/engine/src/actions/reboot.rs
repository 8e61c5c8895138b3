//! `reboot`: starts a machine anew and waits until it can be worked on again.

use std::time::{Duration, Instant};

use ksplay_value::{Map, Value};

use super::{ActionCall, refuse_options, take, take_text};
use crate::connect::split_words;
use crate::failure::TaskFailure;

const KNOWN: &[&str] = &[
    "boot_time_command",
    "connect_timeout",
    "connect_timeout_sec",
    "msg",
    "post_reboot_delay",
    "post_reboot_delay_sec",
    "pre_reboot_delay",
    "pre_reboot_delay_sec",
    "reboot_command",
    "reboot_timeout",
    "reboot_timeout_sec",
    "search_paths",
    "test_command",
];

const SEARCH_PATHS: &[&str] = &["/sbin", "/bin", "/usr/sbin", "/usr/bin", "/usr/local/sbin"];

/// The longest wait between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(12);

/// The task's own arguments.
struct Reboot {
    boot_time_command: String,
    test_command: String,
    timeout: Duration,
    connect_timeout: Option<Duration>,
}

/// Reboots, waits until the boot id is another one, and then until `test_command` succeeds.
pub(super) async fn run(call: &mut ActionCall<'_>) -> Result<Map, TaskFailure> {
    let mut args = call.args()?;
    refuse_options("reboot", &args, KNOWN)?;
    if call.is_local()? {
        return Ok(Map::from([
            ("changed", Value::Bool(false)),
            ("elapsed", Value::Int(0)),
            ("rebooted", Value::Bool(false)),
            ("failed", Value::Bool(true)),
            ("msg", Value::from("Running reboot with local connection would reboot the control node.")),
        ]));
    }
    if call.check {
        return Ok(Map::from([
            ("changed", Value::Bool(true)),
            ("elapsed", Value::Int(0)),
            ("rebooted", Value::Bool(true)),
        ]));
    }
    let mut seconds = |names: &[&str], default: u64| match take_text(&mut args, names) {
        None => Ok(Duration::from_secs(default)),
        Some(text) => {
            let wrong =
                |_| TaskFailure::new(format!("the value '{text}' of '{}' is not a number of seconds", names[0]));
            crate::keywords::seconds(text.trim().parse().map_err(wrong)?, names[0])
        }
    };
    let before = seconds(&["pre_reboot_delay", "pre_reboot_delay_sec"], 0)?;
    let after = seconds(&["post_reboot_delay", "post_reboot_delay_sec"], 0)?;
    let timeout = seconds(&["reboot_timeout", "reboot_timeout_sec"], 600)?;
    let connect_timeout = seconds(&["connect_timeout", "connect_timeout_sec"], 0)?;
    let message = take_text(&mut args, &["msg"]).unwrap_or_else(|| "Reboot initiated by Ansible".into());
    let own_command = take_text(&mut args, &["reboot_command"]);
    let reboot = Reboot {
        boot_time_command: take_text(&mut args, &["boot_time_command"])
            .unwrap_or_else(|| "cat /proc/sys/kernel/random/boot_id".into()),
        test_command: take_text(&mut args, &["test_command"]).unwrap_or_else(|| "whoami".into()),
        timeout,
        connect_timeout: Some(connect_timeout).filter(|timeout| !timeout.is_zero()),
    };
    let started = Instant::now();
    let booted = reboot.boot_id(call).await?;
    let has_own = own_command.is_some();
    let words = match own_command {
        Some(command) => split_words(&command)
            .ok_or_else(|| TaskFailure::new(format!("unbalanced quotes in 'reboot_command': {command}")))?,
        None => vec!["shutdown".into(), "-r".into(), (before.as_secs() / 60).to_string(), message],
    };
    let folders: Vec<String> = match take(&mut args, &["search_paths"]) {
        Some(Value::List(folders)) => folders.iter().map(Value::to_string).collect(),
        Some(folder) => vec![folder.to_string()],
        None => SEARCH_PATHS.iter().map(|folder| (*folder).to_owned()).collect(),
    };
    let argv = located(call, words, &folders).await?;
    let command = Map::from([("argv", argv.iter().collect::<Value>())]);
    // The connection may end before the command has: what counts is whether the machine comes up with another boot id.
    if let Ok(result) = call.module("command", command, None).await
        && let Some(rc) = result.get("rc").and_then(Value::as_int).filter(|rc| *rc != 0)
    {
        let said = |name: &str| result.get(name).map(Value::to_string).unwrap_or_default();
        return Err(TaskFailure::action(format!(
            "Reboot command failed. Error was: '{}, {}'",
            said("stdout").trim(),
            said("stderr").trim()
        ))
        .with("rebooted", false)
        .with("start", Value::Null)
        .with("rc", rc));
    }
    if !has_own {
        tokio::time::sleep(after).await;
    }
    reboot.wait(call, "last boot time check", started, Some(&booted)).await?;
    reboot.wait(call, "post-reboot test command", started, None).await?;
    Ok(Map::from([
        ("changed", Value::Bool(true)),
        ("elapsed", Value::from(started.elapsed().as_secs())),
        ("rebooted", Value::Bool(true)),
    ]))
}

/// The command with its program's full path, which is looked for in `folders` alone.
async fn located(
    call: &ActionCall<'_>,
    mut words: Vec<String>,
    folders: &[String],
) -> Result<Vec<String>, TaskFailure> {
    let Some(program) = words.first().cloned() else {
        return Err(TaskFailure::new("the reboot_command is empty"));
    };
    if program.starts_with('/') {
        return Ok(words);
    }
    for folder in folders {
        let path = format!("{}/{program}", folder.trim_end_matches('/'));
        let asked = Map::from([("path", Value::from(&path)), ("get_checksum", Value::Bool(false))]);
        let stat = call.module("stat", asked, None).await?;
        if stat.get("stat").and_then(|stat| stat.get("exists")).is_some_and(Value::is_true) {
            words[0] = path;
            return Ok(words);
        }
    }
    let shown: Vec<String> = folders.iter().map(|folder| format!("'{folder}'")).collect();
    Err(TaskFailure::new(format!("Unable to find command \"{program}\" in search paths: [{}]", shown.join(", "))))
}

impl Reboot {
    async fn boot_id(&self, call: &ActionCall<'_>) -> Result<String, TaskFailure> {
        let result =
            call.module("command", Map::from([("_raw_params", self.boot_time_command.as_str())]), None).await?;
        let said = |name: &str| result.get(name).map(Value::to_string).unwrap_or_default();
        if result.get("rc").and_then(Value::as_int) != Some(0) {
            return Err(TaskFailure::new(format!(
                "failed to get host boot time info, rc: {}, stdout: {}, stderr: {}",
                said("rc"),
                said("stdout"),
                said("stderr")
            )));
        }
        Ok(said("stdout"))
    }

    /// Tries until the machine was booted anew, or with no `before` until the test command succeeds.
    async fn wait(
        &self,
        call: &ActionCall<'_>,
        what: &str,
        started: Instant,
        before: Option<&str>,
    ) -> Result<(), TaskFailure> {
        let since = Instant::now();
        let mut pause = Duration::from_secs(1);
        loop {
            let limit = self.connect_timeout.unwrap_or(Duration::from_secs(30));
            let tried = tokio::time::timeout(limit, self.is_done(call, before)).await;
            if matches!(tried, Ok(Ok(true))) {
                return Ok(());
            }
            // What is left of the connection speaks to a machine that is going down.
            call.work.shared.pool.reset(call.remote().host());
            if since.elapsed() + pause > self.timeout {
                let rebooted = before.is_none();
                return Err(TaskFailure::action(format!(
                    "Timed out waiting for {what} (timeout={})",
                    self.timeout.as_secs()
                ))
                .with("elapsed", started.elapsed().as_secs())
                .with("rebooted", rebooted)
                .with("changed", true));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn is_done(&self, call: &ActionCall<'_>, before: Option<&str>) -> Result<bool, TaskFailure> {
        match before {
            Some(before) => Ok(self.boot_id(call).await? != before),
            None => {
                let command = Map::from([("_raw_params", self.test_command.as_str())]);
                let result = call.module("command", command, None).await?;
                Ok(result.get("rc").and_then(Value::as_int) == Some(0))
            }
        }
    }
}
