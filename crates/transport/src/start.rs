//! From a target to an agent that has spoken.

use std::process::Stdio;
use std::time::Duration;

use ksplay_protocol::{Frames, FromAgent, Ready, VERSION};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::agent_files::Loaded;
use crate::bootstrap::{self, Word};
use crate::line::Line;
use crate::ssh::{Started, Words};
use crate::{AgentFiles, Error, Link, Ssh, Target, shell};

/// How long the host may take after ssh's own limit for connecting: slow name servers, slow login scripts.
const LOGIN: Duration = Duration::from_secs(60);

/// How long the agent may take to speak.
const SPEAK: Duration = Duration::from_secs(30);

/// The slowest line over which the agent is sent.
const BYTES_PER_SECOND: u64 = 20_000;

/// How much a login shell may say before the script does.
const BANNER: usize = 1024 * 1024;

/// An agent that has spoken.
pub(crate) struct Opened {
    pub(crate) process: Started,
    pub(crate) ready: Ready,
    pub(crate) line: Line,
}

/// Starts the agent of a target.
pub(crate) async fn agent(target: &Target, agents: &AgentFiles) -> Result<Opened, Error> {
    match &target.link {
        Link::Local => local(agents).await,
        Link::Ssh(ssh) => remote(target, ssh, agents).await,
    }
}

async fn local(agents: &AgentFiles) -> Result<Opened, Error> {
    let mut command = Command::new(agents.local());
    command.arg("agent").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // Ctrl-C is for us to act on; the agent ends what it runs when its input ends.
    command.process_group(0);
    let mut child = command.spawn().map_err(Error::io(agents.local().display().to_string()))?;
    let words = Words::of(child.stderr.take());
    let mut process = Started { child, words, desk: None };
    let (input, output) = pipes(&mut process)?;
    speak(process, input, output, Frames::new()).await
}

async fn remote(target: &Target, ssh: &Ssh, agents: &AgentFiles) -> Result<Opened, Error> {
    let marker = format!("ksplay-{}", shell::nonce());
    let command = bootstrap::command(&marker, target.agent_dir.as_deref(), agents)?;
    let mut process = ssh.start(target.timeout, &command)?;
    let (mut input, mut output) = pipes(&mut process)?;
    let mut heard = Vec::new();

    let patience = target.timeout + LOGIN;
    let word = timeout(patience, hear(&mut output, &mut heard, &marker)).await;
    let mut word = match word {
        Err(_) => {
            let said = process.words.last().await;
            return Err(Error::Unreachable { message: format!("no answer after {} s. {said}", patience.as_secs()) });
        }
        Ok(None) => return Err(process.failure().await),
        Ok(Some(word)) => word,
    };
    if let Word::Need(arch) = &word {
        let agent = agents.load()?.get(arch).ok_or_else(|| Error::NoAgentFor { arch: arch.clone() })?;
        let patience = SPEAK + Duration::from_secs(agent.bytes.len() as u64 / BYTES_PER_SECOND);
        let sent = timeout(patience, async {
            // A host that takes no more says why.
            let _ = push(&mut input, agent).await;
            hear(&mut output, &mut heard, &marker).await
        });
        word = match sent.await {
            Err(_) => return Err(Error::Timeout { after: patience }),
            Ok(None) => return Err(process.failure().await),
            Ok(Some(word)) => word,
        };
    }
    match word {
        Word::Have | Word::Took => {
            let mut frames = Frames::new();
            frames.push(&heard);
            speak(process, input, output, frames).await
        }
        Word::None(arch) | Word::Need(arch) => Err(Error::NoAgentFor { arch }),
    }
}

async fn push(input: &mut ChildStdin, agent: &Loaded) -> std::io::Result<()> {
    input.write_all(format!("{}\n", agent.bytes.len()).as_bytes()).await?;
    input.write_all(&agent.bytes).await?;
    input.flush().await
}

/// The next word of the script; what follows it stays in `heard`. None if the output ends before.
async fn hear(output: &mut ChildStdout, heard: &mut Vec<u8>, marker: &str) -> Option<Word> {
    let mut buffer = [0; 4096];
    loop {
        while let Some(end) = heard.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = heard.drain(..=end).collect();
            if let Some(word) = Word::of_line(&line, marker) {
                return Some(word);
            }
        }
        match output.read(&mut buffer).await {
            Ok(count @ 1..) if heard.len() < BANNER => heard.extend_from_slice(&buffer[..count]),
            _ => return None,
        }
    }
}

/// Waits for the agent's first message.
async fn speak(
    mut process: Started,
    input: ChildStdin,
    mut output: ChildStdout,
    mut frames: Frames,
) -> Result<Opened, Error> {
    let first = timeout(SPEAK, async {
        let mut buffer = [0; 4096];
        loop {
            match frames.next_message::<FromAgent>() {
                Ok(Some(message)) => return Ok(Some(message)),
                Ok(None) => {}
                Err(error) => return Err(error),
            }
            match output.read(&mut buffer).await {
                Ok(count @ 1..) => frames.push(&buffer[..count]),
                _ => return Ok(None),
            }
        }
    });
    match first.await {
        Err(_) => Err(Error::Timeout { after: SPEAK }),
        Ok(Err(error)) => Err(Error::Protocol { message: error.to_string() }),
        Ok(Ok(None)) => Err(process.failure().await),
        Ok(Ok(Some(FromAgent::Ready(ready)))) if ready.version == VERSION => {
            Ok(Opened { process, ready, line: Line { input, output, frames } })
        }
        Ok(Ok(Some(FromAgent::Ready(ready)))) => {
            Err(Error::Protocol { message: format!("it is of version {}, not {VERSION}", ready.version) })
        }
        Ok(Ok(Some(_))) => Err(Error::Protocol { message: "it does not say what it is".into() }),
    }
}

fn pipes(process: &mut Started) -> Result<(ChildStdin, ChildStdout), Error> {
    match (process.child.stdin.take(), process.child.stdout.take()) {
        (Some(input), Some(output)) => Ok((input, output)),
        _ => Err(Error::AgentStart { message: "no pipes".into() }),
    }
}
