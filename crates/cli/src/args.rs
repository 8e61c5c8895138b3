//! The command line.

mod commands;

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};

pub use self::commands::*;
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
