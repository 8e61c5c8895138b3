//! The shell text that starts the agent on a host, and takes it over the same channel first where it is missing.

use std::fmt::Write as _;

use crate::agent_files::AgentFiles;
use crate::{Error, shell};

/// For a POSIX `sh`. It is one line and holds no single quote, for it must pass the login shell, whatever that is, as one
/// word in single quotes. Its parameters: a marker for its own lines, the directory, and `arch=hash` for each agent.
///
/// It says `MARKER have ARCH` and becomes the agent; or it says `MARKER need ARCH`, reads a line with the size and then the
/// agent, says `MARKER took ARCH` and becomes the agent; or it says `MARKER none ARCH`. What else stands on standard
/// output is a banner of the login shell. `read` takes no more than its line, and nothing follows the agent's bytes before
/// the agent is there, so that no reader can take too much.
const SCRIPT: &str = concat!(
    r#"s=$1; d=${2:-$HOME/.cache/ksplay}; shift 2; m=$(uname -m); h=; "#,
    r#"for p; do case $p in "$m="*) h=${p#*=};; esac; done; "#,
    r#"if [ -z "$h" ]; then echo "$s none $m"; exit 0; fi; "#,
    r#"a=$d/agent-$h; "#,
    r#"if [ -x "$a" ]; then echo "$s have $m"; exec "$a" agent; fi; "#,
    r#"u=$(umask); umask 077; echo "$s need $m"; read -r n || exit 1; t=$d/new-$$; "#,
    r#"mkdir -p "$d" && head -c "$n" >"$t" && [ "$(wc -c <"$t")" -eq "$n" ] "#,
    r#"&& { c=$(sha256sum "$t" 2>/dev/null) || c=$h; [ "${c%% *}" = "$h" ]; } "#,
    r#"&& chmod 700 "$t" && mv -f "$t" "$a" "#,
    r#"|| { rm -f "$t"; echo "the agent cannot be put into $d" >&2; exit 1; }; "#,
    r#"ls -t "$d" | grep "^agent-" | tail -n +5 | while read -r f; do rm -f "$d/$f"; done; "#,
    r#"umask "$u"; echo "$s took $m"; exec "$a" agent"#,
);

/// The command for ssh.
pub(crate) fn command(marker: &str, agent_dir: Option<&str>, agents: &AgentFiles) -> Result<String, Error> {
    let mut command = format!("exec sh -c '{SCRIPT}' ksplay {marker} {}", shell::quoted(agent_dir.unwrap_or_default()));
    for (arch, agent) in agents.load()? {
        let _ = write!(command, " {}", shell::quoted(&format!("{arch}={}", agent.hash)));
    }
    Ok(command)
}

/// What the script says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Word {
    /// The agent is there and starts.
    Have,
    /// The agent has arrived and starts.
    Took,
    /// The agent for this architecture is missing.
    Need(String),
    /// There is no agent for this architecture.
    None(String),
}

impl Word {
    /// What a line of the output says; nothing if it is a banner's.
    pub(crate) fn of_line(line: &[u8], marker: &str) -> Option<Self> {
        let line = String::from_utf8_lossy(line);
        // A banner that does not end its line stands before the marker.
        let (_, said) = line.trim_end().split_once(marker)?;
        match said.trim().split_once(' ')? {
            ("have", _) => Some(Self::Have),
            ("took", _) => Some(Self::Took),
            ("need", arch) => Some(Self::Need(arch.to_owned())),
            ("none", arch) => Some(Self::None(arch.to_owned())),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;
    use std::process::{Command, Output, Stdio};

    use super::*;

    /// An agent that says what it got.
    const FAKE: &[u8] = b"#!/bin/sh\necho \"agent $1 $(umask)\"; cat\n";

    struct Host {
        dir: tempfile::TempDir,
        agents: AgentFiles,
    }

    impl Host {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            std::fs::write(dir.path().join("fake"), FAKE).unwrap();
            let agents = AgentFiles::of(dir.path().join("fake"));
            Self { dir, agents }
        }

        fn cache(&self) -> std::path::PathBuf {
            self.dir.path().join(".cache/ksplay")
        }

        fn agent(&self) -> std::path::PathBuf {
            let hash = &self.agents.load().unwrap()[std::env::consts::ARCH].hash;
            self.cache().join(format!("agent-{hash}"))
        }

        /// As sshd does it: a login shell runs the command; `sh` is found in `path`.
        fn log_in(&self, shell: &str, path: &Path, banner: &str, input: &[u8]) -> Output {
            let command = command("MARK", None, &self.agents).unwrap();
            let mut child = Command::new(shell)
                .args(["-c", &format!("{banner}{command}")])
                .env("HOME", self.dir.path())
                .env("PATH", format!("{}:/usr/bin:/bin", path.display()))
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            child.stdin.take().unwrap().write_all(input).unwrap();
            child.wait_with_output().unwrap()
        }
    }

    fn shells() -> Vec<(String, tempfile::TempDir)> {
        let mut found = Vec::new();
        for (name, file, words) in
            [("dash", "/usr/bin/dash", ""), ("bash", "/bin/bash", "--posix"), ("busybox", "/usr/bin/busybox", "ash")]
        {
            if !Path::new(file).exists() {
                eprintln!("left out: {file} is not here");
                continue;
            }
            let path = tempfile::tempdir().unwrap();
            let sh = path.path().join("sh");
            std::fs::write(&sh, format!("#!/bin/bash\nexec {file} {words} \"$@\"\n")).unwrap();
            std::fs::set_permissions(&sh, std::fs::Permissions::from_mode(0o755)).unwrap();
            if name == "busybox" {
                for applet in ["head", "wc", "sha256sum", "uname", "mkdir", "chmod", "mv", "ls", "tail", "grep"] {
                    std::os::unix::fs::symlink(file, path.path().join(applet)).unwrap();
                }
            }
            found.push((name.to_owned(), path));
        }
        found
    }

    #[test]
    fn the_script_can_stand_in_single_quotes() {
        assert!(!SCRIPT.contains(['\'', '\n', '!']));
    }

    #[test]
    fn a_missing_agent_is_taken_and_started_and_the_next_time_it_is_there() {
        for (name, path) in shells() {
            let host = Host::new();
            let input = [format!("{}\n", FAKE.len()).as_bytes(), FAKE].concat();
            let first = host.log_in("/bin/sh", path.path(), "umask 027; ", &input);
            let out = String::from_utf8_lossy(&first.stdout).into_owned();
            let arch = std::env::consts::ARCH;
            assert_eq!(out, format!("MARK need {arch}\nMARK took {arch}\nagent agent 0027\n"), "{name}: {first:?}");

            let second = host.log_in("/bin/sh", path.path(), "", b"frames");
            let out = String::from_utf8_lossy(&second.stdout).into_owned();
            assert!(
                out.starts_with(&format!("MARK have {arch}\nagent agent ")) && out.ends_with("frames"),
                "{name}: {out}"
            );
            assert_eq!(std::fs::metadata(host.agent()).unwrap().permissions().mode() & 0o777, 0o700);
        }
    }

    #[test]
    fn an_agent_that_was_cut_short_or_damaged_is_not_kept() {
        for (name, path) in shells() {
            let host = Host::new();
            let short = [format!("{}\n", FAKE.len()).as_bytes(), &FAKE[..10]].concat();
            let mut damaged = [format!("{}\n", FAKE.len()).as_bytes(), FAKE].concat();
            *damaged.last_mut().unwrap() = b'x';
            for input in [short, damaged] {
                let output = host.log_in("/bin/sh", path.path(), "", &input);
                assert_eq!(output.status.code(), Some(1), "{name}: {output:?}");
                assert!(String::from_utf8_lossy(&output.stderr).contains("cannot be put into"), "{name}");
                assert_eq!(std::fs::read_dir(host.cache()).unwrap().count(), 0, "{name}");
            }
        }
    }

    #[test]
    fn of_all_agents_the_four_last_used_are_kept() {
        for (name, path) in shells() {
            let host = Host::new();
            std::fs::create_dir_all(host.cache()).unwrap();
            for (age, old) in ["agent-e", "agent-d", "agent-c", "agent-b", "agent-a"].iter().enumerate() {
                let file = std::fs::File::create(host.cache().join(old)).unwrap();
                let when = std::time::SystemTime::now() - std::time::Duration::from_secs(3600 * (age as u64 + 1));
                file.set_modified(when).unwrap();
            }
            let input = [format!("{}\n", FAKE.len()).as_bytes(), FAKE].concat();
            host.log_in("/bin/sh", path.path(), "", &input);
            let mut left: Vec<_> =
                std::fs::read_dir(host.cache()).unwrap().map(|entry| entry.unwrap().path()).collect();
            left.sort();
            let mut wanted = vec![host.agent()];
            wanted.extend(["agent-c", "agent-d", "agent-e"].map(|old| host.cache().join(old)));
            wanted.sort();
            assert_eq!(left, wanted, "{name}");
        }
    }

    #[test]
    fn a_banner_is_passed_over() {
        assert_eq!(Word::of_line(b"Welcome!\n", "MARK"), None);
        assert_eq!(Word::of_line(b"no end of lineMARK need x86_64\n", "MARK"), Some(Word::Need("x86_64".into())));
        assert_eq!(Word::of_line(b"MARK none riscv64\n", "MARK"), Some(Word::None("riscv64".into())));
    }
}
