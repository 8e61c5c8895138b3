//! A real sshd on loopback, with keys that are thrown away.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use ksplay_transport::{Connection, Error, Link, Ssh, Target};
use libtest_mimic::Trial;

use crate::calls::{self, Via, agents, is_root, trial};

const SSHD: &str = "/usr/sbin/sshd";

/// Started by the first test that needs it.
#[derive(Default)]
pub struct Sshd(OnceLock<Running>);

struct Running {
    dir: tempfile::TempDir,
    port: u16,
    child: Child,
}

impl Running {
    fn start() -> std::io::Result<Self> {
        let dir = tempfile::tempdir()?;
        let at = |name: &str| dir.path().join(name).to_string_lossy().into_owned();
        for (key, passphrase) in [("host", ""), ("user", ""), ("locked", "open-sesame")] {
            let made =
                Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", passphrase, "-f", &at(key)]).status()?;
            assert!(made.success());
        }
        let keys = [std::fs::read(at("user.pub"))?, std::fs::read(at("locked.pub"))?].concat();
        std::fs::write(at("authorized"), keys)?;
        std::fs::create_dir_all("/run/sshd")?;
        let listening = || Self::listen(dir.path());
        let (port, child) = listening()?.map_or_else(|| listening().map(|found| found.expect("sshd listens")), Ok)?;
        let host_key = std::fs::read_to_string(at("host.pub"))?;
        std::fs::write(at("known"), format!("[127.0.0.1]:{port} {host_key}"))?;
        Ok(Self { dir, port, child })
    }

    /// An sshd that takes connections; `None` when somebody else took the port first.
    ///
    /// Who logs in is at home in `dir`: what the shell of this machine's root reads there is nothing of these tests.
    fn listen(dir: &Path) -> std::io::Result<Option<(u16, Child)>> {
        let at = |name: &str| dir.join(name).to_string_lossy().into_owned();
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut child = Command::new(SSHD)
            .args(["-D", "-e", "-f", "/dev/null", "-h", &at("host"), "-p", &port.to_string()])
            .args(["-o", "ListenAddress=127.0.0.1", "-o", "StrictModes=no", "-o", "PidFile=none"])
            .args(["-o", &format!("AuthorizedKeysFile={}", at("authorized"))])
            .args(["-o", &format!("SetEnv=HOME={}", dir.display())])
            .args(["-o", "PermitRootLogin=yes", "-o", "PrintMotd=yes", "-o", "MaxStartups=100"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(at("log"))?)
            .spawn()?;
        let begun = Instant::now();
        while child.try_wait()?.is_none() && begun.elapsed() < Duration::from_secs(20) {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(Some((port, child)));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        child.kill()?;
        child.wait()?;
        Ok(None)
    }
}

impl Sshd {
    fn running(&self) -> &Running {
        self.0.get_or_init(|| Running::start().expect("sshd starts"))
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.running().dir.path().join(name)
    }

    fn ssh(&self) -> Ssh {
        let option = |text: String| ["-o".to_owned(), text];
        let common_args = [
            option(format!("UserKnownHostsFile={}", self.path("known").display())),
            option("IdentitiesOnly=yes".into()),
        ];
        Ssh {
            port: Some(self.running().port),
            user: Some("root".into()),
            key_file: Some(self.path("user")),
            common_args: common_args.concat(),
            ..Ssh::new("127.0.0.1")
        }
    }

    pub fn target(&self) -> Target {
        self.target_with(self.ssh())
    }

    fn target_with(&self, ssh: Ssh) -> Target {
        let agent_dir = Some(self.path("agents of tests").to_string_lossy().into_owned());
        Target { link: Link::Ssh(ssh), agent_dir, ..Target::local("sshd") }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn trials(sshd: &Arc<Sshd>) -> Vec<Trial> {
    if !is_root() || !Path::new(SSHD).exists() {
        eprintln!("left out: tests over ssh need root and {SSHD}");
        return Vec::new();
    }
    let mut trials = calls::trials("an_agent_behind_sshd", Via::Sshd(Arc::clone(sshd)));
    macro_rules! add {
        ($($name:ident),* $(,)?) => {
            $({
                let sshd = Arc::clone(sshd);
                trials.push(trial(format!("sshd::{}", stringify!($name)), move || $name(sshd)));
            })*
        };
    }
    add!(
        a_key_that_is_not_known_is_sshs_own_error,
        a_host_key_that_is_not_known_is_refused,
        a_key_with_a_passphrase_is_opened,
        a_host_that_does_not_answer_is_unreachable,
        an_architecture_without_an_agent_is_named,
        a_connection_that_breaks_is_lost,
    );
    trials
}

async fn open(sshd: &Sshd, ssh: Ssh) -> Result<Connection, Error> {
    Connection::open(&sshd.target_with(ssh), &agents()).await
}

async fn a_key_that_is_not_known_is_sshs_own_error(sshd: Arc<Sshd>) {
    let error = open(&sshd, Ssh { key_file: Some("/dev/null".into()), ..sshd.ssh() }).await.unwrap_err();
    assert!(error.to_string().starts_with("Failed to connect to the host via ssh: "), "{error}");
    assert!(error.to_string().contains("Permission denied (publickey"), "{error}");
    assert!(error.is_unreachable());
}

async fn a_host_key_that_is_not_known_is_refused(sshd: Arc<Sshd>) {
    let unknown = || Ssh { common_args: vec!["-o".into(), "UserKnownHostsFile=/dev/null".into()], ..sshd.ssh() };
    // With a secret at hand too: the question about the key must not get it for an answer.
    for password in [None, Some("yes".into())] {
        let error = open(&sshd, Ssh { password, ..unknown() }).await.unwrap_err();
        assert!(matches!(error, Error::HostKey { .. }), "{error}");
    }
    open(&sshd, Ssh { host_key_checking: false, ..unknown() }).await.unwrap().close().await;
}

async fn a_key_with_a_passphrase_is_opened(sshd: Arc<Sshd>) {
    let locked = || Ssh { key_file: Some(sshd.path("locked")), ..sshd.ssh() };
    let right = Ssh { key_passphrase: Some("open-sesame".into()), ..locked() };
    open(&sshd, right).await.unwrap().close().await;
    for wrong in [Some("wrong".into()), None] {
        let error = open(&sshd, Ssh { key_passphrase: wrong, ..locked() }).await.unwrap_err();
        assert!(error.to_string().contains("Permission denied"), "{error}");
    }
}

async fn a_host_that_does_not_answer_is_unreachable(sshd: Arc<Sshd>) {
    let error = open(&sshd, Ssh { port: Some(1), ..sshd.ssh() }).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains("Connection refused"), "{error}");
}

async fn an_architecture_without_an_agent_is_named(sshd: Arc<Sshd>) {
    // The host finds another `uname` first.
    let bin = tempfile::tempdir().unwrap();
    let uname = bin.path().join("uname");
    std::fs::write(&uname, "#!/bin/sh\necho riscv64\n").unwrap();
    std::os::unix::fs::symlink("/bin/sh", bin.path().join("sh")).unwrap();
    std::fs::set_permissions(&uname, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let wrapper = bin.path().join("ssh");
    // An ssh that runs the last argument here, as the host would.
    let text = format!("#!/bin/bash\nPATH={}:$PATH exec sh -c \"${{@: -1}}\"\n", bin.path().display());
    std::fs::write(&wrapper, text).unwrap();
    std::fs::set_permissions(&wrapper, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let error = open(&sshd, Ssh { executable: wrapper.display().to_string(), ..sshd.ssh() }).await.unwrap_err();
    assert!(matches!(&error, Error::NoAgentFor { arch } if arch == "riscv64"), "{error}");
}

async fn a_connection_that_breaks_is_lost(sshd: Arc<Sshd>) {
    let connection = open(&sshd, sshd.ssh()).await.unwrap();
    let agent = connection.call(ksplay_transport::Call::new("whoami", ksplay_value::Map::new())).await.unwrap();
    let agent = agent.get("pid").and_then(ksplay_value::Value::as_int).unwrap();
    let waiting = connection.call(ksplay_transport::Call::new("wait", ksplay_value::Map::new()));
    let breaking = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        // SAFETY: `kill` takes no pointers.
        unsafe { libc::kill(agent as i32, libc::SIGKILL) };
    };
    let (result, ()) = tokio::join!(waiting, breaking);
    assert!(matches!(result, Err(Error::Lost { .. })), "{result:?}");
    let again = connection.call(ksplay_transport::Call::new("echo", ksplay_value::Map::new())).await;
    assert!(matches!(again, Err(Error::Lost { .. })), "{again:?}");
}
