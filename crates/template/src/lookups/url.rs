//! The lookup `url`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ksplay_value::{Map, Value};

use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[("url", url)];

/// Options that the module `uri` has too.
const SHARED: [&str; 8] =
    ["ca_path", "follow_redirects", "force", "http_agent", "timeout", "unix_socket", "use_proxy", "validate_certs"];

/// What the module `uri` says before the reason why there was no answer.
const UNMADE: &str = "Status code was -1 and not [200]: Request failed: ";

/// What lies at URLs, as lines: `query('url', 'http://localhost/x')`; each as one text with `split_lines=false`. Options:
/// `headers`, `username`, `password`, `timeout` and others that the module `uri` has too.
fn url(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let Some(fetch) = call.templar.environment().fetch else {
        return Err(Error::operation("nothing is fetched here"));
    };
    let split = call.flag_option("split_lines", true);
    let mut shared = Map::new();
    for name in SHARED {
        if let Some(value) = call.option(name) {
            shared.insert(name, value);
        }
    }
    let mut headers = match call.option("headers") {
        Some(Value::Map(headers)) => (*headers).clone(),
        None => Map::new(),
        Some(other) => return Err(Error::operation(format!("'headers' must be a dict, not {}", other.type_name()))),
    };
    if let Some(user) = call.option("username") {
        let password = call.text_option("password", "");
        headers.insert("Authorization", format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))));
    }
    shared.insert("headers", headers);
    let mut found = Vec::new();
    for term in call.terms() {
        let mut request = shared.clone();
        request.insert("url", term.to_string());
        let failed =
            |why: String| Error::operation(format!("Failed lookup url for {term}: {}", why.trim_start_matches(UNMADE)));
        let text = fetch(request).map_err(failed)?;
        match split {
            true => found.extend(text.lines().map(Value::from)),
            false => found.push(text.into()),
        }
    }
    Ok(found.into())
}
