//! The command line.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};

use crate::installer::bundle::BundleCommand;
use crate::installer::init::InitArgs;
use crate::installer::install::InstallArgs;
use crate::installer::ssh_copy_id::SshCopyIdArgs;
use crate::installer::uninstall::UninstallArgs;

const EXAMPLES: &str = "\
Examples:
  ksplay -i conf/hosts.ini site.yml                   run a playbook
  ksplay -i conf/hosts.ini site.yml --check --diff    see what it would change
  ksplay -i conf/hosts.ini site.yml -l node2 -t etcd  only one host, only some tasks
  ksplay -i conf/hosts.ini site.yml --list-tasks      list what would run
  ksplay plan -i conf/hosts.ini site.yml -o PLAN      keep what it would change, to be reviewed ...
  ksplay apply PLAN                                   ... and carried out if nothing differs then
  ksplay doc copy                                     what a module does and takes
  ksplay init kubesphere my-cluster                   begin a Kubernetes cluster

Exit codes: 0 all well, 1 an error before or outside of tasks, 2 hosts failed, 4 hosts
unreachable (or a playbook that cannot be read), 5 bad options, 99 interrupted.";

/// Run Ansible playbooks, without Python on either side.
#[derive(Debug, Parser)]
#[command(
    name = "ksplay",
    disable_version_flag = true,
    args_conflicts_with_subcommands = true,
    args_override_self = true,
    subcommand_negates_reqs = true,
    override_usage = "ksplay [OPTIONS] PLAYBOOK...\n       ksplay COMMAND",
    max_term_width = 100,
    after_help = EXAMPLES,
    mut_arg("playbooks", |arg| arg.required(false).required_unless_present("version"))
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub run: RunArgs,
    /// Print the version of ksplay, and of the Ansible whose behaviour it follows
    #[arg(long, action = ArgAction::SetTrue)]
    pub version: bool,
}

/// What ksplay does beside running playbooks.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write the files that a cluster begins with: hosts.ini, vars.yml, playbooks, roles
    Init(InitArgs),
    /// Install Kubernetes and the KubeSphere console, by a menu or by flags
    Install(InstallArgs),
    /// Remove the cluster and all its data from the machines
    Uninstall(UninstallArgs),
    /// Send your public key to all machines, by their passwords
    SshCopyId(SshCopyIdArgs),
    /// Pack what a cluster needs into one file, for machines without internet
    #[command(subcommand)]
    Bundle(BundleCommand),
    /// Look at what a run would do on each host, step by step, and keep it as a plan
    Plan(Box<PlanArgs>),
    /// Carry out a plan, if playbook, variables and machines are still as they were when it was made
    Apply(ApplyArgs),
    /// Show a plan
    Show(ShowArgs),
    /// Run one module on hosts, as `ansible` does
    Adhoc(Box<AdhocArgs>),
    /// Show what modules do: arguments, types, defaults
    Doc(DocArgs),
    /// Show hosts, groups and their variables
    Inventory(InventoryArgs),
    /// Evaluate a template with the variables of the command line or of a host
    Eval(EvalArgs),
    /// Encrypt and decrypt files and values in the format of ansible-vault
    #[command(subcommand)]
    Vault(VaultCommand),
    /// Show the value of a variable on a host and all its definitions, with file and line
    Vars(VarsArgs),
    /// Show settings, and where each was made
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Make roles
    #[command(subcommand)]
    Role(RoleCommand),
    /// Make links under which ksplay answers as Ansible's programs: ansible, ansible-playbook, ...
    Links {
        /// The folder
        #[arg(value_name = "DIR")]
        dir: PathBuf,
    },
    /// Print the script that completes command lines in a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Serve a controller over standard input and output (ksplay starts this on targets by itself)
    #[command(hide = true)]
    Agent {
        /// What the controller says to its agent
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
}

/// Where hosts and variables come from.
#[derive(Debug, Default, Clone, Args)]
pub struct SourceArgs {
    /// Read hosts from a file, a directory, an executable or a list `a,b,` (may be repeated)
    #[arg(short, long, value_name = "SOURCE", alias = "inventory-file", help_heading = "Hosts and variables")]
    pub inventory: Vec<String>,
    /// Set variables: `key=value`, YAML or JSON text, or `@file` (may be repeated)
    #[arg(short, long, value_name = "VARS", help_heading = "Hosts and variables")]
    pub extra_vars: Vec<String>,
    #[command(flatten)]
    pub vault: VaultArgs,
    /// Whether the inventory remembers where its variables stand.
    #[arg(skip)]
    pub places: bool,
}

/// The passwords of vaulted files and values.
#[derive(Debug, Default, Clone, Args)]
pub struct VaultArgs {
    /// Decrypt with the password in this file, or that this script prints
    #[arg(long, value_name = "FILE", alias = "vault-pass-file", help_heading = "Hosts and variables")]
    pub vault_password_file: Vec<PathBuf>,
    /// Decrypt with this password: `id@file`, or `id@prompt` (may be repeated)
    #[arg(long, value_name = "ID@SOURCE", help_heading = "Hosts and variables")]
    pub vault_id: Vec<String>,
    /// Ask for the vault password
    #[arg(
        short = 'J',
        long,
        alias = "ask-vault-password",
        conflicts_with = "vault_password_file",
        help_heading = "Hosts and variables"
    )]
    pub ask_vault_pass: bool,
    /// Whether it is kept what was decrypted.
    #[arg(skip)]
    pub keep_opened: bool,
}

/// Options of a run; names and meanings are those of ansible-playbook.
#[derive(Debug, Default, Args)]
pub struct RunArgs {
    /// The playbooks, run one after the other; `builtin:NAME` is one of those inside ksplay
    #[arg(required = true, value_name = "PLAYBOOK")]
    pub playbooks: Vec<PathBuf>,

    #[command(flatten)]
    pub work: WorkArgs,

    /// Run only tasks with one of these tags: `a,b`
    #[arg(short, long, value_name = "TAGS", help_heading = "Which tasks")]
    pub tags: Vec<String>,
    /// Leave out tasks with one of these tags
    #[arg(long, value_name = "TAGS", help_heading = "Which tasks")]
    pub skip_tags: Vec<String>,
    /// Begin at the task of this name
    #[arg(long, value_name = "NAME", help_heading = "Which tasks")]
    pub start_at_task: Option<String>,
    /// Ask before each task whether it is to be done
    #[arg(long, help_heading = "Which tasks")]
    pub step: bool,
    /// Run notified handlers on failed hosts too
    #[arg(long, help_heading = "Which tasks")]
    pub force_handlers: bool,

    /// List the hosts of each play, run nothing
    #[arg(long, help_heading = "Looking before changing")]
    pub list_hosts: bool,
    /// List the tasks of each play, run nothing
    #[arg(long, help_heading = "Looking before changing")]
    pub list_tasks: bool,
    /// List the tags of each play, run nothing
    #[arg(long, help_heading = "Looking before changing")]
    pub list_tags: bool,
    /// Read playbooks, roles and inventory, report what is wrong, run nothing
    #[arg(long, help_heading = "Looking before changing")]
    pub syntax_check: bool,
}

impl RunArgs {
    /// Whether nothing is run.
    pub fn looks_only(&self) -> bool {
        self.list_hosts || self.list_tasks || self.list_tags || self.syntax_check
    }
}

/// What every kind of work on hosts takes.
#[derive(Debug, Default, Args)]
pub struct WorkArgs {
    /// Work on this many hosts at the same time
    #[arg(short, long, value_name = "N")]
    pub forks: Option<usize>,
    /// Show more: results, then places, then connections (-vvv)
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,

    #[command(flatten)]
    pub sources: SourceArgs,
    /// Work only on hosts that match this pattern, or those in `@file`
    #[arg(short, long, value_name = "PATTERN", help_heading = "Hosts and variables")]
    pub limit: Option<String>,

    /// Look for modules in these folders too (separated by colons)
    #[arg(short = 'M', long, value_name = "PATH", help_heading = "Which tasks")]
    pub module_path: Vec<String>,

    /// Look at what would change, change nothing
    #[arg(short = 'C', long, help_heading = "Looking before changing")]
    pub check: bool,
    /// Show the difference in files and settings that change
    #[arg(short = 'D', long, help_heading = "Looking before changing")]
    pub diff: bool,

    /// Forget the facts that were kept of earlier runs, of every host in the inventory
    #[arg(long, help_heading = "Hosts and variables")]
    pub flush_cache: bool,

    #[command(flatten)]
    pub connect: ConnectArgs,
    #[command(flatten)]
    pub becoming: BecomeArgs,

    /// Whether dashes in the names of groups are meant, as those of the cluster's inventory.
    #[arg(skip)]
    pub groups_have_dashes: bool,
}

/// How machines are reached.
#[derive(Debug, Default, Clone, Args)]
pub struct ConnectArgs {
    /// Connect as this user
    #[arg(short, long = "user", value_name = "USER", help_heading = "Connecting")]
    pub user: Option<String>,
    /// Ask for the password of that user
    #[arg(short = 'k', long, conflicts_with = "connection_password_file", help_heading = "Connecting")]
    pub ask_pass: bool,
    /// Read the password of that user from a file
    #[arg(long, value_name = "FILE", alias = "conn-pass-file", help_heading = "Connecting")]
    pub connection_password_file: Option<PathBuf>,
    /// Connect with this key
    #[arg(long, value_name = "FILE", alias = "key-file", help_heading = "Connecting")]
    pub private_key: Option<PathBuf>,
    /// Connect by `ssh` or `local`
    #[arg(short, long, value_name = "KIND", help_heading = "Connecting")]
    pub connection: Option<String>,
    /// Give up connecting after this many seconds
    #[arg(short = 'T', long, value_name = "SECONDS", help_heading = "Connecting")]
    pub timeout: Option<u64>,
    /// Pass these arguments to ssh (as to sftp and scp in Ansible)
    #[arg(long, value_name = "ARGS", allow_hyphen_values = true, help_heading = "Connecting")]
    pub ssh_common_args: Option<String>,
    /// Pass these arguments to ssh
    #[arg(long, value_name = "ARGS", allow_hyphen_values = true, help_heading = "Connecting")]
    pub ssh_extra_args: Option<String>,
    /// Accepted as in Ansible, without effect: files travel over the ssh connection itself
    #[arg(long, value_name = "ARGS", allow_hyphen_values = true, hide = true)]
    pub sftp_extra_args: Option<String>,
    /// Accepted as in Ansible, without effect: files travel over the ssh connection itself
    #[arg(long, value_name = "ARGS", allow_hyphen_values = true, hide = true)]
    pub scp_extra_args: Option<String>,
}

/// As whom tasks run there.
#[derive(Debug, Default, Clone, Args)]
pub struct BecomeArgs {
    /// Run tasks as another user (root, unless --become-user says otherwise)
    #[arg(short = 'b', long = "become", help_heading = "Becoming another user")]
    pub become_: bool,
    /// Become by `sudo` or `su`
    #[arg(long, value_name = "METHOD", help_heading = "Becoming another user")]
    pub become_method: Option<String>,
    /// Become this user
    #[arg(long, value_name = "USER", help_heading = "Becoming another user")]
    pub become_user: Option<String>,
    /// Ask for the password that becoming needs
    #[arg(short = 'K', long, conflicts_with = "become_password_file", help_heading = "Becoming another user")]
    pub ask_become_pass: bool,
    /// Read the password that becoming needs from a file
    #[arg(long, value_name = "FILE", alias = "become-pass-file", help_heading = "Becoming another user")]
    pub become_password_file: Option<PathBuf>,
}

/// `ksplay plan`.
#[derive(Debug, Default, Args)]
pub struct PlanArgs {
    /// Keep the plan in this file
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub run: RunArgs,
}

/// `ksplay apply`.
#[derive(Debug, Args)]
pub struct ApplyArgs {
    /// The file of the plan
    #[arg(value_name = "PLAN")]
    pub plan: PathBuf,
    /// Show more: results, then places, then connections (-vvv)
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,
}

/// `ksplay show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The file of the plan
    #[arg(value_name = "PLAN")]
    pub plan: PathBuf,
    /// Show it as a page for a browser
    #[arg(long)]
    pub html: bool,
}

/// `ksplay adhoc`; names and meanings are those of ansible.
#[derive(Debug, Default, Args)]
pub struct AdhocArgs {
    /// The hosts: a pattern such as `all`, `web:!web1`, `node1,node2`
    #[arg(value_name = "PATTERN")]
    pub pattern: String,
    /// The module (`command`, unless the settings name another)
    #[arg(short, long, value_name = "MODULE", help_heading = "Which task")]
    pub module_name: Option<String>,
    /// Its arguments: `key=value` pairs, a command, or JSON
    #[arg(short, long, value_name = "ARGS", allow_hyphen_values = true, help_heading = "Which task")]
    pub args: Option<String>,
    /// Let the task go on in the background for at most this many seconds
    #[arg(short = 'B', long, value_name = "SECONDS", help_heading = "Which task")]
    pub background: Option<u64>,
    /// With -B, look every so many seconds how far it is; 0 does not wait
    #[arg(short = 'P', long, value_name = "SECONDS", default_value_t = 15, help_heading = "Which task")]
    pub poll: u64,
    /// End the task after this many seconds
    #[arg(long, value_name = "SECONDS", help_heading = "Which task")]
    pub task_timeout: Option<u64>,
    /// Find `group_vars`, `library` and relative files as a playbook in this folder does
    #[arg(long, value_name = "DIR", help_heading = "Which task")]
    pub playbook_dir: Option<PathBuf>,
    /// Show each result on one line
    #[arg(short, long)]
    pub one_line: bool,
    /// Write each host's result into a file of its name in this folder too
    #[arg(short, long, value_name = "DIR")]
    pub tree: Option<PathBuf>,
    /// List the hosts, run nothing
    #[arg(long, help_heading = "Looking before changing")]
    pub list_hosts: bool,
    #[command(flatten)]
    pub work: WorkArgs,
}

/// `ksplay inventory`; names and meanings are those of ansible-inventory.
#[derive(Debug, Args)]
pub struct InventoryArgs {
    /// Show all hosts with their variables, and all groups
    #[arg(long)]
    pub list: bool,
    /// Show the tree of groups and hosts
    #[arg(long)]
    pub graph: bool,
    /// Show the variables of a host
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
    /// With --graph, begin at this group
    #[arg(value_name = "GROUP")]
    pub group: Option<String>,
    /// Print YAML instead of JSON
    #[arg(short, long)]
    pub yaml: bool,
    /// Print TOML instead of JSON
    #[arg(long)]
    pub toml: bool,
    /// With --graph, show variables too
    #[arg(long)]
    pub vars: bool,
    /// With --list, leave the variables of groups with their groups
    #[arg(long)]
    pub export: bool,
    /// With --list, write to this file
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Forget the facts that were kept of earlier runs, of every host in the inventory
    #[arg(long)]
    pub flush_cache: bool,
    /// Accepted as in Ansible, without effect
    #[arg(long, hide = true)]
    pub list_hosts: bool,
    /// With --list, show only hosts that match this pattern
    #[arg(short, long, value_name = "PATTERN")]
    pub limit: Option<String>,
    /// Find `group_vars` and `host_vars` beside playbooks in this folder too
    #[arg(long, value_name = "DIR")]
    pub playbook_dir: Option<PathBuf>,
    /// Accepted as in Ansible, without effect
    #[arg(short, long, action = ArgAction::Count, hide = true)]
    pub verbose: u8,
    #[command(flatten)]
    pub sources: SourceArgs,
}

/// `ksplay vars`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ksplay vars -i conf/hosts.ini node1                       all variables of node1
  ksplay vars -i conf/hosts.ini node1 greeting              every definition of one
  ksplay vars -i conf/hosts.ini node1 greeting site.yml     those of plays and roles too

The definition that counts is marked `*`; those above it count for some tasks only.")]
pub struct VarsArgs {
    /// The host
    pub host: String,
    /// The variable (all without it), and playbooks whose plays and roles count too
    #[arg(value_name = "NAME|PLAYBOOK")]
    pub rest: Vec<String>,
    /// Only with the hosts that this pattern matches, as the run would be limited
    #[arg(short, long, value_name = "PATTERN")]
    pub limit: Option<String>,
    #[command(flatten)]
    pub sources: SourceArgs,
}

/// `ksplay config`; names and meanings are those of ansible-config.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Show the settings that have a meaning here, and where each was made
    Dump(ConfigDump),
    /// Tell of each setting: what it means, its type and default, its names in files and the environment
    List(ConfigList),
    /// Write a configuration file to begin with, every setting explained
    Init(ConfigInit),
    /// Find what is set and is no setting
    Validate(ConfigValidate),
    /// Show the configuration file that counts
    View {
        /// Read this configuration file
        #[arg(short, long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// Accepted as in Ansible, without effect
        #[arg(short = 't', long = "type", value_name = "KIND", hide = true)]
        kind: Option<String>,
        /// Accepted as in Ansible, without effect
        #[arg(short, long, action = ArgAction::Count, hide = true)]
        verbose: u8,
    },
}

/// Which settings are meant.
#[derive(Debug, Args)]
pub struct ConfigPlugins {
    /// With --type, only those of these plugins
    #[arg(value_name = "PLUGIN")]
    pub names: Vec<String>,
    /// Read this configuration file
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Those of a kind of plugins; `base` are those of none, `all` are all
    #[arg(short = 't', long = "type", value_name = "KIND", default_value = "base", value_parser = CONFIG_KINDS)]
    pub kind: String,
    /// Accepted as in Ansible, without effect
    #[arg(short, long, action = ArgAction::Count, hide = true)]
    pub verbose: u8,
}

/// The kinds of plugins that `ansible-config` knows.
const CONFIG_KINDS: [&str; 13] = [
    "all",
    "base",
    "become",
    "cache",
    "callback",
    "cliconf",
    "connection",
    "httpapi",
    "inventory",
    "lookup",
    "netconf",
    "shell",
    "vars",
];

/// Settings explained.
#[derive(Debug, Args)]
pub struct ConfigList {
    /// How they are written
    #[arg(short, long, value_name = "FORMAT", default_value = "yaml")]
    pub format: ListFormat,
    #[command(flatten)]
    pub plugins: ConfigPlugins,
}

/// How settings are explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ListFormat {
    /// YAML.
    Yaml,
    /// JSON.
    Json,
}

/// A configuration to begin with.
#[derive(Debug, Args)]
pub struct ConfigInit {
    /// A file, or variables of the environment
    #[arg(short, long, value_name = "FORMAT", default_value = "ini")]
    pub format: InitFormat,
    /// Make each setting a comment
    #[arg(long)]
    pub disabled: bool,
    #[command(flatten)]
    pub plugins: ConfigPlugins,
}

/// What is looked through.
#[derive(Debug, Args)]
pub struct ConfigValidate {
    /// The file, or the variables of the environment
    #[arg(short, long, value_name = "FORMAT", default_value = "ini")]
    pub format: InitFormat,
    #[command(flatten)]
    pub plugins: ConfigPlugins,
}

/// Where settings are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum InitFormat {
    /// `ansible.cfg`.
    Ini,
    /// The environment.
    Env,
}

/// Which settings are shown.
#[derive(Debug, Args)]
pub struct ConfigDump {
    /// Only those that somebody set
    #[arg(long, alias = "changed-only")]
    pub only_changed: bool,
    /// How they are written
    #[arg(short, long, value_name = "FORMAT", default_value = "display")]
    pub format: ConfigFormat,
    #[command(flatten)]
    pub plugins: ConfigPlugins,
}

/// How settings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ConfigFormat {
    /// A line each.
    Display,
    /// JSON.
    Json,
    /// YAML.
    Yaml,
}

/// `ksplay role`.
#[derive(Debug, Subcommand)]
pub enum RoleCommand {
    /// Write the skeleton of a role that runs as it is
    Init {
        /// Its name, which is that of its folder too
        name: String,
        /// The folder that the role's folder is made in
        #[arg(long, value_name = "DIR", default_value = ".")]
        init_path: PathBuf,
    },
}

/// What there is to be shown by name; Ansible has pages of the others too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum DocKind {
    /// Modules.
    Module,
    /// Filters of templates.
    Filter,
    /// Tests of templates.
    Test,
    /// Lookups.
    Lookup,
    /// Keywords of playbooks.
    Keyword,
    #[value(hide = true)]
    Become,
    #[value(hide = true)]
    Cache,
    #[value(hide = true)]
    Callback,
    #[value(hide = true)]
    Cliconf,
    #[value(hide = true)]
    Connection,
    #[value(hide = true)]
    Httpapi,
    #[value(hide = true)]
    Inventory,
    #[value(hide = true)]
    Netconf,
    #[value(hide = true)]
    Role,
    #[value(hide = true)]
    Shell,
    #[value(hide = true)]
    Strategy,
    #[value(hide = true)]
    Vars,
}

/// `ksplay doc`; names and meanings are those of ansible-doc.
#[derive(Debug, Args)]
pub struct DocArgs {
    /// What to show; without any, all are listed
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// List them: all, or those of a collection (`ansible.posix`)
    #[arg(short, long)]
    pub list: bool,
    /// What kind of thing they are
    #[arg(short = 't', long = "type", value_name = "KIND", default_value = "module")]
    pub kind: DocKind,
    /// Show a task with all arguments, to be filled in
    #[arg(short, long)]
    pub snippet: bool,
    /// Accepted as in Ansible, without effect: pages are of what ksplay itself brings
    #[arg(short = 'M', long, value_name = "PATH", hide = true)]
    pub module_path: Vec<String>,
    /// Accepted as in Ansible, without effect
    #[arg(long, value_name = "DIR", hide = true)]
    pub playbook_dir: Option<PathBuf>,
    /// Accepted as in Ansible, without effect
    #[arg(short, long, value_name = "PATH", hide = true)]
    pub roles_path: Option<String>,
    /// Refused
    #[arg(short, long, value_name = "NAME", hide = true)]
    pub entry_point: Option<String>,
    /// Refused
    #[arg(short = 'F', long = "list_files", hide = true)]
    pub list_files: bool,
    /// Refused
    #[arg(long, hide = true)]
    pub metadata_dump: bool,
    /// Accepted as in Ansible, without effect
    #[arg(long, hide = true)]
    pub no_fail_on_errors: bool,
    /// Print JSON
    #[arg(short, long)]
    pub json: bool,
    /// Accepted as in Ansible, without effect
    #[arg(short, long, action = ArgAction::Count, hide = true)]
    pub verbose: u8,
}

/// `ksplay eval`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ksplay eval -e user=ada '{{ user | upper }}'
  ksplay eval -e @vars.yml --yaml '{{ packages }}'
  ksplay eval -i conf/hosts.ini --host node1 '{{ groups.etcd | length }}'

Without a template, each line of standard input is a case {\"s\": TEMPLATE, \"vars\": {…}},
answered by a line {\"v\": VALUE} or {\"err\": TEXT}. There an integer is {\"i\": \"42\"},
a float {\"f\": \"1.5\"}, a mapping {\"m\": [[KEY, VALUE], …]}.")]
pub struct EvalArgs {
    /// The template
    pub template: Option<String>,
    /// See what this host of the inventory sees
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
    /// Print YAML instead of JSON
    #[arg(short, long)]
    pub yaml: bool,
    #[command(flatten)]
    pub sources: SourceArgs,
}

/// `ksplay vault`; names and meanings are those of ansible-vault.
#[derive(Debug, Subcommand)]
pub enum VaultCommand {
    /// Write a new encrypted file in your editor
    Create {
        #[command(flatten)]
        files: VaultFiles,
        /// Open the editor without a terminal too
        #[arg(long)]
        skip_tty_check: bool,
    },
    /// Encrypt files in place (`-`, or none: standard input to standard output)
    Encrypt(VaultFiles),
    /// Decrypt files in place (`-`, or none: standard input to standard output)
    Decrypt(VaultFiles),
    /// Print the plain text of encrypted files
    View(VaultFiles),
    /// Change an encrypted file in your editor
    Edit(VaultFiles),
    /// Encrypt files anew with another password
    Rekey {
        #[command(flatten)]
        files: VaultFiles,
        /// The file with the new password
        #[arg(long, value_name = "FILE", conflicts_with = "new_vault_id")]
        new_vault_password_file: Option<PathBuf>,
        /// The new password: `id@file`, or `id@prompt`
        #[arg(long, value_name = "ID@SOURCE")]
        new_vault_id: Option<String>,
    },
    /// Encrypt values for use inside a YAML file
    #[command(alias = "encrypt_string")]
    EncryptString(EncryptStringArgs),
}

/// What is encrypted for use inside a YAML file.
#[derive(Debug, Args)]
pub struct EncryptStringArgs {
    /// The values; `-`, or none, reads one from standard input
    #[arg(value_name = "TEXT")]
    pub texts: Vec<String>,
    /// The name of the variable, in the order of the values
    #[arg(short, long, value_name = "NAME")]
    pub name: Vec<String>,
    /// The variable for the value from standard input
    #[arg(long, value_name = "NAME")]
    pub stdin_name: Option<String>,
    /// Ask for a value
    #[arg(short, long)]
    pub prompt: bool,
    /// Show the value while it is asked for
    #[arg(long, requires = "prompt")]
    pub show_input: bool,
    /// Write here instead of to standard output
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub encryption: Encryption,
}

/// Files of a vault command and how they are opened.
#[derive(Debug, Args)]
pub struct VaultFiles {
    /// The files
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Write here instead (`-` is standard output)
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub encryption: Encryption,
}

/// The passwords of a vault command.
#[derive(Debug, Args)]
pub struct Encryption {
    /// Accepted as in Ansible, without effect
    #[arg(short, long, action = ArgAction::Count, hide = true)]
    pub verbose: u8,
    /// Of several vault ids, encrypt with this one
    #[arg(long, value_name = "ID")]
    pub encrypt_vault_id: Option<String>,
    #[command(flatten)]
    pub vault: VaultArgs,
}
