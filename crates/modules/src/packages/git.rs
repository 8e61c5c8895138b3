//! `git`: checkouts of repositories.

use std::path::{Path, PathBuf};

use ksplay_value::Value;

use super::git_remote::{Revision, Revisions, is_commit};
use crate::arguments::{Opt, OptType};
use crate::{
    CommandOutput, CommandSpec, Diff, Failure, Inspection, Module, NewFile, Outcome, Probe, System, arguments,
};

/// See [`GitArgs`].
pub struct Git;

arguments! {
    /// Keeps a checkout of a git repository.
    pub struct GitArgs {
        /// The repository.
        repo: String = Opt::str().required().aliases(&["name"]),
        /// Where the checkout is.
        dest: Option<PathBuf> = Opt::path(),
        /// What is checked out: `HEAD`, a branch, a tag or a commit.
        version: String = Opt::str().default("HEAD"),
        /// The name of the remote.
        remote: String = Opt::str().default("origin"),
        /// More to be fetched, as `git fetch` takes it.
        refspec: Option<String> = Opt::str(),
        /// A repository on the machine to take objects from.
        reference: Option<String> = Opt::str(),
        /// Whether changed files are set back.
        force: bool = Opt::bool().default("no"),
        /// How many commits of the history are fetched.
        depth: Option<i64> = Opt::int(),
        /// Whether a checkout that is not there is made.
        clone: bool = Opt::bool().default("yes"),
        /// Whether new commits are fetched.
        update: bool = Opt::bool().default("yes"),
        /// Whether the signature of the commit or tag is checked.
        verify_commit: bool = Opt::bool().default("no"),
        /// The fingerprints that count for that.
        gpg_allowlist: Vec<String> = Opt::list(OptType::Str).default("[]").aliases(&["gpg_whitelist"]),
        /// Whether the key of an unknown host is accepted, and a changed one too.
        accept_hostkey: bool = Opt::bool().default("no"),
        /// Whether the key of an unknown host is accepted.
        accept_newhostkey: bool = Opt::bool().default("no"),
        /// A private key on the machine.
        key_file: Option<String> = Opt::path(),
        /// Options of ssh.
        ssh_opts: Option<String> = Opt::str(),
        /// The git program.
        executable: Option<String> = Opt::path(),
        /// Whether there are no files checked out, only the repository.
        bare: bool = Opt::bool().default("no"),
        /// Whether submodules are checked out too.
        recursive: bool = Opt::bool().default("yes"),
        /// Whether only the history of the version is fetched.
        single_branch: bool = Opt::bool().default("no"),
        /// Whether submodules follow their branches.
        track_submodules: bool = Opt::bool().default("no"),
        /// The bits that new files do not get.
        umask: Value = Opt::raw(),
        /// An archive of the version to be made: `.zip`, `.tar`, `.tar.gz` or `.tgz`.
        archive: Option<PathBuf> = Opt::path(),
        /// What stands before the names in the archive.
        archive_prefix: Option<String> = Opt::str(),
        /// Where the repository itself is, away from the checkout.
        separate_git_dir: Option<String> = Opt::path(),
    }
    rules {
        mutually_exclusive: &[&["separate_git_dir", "bare"], &["accept_hostkey", "accept_newhostkey"]],
    }
}

/// What is to be done with a checkout.
#[derive(Debug)]
pub struct GitPlan {
    args: GitArgs,
    call: Call,
    dest: PathBuf,
    /// The commit now; nothing where there is no checkout.
    before: Option<String>,
    wanted: Revision,
    sets_url: bool,
    sets_back: bool,
}

/// How git is called.
#[derive(Debug, Clone)]
pub(super) struct Call {
    program: String,
    umask: Option<u32>,
    ssh: String,
}

impl Call {
    fn of(args: &GitArgs, system: &Probe) -> Result<Self, Failure> {
        let wrong = |text: &str| {
            Failure::new("umask must be an octal integer")
                .with("details", format!("invalid literal for int() with base 8: '{text}'"))
        };
        let umask = match &args.umask {
            Value::Null => None,
            Value::Int(bits) => Some(u32::try_from(*bits).map_err(|_| wrong(&bits.to_string()))?),
            other => {
                let text = other.to_string();
                Some(u32::from_str_radix(text.trim_start_matches("0o"), 8).map_err(|_| wrong(&text))?)
            }
        };
        let mut ssh = system.env("GIT_SSH_COMMAND").or_else(|| system.env("GIT_SSH")).unwrap_or_else(|| "ssh".into());
        ssh += " -o BatchMode=yes";
        if args.accept_hostkey {
            ssh += " -o StrictHostKeyChecking=no";
        }
        if args.accept_newhostkey {
            ssh += " -o StrictHostKeyChecking=accept-new";
        }
        if let Some(key) = &args.key_file {
            ssh += &format!(" -i '{}' -o IdentitiesOnly=yes", key.replace('\'', r"'\''"));
        }
        if let Some(options) = &args.ssh_opts {
            ssh += &format!(" {options}");
        }
        Ok(Self { program: args.executable.clone().unwrap_or_else(|| "git".into()), umask, ssh })
    }

    /// A call in a folder.
    pub(super) fn spec(&self, folder: Option<&Path>, words: &[&str]) -> CommandSpec {
        let folder = folder.map(|folder| folder.to_string_lossy().into_owned());
        let folder = folder.iter().flat_map(|folder| ["-C", folder]);
        let command = [self.program.as_str()].into_iter().chain(folder).chain(words.iter().copied());
        let mut spec = CommandSpec::new(command).parsable();
        spec.umask = self.umask;
        spec.env("GIT_TERMINAL_PROMPT", "0").env("GIT_SSH_COMMAND", &self.ssh)
    }

    /// What git says, where it has to say something.
    pub(super) fn ask(&self, folder: Option<&Path>, words: &[&str], system: &Probe) -> Result<CommandOutput, Failure> {
        let spec = self.spec(folder, words);
        failing(system.query(&spec)?, &spec)
    }

    fn run(&self, folder: Option<&Path>, words: &[&str], system: &mut System) -> Result<CommandOutput, Failure> {
        let spec = self.spec(folder, words);
        failing(system.run(&spec)?, &spec)
    }

    fn line(&self, folder: &Path, words: &[&str], system: &Probe) -> Option<String> {
        let output = system.query(&self.spec(Some(folder), words)).ok().filter(CommandOutput::ok)?;
        Some(output.stdout_text().trim().to_owned()).filter(|line| !line.is_empty())
    }
}

fn failing(output: CommandOutput, spec: &CommandSpec) -> Result<CommandOutput, Failure> {
    if output.ok() {
        return Ok(output);
    }
    Err(output.failure(output.stderr_text().trim_end()).with("cmd", spec.shown()))
}

impl Module for Git {
    type Args = GitArgs;
    type Plan = GitPlan;

    fn inspect(args: &GitArgs, system: &Probe) -> Result<Inspection<GitPlan>, Failure> {
        let call = Call::of(args, system)?;
        if args.archive_prefix.is_some() && args.archive.is_none() {
            return Err(Failure::new("missing parameter(s) required by 'archive_prefix': archive"));
        }
        if let Some(archive) = &args.archive {
            format_of(archive)?;
        }
        let mut args = args.clone();
        if args.repo.starts_with('/') {
            args.repo = format!("file://{}", args.repo);
        }
        let there = args.dest.clone().filter(|dest| {
            let place = if args.bare { dest.join("config") } else { dest.join(".git") };
            system.exists(&place)
        });
        match (there, args.dest.clone()) {
            (Some(dest), _) => existing(args, call, dest, system),
            (None, None) if args.clone => {
                Err(Failure::new("the destination directory must be specified unless clone=no"))
            }
            (None, dest) => missing(args, call, dest, system),
        }
    }

    fn apply(plan: GitPlan, mut predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        let modules_before = plan.submodules(system);
        match &plan.before {
            None => plan.make(system)?,
            Some(_) => plan.bring_up_to_date(system)?,
        }
        if plan.args.verify_commit {
            plan.verify(system)?;
        }
        plan.update_submodules(system)?;
        let after = plan.call.line(&plan.dest, &["rev-parse", "HEAD"], system).unwrap_or_default();
        predicted.changed = plan.sets_url
            || plan.sets_back
            || plan.before.as_ref() != Some(&after)
            || plan.submodules(system) != modules_before;
        if system.diff {
            predicted.diff = difference(&plan.call, &plan.dest, plan.before.as_deref(), &after, system).into();
        }
        predicted.values.insert("after", after);
        if let Some(path) = &plan.args.archive {
            let archive = archived(&plan.args, &plan.call, &plan.dest, path, system)?;
            if system.read(path).ok().as_ref() != Some(&archive) {
                let written = system.write_atomic(path, &mut &archive[..], &NewFile::default());
                written.map_err(|error| Failure::new(format!("cannot write {}: {error}", path.display())))?;
                predicted.changed = true;
            }
        }
        Ok(predicted)
    }
}

fn missing(args: GitArgs, call: Call, dest: Option<PathBuf>, system: &Probe) -> Result<Inspection<GitPlan>, Failure> {
    let revisions = Revisions::of(&args.repo, &call, system)?;
    let wanted = revisions.find(&args.version, None)?;
    let mut outcome = Outcome { changed: true, ..Outcome::default() };
    outcome.values.insert("before", Value::Null);
    outcome.values.insert("after", wanted.commit.as_str());
    if system.diff {
        outcome.diff = newly(&wanted.commit).into();
    }
    match dest.filter(|_| args.clone) {
        Some(dest) => {
            let plan = GitPlan { args, call, dest, before: None, wanted, sets_url: false, sets_back: false };
            Ok(Inspection::change(outcome, plan))
        }
        None => Ok(Inspection::nothing_to_do(outcome)),
    }
}

fn existing(args: GitArgs, call: Call, dest: PathBuf, system: &Probe) -> Result<Inspection<GitPlan>, Failure> {
    let place = dest.join(".git");
    if args.separate_git_dir.is_some() && system.is_dir(&place) {
        let message = format!("{} is a directory: move it to separate_git_dir by hand", place.display());
        return Err(Failure::new(message));
    }
    let before = call.line(&dest, &["rev-parse", "HEAD"], system).unwrap_or_default();
    let mut outcome = Outcome::default();
    outcome.values.insert("before", before.as_str());
    let mut wanted = Revision { commit: before.clone(), ..Revision::default() };
    let (mut sets_url, mut sets_back) = (false, false);
    if args.update {
        if !args.bare {
            let status = call.ask(Some(&dest), &["status", "--porcelain"], system)?.stdout_text();
            sets_back = status.lines().any(|line| !line.starts_with("??"));
        }
        if sets_back && !args.force {
            let message = format!("Local modifications exist in the destination: {} (force=no).", dest.display());
            return Err(Failure::new(message).with("before", before));
        }
        let url = call.line(&dest, &["remote", "get-url", &args.remote], system);
        sets_url = url.as_ref() != Some(&args.repo);
        if url.is_none() {
            let message = format!(
                "Failed to set a new url {} for {}:  error: No such remote '{}'\n",
                args.repo, args.remote, args.remote
            );
            return Err(Failure::new(message));
        }
        let branch = call.line(&dest, &["symbolic-ref", "--short", "-q", "HEAD"], system);
        wanted = match is_commit(&args.version) && before.starts_with(&args.version) {
            true => Revision { commit: before.clone(), ..Revision::default() },
            false => Revisions::of(&args.repo, &call, system)?.find(&args.version, branch.as_deref())?,
        };
        outcome.values.insert("remote_url_changed", sets_url);
    }
    outcome.values.insert("after", wanted.commit.as_str());
    let follows = args.update && args.track_submodules && args.recursive;
    let has_archive = match &args.archive {
        Some(path) if before == wanted.commit => {
            system.read(path).ok().as_ref() == Some(&archived(&args, &call, &dest, path, system)?)
        }
        archive => archive.is_none(),
    };
    if before == wanted.commit && !sets_url && !sets_back && !follows && !args.verify_commit && has_archive {
        return Ok(Inspection::nothing_to_do(outcome));
    }
    if system.diff && system.check {
        outcome.diff = difference(&call, &dest, Some(&before), &wanted.commit, system).into();
    }
    if sets_back && !system.check {
        outcome.values.insert("msg", format!("Local modifications exist in the destination: {}", dest.display()));
    }
    outcome.changed = before != wanted.commit || sets_url || sets_back || !has_archive;
    let plan = GitPlan { args, call, dest, before: Some(before), wanted, sets_url, sets_back };
    Ok(Inspection { predicted: outcome, plan: Some(plan) })
}

impl GitPlan {
    /// Makes the checkout.
    fn make(&self, system: &mut System) -> Result<(), Failure> {
        let args = &self.args;
        crate::files::create_parents(&self.dest, system)?;
        let dest = self.dest.to_string_lossy();
        let depth = args.depth.filter(|depth| *depth > 0).map(|depth| depth.to_string());
        let mut words = vec!["clone"];
        if args.bare {
            words.push("--bare");
        }
        words.extend(["--origin", &args.remote]);
        if let Some(name) = &self.wanted.name {
            words.extend(["--branch", name]);
        }
        if let Some(depth) = depth.as_ref().filter(|_| self.wanted.name.is_some() || args.version == "HEAD") {
            words.extend(["--depth", depth]);
        }
        if args.single_branch {
            words.push("--single-branch");
        }
        if let Some(reference) = &args.reference {
            words.extend(["--reference", reference]);
        }
        if let Some(folder) = &args.separate_git_dir {
            words.extend(["--separate-git-dir", folder]);
        }
        words.extend(["--", &args.repo, &dest]);
        self.call.run(None, &words, system)?;
        if args.bare {
            // A bare clone has no refspec, but the remote is the same.
            return self.fetch_more(system);
        }
        self.fetch_more(system)?;
        if is_commit(&args.version) && self.wanted.name.is_none() {
            self.call.run(Some(&self.dest), &["checkout", "--force", &self.wanted.commit], system)?;
        }
        Ok(())
    }

    /// Fetches what the task names besides branches and tags.
    fn fetch_more(&self, system: &mut System) -> Result<(), Failure> {
        match &self.args.refspec {
            Some(refspec) => self.call.run(Some(&self.dest), &["fetch", &self.args.remote, refspec], system).map(drop),
            None => Ok(()),
        }
    }

    fn bring_up_to_date(&self, system: &mut System) -> Result<(), Failure> {
        let args = &self.args;
        let git = |words: &[&str], system: &mut System| self.call.run(Some(&self.dest), words, system).map(drop);
        if !args.update {
            return Ok(());
        }
        if self.sets_url {
            git(&["remote", "set-url", &args.remote, &args.repo], system)?;
        }
        if self.sets_back {
            git(&["reset", "--hard", "HEAD", "--"], system)?;
        }
        if self.before.as_ref() == Some(&self.wanted.commit) && self.wanted.name.is_none() {
            return Ok(());
        }
        let branches = match args.bare {
            true => "+refs/heads/*:refs/heads/*".to_owned(),
            false => format!("+refs/heads/*:refs/remotes/{}/*", args.remote),
        };
        let depth = args.depth.filter(|depth| *depth > 0).map(|depth| depth.to_string());
        let is_shallow = self.call.line(&self.dest, &["rev-parse", "--is-shallow-repository"], system);
        let mut words = vec!["fetch", "--force", "--tags"];
        if let Some(depth) = depth.as_ref().filter(|_| is_shallow.as_deref() == Some("true")) {
            words.extend(["--depth", depth]);
        }
        words.extend([args.remote.as_str(), &branches]);
        words.extend(args.refspec.as_deref());
        git(&words, system)?;
        if args.bare {
            return Ok(());
        }
        let Some(branch) = self.wanted.name.as_ref().filter(|_| self.wanted.is_branch) else {
            return git(&["checkout", "--force", &self.wanted.commit], system);
        };
        let upstream = format!("{}/{branch}", args.remote);
        let local = format!("refs/heads/{branch}");
        if self.call.line(&self.dest, &["rev-parse", "--verify", "-q", &local], system).is_none() {
            return git(&["checkout", "--force", "--track", "-b", branch, &upstream], system);
        }
        git(&["checkout", "--force", branch, "--"], system)?;
        git(&["reset", "--hard", &upstream, "--"], system)
    }

    fn verify(&self, system: &mut System) -> Result<(), Failure> {
        let version = if self.args.version == "HEAD" { "HEAD" } else { &self.args.version };
        let tag = format!("refs/tags/{version}");
        let kind = self.call.line(&self.dest, &["cat-file", "-t", &tag], system);
        let word = if kind.as_deref() == Some("tag") { "verify-tag" } else { "verify-commit" };
        let output = system.run(&self.call.spec(Some(&self.dest), &[word, "--raw", version]))?;
        if !output.ok() {
            return Err(output.failure(format!("Failed to verify GPG signature of commit/tag \"{version}\"")));
        }
        let said = output.stderr_text() + &output.stdout_text();
        let mut signed = said.lines().filter_map(|line| line.strip_prefix("[GNUPG:] VALIDSIG ")?.split(' ').next());
        let list = &self.args.gpg_allowlist;
        let wrong = |known: &str| !list.iter().any(|wanted| wanted.eq_ignore_ascii_case(known));
        match signed.next() {
            Some(print) if !list.is_empty() && wrong(print) => Err(output
                .failure(format!("The gpg_allowlist does not include the public key \"{print}\" for this commit"))),
            _ => Ok(()),
        }
    }

    fn has_submodules(&self, system: &Probe) -> bool {
        self.args.recursive && !self.args.bare && system.exists(&self.dest.join(".gitmodules"))
    }

    fn submodules(&self, system: &Probe) -> Option<String> {
        let words = ["submodule", "status", "--recursive"];
        self.has_submodules(system).then(|| self.call.line(&self.dest, &words, system)).flatten()
    }

    fn update_submodules(&self, system: &mut System) -> Result<(), Failure> {
        if !self.has_submodules(system) {
            return Ok(());
        }
        self.call.run(Some(&self.dest), &["submodule", "sync", "--recursive"], system)?;
        let mut words = vec!["submodule", "update", "--init", "--recursive"];
        if self.args.track_submodules {
            words.push("--remote");
        }
        if self.args.force {
            words.push("--force");
        }
        self.call.run(Some(&self.dest), &words, system).map(drop)
    }
}

fn newly(commit: &str) -> Diff {
    Diff { prepared: Some(format!(">> Newly checked out {commit}")), ..Diff::default() }
}

/// What changes between two commits; of what is not on the machine yet nothing can be told.
fn difference(call: &Call, dest: &Path, before: Option<&str>, after: &str, system: &Probe) -> Diff {
    let Some(before) = before else { return newly(after) };
    let output = system.query(&call.spec(Some(dest), &["diff", "--no-color", before, after, "--"]));
    let text = output.ok().filter(CommandOutput::ok).map(|output| output.stdout_text());
    Diff { prepared: Some(text.unwrap_or_else(|| format!(">> {before} -> {after}\n"))), ..Diff::default() }
}

fn format_of(archive: &Path) -> Result<&'static str, Failure> {
    let name = archive.to_string_lossy();
    let known = ["tar.gz", "tgz", "tar", "zip"].into_iter().find(|end| name.ends_with(&format!(".{end}")));
    known.ok_or_else(|| {
        let details = "Please specify archive as filename with extension. File extension can be one of \
                       ['tar', 'tar.gz', 'zip', 'tgz']";
        Failure::new(format!("Unable to get file extension from archive file name : {name}")).with("details", details)
    })
}

fn archived(args: &GitArgs, call: &Call, dest: &Path, path: &Path, system: &Probe) -> Result<Vec<u8>, Failure> {
    let format = format!("--format={}", format_of(path)?);
    let prefix = args.archive_prefix.as_ref().map(|prefix| format!("--prefix={prefix}"));
    let words: Vec<&str> = ["archive", &format].into_iter().chain(prefix.as_deref()).chain(["HEAD"]).collect();
    Ok(call.ask(Some(dest), &words, system)?.stdout)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use ksplay_value::Map;

    use super::*;
    use crate::RunOptions;

    fn git(folder: &Path, words: &[&str]) {
        let name = ["-c", "user.name=n", "-c", "user.email=n@example.org", "-C"];
        let done = Command::new("git").args(name).arg(folder).args(words).output().unwrap();
        assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
    }

    /// A repository with a commit, a tag on it, and a branch with one more.
    fn repository(folder: &Path) {
        fs::create_dir(folder).unwrap();
        git(folder, &["init", "-q", "-b", "main"]);
        fs::write(folder.join("f"), "1\n").unwrap();
        git(folder, &["add", "f"]);
        git(folder, &["commit", "-qm", "one"]);
        git(folder, &["tag", "v1"]);
        git(folder, &["checkout", "-qb", "dev"]);
        fs::write(folder.join("d"), "d\n").unwrap();
        git(folder, &["add", "d"]);
        git(folder, &["commit", "-qm", "two"]);
        git(folder, &["checkout", "-q", "main"]);
    }

    fn call(args: &[(&str, &str)], check: bool) -> (bool, Map) {
        let args: Map = args.iter().map(|(name, value)| (*name, Value::from(*value))).collect();
        let options = RunOptions { check, diff: true, ..RunOptions::default() };
        let result = crate::run("git", &args, &options, Probe::default());
        (result.get("changed").and_then(Value::as_bool) == Some(true), result)
    }

    #[test]
    fn a_checkout_is_made_kept_and_brought_up_to_date() {
        let folder = tempfile::tempdir().unwrap();
        let (source, dest) = (folder.path().join("source"), folder.path().join("a/dest"));
        repository(&source);
        let place = [("repo", source.to_str().unwrap()), ("dest", dest.to_str().unwrap())];
        let with = |more: &[(&str, &str)], check| call(&[&place[..], more].concat(), check);
        let (changed, predicted) = with(&[], true);
        assert!(changed && !dest.exists(), "check mode makes nothing: {predicted:?}");
        let (changed, made) = with(&[], false);
        assert!(changed && dest.join("f").exists(), "{made:?}");
        assert_eq!(predicted.get("after"), made.get("after"));
        assert!(!with(&[], false).0, "a second run changes nothing");
        for version in ["dev", "v1", "main"] {
            let (foreseen, predicted) = with(&[("version", version)], true);
            let (changed, result) = with(&[("version", version)], false);
            assert_eq!((foreseen, predicted.get("after")), (changed, result.get("after")), "{version}");
            assert_eq!(dest.join("d").exists(), version == "dev");
            assert!(!with(&[("version", version)], false).0, "{version}");
        }
        fs::write(source.join("f"), "2\n").unwrap();
        git(&source, &["commit", "-qam", "three"]);
        assert!(with(&[], false).0);
        assert_eq!(fs::read_to_string(dest.join("f")).unwrap(), "2\n");
    }

    #[test]
    fn changed_files_are_set_back_only_when_that_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let (source, dest) = (folder.path().join("source"), folder.path().join("dest"));
        repository(&source);
        let place = [("repo", source.to_str().unwrap()), ("dest", dest.to_str().unwrap())];
        call(&place, false);
        fs::write(dest.join("f"), "mine\n").unwrap();
        let (_, refused) = call(&place, false);
        let wanted = format!("Local modifications exist in the destination: {} (force=no).", dest.display());
        assert_eq!(refused.get("msg").and_then(Value::as_str), Some(wanted.as_str()));
        assert!(call(&[&place[..], &[("force", "yes")]].concat(), false).0);
        assert_eq!(fs::read_to_string(dest.join("f")).unwrap(), "1\n");
    }

    #[test]
    fn an_archive_is_written_once() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("source");
        repository(&source);
        let (dest, archive) = (folder.path().join("dest"), folder.path().join("a.tar"));
        let args = [
            ("repo", source.to_str().unwrap()),
            ("dest", dest.to_str().unwrap()),
            ("archive", archive.to_str().unwrap()),
        ];
        assert!(call(&args, false).0 && archive.exists());
        assert!(!call(&args, false).0);
        let (_, refused) = call(&[args[0], args[1], ("archive", "/x.foo")], false);
        assert_eq!(refused.get("failed"), Some(&Value::Bool(true)));
    }
}
