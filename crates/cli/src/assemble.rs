//! From arguments and settings to the parts of a run.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ksplay_engine::{BecomeDefaults, ConnectionDefaults, FactCache, Gathering, Options, Parts, Run, Sink, split_words};
use ksplay_inventory::Inventory;
use ksplay_playbook::{Decrypt, Loader, LoaderOptions, Playbook};
use ksplay_report::{Form, Log, ResultFormat, Several, Terminal};
use ksplay_template::Environment;
use ksplay_transport::AgentFiles;
use ksplay_value::{Diagnostic, Map};
use ksplay_vault::Secrets;

use crate::args::{RunArgs, WorkArgs};
use crate::failure::Failure;
use crate::prompter::AtTerminal;
use crate::retries::RetryFile;
use crate::settings::Settings;
use crate::{callbacks, secrets, sources};

/// Everything that was read before anything is run.
pub struct Assembled {
    pub options: Options,
    pub environment: Environment,
    pub loader: Loader,
    /// The vault passwords.
    pub vault: Arc<Secrets>,
    pub inventory: Inventory,
    pub playbooks: Vec<Playbook>,
    pub terminal: Arc<Terminal>,
    /// How the terminal shows things.
    pub shown: ksplay_report::Options,
    /// Who hears of the run before the terminal.
    pub listeners: Vec<Box<dyn Sink>>,
    /// Who hears of it after the terminal.
    pub callbacks: Vec<Box<dyn Sink>>,
}

/// Reads settings, passwords, inventory and playbooks, and warns of what is odd in them.
///
/// # Errors
///
/// If any of them is wrong; nothing has been touched then.
pub fn read(args: &RunArgs) -> Result<Assembled, Failure> {
    let mut settings = Settings::load()?;
    if args.work.groups_have_dashes {
        settings.transform_invalid_group_chars.value = "ignore".to_owned();
    }
    crate::version::introduce(verbosity(&args.work, &settings), &settings);
    let files = args.playbooks.iter().map(|playbook| crate::playbooks::find(playbook, &settings.collections_path));
    let files = files.collect::<Result<Vec<_>, _>>()?;
    let mut assembled = prepare(&args.work, &settings, playbook_dirs(&files), None)?;
    let options = &mut assembled.options;
    options.tags = tags(settings.tags.iter().chain(&args.tags));
    options.skip_tags = tags(settings.skip_tags.iter().chain(&args.skip_tags));
    options.start_at_task.clone_from(&args.start_at_task);
    options.step = args.step;
    options.force_handlers |= args.force_handlers;
    assembled.loader.know(ksplay_engine::run_vars(options, &assembled.inventory));
    for file in &files {
        let playbook = assembled.loader.load(file)?;
        for play in &playbook.plays {
            ksplay_engine::refuse_unsupported(play)?;
        }
        assembled.playbooks.push(playbook);
    }
    if let Some(file) = files.first().filter(|_| *settings.retry_files_enabled) {
        let dir = settings.retry_files_save_path.as_deref();
        assembled.listeners.push(Box::new(RetryFile::new(file, dir, &assembled.terminal)));
    }
    if !args.looks_only() {
        assembled.callbacks = callbacks::enabled(&settings, &assembled.terminal)?;
    }
    if args.syntax_check {
        crate::list::check_hosts(&assembled)?;
    }
    match assembled.loader.missing_modules() {
        Some(error) => Err(error.into()),
        None => Ok(assembled),
    }
}

/// Everything but the playbooks, which are in these folders. The output has the form of the settings unless one is given.
///
/// # Errors
///
/// As [`read`].
pub fn prepare(
    args: &WorkArgs,
    settings: &Settings,
    dirs: Vec<PathBuf>,
    form: Option<Form>,
) -> Result<Assembled, Failure> {
    let vault = sources::vault_secrets(&args.sources.vault, settings)?;
    let environment = sources::environment(settings, &vault, dirs.first().map_or(Path::new("."), PathBuf::as_path));
    let (extra_vars, odd) = sources::extra_vars(&args.sources, settings, &vault)?;
    let loader = loader(args, settings, &environment, sources::decrypt(&vault), extra_vars.clone());
    let options = options(args, settings, extra_vars.clone())?;
    let shown = shown(settings, &options, form);
    let terminal = Arc::new(Terminal::new(shown.clone(), Box::new(std::io::stdout()), Box::new(std::io::stderr())));
    let warn = |warning: Diagnostic| terminal.event(&warning.into());
    if let Some(path) = settings.log_path.as_deref() {
        match Log::open(path, user()) {
            Ok(log) => terminal.keep(log),
            Err(error) => {
                let text =
                    format!("log file at '{}' is not writeable and we cannot create it, aborting", path.display());
                warn(Diagnostic::new(format!("{text}: {error}")));
            }
        }
    }
    settings.warnings.iter().map(Diagnostic::new).chain(odd).for_each(warn);
    let (inventory, warnings) = sources::inventory(&args.sources, settings, &vault, &extra_vars, dirs)?;
    warnings.into_iter().chain(sources::without_hosts(&inventory, settings)).for_each(warn);
    if let Some(limit) = &args.limit {
        check_limit(&inventory, limit, warn)?;
    }
    if let Some(cache) = options.fact_cache.as_ref().filter(|_| args.flush_cache) {
        inventory.hosts().for_each(|host| cache.forget(host.name()));
    }
    let (playbooks, listeners, callbacks) = (Vec::new(), Vec::new(), Vec::new());
    Ok(Assembled { options, environment, loader, vault, inventory, playbooks, terminal, shown, listeners, callbacks })
}

/// The user who runs this, as Ansible finds the name.
fn user() -> String {
    let names = ["LOGNAME", "USER", "LNAME", "USERNAME"];
    names
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|name| !name.is_empty()))
        .unwrap_or_else(|| "root".to_owned())
}

fn check_limit(inventory: &Inventory, limit: &str, warn: impl Fn(Diagnostic)) -> Result<(), Failure> {
    match inventory.check_limit(limit) {
        Ok(_) => Ok(()),
        Err(error) => {
            let unmatched = inventory.select(&["all"], Some(limit)).map(|selection| selection.warnings);
            unmatched.unwrap_or_default().into_iter().for_each(warn);
            Err(error.into())
        }
    }
}

fn loader(
    args: &WorkArgs,
    settings: &Settings,
    environment: &Environment,
    decrypt: Decrypt,
    extra_vars: Map,
) -> Loader {
    let folders = args.module_path.iter().flat_map(|paths| paths.split(':')).filter(|path| !path.is_empty());
    let folders = folders.map(|path| PathBuf::from(ksplay_engine::expand_home(path)));
    Loader::new(LoaderOptions {
        roles_path: settings.roles_path.value.clone(),
        collections_paths: settings.collections_path.value.clone(),
        library: folders.chain(settings.library.iter().cloned()).collect(),
        extra_vars,
        decrypt: Some(decrypt),
        environment: environment.clone(),
        is_action: Arc::new(ksplay_engine::is_known),
        action_names: Arc::new(ksplay_engine::names),
        duplicate_keys: sources::duplicate_keys(settings),
        ..LoaderOptions::default()
    })
}

/// The folders of the playbooks, each once.
fn playbook_dirs(playbooks: &[PathBuf]) -> Vec<PathBuf> {
    let mut dirs: Vec<PathBuf> = Vec::new();
    for playbook in playbooks {
        let dir = playbook.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_path_buf());
        if !dirs.contains(&dir) {
            dirs.push(dir);
        }
    }
    dirs
}

/// The tags of `--tags a,b --tags c`.
fn tags<'t>(given: impl Iterator<Item = &'t String>) -> Vec<String> {
    let tags = given.flat_map(|tags| tags.split(',')).map(str::trim);
    tags.filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
}

/// How often `-v` counts.
pub fn verbosity(args: &WorkArgs, settings: &Settings) -> u8 {
    args.verbose.saturating_add(*settings.verbosity)
}

fn options(args: &WorkArgs, settings: &Settings, extra_vars: Map) -> Result<Options, Failure> {
    let words = |name: &str, text: &str| {
        split_words(text).ok_or_else(|| Failure::options(format!("{name}: a quote is not closed: {text}")))
    };
    let (password, become_password) = passwords(args, settings)?;
    let forks = args.forks.unwrap_or(*settings.forks);
    if forks == 0 {
        return Err(Failure::options("the number of forks must be at least 1"));
    }
    let common = args.connect.ssh_common_args.as_deref().unwrap_or(&settings.ssh_common_args);
    let extra = args.connect.ssh_extra_args.as_deref().unwrap_or(&settings.ssh_extra_args);
    let own_ssh_args = !matches!(settings.ssh_args.origin, crate::settings::Origin::Default);
    Ok(Options {
        forks,
        check: args.check,
        diff: args.diff || *settings.diff_always,
        tags: Vec::new(),
        skip_tags: Vec::new(),
        limit: args.limit.clone(),
        extra_vars,
        start_at_task: None,
        step: false,
        force_handlers: *settings.force_handlers,
        error_on_missing_handler: *settings.error_on_missing_handler,
        verbosity: verbosity(args, settings),
        gathering: match settings.gathering.as_str() {
            "explicit" => Gathering::Explicit,
            "smart" => Gathering::Smart,
            _ => Gathering::Implicit,
        },
        gather_subset: Vec::new(),
        any_errors_fatal: *settings.any_errors_fatal,
        strategy: settings.strategy.value.clone(),
        no_log: *settings.no_log,
        inject_facts: *settings.inject_facts,
        connection: ConnectionDefaults {
            kind: args.connect.connection.clone().unwrap_or_else(|| settings.transport.value.clone()),
            user: args.connect.user.clone().or_else(|| settings.remote_user.value.clone()),
            port: *settings.remote_port,
            password,
            key_file: args.connect.private_key.clone().or_else(|| settings.private_key_file.value.clone()),
            host_key_checking: *settings.host_key_checking,
            timeout: Duration::from_secs(args.connect.timeout.unwrap_or(*settings.timeout)),
            ssh_args: if own_ssh_args { Some(words("ssh_args", &settings.ssh_args)?) } else { None },
            common_args: words("--ssh-common-args", common)?,
            extra_args: words("--ssh-extra-args", extra)?,
            executable: settings.ssh_executable.value.clone(),
        },
        becoming: BecomeDefaults {
            enabled: args.becoming.become_ || *settings.become_enabled,
            method: args.becoming.become_method.clone().unwrap_or_else(|| settings.become_method.value.clone()),
            user: args.becoming.become_user.clone().unwrap_or_else(|| settings.become_user.value.clone()),
            exe: settings.become_exe.value.clone(),
            flags: settings.become_flags.value.clone(),
            password: become_password,
        },
        task_timeout: Some(*settings.task_timeout).filter(|seconds| *seconds > 0).map(Duration::from_secs),
        async_dir: settings.async_dir.value.clone(),
        debugger: *settings.enable_task_debugger,
        debugger_ignores: *settings.debugger_ignores,
        poll_interval: Duration::from_secs(*settings.poll_interval),
        config_file: settings.file.clone(),
        fact_cache: fact_cache(settings),
        merge_mappings: settings.hash_behaviour.as_str() == "merge",
        inventory_sources: sources::inventory_sources(&args.sources, settings),
    })
}

/// Where facts are kept between runs.
pub fn fact_cache(settings: &Settings) -> Option<FactCache> {
    let dir = settings.fact_caching_connection.value.clone()?;
    let seconds = *settings.fact_caching_timeout;
    settings.fact_caching.ends_with("jsonfile").then(|| FactCache {
        dir,
        prefix: settings.fact_caching_prefix.value.clone(),
        timeout: (seconds > 0).then(|| Duration::from_secs(seconds)),
    })
}

type Password = Option<ksplay_engine::Secret>;

/// The passwords for connecting and becoming.
fn passwords(args: &WorkArgs, settings: &Settings) -> Result<(Password, Password), Failure> {
    let file = |given: &Option<PathBuf>, setting: &Option<PathBuf>| match given.as_ref().or(setting.as_ref()) {
        Some(path) => secrets::from_file(path).map(Some).map_err(Failure::error),
        None => Ok(None),
    };
    let mut password = file(&args.connect.connection_password_file, &settings.connection_password_file)?;
    if password.is_none() && (args.connect.ask_pass || *settings.ask_pass) {
        password = Some(secrets::ask("SSH password: ").map_err(Failure::error)?);
    }
    let mut becoming = file(&args.becoming.become_password_file, &settings.become_password_file)?;
    if becoming.is_none() && (args.becoming.ask_become_pass || *settings.become_ask_pass) {
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
    let terminal = Arc::clone(&assembled.terminal);
    carry_out_telling(assembled, Box::new(Arc::clone(&terminal)), terminal)
}

/// As [`carry_out`], told to another sink, which writes to this terminal.
///
/// # Errors
///
/// If the run cannot be started at all.
pub fn carry_out_telling(assembled: Assembled, sink: Box<dyn Sink>, terminal: Arc<Terminal>) -> Result<u8, Failure> {
    crate::preflight::check(&assembled)?;
    let Assembled { options, environment, loader, inventory, playbooks, mut listeners, callbacks, .. } = assembled;
    listeners.push(sink);
    listeners.extend(callbacks);
    let sink = Box::new(Several(listeners));
    let agents = AgentFiles::find().map_err(Failure::error)?;
    let prompter = Arc::new(AtTerminal::new(Arc::clone(&terminal)));
    let run = Run::new(Parts { options, environment, loader, inventory, agents, sink, prompter });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 8))
        .enable_all()
        .build()
        .map_err(Failure::error)?;
    crate::signals::hear(run.interrupter(), Arc::clone(&terminal)).map_err(Failure::error)?;
    let code = runtime.block_on(run.run(&playbooks));
    // The thread that hears signals may keep the terminal itself.
    terminal.clear();
    // A lookup that still waits for something must not keep the program.
    runtime.shutdown_timeout(Duration::from_millis(500));
    Ok(code)
}

fn shown(settings: &Settings, options: &Options, form: Option<Form>) -> ksplay_report::Options {
    let is_terminal = std::io::stdout().is_terminal();
    let stdout = callbacks::form(&settings.stdout_callback).unwrap_or_default();
    let columns = is_terminal.then(terminal_size::terminal_size).flatten().map(|(width, _)| usize::from(width.0));
    ksplay_report::Options {
        palette: settings.palette(),
        width: ksplay_report::Options::width_of(columns),
        verbosity: options.verbosity,
        diff: options.diff,
        diff_context: *settings.diff_context,
        arguments: *settings.display_args,
        show_skipped: *settings.display_skipped_hosts,
        show_ok: *settings.display_ok_hosts,
        check_markers: *settings.check_mode_markers,
        check: options.check,
        failed_to_stderr: *settings.display_failed_stderr,
        progress: crate::output::is_screen(),
        custom_stats: *settings.show_custom_stats,
        host_starts: *settings.show_per_host_start,
        failure_paths: *settings.show_task_path_on_failure,
        form: form.unwrap_or(stdout.form),
        results: stdout.results.unwrap_or(match (settings.result_format.as_str(), *settings.format_pretty) {
            ("yaml", Some(false)) => ResultFormat::Yaml,
            ("yaml", _) => ResultFormat::PrettyYaml,
            (_, Some(true)) => ResultFormat::PrettyJson,
            _ => ResultFormat::Json,
        }),
    }
}
