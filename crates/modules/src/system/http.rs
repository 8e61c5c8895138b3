//! Requests to web servers.

use std::io::{self, Read};
use std::time::Duration;

use ureq::config::RedirectAuthHeaders;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Proxy};

use super::Probe;

/// A request whose answer is only read.
#[derive(Debug, Clone)]
pub(crate) struct HttpGet {
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub timeout: Duration,
    pub validate_certs: bool,
    pub use_proxy: bool,
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
        let tls =
            TlsConfig::builder().root_certs(self.authorities()).disable_verification(!request.validate_certs).build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .proxy(if request.use_proxy { self.proxy_for(&request.url) } else { None })
            .http_status_as_error(false)
            .redirect_auth_headers(RedirectAuthHeaders::SameHost)
            .timeout_connect(Some(request.timeout))
            .timeout_recv_response(Some(request.timeout))
            .timeout_per_read(Some(request.timeout))
            .build();
        let mut call = Agent::new_with_config(config).get(&request.url);
        for (name, value) in &request.headers {
            call = call.header(name, value);
        }
        let answer = call.call().map_err(ureq::Error::into_io)?;
        let status = answer.status();
        let text = |value: &ureq::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = answer.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        Ok(HttpAnswer {
            status: status.as_u16(),
            reason: status.canonical_reason().unwrap_or_default().to_owned(),
            headers,
            body: Box::new(answer.into_body().into_reader()),
        })
    }

    fn authorities(&self) -> RootCerts {
        let named = self.env("SSL_CERT_FILE").into_iter();
        let bundle =
            named.chain(BUNDLES.iter().map(|path| (*path).to_owned())).find_map(|path| std::fs::read(path).ok());
        let bundle = bundle.unwrap_or_default();
        let certificates: Vec<Certificate<'static>> = parse_pem(&bundle)
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            })
            .collect();
        RootCerts::new_with_certs(&certificates)
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

/// The host of a URL, without user and port.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match host.strip_prefix('[') {
        Some(address) => address.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
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
