//! What every command reads before it begins: vault passwords, variables of the command line, the inventory.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ksplay_engine::Secret;
use ksplay_inventory::{Ask, Evaluate, Format, Inventory, Level, LoadOptions, OddNames};
use ksplay_playbook::{Decrypt, Loader, LoaderOptions};
use ksplay_template::{Environment, Templar, Truth, Vault};
use ksplay_value::yaml::DuplicateKeys;
use ksplay_value::{Diagnostic, Map, Value};
use ksplay_vault::Secrets;

use crate::args::{SourceArgs, VaultArgs};
use crate::failure::Failure;
use crate::secrets::VaultSettings;
use crate::settings::Settings;
use crate::{outside, secrets, variables};

/// The vault passwords of options and settings.
///
/// # Errors
///
/// If one cannot be read or asked for.
pub fn vault_secrets(args: &VaultArgs, settings: &Settings) -> Result<Arc<Secrets>, Failure> {
    vault_secrets_by(args, settings, secrets::ask_for)
}

/// The vault passwords of options and settings, where those that are asked for are new.
///
/// # Errors
///
/// As [`vault_secrets`].
pub fn new_vault_secrets(args: &VaultArgs, settings: &Settings) -> Result<Arc<Secrets>, Failure> {
    vault_secrets_by(args, settings, secrets::ask_for_new)
}

fn vault_secrets_by(
    args: &VaultArgs,
    settings: &Settings,
    ask: fn(&str) -> Result<Secret, String>,
) -> Result<Arc<Secrets>, Failure> {
    let files: Vec<String> =
        settings.vault_password_file.iter().map(|file| file.to_string_lossy().into_owned()).collect();
    let label = settings.vault_identity.as_str();
    let others = VaultSettings { files: &files, identities: &settings.vault_identity_list, label };
    let mut secrets = secrets::vault(args, &others, ask).map_err(Failure::error)?;
    if *settings.ask_vault_pass && !args.ask_vault_pass {
        secrets.add(label, ask(label).map_err(Failure::error)?.expose().as_bytes());
    }
    if args.keep_opened {
        secrets.keep_opened();
    }
    if *settings.vault_id_match {
        secrets.match_ids();
    }
    Ok(Arc::new(secrets))
}

/// What decrypts whole files.
pub fn decrypt(vault: &Arc<Secrets>) -> Decrypt {
    let vault = Arc::clone(vault);
    Arc::new(move |bytes| {
        let text = std::str::from_utf8(bytes).map_err(|_| "the vault text is not text".to_owned())?;
        vault.decrypt(text).map_err(|error| error.to_string())
    })
}

/// The variables of `-e`, and what is odd about them.
///
/// # Errors
///
/// If they cannot be read.
pub fn extra_vars(
    args: &SourceArgs,
    settings: &Settings,
    vault: &Arc<Secrets>,
) -> Result<(Map, Vec<Diagnostic>), Failure> {
    let duplicate_keys = duplicate_keys(settings);
    let options = LoaderOptions { decrypt: Some(decrypt(vault)), duplicate_keys, ..LoaderOptions::default() };
    let loader = Loader::new(options);
    let vars = variables::extra_vars(&args.extra_vars, &loader)?;
    let mut odd = loader.take_warnings();
    odd.extend(variables::reserved(&args.extra_vars, &vars, &loader));
    Ok((vars, odd))
}

/// What keys are that stand twice in a mapping.
pub fn duplicate_keys(settings: &Settings) -> DuplicateKeys {
    match settings.duplicate_dict_key.as_str() {
        "error" => DuplicateKeys::Error,
        "ignore" => DuplicateKeys::Ignore,
        _ => DuplicateKeys::Warn,
    }
}

/// The settings of templates; relative files of lookups are looked for in `dir` last.
pub fn environment(settings: &Settings, vault: &Arc<Secrets>, dir: &Path) -> Environment {
    let vault = Arc::clone(vault);
    let reveal = move |text: &str| {
        let bytes = vault.decrypt(text).map_err(|error| error.to_string())?;
        String::from_utf8(bytes).map_err(|_| "the decrypted value is not text".to_owned())
    };
    Environment {
        reveal: Some(Arc::new(reveal)),
        base_dir: std::path::absolute(dir).unwrap_or_else(|_| dir.to_path_buf()),
        allow_broken_conditionals: *settings.allow_broken_conditionals,
        managed: settings.managed.value.as_deref().map(Into::into),
        jinja_extensions: settings.jinja2_extensions.value.clone(),
        vault: Some(Vault { encrypt: outside::encrypt, decrypt: outside::decrypt }),
        vault_salt: settings.vault_encrypt_salt.value.as_deref().map(Into::into),
        fetch: Some(outside::fetch),
        settings: Arc::new(settings.known()),
        ..Environment::default()
    }
}

/// What evaluates the expressions of inventory plugins.
fn evaluate(settings: &Settings, vault: &Arc<Secrets>) -> Evaluate {
    let environment = environment(settings, vault, Path::new("."));
    Arc::new(move |ask, vars| {
        let templar = Templar::new(&environment, vars);
        let answer = match ask {
            Ask::Value(value) => templar.resolve(value),
            Ask::Expression(text) => templar.expression(text),
            Ask::Condition(text) => templar.condition(text).map(|truth| Value::Bool(truth == Truth::Known(true))),
        };
        answer.map_err(|error| error.message)
    })
}

/// The inventory, and what the user should know about it.
///
/// # Errors
///
/// If it cannot be read at all.
pub fn inventory(
    args: &SourceArgs,
    settings: &Settings,
    vault: &Arc<Secrets>,
    extra_vars: &Map,
    playbook_dirs: Vec<PathBuf>,
) -> Result<(Inventory, Vec<Diagnostic>), Failure> {
    let options = LoadOptions {
        decrypt: Some(decrypt(vault)),
        evaluate: Some(evaluate(settings, vault)),
        extra_vars: extra_vars.clone(),
        use_extra_vars: *settings.inventory_use_extra_vars,
        script_says: *settings.inventory_script_stderr,
        playbook_dirs,
        fail_on_unparsed: *settings.inventory_any_unparsed_failed,
        fail_on_nothing: *settings.inventory_unparsed_failed,
        ignored_extensions: settings.inventory_ignore_extensions.value.clone(),
        ignored_patterns: settings.inventory_ignore_patterns.value.clone(),
        formats: settings.inventory_enabled.iter().filter_map(|name| Format::named(name)).collect(),
        precedence: settings.variable_precedence.iter().filter_map(|word| Level::named(word)).collect(),
        variable_files: !settings.variable_plugins_enabled.is_empty(),
        yaml_extensions: settings.yaml_extensions.value.clone(),
        duplicate_keys: duplicate_keys(settings),
        odd_names: match settings.transform_invalid_group_chars.as_str() {
            "always" => OddNames::Changed,
            "ignore" => OddNames::KeptSilently,
            "silently" => OddNames::ChangedSilently,
            _ => OddNames::Kept,
        },
        remember: if args.places { |_| true } else { ksplay_playbook::is_reserved },
    };
    let inventory = Inventory::load(&inventory_sources(args, settings), &options)
        .map_err(|error| Failure { code: 1, ..error.into() })?;
    let skipped = settings.inventory_enabled.iter().filter(|name| Format::named(name).is_none());
    let mut warnings: Vec<Diagnostic> = skipped
        .map(|name| Diagnostic::new(format!("Failed to load inventory plugin, skipping {name}")))
        .chain(inventory.warnings().iter().cloned())
        .collect();
    if !inventory.is_parsed() && *settings.inventory_unparsed_warning {
        warnings.push(Diagnostic::new("No inventory was parsed, only implicit localhost is available"));
    }
    Ok((inventory, warnings))
}

/// What is to be said of the names of a host's variables that keywords and templates have.
///
/// # Errors
///
/// If its files cannot be read.
pub fn reserved_names(inventory: &Inventory, host: &str) -> Result<Vec<Diagnostic>, Failure> {
    let places = inventory.first_places(host, ksplay_playbook::is_reserved)?;
    Ok(places.into_iter().map(|(name, place)| ksplay_playbook::reserved_name(&name, place)).collect())
}

/// What a run says when there is nobody to work on.
pub fn without_hosts(inventory: &Inventory, settings: &Settings) -> Option<Diagnostic> {
    let text = "provided hosts list is empty, only localhost is available. Note that the implicit localhost does not match 'all'";
    (!inventory.has_hosts() && *settings.localhost_warning).then(|| Diagnostic::new(text))
}

/// The inventory sources: those of the command line, or those of the settings that exist.
pub fn inventory_sources(args: &SourceArgs, settings: &Settings) -> Vec<String> {
    if !args.inventory.is_empty() {
        return args.inventory.clone();
    }
    let text = |path: &PathBuf| path.to_string_lossy().into_owned();
    settings.inventory.iter().filter(|path| path.exists() || text(path).contains(',')).map(text).collect()
}
