//! `get_url`: downloads a file.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ksplay_value::{Map, Value};

use super::attributes::{Current, FileAttributes, describe};
use super::rewrite::Rewrite;
use super::url;
use crate::arguments::{Opt, OptType};
use crate::system::{HttpAnswer, HttpGet};
use crate::{Digest, Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`GetUrlArgs`].
pub struct GetUrl;

arguments! {
    /// Downloads a file over HTTP or HTTPS, or copies one of the target (`file://`).
    pub struct GetUrlArgs {
        /// Where from.
        url: String = Opt::str().required(),
        /// The file, or the directory that it goes in.
        dest: String = Opt::path().required(),
        /// What the file must be: `sha256:DIGEST`, or the URL of a list of digests instead of the digest.
        checksum: String = Opt::str().default(""),
        /// Whether it is downloaded although a file is there.
        force: bool = Opt::bool().default("false"),
        /// Whether the old content is kept under another name.
        backup: bool = Opt::bool().default("false"),
        /// How many seconds the server may take.
        timeout: i64 = Opt::int().default("10"),
        /// More headers of the request.
        headers: Option<Map> = Opt::dict(),
        /// Whom the request says it is from.
        http_agent: String = Opt::str().default("ansible-httpget"),
        /// The user, for a server that asks.
        url_username: Option<String> = Opt::str().aliases(&["username"]),
        /// The password, for a server that asks.
        url_password: Option<String> = Opt::str().aliases(&["password"]).no_log(),
        /// Whether they are sent without being asked for; here they always are.
        force_basic_auth: bool = Opt::bool().default("false"),
        /// Whether certificates are checked.
        validate_certs: bool = Opt::bool().default("true"),
        /// Whether the proxy of the environment is used.
        use_proxy: bool = Opt::bool().default("true"),
        /// Whether a compressed answer is unpacked; none is asked for.
        decompress: bool = Opt::bool().default("true"),
        /// Where the file lies until it is complete; here that is always beside the file.
        tmp_dest: Option<String> = Opt::path(),
        /// Whether `~/.netrc` is used; it is not.
        use_netrc: bool = Opt::bool().default("true"),
        /// Headers that are not sent on to another place.
        unredirected_headers: Vec<String> = Opt::list(OptType::Str).default("[]"),
    }
    includes { attributes: FileAttributes }
}

/// What is to be written: the answer of the server, as it comes, or only owner and mode.
pub struct Plan {
    answer: Option<HttpAnswer>,
    digest: Option<(Digest, String)>,
    rewrite: Rewrite,
}

impl GetUrlArgs {
    fn request(&self, url: &str) -> HttpGet {
        let mut headers = vec![("User-Agent".to_owned(), self.http_agent.clone())];
        if let Some(user) = &self.url_username {
            headers.push(url::authorization(user, self.url_password.as_deref()));
        }
        for (name, value) in self.headers.iter().flat_map(Map::iter) {
            headers.push((name.as_value().to_string(), value.to_string()));
        }
        let timeout = Duration::from_secs(self.timeout.max(1).cast_unsigned());
        let (validate_certs, use_proxy) = (self.validate_certs, self.use_proxy);
        HttpGet { url: url.to_owned(), headers, timeout, validate_certs, use_proxy, ..HttpGet::default() }
    }

    fn failure(&self, message: impl Into<String>, dest: &Path, system: &Probe) -> Failure {
        let mut failure = Failure::new(message)
            .with("url", self.url.as_str())
            .with("dest", dest.display().to_string())
            .with("elapsed", 0);
        if system.exists(dest) {
            describe(system, dest, &mut failure.values);
        }
        failure
    }

    /// Refuses places that the file cannot come to, and addresses that are none.
    fn check(&self, dest: &Path, system: &Probe) -> Result<(), Failure> {
        if let Some(folder) = self.tmp_dest.as_ref().filter(|folder| !system.is_dir(Path::new(folder))) {
            let problem = match system.exists(Path::new(folder)) {
                true => "is a file but should be a directory.",
                false => "directory does not exist.",
            };
            return Err(Failure::new(format!("{folder} {problem}")).with("elapsed", 0));
        }
        url::check(&self.url)?;
        match dest.parent().filter(|folder| !folder.as_os_str().is_empty() && !system.is_dir(folder)) {
            Some(folder) => {
                Err(self.failure(format!("Destination {} does not exist", folder.display()), dest, system).missing())
            }
            None => Ok(()),
        }
    }

    /// The digest that the file must have.
    fn digest(&self, system: &Probe, dest: &Path) -> Result<Option<(Digest, String)>, Failure> {
        if self.checksum.is_empty() {
            return Ok(None);
        }
        let failure = |message: &str| self.failure(message, dest, system);
        let form = "The checksum parameter has to be in format <algorithm>:<checksum>";
        let (name, wanted) = self.checksum.split_once(':').ok_or_else(|| failure(form))?;
        let digest = Digest::named(name).ok_or_else(|| {
            let known = "md5, sha1, sha224, sha256, sha384, sha512";
            let dest = dest.display();
            Failure::new(format!("Could not hash file '{dest}' with algorithm '{name}'. Available algorithms: {known}"))
        })?;
        if !["http://", "https://"].iter().any(|scheme| wanted.starts_with(scheme)) {
            return Ok(Some((digest, wanted.trim().to_ascii_lowercase())));
        }
        let answer =
            system.http_get(&self.request(wanted)).map_err(|error| failure(&format!("Request failed: {error}")))?;
        if answer.status != 200 {
            return Err(failure(&format!("Request failed: {wanted} answered {}", answer.status)));
        }
        let mut list = String::new();
        let read = answer.body.take(16 << 20).read_to_string(&mut list);
        read.map_err(|error| failure(&format!("Request failed: {error}")))?;
        let name = url::file_name(&self.url);
        let missing = format!("Unable to find a checksum for file '{name}' in '{wanted}'");
        digest_in(&list, &name).map(|wanted| Some((digest, wanted))).ok_or_else(|| failure(&missing))
    }
}

/// A file of the target, as a server would give it.
fn local(path: &Path, system: &Probe) -> std::io::Result<HttpAnswer> {
    let file = system.open(path)?;
    let length = file.metadata()?.len();
    Ok(HttpAnswer {
        status: 200,
        reason: "OK".into(),
        headers: vec![("Content-Length".into(), length.to_string())],
        body: Box::new(file),
    })
}

/// The digest of a file in a list such as `sha256sum` writes; a list of one digest alone is for any file.
fn digest_in(list: &str, name: &str) -> Option<String> {
    let lines: Vec<Vec<&str>> = list.lines().map(|line| line.split_whitespace().collect()).collect();
    let named = lines.iter().find_map(|words| match words[..] {
        [digest, file] if file.trim_start_matches(['*', '.', '/']).rsplit('/').next() == Some(name) => Some(digest),
        _ => None,
    });
    let alone = lines.iter().filter(|words| !words.is_empty()).collect::<Vec<_>>();
    let alone = match alone[..] {
        [words] if words.len() == 1 => words.first().copied(),
        _ => None,
    };
    named.or(alone).map(str::to_ascii_lowercase)
}

impl Module for GetUrl {
    type Args = GetUrlArgs;
    type Plan = Plan;

    fn inspect(args: &GetUrlArgs, system: &Probe) -> Result<Inspection<Plan>, Failure> {
        let given = PathBuf::from(&args.dest);
        let into_folder = system.is_dir(&given);
        let dest = if into_folder { given.join(url::file_name(&args.url)) } else { given };
        args.check(&dest, system)?;
        let digest = args.digest(system, &dest)?;
        let mut outcome = Outcome::default();
        outcome.values.insert("dest", dest.display().to_string());
        outcome.values.insert("url", args.url.as_str());
        outcome.values.insert("elapsed", 0);
        let found = system.metadata(&dest).ok().filter(|found| found.is_file());
        let current = found.as_ref().map_or_else(|| Current::new_file(system), Current::of);
        let change = args.attributes.change(&dest, &current, system)?;
        if found.is_some() {
            describe(system, &dest, &mut outcome.values);
        }
        let rewrite =
            Rewrite { path: dest.clone(), backup: args.backup, validate: None, attributes: args.attributes.clone() };
        let settle = |outcome: Outcome, rewrite: Rewrite| {
            if change.is_empty() {
                return Inspection::nothing_to_do(outcome);
            }
            Inspection::change(outcome, Plan { answer: None, digest: None, rewrite })
        };
        if let (Some(_), Some((digest, wanted)), false) = (&found, &digest, args.force)
            && system.digest(&dest, *digest).is_ok_and(|now| now == *wanted)
        {
            outcome.values.insert("msg", "file already exists");
            return Ok(settle(outcome, rewrite));
        }
        let mut request = args.request(&args.url);
        if let Some(found) = found.as_ref().filter(|_| !args.force && digest.is_none() && !into_folder) {
            request.headers.push(url::if_newer_than(found));
        }
        let file = args.url.strip_prefix("file://");
        let answer = match file {
            Some(path) => local(Path::new(path), system),
            None => system.http_get(&request),
        };
        let answer = answer.map_err(|error| args.failure(url::no_answer(&error), &dest, system))?;
        let status = file.is_none().then(|| u32::from(answer.status));
        outcome.values.insert("status_code", Value::from(status));
        if answer.status == 304 {
            outcome.values.insert("msg", "HTTP Error 304: Not Modified");
            return Ok(settle(outcome, rewrite));
        }
        if !(200..300).contains(&answer.status) {
            return Err(args
                .failure("Request failed", &dest, system)
                .with("status_code", u32::from(answer.status))
                .with("response", format!("HTTP Error {}: {}", answer.status, answer.reason)));
        }
        let length = url::header(&answer, "content-length").unwrap_or("unknown");
        outcome.values.insert("msg", format!("OK ({length} bytes)"));
        Ok(Inspection::change(outcome, Plan { answer: Some(answer), digest, rewrite }))
    }

    fn apply(plan: Plan, mut predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        let dest = plan.rewrite.path.clone();
        if let Some(mut answer) = plan.answer {
            let cannot = |error: std::io::Error| {
                Failure::new(format!("cannot download to {}: {error}", dest.display()))
                    .with("dest", dest.display().to_string())
            };
            let before = system.digest(&dest, Digest::Sha1).ok();
            let staged = system.stage(&dest, &mut answer.body).map_err(cannot)?;
            let after = system.digest(staged.path(), Digest::Sha1).map_err(cannot)?;
            if let Some((digest, wanted)) = &plan.digest {
                let is = system.digest(staged.path(), *digest).map_err(cannot)?;
                if is != *wanted {
                    return Err(Failure::new(format!(
                        "The checksum for {} did not match {wanted}; it was {is}.",
                        dest.display()
                    ))
                    .with("dest", dest.display().to_string())
                    .with("url", predicted.values.get("url").cloned().unwrap_or_default())
                    .with("checksum_dest", Value::from(before))
                    .with("checksum_src", after));
                }
            }
            predicted.values.insert("checksum_src", after.as_str());
            predicted.values.insert("checksum_dest", Value::from(before.clone()));
            predicted.values.insert("md5sum", system.digest(staged.path(), Digest::Md5).ok());
            predicted.changed = before.as_ref() != Some(&after);
            if predicted.changed
                && let Some(backup) = plan.rewrite.put(staged, &dest, system)?.backup
            {
                predicted.values.insert("backup_file", backup);
            }
        }
        predicted.changed |= plan.rewrite.attributes.ensure(&dest, system)?;
        describe(system, &dest, &mut predicted.values);
        Ok(predicted)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpListener;

    use super::*;
    use crate::RunOptions;

    /// A server that answers this many requests: 304 to conditional ones, 404 to `/none`.
    fn serve(count: usize) -> (String, std::thread::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            for _ in 0..count {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    stream.read_exact(&mut byte).unwrap();
                    request.push(byte[0]);
                }
                let request = String::from_utf8(request).unwrap().to_ascii_lowercase();
                let answer = match () {
                    () if request.starts_with("get /none") => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
                    () if request.contains("if-modified-since") => "HTTP/1.1 304 Not Modified\r\n\r\n",
                    () => "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\ndata\n",
                };
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        (url, server)
    }

    #[test]
    fn a_file_is_downloaded_once_and_checked() {
        let folder = tempfile::tempdir().unwrap();
        let (server, thread) = serve(6);
        let dest = folder.path().join("file");
        let run = |path: &str, extra: &[(&str, &str)], check: bool| {
            let mut args = Map::from([("url", format!("{server}{path}")), ("dest", dest.display().to_string())]);
            args.extend(extra.iter().copied());
            crate::run("get_url", &args, &RunOptions { check, ..RunOptions::default() }, Probe::default())
        };
        let changed = |result: &Map| result.get("changed").and_then(Value::as_bool);
        let right = [("checksum", "sha256:6667b2d1aab6a00caa5aee5af8ad9f1465e567abf1c209d15727d57b3e8f6e5f")];
        assert_eq!(changed(&run("/f", &[], true)), Some(true));
        assert!(!dest.exists(), "check mode writes nothing");
        let first = run("/f", &[("mode", "0600")], false);
        assert_eq!(changed(&first), Some(true), "{first:?}");
        assert_eq!(first.get("checksum_src"), Some(&"c5d84736ba451747dd5f0eb9d17e104f3697ef47".into()));
        assert_eq!(std::fs::read_to_string(&dest).unwrap(), "data\n");
        assert_eq!(run("/f", &[], false).get("status_code"), Some(&Value::Int(304)));
        assert_eq!(changed(&run("/f", &right, false)), Some(false), "no request is needed");
        let wrong = run("/f", &[("checksum", "md5:00000000000000000000000000000000")], false);
        assert_eq!(wrong.get("failed"), Some(&Value::Bool(true)));
        assert_eq!(
            run("/none", &[("force", "true")], false).get("response"),
            Some(&"HTTP Error 404: Not Found".into())
        );
        assert_eq!(changed(&run("/f", &[("force", "true")], false)), Some(false), "the same content is no change");
        thread.join().unwrap();
    }

    #[test]
    fn a_digest_is_found_in_a_list() {
        assert_eq!(digest_in("aa  other\nBB *./name\n", "name").as_deref(), Some("bb"));
        assert_eq!(digest_in("cc\n", "name").as_deref(), Some("cc"));
        assert_eq!(digest_in("aa other\n", "name"), None);
    }
}
