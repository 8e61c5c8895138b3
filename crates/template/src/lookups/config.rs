//! The lookup `config`.

use ksplay_value::Value;

use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[("config", config)];

/// The kinds of plugins that have settings.
const KINDS: [&str; 10] =
    ["become", "cache", "callback", "cliconf", "connection", "httpapi", "inventory", "lookup", "netconf", "shell"];

/// Settings of plugins that variables set as well; the last one that is defined wins.
const VARIABLES: &[(&str, &[&str])] = &[
    ("become su become_exe", &["ansible_become_exe", "ansible_su_exe"]),
    ("become su become_flags", &["ansible_become_flags", "ansible_su_flags"]),
    ("become su become_user", &["ansible_become_user", "ansible_su_user"]),
    ("become sudo become_exe", &["ansible_become_exe", "ansible_sudo_exe"]),
    ("become sudo become_flags", &["ansible_become_flags", "ansible_sudo_flags"]),
    ("become sudo become_user", &["ansible_become_user", "ansible_sudo_user"]),
    ("connection ssh host_key_checking", &["ansible_host_key_checking", "ansible_ssh_host_key_checking"]),
    ("connection ssh port", &["ansible_port", "ansible_ssh_port"]),
    ("connection ssh private_key_file", &["ansible_private_key_file", "ansible_ssh_private_key_file"]),
    ("connection ssh remote_user", &["ansible_user", "ansible_ssh_user"]),
    ("connection ssh ssh_args", &["ansible_ssh_args"]),
    ("connection ssh ssh_common_args", &["ansible_ssh_common_args"]),
    ("connection ssh ssh_executable", &["ansible_ssh_executable"]),
    ("connection ssh ssh_extra_args", &["ansible_ssh_extra_args"]),
    ("connection ssh timeout", &["ansible_ssh_timeout"]),
];

/// Settings by name: `lookup('config', 'DEFAULT_FORKS')`, or of a plugin: `lookup('config', 'remote_user',
/// plugin_type='connection', plugin_name='ssh')`. With `show_origin` each with where it was set; what is not known is an
/// error, or with `on_missing` of `warn` or `skip` left out.
fn config(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let missing = call.text_option("on_missing", "error");
    let refuse = |name: &str, value: &str| {
        Error::operation(format!("Invalid value '{value}' for config '{name}' for 'config' lookup plugin."))
    };
    if !matches!(missing.as_str(), "error" | "warn" | "skip") {
        return Err(refuse("on_missing", &missing));
    }
    let show_origin = call.flag_option("show_origin", false);
    let text = |call: &mut Call<'_, '_>, name: &str| call.option(name).map(|value| value.to_string());
    let plugin = match (text(call, "plugin_type"), text(call, "plugin_name")) {
        (Some(kind), _) if !KINDS.contains(&kind.as_str()) && kind != "vars" => {
            return Err(refuse("plugin_type", &kind));
        }
        (Some(kind), Some(name)) => Some((kind, name)),
        (None, None) => None,
        _ => {
            let message = "Both plugin_type and plugin_name are required, cannot use one without the other.";
            return Err(Error::operation(message));
        }
    };
    let mut found = Vec::new();
    for term in call.terms() {
        let Some(name) = term.as_str() else {
            let kind = term.type_name();
            return Err(Error::operation(format!(
                "Invalid setting identifier, {term} is not a <class 'str'>, its a <class '{kind}'>."
            )));
        };
        let full = match &plugin {
            Some((kind, plugin)) => format!("{kind} {plugin} {name}"),
            None => name.to_owned(),
        };
        match (setting(call, &full), missing.as_str()) {
            (Some((value, origin)), _) if show_origin => found.push([value, origin.into()].into_iter().collect()),
            (Some((value, _)), _) => found.push(value),
            (None, "skip") => {}
            (None, "warn") => call.templar.warn(format!("Skipping {name}, did not find setting {name}")),
            (None, _) => return Err(Error::operation(unknown(call, name, plugin.as_ref()))),
        }
    }
    Ok(found.into())
}

/// A setting and where it was set; variables go before all else.
fn setting(call: &Call<'_, '_>, name: &str) -> Option<(Value, String)> {
    let (value, origin) = call.templar.environment().settings.get(name)?;
    let variables = VARIABLES.iter().find(|(setting, _)| *setting == name).map_or(&[][..], |(_, variables)| variables);
    let set = variables.iter().rev().find_map(|variable| Some((variable, call.templar.scope().get(variable)?)));
    Some(match set {
        Some((variable, set)) => (as_written(name, set), format!("var: {variable}")),
        None => (value.clone(), origin.clone()),
    })
}

/// The value of a variable as a setting has it: templates are not evaluated, and numbers are numbers.
fn as_written(name: &str, set: Value) -> Value {
    match &set {
        Value::Template(template) => Value::from(&*template.text),
        Value::String(text) if name.ends_with(" port") || name.ends_with(" timeout") => {
            text.parse().map_or(set.clone(), Value::Int)
        }
        _ => set,
    }
}

fn unknown(call: &Call<'_, '_>, name: &str, plugin: Option<&(String, String)>) -> String {
    let Some((kind, plugin)) = plugin else { return format!("No config definition exists for '{name}'.") };
    let known = call.templar.environment().settings.keys().any(|known| known.starts_with(&format!("{kind} {plugin} ")));
    match known {
        true => format!("No config definition exists for '{name}' for '{plugin}' {kind} plugin."),
        false => format!("Unable to load {kind} plugin '{plugin}'."),
    }
}
