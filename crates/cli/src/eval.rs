//! `ksplay eval`: what a template gives.

use std::path::Path;
use std::sync::Arc;

use ksplay_engine::{Event, HostScope, Options, Parts, Run, Sink};
use ksplay_playbook::{Loader, LoaderOptions};
use ksplay_transport::AgentFiles;
use ksplay_value::{Diagnostic, Source, Span, Template, TemplateKind, Value, has_markers, text, yaml};

use crate::args::EvalArgs;
use crate::failure::Failure;
use crate::output::{Warnings, say};
use crate::settings::Settings;
use crate::{cases, playbooks, sources};

/// Prints what a host sees as the value of the template; answers the cases of standard input when there is none.
///
/// # Errors
///
/// If variables or inventory cannot be read, or the template cannot be evaluated.
pub fn run(args: &EvalArgs) -> Result<u8, Failure> {
    let settings = Settings::load()?;
    let vault = sources::vault_secrets(&args.sources.vault, &settings)?;
    let mut environment = sources::environment(&settings, &vault, Path::new("."));
    let Some(template) = &args.template else {
        environment.warn = Some(Arc::new(|message| Warnings.event(&Event::Warning(message))));
        return cases::answer(&environment);
    };
    let (extra_vars, odd) = sources::extra_vars(&args.sources, &settings, &vault)?;
    odd.into_iter().for_each(|warning| Warnings.event(&warning.into()));
    let (inventory, warnings) = sources::inventory(&args.sources, &settings, &vault, &extra_vars, Vec::new())?;
    if !args.sources.inventory.is_empty() {
        warnings.into_iter().for_each(|warning| Warnings.event(&warning.into()));
    }
    let host = args.host.as_deref().unwrap_or("localhost");
    if inventory.host(host).is_none() {
        let names = inventory.hosts().map(|host| host.name().to_string());
        let hint = playbooks::nearest(host, names).map(|name| format!("did you mean `{name}`?"));
        return Err(Failure::of(1, &Diagnostic::new(format!("no host is named `{host}`")).hint(hint)));
    }
    let options = Options {
        extra_vars,
        inventory_sources: sources::inventory_sources(&args.sources, &settings),
        config_file: settings.file.clone(),
        ..Options::default()
    };
    let run = Run::new(Parts {
        options,
        environment,
        loader: Loader::new(LoaderOptions::default()),
        inventory,
        agents: AgentFiles::find().map_err(Failure::error)?,
        sink: Box::new(Warnings),
        prompter: std::sync::Arc::new(ksplay_engine::Nobody),
    });
    let value = HostScope::new(run.shared(), None, None, &host.into()).templar().resolve(&trusted(template))?;
    print(&value, args.yaml)
}

/// The text of the command line as a template.
fn trusted(text: &str) -> Value {
    if !has_markers(text) {
        return Value::from(text);
    }
    let source = Source::new("<template>", text);
    Template::new(TemplateKind::Jinja, text, Some(Span::new(&source, 1, 1))).into()
}

/// Prints a value as JSON, or as YAML.
///
/// # Errors
///
/// If the value has no such form.
pub fn print(value: &Value, as_yaml: bool) -> Result<u8, Failure> {
    if as_yaml {
        say!("{}", yaml_text(value)?.trim_end());
    } else {
        say!("{}", text::to_json(value, &text::JsonStyle::indented(4)).map_err(Failure::error)?);
    }
    Ok(0)
}

/// A value as YAML.
///
/// # Errors
///
/// If it has no such form.
pub fn yaml_text(value: &Value) -> Result<String, Failure> {
    let options = yaml::EmitOptions { indent: Some(2), ..yaml::EmitOptions::nice() };
    yaml::emit(value, &options).map_err(Failure::error)
}
