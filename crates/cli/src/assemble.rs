//! From arguments and settings to the parts of a run.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ksplay_engine::{BecomeDefaults, ConnectionDefaults, Event, Gathering, Options, Parts, Run, Sink, split_words};
use ksplay_inventory::{Inventory, LoadOptions};
use ksplay_playbook::{DuplicateKeys, Loader, LoaderOptions, Playbook};
use ksplay_report::Terminal;
use ksplay_template::Environment;
use ksplay_transport::AgentFiles;
use ksplay_value::Map;
use ksplay_vault::Secrets;

use crate::args::RunArgs;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::{secrets, variables};

/// Everything that was read before anything is run.
pub struct Assembled {
    pub settings: Settings,
    pub options: Options,
    pub environment: Environment,
    pub loader: Loader,
    pub inventory: Inventory,
    pub playbooks: Vec<Playbook>,
}

/// Reads settings, passwords, inventory and playbooks.
///
/// # Errors
///
/// If any of them is wrong; nothing has been touched then.
pub fn read(args: &RunArgs) -> Result<Assembled, Failure> {
    let settings = Settings::load().map_err(Failure::error)?;
    for playbook in &args.playbooks {
        if !playbook.exists() {
            return Err(Failure::error(format!("the playbook {} could not be found", playbook.display())));
        }
    }
    let vault = vault_secrets(args, &settings)?;
    let environment = environment(args, &settings, &vault);
    let bare = LoaderOptions { decrypt: Some(decrypt(&vault)), ..LoaderOptions::default() };
    let extra_vars = variables::extra_vars(&args.extra_vars, &Loader::new(bare)).map_err(Failure::options)?;
    let loader = loader(&settings, &environment, &vault, extra_vars.clone());
    let inventory = inventory(args, &settings, &vault)?;
    let mut playbooks = Vec::new();
    for file in &args.playbooks {
        let playbook = loader.load(file).map_err(|error| Failure::unreadable(error.render()))?;
        for play in &playbook.plays {
            ksplay_engine::refuse_unsupported(play).map_err(|failure| Failure::unreadable(refused(&failure)))?;
        }
        playbooks.push(playbook);
    }
    let options = options(args, &settings, extra_vars)?;
    Ok(Assembled { settings, options, environment, loader, inventory, playbooks })
}

fn refused(failure: &ksplay_engine::TaskFailure) -> String {
    match &failure.span {
        Some(span) => {
            let line = span.source.line(span.line).unwrap_or_default();
            let number = span.line.to_string();
            let blank = " ".repeat(number.len());
            let indent = " ".repeat(span.column.saturating_sub(1) as usize);
            format!("error: {}\n  --> {span}\n {blank} |\n {number} | {line}\n {blank} | {indent}^\n", failure.message)
        }
        None => format!("error: {}", failure.message),
    }
}

fn vault_secrets(args: &RunArgs, settings: &Settings) -> Result<Arc<Secrets>, Failure> {
    let files: Vec<String> =
        settings.vault_password_file.iter().map(|file| file.to_string_lossy().into_owned()).collect();
    let mut secrets = secrets::vault(args, &files, &settings.vault_identity_list).map_err(Failure::error)?;
    if *settings.ask_vault_pass && !args.ask_vault_pass {
        secrets.add("default", secrets::ask("Vault password: ").map_err(Failure::error)?.expose().as_bytes());
    }
    Ok(Arc::new(secrets))
}

type Decrypt = Arc<dyn Fn(&[u8]) -> Result<Vec<u8>, String> + Send + Sync>;

fn decrypt(vault: &Arc<Secrets>) -> Decrypt {
    let vault = Arc::clone(vault);
    Arc::new(move |bytes| {
        let text = std::str::from_utf8(bytes).map_err(|_| "the vault text is not text".to_owned())?;
        vault.decrypt(text).map_err(|error| error.to_string())
    })
}

fn environment(args: &RunArgs, settings: &Settings, vault: &Arc<Secrets>) -> Environment {
    let vault = Arc::clone(vault);
    let reveal = move |text: &str| {
        let bytes = vault.decrypt(text).map_err(|error| error.to_string())?;
        String::from_utf8(bytes).map_err(|_| "the decrypted value is not text".to_owned())
    };
    let dir = args.playbooks.first().and_then(|playbook| playbook.parent()).unwrap_or(Path::new("."));
    Environment {
        reveal: Some(Arc::new(reveal)),
        base_dir: std::path::absolute(dir).unwrap_or_else(|_| dir.to_path_buf()),
        allow_broken_conditionals: *settings.allow_broken_conditionals,
        jinja_extensions: settings.jinja2_extensions.value.clone(),
        ..Environment::default()
    }
}

fn loader(settings: &Settings, environment: &Environment, vault: &Arc<Secrets>, extra_vars: Map) -> Loader {
    Loader::new(LoaderOptions {
        roles_path: settings.roles_path.value.clone(),
        collections_paths: settings.collections_path.value.clone(),
        library: Vec::new(),
        extra_vars,
        decrypt: Some(decrypt(vault)),
        environment: environment.clone(),
        is_action: Arc::new(ksplay_engine::is_known),
        action_names: Arc::new(ksplay_engine::names),
        duplicate_keys: match settings.duplicate_dict_key.as_str() {
            "error" => DuplicateKeys::Error,
            "ignore" => DuplicateKeys::Ignore,
            _ => DuplicateKeys::Warn,
        },
    })
}

fn inventory(args: &RunArgs, settings: &Settings, vault: &Arc<Secrets>) -> Result<Inventory, Failure> {
    let mut playbook_dirs: Vec<PathBuf> = Vec::new();
    for playbook in &args.playbooks {
        let dir = playbook.parent().unwrap_or(Path::new("."));
        let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_path_buf());
        if !playbook_dirs.contains(&dir) {
            playbook_dirs.push(dir);
        }
    }
    let options = LoadOptions {
        decrypt: Some(decrypt(vault)),
        playbook_dirs,
        fail_on_unparsed: *settings.inventory_any_unparsed_failed,
        fail_on_nothing: *settings.inventory_unparsed_failed,
        ignored_extensions: settings.inventory_ignore_extensions.value.clone(),
    };
    Inventory::load(&sources(args, settings), &options).map_err(|error| {
        let place = error.span().map(|span| format!("\n  --> {span}")).unwrap_or_default();
        let help = error.help().map(|help| format!("\n  help: {help}")).unwrap_or_default();
        Failure { code: 4, ..Failure::error(format!("{error}{place}{help}")) }
    })
}

/// The inventory sources: those of the command line, or those of the settings that exist.
fn sources(args: &RunArgs, settings: &Settings) -> Vec<String> {
    if !args.inventory.is_empty() {
        return args.inventory.clone();
    }
    let text = |path: &PathBuf| path.to_string_lossy().into_owned();
    settings.inventory.iter().filter(|path| path.exists() || text(path).contains(',')).map(text).collect()
}

fn options(args: &RunArgs, settings: &Settings, extra_vars: Map) -> Result<Options, Failure> {
    let words = |name: &str, text: &str| {
        split_words(text).ok_or_else(|| Failure::options(format!("{name}: a quote is not closed: {text}")))
    };
    let tags = |given: &[String]| -> Vec<String> {
        given
            .iter()
            .flat_map(|tags| tags.split(','))
            .map(|tag| tag.trim().to_owned())
            .filter(|tag| !tag.is_empty())
            .collect()
    };
    let (password, become_password) = passwords(args, settings)?;
    let forks = args.forks.unwrap_or(*settings.forks);
    if forks == 0 {
        return Err(Failure::options("the number of forks must be at least 1"));
    }
    let common = args.ssh_common_args.as_deref().unwrap_or(&settings.ssh_common_args);
    let extra = args.ssh_extra_args.as_deref().unwrap_or(&settings.ssh_extra_args);
    let own_ssh_args = !matches!(settings.ssh_args.origin, crate::settings::Origin::Default);
    Ok(Options {
        forks,
        check: args.check,
        diff: args.diff || *settings.diff_always,
        tags: tags(&args.tags),
        skip_tags: tags(&args.skip_tags),
        limit: args.limit.clone(),
        extra_vars,
        start_at_task: args.start_at_task.clone(),
        force_handlers: args.force_handlers || *settings.force_handlers,
        verbosity: args.verbose,
        gathering: match settings.gathering.as_str() {
            "explicit" => Gathering::Explicit,
            "smart" => Gathering::Smart,
            _ => Gathering::Implicit,
        },
        gather_subset: Vec::new(),
        any_errors_fatal: *settings.any_errors_fatal,
        connection: ConnectionDefaults {
            kind: args.connection.clone().unwrap_or_else(|| "ssh".into()),
            user: args.user.clone().or_else(|| settings.remote_user.value.clone()),
            port: *settings.remote_port,
            password,
            key_file: args.private_key.clone().or_else(|| settings.private_key_file.value.clone()),
            host_key_checking: *settings.host_key_checking,
            timeout: Duration::from_secs(args.timeout.unwrap_or(*settings.timeout)),
            ssh_args: if own_ssh_args { Some(words("ssh_args", &settings.ssh_args)?) } else { None },
            common_args: words("--ssh-common-args", common)?,
            extra_args: words("--ssh-extra-args", extra)?,
            executable: settings.ssh_executable.value.clone(),
        },
        becoming: BecomeDefaults {
            enabled: args.become_ || *settings.become_enabled,
            method: args.become_method.clone().unwrap_or_else(|| settings.become_method.value.clone()),
            user: args.become_user.clone().unwrap_or_else(|| settings.become_user.value.clone()),
            exe: settings.become_exe.value.clone(),
            flags: settings.become_flags.value.clone(),
            password: become_password,
        },
        task_timeout: Some(*settings.task_timeout).filter(|seconds| *seconds > 0).map(Duration::from_secs),
        agents_dir: None,
        config_file: settings.file.clone(),
        inventory_sources: sources(args, settings),
    })
}

type Password = Option<ksplay_engine::Secret>;

/// The passwords for connecting and becoming.
fn passwords(args: &RunArgs, settings: &Settings) -> Result<(Password, Password), Failure> {
    let file = |given: &Option<PathBuf>, setting: &Option<PathBuf>| match given.as_ref().or(setting.as_ref()) {
        Some(path) => secrets::from_file(path).map(Some).map_err(Failure::error),
        None => Ok(None),
    };
    let mut password = file(&args.connection_password_file, &settings.connection_password_file)?;
    if password.is_none() && (args.ask_pass || *settings.ask_pass) {
        password = Some(secrets::ask("SSH password: ").map_err(Failure::error)?);
    }
    let mut becoming = file(&args.become_password_file, &settings.become_password_file)?;
    if becoming.is_none() && (args.ask_become_pass || *settings.become_ask_pass) {
        let asked = secrets::ask(match password {
            Some(_) => "BECOME password[defaults to SSH password]: ",
            None => "BECOME password: ",
        });
        let asked = asked.map_err(Failure::error)?;
        becoming = if asked.expose().is_empty() { password.clone() } else { Some(asked) };
    }
    Ok((password, becoming))
}

/// Carries the playbooks out; the answer is the exit code.
///
/// # Errors
///
/// If the run cannot be started at all.
pub fn carry_out(assembled: Assembled) -> Result<u8, Failure> {
    let Assembled { settings, options, environment, loader, inventory, playbooks } = assembled;
    let agents = AgentFiles::find().map_err(Failure::error)?;
    let terminal = terminal(&settings, &options);
    let warnings = settings.warnings.iter().cloned().chain(inventory.warnings().iter().map(ToString::to_string));
    for warning in warnings {
        terminal.event(&Event::Warning(warning));
    }
    let run = Run::new(Parts { options, environment, loader, inventory, agents, sink: Box::new(terminal) });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 8))
        .enable_all()
        .build()
        .map_err(Failure::error)?;
    let interrupter = run.interrupter();
    let code = runtime.block_on(async {
        tokio::spawn(async move {
            let Ok(mut terminated) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) else {
                return;
            };
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminated.recv() => {}
            }
            interrupter.interrupt();
        });
        run.run(&playbooks).await
    });
    // A lookup that still waits for something must not keep the program.
    runtime.shutdown_timeout(Duration::from_millis(500));
    Ok(code)
}

fn terminal(settings: &Settings, options: &Options) -> Terminal {
    let is_terminal = std::io::stdout().is_terminal();
    let columns = is_terminal.then(terminal_size::terminal_size).flatten().map(|(width, _)| usize::from(width.0));
    let shown = ksplay_report::Options {
        colour: *settings.force_color || (is_terminal && !*settings.nocolor),
        width: ksplay_report::Options::width_of(columns),
        verbosity: options.verbosity.into(),
        diff: options.diff,
        show_skipped: *settings.display_skipped_hosts,
        show_ok: *settings.display_ok_hosts,
        check_markers: *settings.check_mode_markers,
        check: options.check,
        failed_to_stderr: *settings.display_failed_stderr,
        progress: is_terminal,
    };
    Terminal::new(shown, Box::new(std::io::stdout()), Box::new(std::io::stderr()))
}
