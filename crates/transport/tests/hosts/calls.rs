//! What every connection can do, whatever carries it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ksplay_transport::{
    AgentFiles, Become, Call, Connection, Error, Job, Method, PayloadSource, Target, raw, raw_while_awaited,
};
use ksplay_value::{Map, Value};
use libtest_mimic::{Failed, Trial};

use crate::sshd::Sshd;

#[derive(Clone)]
pub enum Via {
    Local,
    Sshd(Arc<Sshd>),
}

impl Via {
    pub fn target(&self) -> Target {
        match self {
            Self::Local => Target::local("localhost"),
            Self::Sshd(sshd) => sshd.target(),
        }
    }

    async fn open(&self) -> Connection {
        Connection::open(&self.target(), &agents()).await.expect("it opens")
    }
}

pub fn agents() -> AgentFiles {
    AgentFiles::of(std::env::current_exe().expect("this program"))
}

pub fn trial<F: Future<Output = ()>>(name: String, work: impl FnOnce() -> F + Send + 'static) -> Trial {
    Trial::test(name, move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        runtime.block_on(async {
            tokio::time::timeout(Duration::from_secs(90), work()).await.map_err(|_| Failed::from("it hangs"))
        })
    })
}

pub fn is_root() -> bool {
    // SAFETY: `getuid` cannot fail.
    unsafe { libc::getuid() == 0 }
}

pub fn trials(prefix: &str, via: Via) -> Vec<Trial> {
    let mut trials = Vec::new();
    macro_rules! add {
        ($($name:ident),* $(,)?) => {
            $({
                let via = via.clone();
                trials.push(trial(format!("{prefix}::{}", stringify!($name)), move || $name(via)));
            })*
        };
    }
    add!(
        many_calls_run_at_the_same_time,
        a_payload_is_pulled_as_often_as_it_is_opened,
        what_a_module_sends_is_written,
        a_module_that_panics_is_a_failed_result,
        a_call_that_is_dropped_or_late_is_cancelled,
        nothing_is_left_when_the_connection_is_dropped,
        a_job_goes_on_when_the_connection_has_gone,
        a_plain_command_gives_its_output,
        a_plain_command_ends_when_nobody_waits_for_it,
        programs_that_want_a_terminal_have_one,
        a_request_is_cheap,
    );
    if is_root() {
        add!(an_unprivileged_user_is_become_once, a_user_that_does_not_exist_is_a_clear_error);
    } else {
        eprintln!("left out: becoming other users needs root");
    }
    trials
}

async fn many_calls_run_at_the_same_time(via: Via) {
    let connection = Arc::new(via.open().await);
    let calls: Vec<_> = (0..200i64)
        .map(|number| {
            let connection = Arc::clone(&connection);
            tokio::spawn(async move {
                let args = Map::from([("number", Value::Int(number)), ("text", Value::from("x".repeat(3000)))]);
                let result = connection.call(Call::new("echo", args.clone())).await.unwrap();
                assert_eq!(result, args);
            })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
    Arc::into_inner(connection).unwrap().close().await;
}

async fn a_payload_is_pulled_as_often_as_it_is_opened(via: Via) {
    let connection = via.open().await;
    for size in [0usize, 10, 64 * 1024 + 1, 1024 * 1024, 5_000_003] {
        let bytes: Vec<u8> = (0..size).map(|index| (index % 251) as u8).collect();
        let sum: u64 = bytes.iter().map(|byte| u64::from(*byte)).sum();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &bytes).unwrap();
        for payload in [PayloadSource::Bytes(bytes.clone().into()), PayloadSource::File(file.path().into())] {
            let call = Call { payload: Some(payload), ..Call::new("count", Map::new()) };
            let result = connection.call(call).await.unwrap();
            assert_eq!(result.get("size"), Some(&Value::Int(size as i64)));
            assert_eq!(result.get("total"), Some(&Value::Int(2 * size as i64)), "{result:?}");
            assert_eq!(result.get("sum"), Some(&Value::Int(2 * sum as i64)));
        }
    }
    connection.close().await;
}

async fn what_a_module_sends_is_written(via: Via) {
    let connection = via.open().await;
    let dir = tempfile::tempdir().unwrap();
    let sink = dir.path().join("fetched");
    connection.call(Call { sink: Some(sink.clone()), ..Call::new("send", Map::new()) }).await.unwrap();
    let got = std::fs::read(&sink).unwrap();
    assert_eq!(got.len(), 64 * 50_000);
    assert!(got.chunks(50_000).enumerate().all(|(part, bytes)| bytes.iter().all(|byte| *byte == part as u8)));
    connection.close().await;
}

async fn a_module_that_panics_is_a_failed_result(via: Via) {
    let connection = via.open().await;
    let result = connection.call(Call::new("panic", Map::new())).await.unwrap();
    assert_eq!(result.get("failed"), Some(&Value::Bool(true)));
    assert!(result.get("msg").and_then(Value::as_str).unwrap().contains("out of cheese"), "{result:?}");
    let result = connection.call(Call::new("echo", Map::from([("a", 1)]))).await.unwrap();
    assert_eq!(result.get("a"), Some(&Value::Int(1)));
    connection.close().await;
}

async fn a_call_that_is_dropped_or_late_is_cancelled(via: Via) {
    let connection = via.open().await;
    let dir = tempfile::tempdir().unwrap();
    let call = |path: &Path| Call::new("wait", Map::from([("path", path.to_string_lossy().into_owned())]));
    let late = dir.path().join("late");
    let result = tokio::time::timeout(Duration::from_millis(50), connection.call(call(&late))).await;
    assert!(result.is_err(), "{result:?}");
    let dropped = dir.path().join("dropped");
    tokio::select! {
        _ = connection.call(call(&dropped)) => panic!("it does not end by itself"),
        () = tokio::time::sleep(Duration::from_millis(50)) => {}
    }
    for path in [late, dropped] {
        until(|| path.exists(), Duration::from_secs(5)).await;
    }
    connection.close().await;
}

async fn nothing_is_left_when_the_connection_is_dropped(via: Via) {
    for ending in 0..3 {
        let connection = Arc::new(via.open().await);
        let seconds = 100_000 + std::process::id() * 10 + ending;
        let marker = format!("{seconds}.5");
        let running = {
            let connection = Arc::clone(&connection);
            let call = Call::new("program", Map::from([("marker", marker.as_str())]));
            tokio::spawn(async move { connection.call(call).await })
        };
        until(|| !processes_with(&marker).is_empty(), Duration::from_secs(5)).await;
        let agent = connection.call(Call::new("whoami", Map::new())).await.unwrap();
        let agent = agent.get("pid").and_then(Value::as_int).unwrap();
        if ending == 2 {
            // SAFETY: `kill` takes no pointers.
            unsafe { libc::kill(agent as i32, libc::SIGTERM) };
            assert!(matches!(running.await.unwrap(), Err(Error::Lost { .. })));
            drop(connection);
        } else {
            running.abort();
            let _ = running.await;
            let connection = Arc::into_inner(connection).unwrap();
            if ending == 0 { drop(connection) } else { connection.close().await }
        }
        let start = Instant::now();
        until(|| processes_with(&marker).is_empty(), Duration::from_secs(5)).await;
        until(|| !PathBuf::from(format!("/proc/{agent}/exe")).exists(), Duration::from_secs(5)).await;
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    }
}

async fn a_plain_command_gives_its_output(via: Via) {
    let output = raw(&via.target(), "echo out; echo err >&2; cat; exit 3", None).await.unwrap();
    assert_eq!((output.rc, &output.stdout[..]), (3, &b"out\n"[..]));
    assert!(String::from_utf8_lossy(&output.stderr).contains("err\n"));
    if is_root() {
        for method in [Method::Sudo, Method::Su] {
            let becoming = Become { method, flags: flags(method), ..Become::sudo("nobody") };
            let output = raw(&via.target(), "id -un; echo \"it's $HOME\" | wc -l", Some(&becoming)).await.unwrap();
            assert_eq!(String::from_utf8_lossy(&output.stdout), "nobody\n1\n", "{method:?}: {output:?}");
        }
    }
}

async fn a_plain_command_ends_when_nobody_waits_for_it(via: Via) {
    let target = via.target();
    let whole = raw_while_awaited(&target, "echo out; echo err >&2; cat; exit 3", None).await.unwrap();
    assert_eq!((whole.rc, &whole.stdout[..]), (3, &b"out\n"[..]));
    assert!(String::from_utf8_lossy(&whole.stderr).contains("err\n"));
    let marker = format!("{}.25", 200_000 + std::process::id());
    let text = format!("sleep {marker} | cat; true");
    let limit = Duration::from_millis(1500);
    assert!(tokio::time::timeout(limit, raw_while_awaited(&target, &text, None)).await.is_err());
    until(|| processes_with(&marker).is_empty(), Duration::from_secs(10)).await;
}

fn flags(method: Method) -> Option<String> {
    (method == Method::Su).then(|| "-s /bin/sh".to_owned())
}

async fn an_unprivileged_user_is_become_once(via: Via) {
    let connection = via.open().await;
    let language = connection.call(Call::new("whoami", Map::new())).await.unwrap().get("language").cloned();
    for method in [Method::Sudo, Method::Su] {
        let becoming = Become { method, ..Become::sudo("nobody") };
        let call = || Call { becoming: Some(becoming.clone()), ..Call::new("whoami", Map::new()) };
        let (one, other) = tokio::join!(connection.call(call()), connection.call(call()));
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_eq!(one.get("uid"), Some(&Value::Int(65534)), "{method:?}: {one:?}");
        assert_eq!(one.get("pid"), other.get("pid"), "{method:?}: two agents");
        assert_eq!(one.get("language").cloned(), language, "{method:?}: that program's language is its own");
        // Large frames, both ways, through whatever stands between.
        let bytes: Vec<u8> = (0..3_000_000u32).map(|index| index as u8).collect();
        let payload = Some(PayloadSource::Bytes(bytes.into()));
        let counted = connection.call(Call { payload, module: "count".into(), ..call() }).await.unwrap();
        assert_eq!(counted.get("total"), Some(&Value::Int(6_000_000)), "{counted:?}");
    }
    let copies = std::fs::read_dir("/var/tmp").unwrap().flatten();
    let copies: Vec<_> = copies.filter(|entry| entry.file_name().to_string_lossy().starts_with(".ksplay-")).collect();
    connection.close().await;
    assert!(copies.len() < 2, "{copies:?}");
}

/// A program for tests that stands in for `sudo` or `doas`.
fn stand_in(dir: &Path, text: &str) -> Option<String> {
    let path = dir.join("stand-in");
    std::fs::write(&path, format!("#!/bin/sh\n{text}\nwhile [ \"$1\" != -u ]; do shift; done; shift 2; exec \"$@\"\n"))
        .unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    Some(path.display().to_string())
}

async fn programs_that_want_a_terminal_have_one(via: Via) {
    let connection = via.open().await;
    let dir = tempfile::tempdir().unwrap();
    let whoami = |becoming| connection.call(Call { becoming: Some(becoming), ..Call::new("whoami", Map::new()) });
    let strict = "(: >/dev/tty) 2>/dev/null || { echo 'sudo: sorry, you must have a tty to run sudo' >&2; exit 1; }";
    let becoming = Become { exe: stand_in(dir.path(), strict), ..Become::sudo("root") };
    assert!(whoami(becoming).await.unwrap().contains_key("uid"));
    let asking = "printf 'doas (u@h) password: ' >/dev/tty; read -r said </dev/tty
        [ \"$said\" = pw-123 ] || { echo 'doas: Authentication failed' >&2; exit 1; }";
    let doas = Become { method: Method::Doas, exe: stand_in(dir.path(), asking), ..Become::sudo("root") };
    let with = |password: &str| Become { password: Some(password.into()), ..doas.clone() };
    assert!(whoami(with("pw-123")).await.unwrap().contains_key("uid"));
    assert_eq!(whoami(with("pw-456")).await.unwrap_err().to_string(), "Incorrect doas password");
    assert_eq!(whoami(doas).await.unwrap_err().to_string(), "Missing doas password");
    connection.close().await;
}

async fn a_user_that_does_not_exist_is_a_clear_error(via: Via) {
    let connection = via.open().await;
    for method in [Method::Sudo, Method::Su] {
        let becoming = Some(Become { method, ..Become::sudo("no-such-user") });
        let result = connection.call(Call { becoming, ..Call::new("whoami", Map::new()) }).await;
        let Err(Error::BecomeFailed { message }) = result else { panic!("{result:?}") };
        assert!(message.contains("no-such-user"), "{message}");
    }
    connection.close().await;
}

async fn a_job_goes_on_when_the_connection_has_gone(via: Via) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o1777)).unwrap();
    let become_nobody = |method| Some(Become { method, flags: flags(method), ..Become::sudo("nobody") });
    let mut users = vec![None];
    if is_root() {
        users.extend([become_nobody(Method::Sudo), become_nobody(Method::Su)]);
    }
    let mut expected = Vec::new();
    for (number, becoming) in users.into_iter().enumerate() {
        let connection = via.open().await;
        let made = dir.path().join(format!("made-{number}"));
        let jobs = dir.path().join(format!("jobs-{number}")).display().to_string();
        let args = Map::from([("path", made.to_string_lossy().into_owned())]);
        let job = Some(Job { limit: 60, dir: jobs });
        let begun = connection.call(Call { job, becoming, ..Call::new("later", args) }).await.unwrap();
        connection.close().await;
        assert_eq!(begun.get("finished"), Some(&Value::Bool(false)), "{begun:?}");
        assert!(!made.exists(), "it was waited for");
        let file = begun.get("results_file").and_then(Value::as_str).unwrap().to_owned();
        expected.push((made, file));
    }
    for (made, file) in expected {
        until(|| made.exists(), Duration::from_secs(10)).await;
        until(|| std::fs::read_to_string(&file).unwrap() == r#"{"ended": true}"#, Duration::from_secs(10)).await;
    }
}

async fn a_request_is_cheap(via: Via) {
    let connection = via.open().await;
    let call = || Call::new("echo", Map::from([("data", "pong")]));
    for _ in 0..100 {
        connection.call(call()).await.unwrap();
    }
    let agent = connection.call(Call::new("whoami", Map::new())).await.unwrap();
    let agent = agent.get("pid").and_then(Value::as_int).unwrap();
    let (wall, before) = (Instant::now(), cpu_of("self") + cpu_of(&agent.to_string()));
    const CALLS: u32 = 5000;
    for _ in 0..CALLS {
        connection.call(call()).await.unwrap();
    }
    let cpu = cpu_of("self") + cpu_of(&agent.to_string()) - before;
    eprintln!("a request: {:?} of CPU, {:?} of time", cpu / CALLS, wall.elapsed() / CALLS);
    // Generous, for this is a debug build on a busy machine; the true figure is printed.
    assert!(cpu / CALLS < Duration::from_millis(2), "{:?}", cpu / CALLS);
    connection.close().await;
}

/// The processor time of a process, from the scheduler's own count.
fn cpu_of(pid: &str) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields: Vec<u64> =
        stat.rsplit(") ").next().unwrap_or_default().split(' ').filter_map(|field| field.parse().ok()).collect();
    // After the state, which is no number: utime and stime are the 11th and 12th.
    Duration::from_millis(fields.get(10..12).map_or(0, |times| times.iter().sum::<u64>() * 10))
}

pub fn processes_with(argument: &str) -> Vec<String> {
    let mut found = Vec::new();
    for process in std::fs::read_dir("/proc").unwrap().flatten() {
        let arguments = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        if arguments.split(|byte| *byte == 0).any(|word| word == argument.as_bytes()) {
            found.push(process.file_name().to_string_lossy().into_owned());
        }
    }
    found
}

pub async fn until(mut condition: impl FnMut() -> bool, patience: Duration) {
    let deadline = Instant::now() + patience;
    while !condition() {
        assert!(Instant::now() < deadline, "it does not happen");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
