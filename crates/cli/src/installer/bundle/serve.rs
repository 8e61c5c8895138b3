//! `ksplay bundle serve`: an HTTP server for the files of a bundle, and for nothing else.
//!
//! One request a connection, a thread each. httparse reads the requests; a framework would bring more than it does here.

use std::io::{self, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use super::ServeArgs;
use super::archive::Bundle;
use crate::failure::Failure;
use crate::installer::all_in_one;
use crate::output::say;

/// The longest head of a request that is read.
const HEAD: usize = 8 << 10;

/// How long a client may say or take nothing.
const PATIENCE: Duration = Duration::from_secs(60);

/// Serves until it is interrupted.
///
/// # Errors
///
/// If the bundle cannot be read, or the address not be listened on.
pub fn run(args: &ServeArgs) -> Result<u8, Failure> {
    let bundle = Arc::new(Bundle::open(&args.file)?);
    let refused = |error: io::Error| {
        Failure::error(format!("cannot listen on {}: {error}", args.listen))
            .help("`--listen ADDRESS:PORT` names another")
    };
    let listener = TcpListener::bind(&args.listen).map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    let ip = if address.ip().is_unspecified() { all_in_one::address().unwrap_or(address.ip()) } else { address.ip() };
    let url = format!("http://{}", std::net::SocketAddr::new(ip, address.port()));
    say!("{} are served until Ctrl-C. Machines take them with", bundle.contents());
    say!("  -e download_base_url={url}");
    for stream in listener.incoming() {
        let bundle = Arc::clone(&bundle);
        match stream {
            // A client that goes away is its own affair.
            Ok(stream) => drop(std::thread::spawn(move || answer(&bundle, &stream))),
            Err(error) => eprintln!("[WARNING]: a connection failed: {error}"),
        }
    }
    Ok(0)
}

fn answer(bundle: &Bundle, mut stream: &TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let request = read_request(stream)?;
    let answer = Answer::to(bundle, request.as_ref());
    if let Some(request) = &request {
        let client = stream.peer_addr().map(|peer| peer.ip().to_string()).unwrap_or_default();
        say!("{client} {} {} {}", request.method, request.path, answer.status);
    }
    let status = answer.status;
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", answer.length)?;
    if request.is_none_or(|request| request.method != "HEAD") {
        io::copy(&mut BufReader::with_capacity(256 << 10, answer.body), &mut stream)?;
    }
    stream.shutdown(std::net::Shutdown::Write)
}

/// What a client asks for.
#[derive(Debug)]
struct Request {
    method: String,
    path: String,
}

/// Reads the head of a request; none if that is no HTTP, or too long.
fn read_request(mut stream: impl Read) -> io::Result<Option<Request>> {
    let mut head = Vec::new();
    let mut chunk = [0; 1024];
    while head.len() < HEAD {
        let count = stream.read(&mut chunk)?;
        head.extend_from_slice(&chunk[..count]);
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut request = httparse::Request::new(&mut headers);
        match request.parse(&head) {
            Ok(httparse::Status::Complete(_)) => {
                let (method, path) = (request.method.unwrap_or_default(), request.path.unwrap_or_default());
                return Ok(Some(Request { method: method.to_owned(), path: path.to_owned() }));
            }
            Ok(httparse::Status::Partial) if count > 0 => {}
            _ => return Ok(None),
        }
    }
    Ok(None)
}

struct Answer {
    status: &'static str,
    length: u64,
    body: Box<dyn Read>,
}

impl Answer {
    fn to(bundle: &Bundle, request: Option<&Request>) -> Self {
        let Some(request) = request else { return Self::text("400 Bad Request", "this is not HTTP\n".into()) };
        if !matches!(&*request.method, "GET" | "HEAD") {
            return Self::text("405 Method Not Allowed", "files can only be read\n".into());
        }
        let path = request.path.split('?').next().unwrap_or_default().trim_start_matches('/');
        match bundle.section(path) {
            Some(section) => Self { status: "200 OK", length: section.left, body: Box::new(section) },
            None if path.is_empty() => Self::text("200 OK", bundle.names().map(|name| format!("{name}\n")).collect()),
            None => Self::text("404 Not Found", format!("{path} is not in the bundle\n")),
        }
    }

    fn text(status: &'static str, text: String) -> Self {
        Self { status, length: text.len() as u64, body: Box::new(io::Cursor::new(text)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(text: &[u8]) -> Option<(String, String)> {
        read_request(text).unwrap().map(|request| (request.method, request.path))
    }

    #[test]
    fn requests_are_read_and_what_is_none_is_refused() {
        assert_eq!(request(b"GET /a/b HTTP/1.1\r\nHost: x\r\n\r\n"), Some(("GET".into(), "/a/b".into())));
        assert_eq!(request(b"\x16\x03\x01 hello\r\n\r\n"), None);
        assert_eq!(request(b"GET /a HTTP/1.1\r\nHost"), None, "the client went away");
        let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(2 * HEAD));
        assert_eq!(request(long.as_bytes()), None);
    }
}
