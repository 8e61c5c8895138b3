//! `uri`: a request to a web server.

use std::fmt::Write as _;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ksplay_value::text::{JsonStyle, from_json, to_json};
use ksplay_value::{Map, Value};

use super::attributes::{FileAttributes, describe};
use super::rewrite::Rewrite;
use super::url::{self, authorization, file_name, header};
use crate::arguments::{Opt, OptType};
use crate::system::{HttpAnswer, HttpGet, HttpRequest, host_of};
use crate::{Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`UriArgs`].
pub struct Uri;

arguments! {
    /// Talks to a web server over HTTP or HTTPS.
    pub struct UriArgs {
        /// Where to.
        url: String = Opt::str().required(),
        /// The method, in any case.
        method: String = Opt::str().default("GET"),
        /// What is sent: a text, or data for the formats that take some.
        body: Value = Opt::raw(),
        /// How `body` is written. `form-multipart` is not supported yet.
        body_format: String = Opt::str().default("raw").choices(&["form-urlencoded", "json", "raw", "form-multipart"]),
        /// A file that is sent instead of `body`, on the controller or, with `remote_src`, on the target.
        src: Option<PathBuf> = Opt::path(),
        /// Whether `src` is on the target.
        remote_src: bool = Opt::bool().default("false"),
        /// The file, or the directory, that the answer is written to.
        dest: Option<PathBuf> = Opt::path(),
        /// The statuses that are no failure.
        status_code: Vec<i64> = Opt::list(OptType::Int).default("[200]"),
        /// Whether the answer is given as `content`.
        return_content: bool = Opt::bool().default("false"),
        /// Which redirections are followed; `safe` are those of GET and HEAD.
        follow_redirects: String =
            Opt::str().default("safe").choices(&["all", "no", "none", "safe", "urllib2", "yes"]),
        /// More headers of the request.
        headers: Map = Opt::dict().default("{}"),
        /// The user, for a server that asks.
        url_username: Option<String> = Opt::str().aliases(&["user"]),
        /// The password, for a server that asks.
        url_password: Option<String> = Opt::str().aliases(&["password"]).no_log(),
        /// Whether they are sent without being asked for.
        force_basic_auth: bool = Opt::bool().default("false"),
        /// Whom the request says it is from.
        http_agent: String = Opt::str().default("ansible-httpget"),
        /// How many seconds the server may take.
        timeout: i64 = Opt::int().default("30"),
        /// Whether certificates are checked.
        validate_certs: bool = Opt::bool().default("true"),
        /// A file with the certificates of the authorities that count.
        ca_path: Option<PathBuf> = Opt::path(),
        /// A file with the client's certificate, and its key unless `client_key` has it.
        client_cert: Option<PathBuf> = Opt::path(),
        /// A file with the key of the client's certificate.
        client_key: Option<PathBuf> = Opt::path(),
        /// Whether the proxy of the environment is used.
        use_proxy: bool = Opt::bool().default("true"),
        /// A file; when there is one, nothing is done.
        creates: Option<PathBuf> = Opt::path(),
        /// A file; when there is none, nothing is done.
        removes: Option<PathBuf> = Opt::path(),
        /// Whether caches are told to ask the server.
        force: bool = Opt::bool().default("false"),
        /// Whether a compressed answer is unpacked; none is asked for.
        decompress: bool = Opt::bool().default("true"),
        /// A socket that is connected to instead; not supported yet.
        unix_socket: Option<String> = Opt::path(),
        /// The ciphers of TLS; not supported, those of the library are used.
        ciphers: Vec<String> = Opt::list(OptType::Str),
        /// Headers that are not sent on to another place.
        unredirected_headers: Vec<String> = Opt::list(OptType::Str).default("[]"),
        /// Whether Kerberos is used; not supported yet.
        use_gssapi: bool = Opt::bool().default("false"),
        /// Whether `~/.netrc` is used; it is not.
        use_netrc: bool = Opt::bool().default("true"),
    }
    includes { attributes: FileAttributes }
    rules { mutually_exclusive: &[&["body", "src"]] }
}

/// How many redirections are followed at most.
const MOST_REDIRECTIONS: usize = 10;

/// Answers are kept in memory up to this size.
const LARGEST: u64 = 256 << 20;

impl Module for Uri {
    type Args = UriArgs;
    type Plan = UriArgs;

    fn inspect(args: &UriArgs, system: &Probe) -> Result<Inspection<UriArgs>, Failure> {
        let skipped = |said: String| {
            let mut outcome = Outcome::default();
            outcome.values.insert("stdout", said);
            Ok(Inspection::nothing_to_do(outcome))
        };
        if let Some(path) = args.creates.as_ref().filter(|path| system.exists(path)) {
            return skipped(format!("skipped, since '{}' exists", path.display()));
        }
        if let Some(path) = args.removes.as_ref().filter(|path| !system.exists(path)) {
            return skipped(format!("skipped, since '{}' does not exist", path.display()));
        }
        let is_word = |char: char| char.is_ascii_uppercase() || char.is_ascii_digit() || char == '_';
        if args.method.is_empty() || !args.method.to_ascii_uppercase().chars().all(is_word) {
            return Err(Failure::new("Parameter 'method' needs to be a single word in uppercase, like GET or POST."));
        }
        url::check(&args.url)?;
        let unsupported = [
            ("body_format: form-multipart", args.body_format == "form-multipart"),
            ("unix_socket", args.unix_socket.is_some()),
            ("use_gssapi", args.use_gssapi),
            ("ciphers", !args.ciphers.is_empty()),
        ];
        if let Some((name, _)) = unsupported.iter().find(|(_, given)| *given) {
            return Err(Failure::new(format!("uri: `{name}` is not supported yet")));
        }
        // What a request changes only the server knows.
        let mut found = Inspection::only_for_real("uri", args.clone());
        found.predicted.values.insert("msg", "This action (uri) does not support check mode.");
        Ok(found)
    }

    fn apply(args: UriArgs, _predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        let started = Instant::now();
        let mut request = args.request(system)?;
        let (mut redirected, mut steps) = (false, 0);
        let answer = loop {
            let answer = match system.http(&request) {
                Ok(answer) => answer,
                Err(error) => {
                    return Err(args.wrong_status(
                        -1,
                        &url::no_answer(&error),
                        &request.common.url,
                        redirected,
                        started,
                    ));
                }
            };
            let Some(next) = args.redirection(&request, &answer) else { break answer };
            steps += 1;
            if steps > MOST_REDIRECTIONS {
                return Err(Failure::new("too many redirections").with("url", request.common.url));
            }
            redirected |= next.common.url != request.common.url;
            request = next;
        };
        args.outcome(answer, &request.common.url, redirected, started, system)
    }
}

impl UriArgs {
    fn request(&self, system: &Probe) -> Result<HttpRequest, Failure> {
        let mut headers: Vec<(String, String)> =
            self.headers.iter().map(|(name, value)| (name.as_value().to_string(), value.to_string())).collect();
        let has =
            |headers: &[(String, String)], name: &str| headers.iter().any(|(key, _)| key.eq_ignore_ascii_case(name));
        let (body, kind) = self.content(system)?;
        if body.is_some() && !has(&headers, "Content-Type") {
            headers.push(("Content-Type".into(), kind.into()));
        }
        if let Some(dest) = self.dest.as_ref().filter(|_| !self.force && !has(&headers, "If-Modified-Since"))
            && let Ok(found) = system.metadata(&self.place(dest, system))
            && found.is_file()
        {
            headers.push(url::if_newer_than(&found));
        }
        if !has(&headers, "User-Agent") {
            headers.push(("User-Agent".into(), self.http_agent.clone()));
        }
        if self.force {
            headers.push(("Cache-Control".into(), "no-cache".into()));
        }
        if let (Some(user), true) = (&self.url_username, self.force_basic_auth) {
            headers.push(authorization(user, self.url_password.as_deref()));
        }
        let read = |path: &Option<PathBuf>| match path {
            None => Ok(None),
            Some(path) => system.read(path).map(Some).map_err(|error| Failure::new(super::python_error(&error, path))),
        };
        let mut client = read(&self.client_cert)?;
        if let (Some(client), Some(key)) = (&mut client, read(&self.client_key)?) {
            client.push(b'\n');
            client.extend(key);
        }
        Ok(HttpRequest {
            method: self.method.to_uppercase(),
            body,
            common: HttpGet {
                url: self.url.clone(),
                headers,
                timeout: Duration::from_secs(self.timeout.max(1).cast_unsigned()),
                validate_certs: self.validate_certs,
                use_proxy: self.use_proxy,
                authorities: read(&self.ca_path)?,
                client,
            },
        })
    }

    /// The file that the answer goes to.
    fn place(&self, dest: &Path, system: &Probe) -> PathBuf {
        match system.is_dir(dest) {
            true => dest.join(file_name(&self.url)),
            false => dest.to_owned(),
        }
    }

    /// The bytes to be sent and their type.
    fn content(&self, system: &Probe) -> Result<(Option<Vec<u8>>, &'static str), Failure> {
        const FORM: &str = "application/x-www-form-urlencoded";
        if let Some(src) = &self.src {
            let unreadable = |error: std::io::Error| {
                Failure::new(format!(
                    "Unable to open source file {}: {}",
                    src.display(),
                    super::python_error(&error, src)
                ))
            };
            let bytes = match system.payload.as_ref().filter(|_| !self.remote_src) {
                None => system.read(src).map_err(unreadable)?,
                Some(payload) => {
                    let mut bytes = Vec::new();
                    payload.open().and_then(|mut content| content.read_to_end(&mut bytes)).map_err(unreadable)?;
                    bytes
                }
            };
            return Ok((Some(bytes), FORM));
        }
        let text = match (self.body_format.as_str(), &self.body) {
            (_, Value::Null) => return Ok((None, FORM)),
            ("json", Value::String(text)) => return Ok((Some(text.as_bytes().to_vec()), "application/json")),
            ("json", data) => {
                let json = to_json(data, &JsonStyle::default()).map_err(|error| Failure::new(error.to_string()))?;
                return Ok((Some(json.into_bytes()), "application/json"));
            }
            ("form-urlencoded", Value::Map(pairs)) => form(pairs),
            (_, Value::Map(_) | Value::List(_)) => {
                to_json(&self.body, &JsonStyle::default()).map_err(|error| Failure::new(error.to_string()))?
            }
            (_, other) => other.to_string(),
        };
        Ok((Some(text.into_bytes()), FORM))
    }

    /// The request that follows on this answer: at another place, or with the password that was asked for.
    fn redirection(&self, request: &HttpRequest, answer: &HttpAnswer) -> Option<HttpRequest> {
        let mut next = request.clone();
        let has_secret = |headers: &[(String, String)]| headers.iter().any(|(name, _)| name == "Authorization");
        if answer.status == 401
            && let Some(user) = &self.url_username
            && !has_secret(&next.common.headers)
        {
            next.common.headers.push(authorization(user, self.url_password.as_deref()));
            return Some(next);
        }
        let is_safe = matches!(request.method.as_str(), "GET" | "HEAD");
        let follows = match self.follow_redirects.as_str() {
            "all" | "yes" => true,
            "safe" => is_safe,
            "urllib2" => is_safe || request.method == "POST",
            _ => false,
        };
        if !follows || !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
            return None;
        }
        let place = absolute(&request.common.url, header(answer, "location")?);
        if host_of(&place) != host_of(&request.common.url) {
            next.common.headers.retain(|(name, _)| {
                name != "Authorization" && !self.unredirected_headers.iter().any(|kept| kept.eq_ignore_ascii_case(name))
            });
        }
        next.common.url = place;
        let becomes_get = match answer.status {
            302 | 303 => request.method != "HEAD",
            301 => request.method == "POST",
            _ => false,
        };
        if becomes_get {
            next.method = "GET".into();
            next.body = None;
            next.common.headers.retain(|(name, _)| !name.to_ascii_lowercase().starts_with("content-"));
        }
        Some(next)
    }

    fn wrong_status(&self, status: i64, why: &str, url: &str, redirected: bool, started: Instant) -> Failure {
        let wanted: Vec<String> = self.status_code.iter().map(i64::to_string).collect();
        Failure::new(format!("Status code was {status} and not [{}]: {why}", wanted.join(", ")))
            .with("elapsed", started.elapsed().as_secs())
            .with("redirected", redirected)
            .with("status", status)
            .with("url", url)
    }

    fn outcome(
        &self,
        answer: HttpAnswer,
        url: &str,
        redirected: bool,
        started: Instant,
        system: &mut System,
    ) -> Result<Outcome, Failure> {
        let status = i64::from(answer.status);
        let is_error = !(200..300).contains(&status);
        let mut values = Map::new();
        describe_headers(&answer, url, &mut values);
        let kind = header(&answer, "content-type").unwrap_or_default().to_ascii_lowercase();
        let length = header(&answer, "content-length").unwrap_or("unknown").to_owned();
        let message = match is_error {
            true => format!("HTTP Error {status}: {}", answer.reason),
            false => format!("OK ({length} bytes)"),
        };
        let mut bytes = Vec::new();
        let read = answer.body.take(LARGEST).read_to_end(&mut bytes);
        read.map_err(|error| self.wrong_status(-1, &format!("Request failed: {error}"), url, redirected, started))?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let is_json = kind.split(';').next().is_some_and(|kind| kind.contains("json") || kind.contains("javascript"));
        if is_json && let Ok(json) = from_json(&text) {
            values.insert("json", json);
        }
        if self.return_content {
            values.insert("content", text.as_str());
        }
        if !self.status_code.contains(&status) {
            let mut failure = self.wrong_status(status, &message, url, redirected, started);
            failure.values.extend(values);
            return Err(failure);
        }
        if is_error && !self.return_content {
            values.insert("body", text.as_str());
        }
        let mut outcome = Outcome { values, ..Outcome::default() };
        outcome.values.insert("elapsed", started.elapsed().as_secs());
        outcome.values.insert("msg", message);
        outcome.values.insert("redirected", redirected);
        outcome.values.insert("status", status);
        outcome.values.insert("url", url);
        if let Some(dest) = &self.dest {
            let path = self.place(dest, system);
            let attributes = self.attributes.clone();
            let rewrite = Rewrite { path: path.clone(), backup: false, validate: None, attributes };
            let is_new = system.read(&path).ok().as_deref() != Some(&bytes[..]);
            if is_new {
                rewrite.write(&bytes, system)?;
            }
            outcome.changed = self.attributes.ensure(&path, system)? || is_new;
            outcome.values.insert("path", path.display().to_string());
            describe(system, &path, &mut outcome.values);
        }
        Ok(outcome)
    }
}

/// The headers as values: in small letters, with `_` for `-`, and what is in the cookies.
fn describe_headers(answer: &HttpAnswer, url: &str, values: &mut Map) {
    let mut cookies = Map::new();
    let mut shown = Vec::new();
    for (name, value) in &answer.headers {
        let key = name.to_ascii_lowercase().replace('-', "_");
        let value = if key == "location" { absolute(url, value) } else { value.clone() };
        if key == "set_cookie"
            && let Some((name, value)) = value.split(';').next().and_then(|pair| pair.split_once('='))
        {
            cookies.insert(name.trim(), value.trim());
            shown.push(format!("{}={}", name.trim(), value.trim()));
        }
        let together = match values.get(key.as_str()) {
            Some(before) => format!("{before}, {value}"),
            None => value,
        };
        values.insert(key, together);
    }
    if !(400..).contains(&answer.status) && !(300..400).contains(&answer.status) {
        values.insert("cookies", cookies);
        values.insert("cookies_string", shown.join("; "));
    }
}

/// `a=1&b=x&b=y`: a list is its name several times.
fn form(pairs: &Map) -> String {
    let mut parts = Vec::new();
    for (name, value) in pairs.iter() {
        let name = quoted(&name.as_value().to_string());
        match value {
            Value::List(items) => {
                parts.extend(items.iter().map(|item| format!("{name}={}", quoted(&item.to_string()))));
            }
            value => parts.push(format!("{name}={}", quoted(&value.to_string()))),
        }
    }
    parts.join("&")
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' | b'-' | b'~' => out.push(char::from(byte)),
            byte => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// The place that a reference means, seen from this URL.
fn absolute(url: &str, reference: &str) -> String {
    if reference.contains("://") {
        return reference.to_owned();
    }
    let Some((scheme, rest)) = url.split_once("://") else { return reference.to_owned() };
    if let Some(place) = reference.strip_prefix("//") {
        return format!("{scheme}://{place}");
    }
    let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if reference.starts_with('/') {
        return format!("{scheme}://{host}{reference}");
    }
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    format!("{scheme}://{host}{folder}/{reference}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_means_a_place_as_seen_from_the_url() {
        let from = |reference: &str| absolute("http://h:1/a/b?c", reference);
        assert_eq!(from("https://x/y"), "https://x/y");
        assert_eq!(from("//x/y"), "http://x/y");
        assert_eq!(from("/y"), "http://h:1/y");
        assert_eq!(from("y"), "http://h:1/a/y");
    }

    #[test]
    fn a_form_has_each_item_of_a_list() {
        let list: Value = ["x", "y z&"].into_iter().collect();
        assert_eq!(form(&Map::from([("a", Value::Int(1)), ("b", list)])), "a=1&b=x&b=y+z%26");
    }
}
