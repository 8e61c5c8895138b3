//! `ksplay inventory`: hosts, groups and their variables, in the forms of ansible-inventory.

use std::path::PathBuf;

use ksplay_engine::Sink;
use ksplay_inventory::{Host, HostName, Inventory, View};
use ksplay_value::text::{JsonStyle, to_json};
use ksplay_value::{Diagnostic, Map, Value};

use crate::args::InventoryArgs;
use crate::failure::Failure;
use crate::output::{Warnings, say};
use crate::settings::Settings;
use crate::{assemble, eval, files, sources};

/// Prints what was asked for.
///
/// # Errors
///
/// If the inventory cannot be read, or has no such host or group.
pub fn show(args: &InventoryArgs) -> Result<u8, Failure> {
    match usize::from(args.list) + usize::from(args.graph) + usize::from(args.host.is_some()) {
        0 => {
            return Err(
                Failure::options("nothing to show is named").help("one of --list, --graph and --host HOST says what")
            );
        }
        1 => {}
        _ => return Err(Failure::options("only one of --list, --graph and --host can be used at a time")),
    }
    let settings = Settings::load()?;
    let vault = sources::vault_secrets(&args.sources.vault, &settings)?;
    let (extra_vars, odd) = sources::extra_vars(&args.sources, &settings, &vault)?;
    let dir = args
        .playbook_dir
        .clone()
        .or_else(|| settings.playbook_dir.value.clone())
        .or_else(|| std::env::current_dir().ok())
        .unwrap_or_else(|| PathBuf::from("."));
    let (inventory, warnings) = sources::inventory(&args.sources, &settings, &vault, &extra_vars, vec![dir])?;
    if let Some(cache) = assemble::fact_cache(&settings).filter(|_| args.flush_cache) {
        inventory.hosts().for_each(|host| cache.forget(host.name()));
    }
    let warn = |warning: Diagnostic| Warnings.event(&warning.into());
    warnings.into_iter().for_each(warn);
    let mut view =
        View { extra_vars, export: (args.export || *settings.inventory_export) && args.list, ..View::of(&inventory) };
    if args.graph {
        let group = args.group.as_deref().unwrap_or("all");
        let graph = view.graph(group, args.vars).map_err(|error| match error {
            ksplay_inventory::Error::Missing { .. } => Failure::options(error),
            other => other.into(),
        })?;
        inventory.take_file_warnings().into_iter().for_each(warn);
        let hosts = if args.vars { inventory.hosts_in("all") } else { Vec::new() };
        reserved_names(&inventory, &hosts)?.into_iter().chain(odd).for_each(warn);
        say!("{}", graph.trim_end());
        return Ok(0);
    }
    if let Some(host) = &args.host {
        let Some(host) = inventory.host(host).map(Host::name) else {
            return Err(Failure::options(ksplay_inventory::Error::Missing { kind: "host", name: host.clone() }));
        };
        let vars = view.variables(host)?;
        inventory.take_file_warnings().into_iter().for_each(warn);
        reserved_names(&inventory, &[host])?.into_iter().chain(odd).for_each(warn);
        return print(&vars.into(), args);
    }
    if let Some(limit) = &args.limit {
        let selection = inventory.select(&["all"], Some(limit))?;
        selection.warnings.into_iter().for_each(warn);
        view.only = Some(selection.hosts.into_iter().collect());
    }
    let shown = if args.yaml {
        view.tree()?.into()
    } else if args.toml {
        view.tables()?.into()
    } else {
        view.list()?
    };
    inventory.take_file_warnings().into_iter().for_each(warn);
    let is_shown = |host: &&HostName| view.only.as_ref().is_none_or(|only| only.contains(*host));
    let hosts: Vec<&HostName> = inventory.hosts_in("all").into_iter().filter(is_shown).collect();
    reserved_names(&inventory, &hosts)?.into_iter().chain(odd).for_each(warn);
    print(&shown, args)
}

/// What is to be said of the names of variables, each name and place once.
fn reserved_names(inventory: &Inventory, hosts: &[&HostName]) -> Result<Vec<Diagnostic>, Failure> {
    let mut all: Vec<Diagnostic> = Vec::new();
    for host in hosts {
        for warning in sources::reserved_names(inventory, host)? {
            if !all.contains(&warning) {
                all.push(warning);
            }
        }
    }
    Ok(all)
}

/// Prints in the form that was asked for, or writes it to `--output`.
fn print(value: &Value, args: &InventoryArgs) -> Result<u8, Failure> {
    let text = if args.yaml {
        eval::yaml_text(value)?
    } else if args.toml {
        toml_text(value)?
    } else {
        to_json(value, &JsonStyle { ensure_ascii: false, ..JsonStyle::indented(4) }).map_err(Failure::error)?
    };
    match &args.output {
        None => say!("{}", text.trim_end()),
        Some(file) => files::replace_plain(file, text.as_bytes())
            .map_err(|error| Failure::error(format!("cannot write {}: {error}", file.display())))?,
    }
    Ok(0)
}

fn toml_text(value: &Value) -> Result<String, Failure> {
    let empty = Map::new();
    let table = table(value.as_map().unwrap_or(&empty))?;
    toml::to_string_pretty(&table).map_err(Failure::error)
}

fn table(map: &Map) -> Result<toml::Table, Failure> {
    map.iter()
        .map(|(key, value)| (key.as_value().to_string(), value))
        .map(|(key, value)| {
            let value = toml_value(&key, value)?;
            Ok((key, value))
        })
        .collect()
}

fn toml_value(key: &str, value: &Value) -> Result<toml::Value, Failure> {
    Ok(match value {
        Value::Null => {
            let message = format!("`{key}` is null, which TOML cannot say");
            return Err(Failure::error(message).help("leave out --toml, or use --yaml"));
        }
        Value::Bool(flag) => (*flag).into(),
        Value::Int(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::List(items) | Value::Tuple(items) => {
            toml::Value::Array(items.iter().map(|item| toml_value(key, item)).collect::<Result<_, _>>()?)
        }
        Value::Map(map) => toml::Value::Table(table(map)?),
        other => other.to_string().into(),
    })
}
