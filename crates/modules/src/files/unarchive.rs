//! `unarchive`: unpacks an archive with the `tar` or `unzip` of the target.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ksplay_value::Value;

use super::attributes::{FileAttributes, describe};
use super::url;
use crate::arguments::{Opt, OptType};
use crate::system::HttpGet;
use crate::{CommandSpec, Failure, Inspection, Module, NewFile, Outcome, Probe, System, arguments};

/// See [`UnarchiveArgs`].
pub struct Unarchive;

arguments! {
    /// Unpacks an archive: tar, plain or compressed, or zip. From the controller it comes as the payload.
    pub struct UnarchiveArgs {
        /// The archive, on the controller or, with `remote_src`, on the target or at a URL.
        src: String = Opt::path().required(),
        /// The directory that it is unpacked in.
        dest: PathBuf = Opt::path().required(),
        /// Whether the archive is on the target.
        remote_src: bool = Opt::bool().default("false"),
        /// The opposite of `remote_src`.
        copy: bool = Opt::bool().default("true"),
        /// A file; when there is one, nothing is done.
        creates: Option<PathBuf> = Opt::path(),
        /// Whether the names in the archive are given as `files`.
        list_files: bool = Opt::bool().default("false"),
        /// Names that are left out.
        exclude: Vec<String> = Opt::list(OptType::Str).default("[]"),
        /// The only names that are unpacked.
        include: Vec<String> = Opt::list(OptType::Str).default("[]"),
        /// Whether files that are newer than those of the archive stay.
        keep_newer: bool = Opt::bool().default("false"),
        /// More options of the program.
        extra_opts: Vec<String> = Opt::list(OptType::Str).default("[]"),
        /// Whether the certificates of a server are checked that the archive comes from.
        validate_certs: bool = Opt::bool().default("true"),
        /// Whether a vaulted archive is decrypted; a matter of the controller.
        decrypt: bool = Opt::bool().default("true"),
        /// The size of the buffer; accepted, the program has its own.
        io_buffer_size: i64 = Opt::int().default("65536"),
    }
    includes { attributes: FileAttributes }
    rules { mutually_exclusive: &[&["include", "exclude"]] }
}

/// What kind of archive, by the name of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Tar,
    Zip,
}

impl Kind {
    fn of(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        if [".zip", ".jar", ".war"].iter().any(|end| name.ends_with(end)) { Self::Zip } else { Self::Tar }
    }

    /// The name of the part of Ansible that takes care of an archive of this name.
    fn handler(self, name: &str) -> &'static str {
        let name = name.to_ascii_lowercase();
        let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
        match self {
            Self::Zip => "ZipArchive",
            Self::Tar if ends(&[".tar"]) => "TarArchive",
            Self::Tar if ends(&[".bz2", ".tbz", ".tbz2"]) => "TarBzipArchive",
            Self::Tar if ends(&[".xz", ".txz"]) => "TarXzArchive",
            Self::Tar if ends(&[".zst"]) => "TarZstdArchive",
            Self::Tar => "TgzArchive",
        }
    }
}

/// What is to be unpacked.
pub struct Plan {
    args: UnarchiveArgs,
    kind: Kind,
}

impl Module for Unarchive {
    type Args = UnarchiveArgs;
    type Plan = Plan;

    fn inspect(args: &UnarchiveArgs, system: &Probe) -> Result<Inspection<Plan>, Failure> {
        let is_remote = args.remote_src || !args.copy;
        if let Some(created) = args.creates.as_ref().filter(|path| system.exists(path)) {
            let mut outcome = Outcome { skipped: true, ..Outcome::default() };
            outcome.values.insert("msg", format!("skipped, since {} exists", created.display()));
            return Ok(Inspection::nothing_to_do(outcome));
        }
        let is_url = is_remote && args.src.contains("://");
        if is_remote && !is_url && !system.exists(Path::new(&args.src)) {
            return Err(Failure::new(format!("Source '{}' does not exist", args.src)).missing());
        }
        if !is_remote && system.payload.is_none() {
            return Err(Failure::new(format!("Source '{}' failed to transfer", args.src)));
        }
        if !system.is_dir(&args.dest) {
            return Err(Failure::new(format!("dest '{}' must be an existing dir", args.dest.display())).missing());
        }
        let kind = Kind::of(&args.src);
        let mut outcome = Outcome::default();
        outcome.values.insert("dest", args.dest.display().to_string());
        outcome.values.insert("src", args.src.as_str());
        outcome.values.insert("handler", kind.handler(&args.src));
        describe(system, &args.dest, &mut outcome.values);
        // Only an archive that is here can be compared with what is unpacked without writing anything.
        if is_remote && !is_url && is_unpacked(args, kind, Path::new(&args.src), system)? {
            if args.list_files {
                outcome.values.insert("files", names(args, kind, Path::new(&args.src), system)?);
            }
            return Ok(Inspection::nothing_to_do(outcome));
        }
        Ok(Inspection::change(outcome, Plan { args: args.clone(), kind }))
    }

    fn apply(plan: Plan, mut predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        let Plan { args, kind } = plan;
        let cannot = |error: std::io::Error| Failure::new(format!("cannot write the archive: {error}"));
        let folder = system.temp_dir().map_err(cannot)?;
        let sent = system.payload.clone().filter(|_| !args.remote_src && args.copy);
        let content = match sent {
            Some(payload) => Some(payload.open().map_err(cannot)?),
            None if args.src.contains("://") => Some(download(&args, system)?),
            None => None,
        };
        let archive = match content {
            Some(mut content) => {
                let path = folder.path().join("archive");
                system.write_atomic(&path, &mut content, &NewFile::default()).map_err(cannot)?;
                path
            }
            None => PathBuf::from(&args.src),
        };
        let listed = names(&args, kind, &archive, system)?;
        if args.list_files {
            predicted.values.insert("files", listed.clone());
        }
        predicted.changed = !is_unpacked(&args, kind, &archive, system)?;
        if predicted.changed {
            let command = extraction(&args, kind, &archive);
            let output = system.run(&command)?;
            predicted.values.insert(
                "extract_results",
                ksplay_value::Map::from([
                    ("cmd", command.argv.iter().collect::<Value>()),
                    ("err", output.stderr_text().into()),
                    ("out", output.stdout_text().into()),
                    ("rc", output.rc.into()),
                ]),
            );
            if !output.ok() {
                let said = output.stderr_text();
                return Err(output.failure(format!(
                    "failed to unpack {} to {}: {}",
                    args.src,
                    args.dest.display(),
                    said.trim()
                )));
            }
        }
        for name in listed.as_list().unwrap_or_default().iter().filter_map(Value::as_str) {
            let path = args.dest.join(name);
            if !args.attributes.is_empty() && system.lexists(&path) {
                predicted.changed |= args.attributes.ensure(&path, system)?;
            }
        }
        describe(system, &args.dest, &mut predicted.values);
        Ok(predicted)
    }
}

/// The archive as a server has it.
fn download(args: &UnarchiveArgs, system: &Probe) -> Result<Box<dyn Read + Send>, Failure> {
    let request = HttpGet {
        url: args.src.clone(),
        headers: vec![("User-Agent".into(), "ansible-httpget".into())],
        timeout: Duration::from_secs(10),
        validate_certs: args.validate_certs,
        use_proxy: true,
        ..HttpGet::default()
    };
    let failed = |why: String| Failure::new(format!("Failure downloading {}, {why}", args.src));
    let answer = system.http_get(&request).map_err(|error| failed(url::no_answer(&error)))?;
    match answer.status {
        200..300 => Ok(answer.body),
        status => Err(failed(format!("HTTP Error {status}: {}", answer.reason))),
    }
}

/// Options of tar that both comparing and unpacking need.
fn tar(args: &UnarchiveArgs, verb: &str, archive: &Path) -> CommandSpec {
    let mut argv = vec!["tar".to_owned(), verb.to_owned(), "-C".into(), args.dest.display().to_string()];
    let renames =
        |option: &String| ["--strip-components", "--transform", "--xform"].iter().any(|name| option.starts_with(name));
    if args.extra_opts.iter().any(renames) {
        argv.push("--show-transformed-names".into());
    }
    argv.extend(args.extra_opts.iter().cloned());
    if let Some(owner) = &args.attributes.owner {
        argv.push(format!("--owner={owner}"));
    }
    if let Some(group) = &args.attributes.group {
        argv.push(format!("--group={group}"));
    }
    argv.extend(args.exclude.iter().map(|name| format!("--exclude={name}")));
    argv.extend(["-f".into(), archive.display().to_string()]);
    argv.extend(args.include.iter().cloned());
    CommandSpec::new(argv).parsable()
}

/// Whether all that is in the archive is unpacked as it is there. Owner and mode count only when the user set none.
fn is_unpacked(args: &UnarchiveArgs, kind: Kind, archive: &Path, system: &Probe) -> Result<bool, Failure> {
    if kind == Kind::Zip {
        return is_unzipped(args, archive, system);
    }
    let output = system.query(&tar(args, "--diff", archive))?;
    if output.ok() {
        return Ok(true);
    }
    let said = output.stdout_text() + &output.stderr_text();
    let settled = |line: &str| {
        // A name of which `--strip-components` leaves nothing.
        if line.contains("tar: : Warning: Cannot stat") {
            return true;
        }
        (args.attributes.owner.is_some() && line.ends_with("Uid differs"))
            || (args.attributes.group.is_some() && line.ends_with("Gid differs"))
            || (!args.attributes.mode.is_null() && line.ends_with("Mode differs"))
            || (args.keep_newer && line.ends_with("Mod time differs"))
    };
    Ok(output.rc == 1 && said.lines().all(|line| line.trim().is_empty() || settled(line)))
}

/// Whether each file of a zip archive is there with its size and checksum.
fn is_unzipped(args: &UnarchiveArgs, archive: &Path, system: &Probe) -> Result<bool, Failure> {
    let output =
        system.query(&CommandSpec::new(["unzip".into(), "-v".into(), archive.display().to_string()]).parsable())?;
    let text = output.stdout_text();
    // Length, method, size, ratio, date, time, checksum, name.
    for line in text.lines().skip_while(|line| !line.starts_with("---")).skip(1) {
        if line.starts_with("---") {
            break;
        }
        let mut rest = line.trim_start();
        let mut fields = Vec::new();
        for _ in 0..7 {
            let Some((field, after)) = rest.split_once(char::is_whitespace) else { return Ok(false) };
            fields.push(field);
            rest = after.trim_start();
        }
        let wanted = args.include.is_empty() || args.include.iter().any(|name| name == rest);
        if !wanted || args.exclude.iter().any(|name| name == rest) {
            continue;
        }
        let path = args.dest.join(rest);
        let same = match rest.ends_with('/') {
            true => system.is_dir(&path),
            false => {
                system.metadata(&path).is_ok_and(|found| found.is_file() && found.len().to_string() == fields[0])
                    && system
                        .open(&path)
                        .and_then(crc32)
                        .is_ok_and(|crc| format!("{crc:08x}") == fields[6].to_lowercase())
            }
        };
        if !same {
            return Ok(false);
        }
    }
    Ok(output.ok())
}

/// The checksum that zip archives have, of all that is read.
fn crc32(mut content: impl std::io::Read) -> std::io::Result<u32> {
    let mut crc = u32::MAX;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = content.read(&mut buffer)?;
        if read == 0 {
            return Ok(!crc);
        }
        for byte in &buffer[..read] {
            crc ^= u32::from(*byte);
            for _ in 0..8 {
                crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
            }
        }
    }
}

fn extraction(args: &UnarchiveArgs, kind: Kind, archive: &Path) -> CommandSpec {
    if kind == Kind::Tar {
        let mut command = tar(args, "--extract", archive);
        if args.keep_newer {
            command.argv.insert(2, "--keep-newer-files".into());
        }
        return command;
    }
    let mut argv = vec!["unzip".to_owned(), if args.keep_newer { "-uo" } else { "-o" }.into()];
    argv.extend(args.extra_opts.iter().cloned());
    argv.push(archive.display().to_string());
    argv.extend(args.include.iter().cloned());
    if !args.exclude.is_empty() {
        argv.push("-x".into());
        argv.extend(args.exclude.iter().cloned());
    }
    argv.extend(["-d".into(), args.dest.display().to_string()]);
    CommandSpec::new(argv).parsable()
}

/// The names in the archive.
fn names(args: &UnarchiveArgs, kind: Kind, archive: &Path, system: &Probe) -> Result<Value, Failure> {
    let command = match kind {
        Kind::Tar => tar(args, "--list", archive),
        Kind::Zip => CommandSpec::new(["unzip".into(), "-Z1".into(), archive.display().to_string()]).parsable(),
    };
    let output = system.query(&command)?;
    if !output.ok() {
        let why = output.stderr_text();
        return Err(Failure::new(format!(
            "Failed to find handler for \"{}\". Make sure the required command to extract the file is installed.\n{}",
            args.src,
            why.trim()
        )));
    }
    Ok(output.stdout_text().lines().filter(|name| !args.exclude.iter().any(|out| out == name)).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Arc;

    use ksplay_value::Map;

    use super::*;
    use crate::{Bytes, RunOptions};

    #[test]
    fn an_archive_is_unpacked_once() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("from/sub")).unwrap();
        fs::create_dir(root.join("to")).unwrap();
        fs::write(root.join("from/sub/file"), "content").unwrap();
        let archive = root.join("a.tar.gz");
        let (from, file) = (root.join("from").display().to_string(), archive.display().to_string());
        let made = Probe::default().query(&CommandSpec::new(["tar", "-C", &from, "-czf", &file, "sub"])).unwrap();
        assert!(made.ok());
        let dest = root.join("to");
        let run = |remote: bool, check: bool| {
            let args = Map::from([
                ("src", Value::from(file.as_str())),
                ("dest", dest.display().to_string().into()),
                ("remote_src", remote.into()),
                ("list_files", true.into()),
            ]);
            let payload = Arc::new(Bytes(fs::read(&archive).unwrap().into()));
            let probe = Probe { payload: Some(payload), ..Probe::default() };
            crate::run("unarchive", &args, &RunOptions { check, ..RunOptions::default() }, probe)
        };
        let changed = |result: &Map| result.get("changed").and_then(Value::as_bool);
        assert_eq!(changed(&run(true, true)), Some(true));
        assert!(!dest.join("sub").exists(), "check mode writes nothing");
        let first = run(true, false);
        assert_eq!(changed(&first), Some(true), "{first:?}");
        assert_eq!(first.get("files"), Some(&["sub/", "sub/file"].into_iter().collect()));
        assert_eq!(fs::read_to_string(dest.join("sub/file")).unwrap(), "content");
        assert_eq!(changed(&run(true, false)), Some(false));
        assert_eq!(changed(&run(false, false)), Some(false), "what came from the controller is compared too");
        fs::write(dest.join("sub/file"), "other").unwrap();
        assert_eq!(changed(&run(false, false)), Some(true));
    }
}
