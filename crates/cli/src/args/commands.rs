//! The options of the commands beside running playbooks and modules.

use std::path::PathBuf;

use clap::{ArgAction, Args, Subcommand};

use super::{RunArgs, SourceArgs, VaultArgs};

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
