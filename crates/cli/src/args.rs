//! The command line.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};

/// Run Ansible playbooks, without Python on either side.
#[derive(Debug, Parser)]
#[command(
    name = "ksplay",
    disable_version_flag = true,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Examples:\n  ksplay -i conf/hosts.ini site.yml                  run a playbook\n  ksplay -i conf/hosts.ini site.yml --check --diff   see what it would change\n  ksplay -i conf/hosts.ini site.yml -l node2 -t etcd only one host, only some tasks\n  ksplay -i conf/hosts.ini site.yml --list-tasks     list what would run\n\nExit codes: 0 all well, 1 an error of the play, 2 hosts failed, 4 hosts unreachable\n(or a playbook that cannot be read), 5 bad options, 99 interrupted, 250 a bug of ksplay."
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
    /// Show the documentation of modules: arguments, defaults, return values
    Doc {
        /// The modules; without any, all are listed
        modules: Vec<String>,
    },
    /// Serve a controller over standard input and output (ksplay starts this on targets by itself)
    #[command(hide = true)]
    Agent {
        /// What the controller says to its agent
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
}

/// Options of a run; names and meanings are those of ansible-playbook.
#[derive(Debug, Default, Args)]
pub struct RunArgs {
    /// The playbooks, run one after the other
    #[arg(required_unless_present = "version", value_name = "PLAYBOOK")]
    pub playbooks: Vec<PathBuf>,

    /// Read hosts from a file, a directory, an executable or a list `a,b,` (can be given several times)
    #[arg(short, long, value_name = "SOURCE", alias = "inventory-file", help_heading = "Hosts and variables")]
    pub inventory: Vec<String>,
    /// Work only on hosts that match this pattern
    #[arg(short, long, value_name = "PATTERN", help_heading = "Hosts and variables")]
    pub limit: Option<String>,
    /// Set variables: `key=value`, YAML or JSON text, or `@file` (can be given several times)
    #[arg(short, long, value_name = "VARS", help_heading = "Hosts and variables")]
    pub extra_vars: Vec<String>,
    /// Decrypt vaulted files and values with the password in this file (a script prints it)
    #[arg(long, value_name = "FILE", alias = "vault-pass-file", help_heading = "Hosts and variables")]
    pub vault_password_file: Vec<PathBuf>,
    /// Decrypt with this password: `id@file`, or `id@prompt`
    #[arg(long, value_name = "ID@SOURCE", help_heading = "Hosts and variables")]
    pub vault_id: Vec<String>,
    /// Ask for the vault password
    #[arg(short = 'J', long, alias = "ask-vault-password", help_heading = "Hosts and variables")]
    pub ask_vault_pass: bool,

    /// Run only tasks with one of these tags
    #[arg(short, long, value_name = "TAGS", help_heading = "Which tasks")]
    pub tags: Vec<String>,
    /// Leave out tasks with one of these tags
    #[arg(long, value_name = "TAGS", help_heading = "Which tasks")]
    pub skip_tags: Vec<String>,
    /// Begin at the task of this name
    #[arg(long, value_name = "NAME", help_heading = "Which tasks")]
    pub start_at_task: Option<String>,
    /// Run notified handlers on failed hosts too
    #[arg(long, help_heading = "Which tasks")]
    pub force_handlers: bool,

    /// Look at what would change, change nothing
    #[arg(short = 'C', long, help_heading = "Looking before changing")]
    pub check: bool,
    /// Show the difference in files and settings that change
    #[arg(short = 'D', long, help_heading = "Looking before changing")]
    pub diff: bool,
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

    /// Connect as this user
    #[arg(short, long = "user", value_name = "USER", help_heading = "Connecting")]
    pub user: Option<String>,
    /// Ask for the password of that user
    #[arg(short = 'k', long, help_heading = "Connecting")]
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
    #[arg(short = 'K', long, help_heading = "Becoming another user")]
    pub ask_become_pass: bool,
    /// Read the password that becoming needs from a file
    #[arg(long, value_name = "FILE", alias = "become-pass-file", help_heading = "Becoming another user")]
    pub become_password_file: Option<PathBuf>,

    /// Work on this many hosts at the same time
    #[arg(short, long, value_name = "N")]
    pub forks: Option<usize>,
    /// Show more: results, then places, then connections (-vvv)
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,
}
