//! Requests to web servers.

use std::io::{self, Read};
use std::time::Duration;

use ureq::config::RedirectAuthHeaders;
use ureq::tls::{Certificate, ClientCert, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Proxy};

use super::{Probe, System};

/// A request whose answer is only read.
#[derive(Debug, Clone, Default)]
pub(crate) struct HttpGet {
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub timeout: Duration,
    pub validate_certs: bool,
    pub use_proxy: bool,
    /// The certificates of the authorities that count, as PEM; the system's when `None`.
    pub authorities: Option<Vec<u8>>,
    /// The client's certificates and key, as PEM.
    pub client: Option<Vec<u8>>,
}

/// A request of any method; redirections are not followed.
#[derive(Debug, Clone)]
pub(crate) struct HttpRequest {
    pub method: String,
    pub body: Option<Vec<u8>>,
    /// All that every request has.
    pub common: HttpGet,
}

/// An answer; its body comes as it is read.
pub(crate) struct HttpAnswer {
    pub status: u16,
    pub reason: String,
    pub headers: Vec<(String, String)>,
    pub body: Box<dyn Read + Send>,
}

/// Where distributions keep the certificates of authorities.
const BUNDLES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

impl Probe {
    /// Asks a web server.
    ///
    /// # Errors
    ///
    /// If there is no answer; an answer that says so is none.
    pub(crate) fn http_get(&self, request: &HttpGet) -> io::Result<HttpAnswer> {
        let mut call = self.agent(request, true).get(&request.url);
        for (name, value) in &request.headers {
            call = call.header(name, value);
        }
        call.call().map(answer).map_err(ureq::Error::into_io)
    }

    fn agent(&self, request: &HttpGet, follows: bool) -> Agent {
        let tls = TlsConfig::builder()
            .root_certs(self.authorities(request.authorities.as_deref()))
            .client_cert(request.client.as_deref().and_then(client))
            .disable_verification(!request.validate_certs)
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .proxy(if request.use_proxy { self.proxy_for(&request.url) } else { None })
            .http_status_as_error(false)
            .redirect_auth_headers(RedirectAuthHeaders::SameHost)
            .timeout_connect(Some(request.timeout))
            .timeout_recv_response(Some(request.timeout))
            .timeout_per_read(Some(request.timeout))
            .allow_non_standard_methods(true)
            .accept("")
            .accept_encoding("")
            .max_redirects(if follows { 10 } else { 0 })
            .build();
        Agent::new_with_config(config)
    }

    fn authorities(&self, own: Option<&[u8]>) -> RootCerts {
        if let Some(own) = own {
            return RootCerts::new_with_certs(&certificates(own));
        }
        let named = self.env("SSL_CERT_FILE").into_iter();
        let bundle =
            named.chain(BUNDLES.iter().map(|path| (*path).to_owned())).find_map(|path| std::fs::read(path).ok());
        let bundle = bundle.unwrap_or_default();
        RootCerts::new_with_certs(&certificates(&bundle))
    }

    /// The proxy that the environment of the task names for a URL.
    fn proxy_for(&self, url: &str) -> Option<Proxy> {
        let scheme = url.split("://").next().unwrap_or_default().to_ascii_lowercase();
        let host = host_of(url);
        let either = |name: &str| {
            self.env(name).or_else(|| self.env(&name.to_ascii_uppercase())).filter(|text| !text.is_empty())
        };
        let excepted = either("no_proxy").unwrap_or_default();
        let is_excepted = excepted.split(',').map(str::trim).filter(|name| !name.is_empty()).any(|name| {
            let name = name.trim_start_matches('.');
            name == "*" || host == name || host.strip_suffix(name).is_some_and(|before| before.ends_with('.'))
        });
        if is_excepted {
            return None;
        }
        Proxy::new(&either(&format!("{scheme}_proxy")).or_else(|| either("all_proxy"))?).ok()
    }
}

fn certificates(pem: &[u8]) -> Vec<Certificate<'static>> {
    let items = parse_pem(pem).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    items.collect()
}

fn client(pem: &[u8]) -> Option<ClientCert> {
    let key = parse_pem(pem).find_map(|item| match item {
        Ok(PemItem::PrivateKey(key)) => Some(key),
        _ => None,
    })?;
    Some(ClientCert::new_with_certs(&certificates(pem), key))
}

fn answer(answer: ureq::http::Response<ureq::Body>) -> HttpAnswer {
    let status = answer.status();
    let text = |value: &ureq::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = answer.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    HttpAnswer {
        status: status.as_u16(),
        reason: status.canonical_reason().unwrap_or_default().to_owned(),
        headers,
        body: Box::new(answer.into_body().into_reader()),
    }
}

/// The host of a URL, without user and port.
pub(crate) fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match host.strip_prefix('[') {
        Some(address) => address.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    }
}

impl System {
    /// Sends a request, which may change something on the server.
    ///
    /// # Errors
    ///
    /// If there is no answer; an answer that says so is none.
    pub(crate) fn http(&mut self, request: &HttpRequest) -> io::Result<HttpAnswer> {
        let mut built = ureq::http::Request::builder().method(request.method.as_str()).uri(&request.common.url);
        for (name, value) in &request.common.headers {
            built = built.header(name, value);
        }
        let agent = self.agent(&request.common, false);
        let sent = match &request.body {
            Some(body) => agent.run(built.body(&body[..]).map_err(io::Error::other)?),
            None => agent.run(built.body(()).map_err(io::Error::other)?),
        };
        sent.map(answer).map_err(ureq::Error::into_io)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proxy_is_that_of_the_task_except_for_hosts_without() {
        let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let environment = vec![set("http_proxy", "http://proxy:3128"), set("no_proxy", "localhost,.internal,10.0.0.1")];
        let probe = Probe { environment, ..Probe::default() };
        assert!(probe.proxy_for("http://example.org/").is_some());
        for url in ["http://localhost:80/x", "http://user@a.internal/", "http://10.0.0.1/"] {
            assert!(probe.proxy_for(url).is_none(), "{url}");
        }
        assert_eq!(host_of("https://[::1]:8443/x"), "::1");
    }
}
