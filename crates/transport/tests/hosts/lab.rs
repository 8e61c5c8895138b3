//! Passwords, on a machine whose accounts have some. Named by `KSPLAY_LAB_HOST`; its root has `KSPLAY_LAB_ROOT_PASSWORD`,
//! and `KSPLAY_LAB_USER` has `KSPLAY_LAB_USER_PASSWORD`, which its sudo asks for.

use std::time::{Duration, Instant};

use ksplay_transport::{Become, Call, Connection, Error, Link, Method, Secret, Ssh, Target, raw};
use ksplay_value::{Map, Value};
use libtest_mimic::Trial;

use crate::calls::{agents, trial};

#[derive(Clone)]
struct Lab {
    host: String,
    root_password: String,
    user: String,
    user_password: String,
}

impl Lab {
    fn find() -> Option<Self> {
        let variable = |name: &str| {
            let name = format!("KSPLAY_LAB_{name}");
            let value = std::env::var(&name).ok()?;
            // Nothing that is started inherits it, which the tests rely on.
            // SAFETY: called by `main` before there is another thread.
            unsafe { std::env::remove_var(&name) };
            Some(value)
        };
        Some(Self {
            host: variable("HOST")?,
            root_password: variable("ROOT_PASSWORD")?,
            user: variable("USER")?,
            user_password: variable("USER_PASSWORD")?,
        })
    }

    fn target(&self, user: &str, password: &str) -> Target {
        let ssh = Ssh {
            user: Some(user.into()),
            password: Some(Secret::new(password)),
            host_key_checking: false,
            common_args: ["-o", "UserKnownHostsFile=/dev/null", "-o", "PubkeyAuthentication=no"]
                .map(String::from)
                .to_vec(),
            ..Ssh::new(&self.host)
        };
        Target { link: Link::Ssh(ssh), ..Target::local("lab") }
    }

    async fn user(&self) -> Connection {
        Connection::open(&self.target(&self.user, &self.user_password), &agents()).await.expect("it opens")
    }

    fn becoming(&self, method: Method, password: Option<&str>, user: &str) -> Option<Become> {
        Some(Become { method, password: password.map(Secret::from), ..Become::sudo(user) })
    }
}

pub fn trials() -> Vec<Trial> {
    let Some(lab) = Lab::find() else {
        eprintln!("left out: tests with passwords need KSPLAY_LAB_HOST and its passwords");
        return Vec::new();
    };
    let mut trials = Vec::new();
    macro_rules! add {
        ($($name:ident),* $(,)?) => {
            $({
                let lab = lab.clone();
                trials.push(trial(format!("lab::{}", stringify!($name)), move || $name(lab)));
            })*
        };
    }
    add!(
        a_password_opens_the_connection_and_is_nowhere_to_be_seen,
        a_wrong_password_fails_at_once,
        sudo_asks_once_and_its_agent_serves_many,
        a_wrong_or_missing_sudo_password_is_named,
        su_works_with_the_other_users_password,
        plain_commands_become_too,
    );
    trials
}

async fn whoami(connection: &Connection, becoming: Option<Become>) -> Result<Map, Error> {
    connection.call(Call { becoming, ..Call::new("whoami", Map::new()) }).await
}

async fn a_password_opens_the_connection_and_is_nowhere_to_be_seen(lab: Lab) {
    let connection = Connection::open(&lab.target("root", &lab.root_password), &agents()).await.unwrap();
    let result = whoami(&connection, None).await.unwrap();
    assert_eq!(result.get("uid"), Some(&Value::Int(0)));
    assert_eq!(result.get("sees_password"), Some(&Value::Bool(false)));
    // Here: neither in the arguments nor in the environment of what was started.
    let needle = lab.root_password.as_bytes();
    let mut looked_at = 0;
    for process in std::fs::read_dir("/proc").unwrap().flatten() {
        let stat = std::fs::read_to_string(process.path().join("stat")).unwrap_or_default();
        let parent = stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(1));
        if parent != Some(std::process::id().to_string().as_str()) {
            continue;
        }
        for file in ["cmdline", "environ"] {
            let bytes = std::fs::read(process.path().join(file)).unwrap_or_default();
            looked_at += usize::from(!bytes.is_empty());
            assert!(!bytes.windows(needle.len()).any(|window| window == needle), "{file} has it");
        }
    }
    assert!(looked_at > 1, "no ssh was seen");
    // There: in no process and no log. The pattern is put together there, so that looking for it does not put it there,
    // and one process has it on purpose, so that not finding it means something.
    let halves = lab.root_password.split_at(lab.root_password.len() / 2);
    let look = format!(
        "p={}; p=${{p}}{}; printf %s \"$p\" >/root/.pattern; CONTROL=\"$p\" sleep 5 >/dev/null 2>&1 & p=; sleep 0.2; \
         echo /proc/$!/environ; grep -laFf /root/.pattern /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null; \
         grep -rlaFf /root/.pattern /var/log /run/log /tmp /var/tmp /root/.cache 2>/dev/null; rm -f /root/.pattern; kill $!",
        halves.0, halves.1
    );
    let found = raw(&lab.target("root", &lab.root_password), &look, None).await.unwrap();
    let found = String::from_utf8_lossy(&found.stdout).into_owned();
    let lines: Vec<&str> = found.lines().collect();
    assert!(lines.len() == 2 && lines[0] == lines[1], "{lines:?}");
    connection.close().await;
}

async fn a_wrong_password_fails_at_once(lab: Lab) {
    let start = Instant::now();
    let error = Connection::open(&lab.target("root", "not-it"), &agents()).await.unwrap_err();
    assert!(matches!(error, Error::WrongPassword { .. }), "{error:?}");
    assert!(error.to_string().contains("Permission denied") && !error.to_string().contains("not-it"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
}

async fn sudo_asks_once_and_its_agent_serves_many(lab: Lab) {
    let connection = lab.user().await;
    let becoming = lab.becoming(Method::Sudo, Some(&lab.user_password), "root");
    let first = whoami(&connection, becoming.clone()).await.unwrap();
    assert_eq!(first.get("uid"), Some(&Value::Int(0)));
    assert_eq!(first.get("home"), Some(&Value::from("/root")));
    assert_eq!(first.get("sees_password"), Some(&Value::Bool(false)));
    for _ in 0..20 {
        assert_eq!(whoami(&connection, becoming.clone()).await.unwrap().get("pid"), first.get("pid"));
    }
    // The home directory, where the agent is, is closed to others.
    let other = whoami(&connection, lab.becoming(Method::Sudo, Some(&lab.user_password), "nobody")).await.unwrap();
    assert_eq!(other.get("uid"), Some(&Value::Int(65534)));
    let agent = first.get("pid").and_then(Value::as_int).unwrap();
    connection.close().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let look =
        format!("ls -d /proc/{agent} /var/tmp/.ksplay-* /tmp/.ksplay-* 2>/dev/null; ps axo args | grep -c '[a]gent-'");
    let left = raw(&lab.target("root", &lab.root_password), &look, None).await.unwrap();
    assert!(!String::from_utf8_lossy(&left.stdout).contains('/'), "{left:?}");
}

async fn a_wrong_or_missing_sudo_password_is_named(lab: Lab) {
    let connection = lab.user().await;
    for (password, wanted) in [(Some("not-it"), "Incorrect sudo password"), (None, "Missing sudo password")] {
        let error = whoami(&connection, lab.becoming(Method::Sudo, password, "root")).await.unwrap_err();
        assert!(matches!(error, Error::BecomeFailed { .. }), "{error:?}");
        assert_eq!(error.to_string(), wanted);
    }
    // A right one works after that.
    let becoming = lab.becoming(Method::Sudo, Some(&lab.user_password), "root");
    assert_eq!(whoami(&connection, becoming).await.unwrap().get("uid"), Some(&Value::Int(0)));
    connection.close().await;
}

async fn su_works_with_the_other_users_password(lab: Lab) {
    let connection = lab.user().await;
    let result = whoami(&connection, lab.becoming(Method::Su, Some(&lab.root_password), "root")).await.unwrap();
    assert_eq!(result.get("uid"), Some(&Value::Int(0)));
    for (password, wanted) in [(Some("not-it"), "Incorrect su password"), (None, "Missing su password")] {
        let error = whoami(&connection, lab.becoming(Method::Su, password, "root")).await.unwrap_err();
        assert_eq!(error.to_string(), wanted);
    }
    connection.close().await;
}

async fn plain_commands_become_too(lab: Lab) {
    let target = lab.target(&lab.user, &lab.user_password);
    for (method, password) in [(Method::Sudo, &lab.user_password), (Method::Su, &lab.root_password)] {
        let right = lab.becoming(method, Some(password), "root");
        let output = raw(&target, "id -u", right.as_ref()).await.unwrap();
        assert_eq!((output.rc, &output.stdout[..]), (0, &b"0\n"[..]), "{output:?}");
        let error = raw(&target, "id -u", lab.becoming(method, Some("not-it"), "root").as_ref()).await.unwrap_err();
        assert_eq!(error.to_string(), format!("Incorrect {} password", method.name()));
    }
}
