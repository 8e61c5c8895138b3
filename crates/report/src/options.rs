//! What the user chose about the output.

use crate::paint::Palette;

/// How a run is shown; the default is that of Ansible when its output is not a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The colours; none where there are to be none.
    pub palette: Option<Palette>,
    /// The column that banners are filled up to, less one; see [`Options::width_of`].
    pub width: usize,
    /// How often `-v` was given.
    pub verbosity: u8,
    /// Whether `diff` of a result is shown.
    pub diff: bool,
    /// How many lines are shown around a change in it.
    pub diff_context: usize,
    /// Whether the arguments of a task are shown beside its name.
    pub arguments: bool,
    /// Whether skipped tasks are shown.
    pub show_skipped: bool,
    /// Whether tasks that changed nothing are shown.
    pub show_ok: bool,
    /// Whether banners say `[CHECK MODE]`.
    pub check_markers: bool,
    /// Whether the whole run is in check mode; said at its start and end with `check_markers`.
    pub check: bool,
    /// Whether failures go to the error output.
    pub failed_to_stderr: bool,
    /// Whether the last line of the terminal shows what is going on.
    pub progress: bool,
    /// The form of all of it.
    pub form: Form,
    /// How results are written.
    pub results: ResultFormat,
    /// Whether the recap has what `set_stats` set.
    pub custom_stats: bool,
    /// Whether each host is named when it begins a task.
    pub host_starts: bool,
    /// Whether a failure names the file and line of its task without `-vv` too.
    pub failure_paths: bool,
}

/// The forms of output, each that of a callback of Ansible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// `default`: plays, tasks, a recap.
    #[default]
    Default,
    /// `minimal`: results alone.
    Minimal,
    /// `oneline`: a line a result.
    OneLine,
    /// `null`: nothing of the run. Warnings are shown.
    Null,
}

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ResultFormat {
    /// JSON, on one line where it is not the point of the task.
    #[default]
    Json,
    /// JSON on several lines.
    PrettyJson,
    /// YAML that holds exactly the result.
    Yaml,
    /// YAML for people, as far as the format allows.
    PrettyYaml,
    /// YAML as the callback `community.general.yaml` writes it.
    CommunityYaml,
    /// JSON, and what was printed as it is below it, as the callback `ansible.posix.debug` writes it.
    Debug,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            palette: None,
            width: Self::width_of(None),
            verbosity: 0,
            diff: false,
            diff_context: 3,
            arguments: false,
            show_skipped: true,
            show_ok: true,
            check_markers: false,
            check: false,
            failed_to_stderr: false,
            progress: false,
            form: Form::Default,
            results: ResultFormat::Json,
            custom_stats: false,
            host_starts: false,
            failure_paths: false,
        }
    }
}

impl Options {
    /// The width for a terminal of this many columns, or for no terminal: never below 79, as Ansible has it.
    pub fn width_of(columns: Option<usize>) -> usize {
        columns.map_or(79, |columns| columns.saturating_sub(1).max(79))
    }
}
