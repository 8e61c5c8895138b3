//! Pages of the keywords of the playbook language.

use ksplay_playbook::keywords;
use ksplay_value::{Map, Value};

use super::{json, text, unknown};
use crate::args::DocArgs;
use crate::failure::Failure;
use crate::output::say;

/// Each with what it means. Where it may stand is known from the language itself.
const ABOUT: &[(&str, &str)] = &[
    ("action", "The module or action of a task, and its arguments: another way to write `MODULE: ARGUMENTS`."),
    ("allow_duplicates", "Whether the role runs again where it is used a second time with the same parameters."),
    ("always", "Tasks that run after those of `block` and `rescue`, however those ended."),
    ("any_errors_fatal", "Whether the failure of one host ends the play for all hosts."),
    ("args", "Further arguments of the module, as a mapping."),
    ("argument_specs", "What parameters the role takes, of which type; checked before its first task."),
    ("async", "Lets the task go on in the background, for at most so many seconds."),
    ("become", "Whether to run as another user: `become_user`, or root."),
    ("become_exe", "The program for becoming another user, in place of the usual one of the method."),
    ("become_flags", "The options of that program."),
    ("become_method", "How to become another user: `sudo`, `su` or `doas`."),
    ("become_user", "The user to become."),
    ("block", "Tasks that share keywords, and are rescued together."),
    ("break_when", "Conditions after an item that end the loop."),
    ("changed_when", "Conditions that decide whether the task changed something, in place of what the module says."),
    ("check_mode", "Whether to look only at what would change; false does the task in check mode too."),
    ("collections", "Collections in which names of modules and roles without a collection are looked for."),
    ("connection", "How the host is reached: `ssh` or `local`."),
    ("debugger", "When the user looks at the task: `always`, `never`, `on_failed`, `on_unreachable`, `on_skipped`."),
    ("delay", "Seconds between two tries of a task with `until`."),
    ("delegate_facts", "Whether facts that the task brings are those of the host that it is delegated to."),
    ("delegate_to", "The host on which the task is done for the one that it is about."),
    ("dependencies", "Roles that run before this one."),
    ("diff", "Whether the difference in what changes is shown."),
    ("environment", "Variables of the environment of what the task runs."),
    ("extended", "Whether `ansible_loop` tells of the loop: index, first, last, items around."),
    ("extended_allitems", "Whether `ansible_loop` has all items too."),
    ("fact_path", "The folder of facts of one's own on the hosts, which are gathered as `ansible_local`."),
    ("failed_when", "Conditions that decide whether the task failed, in place of what the module says."),
    ("force_handlers", "Whether handlers that were notified run on hosts that failed later."),
    ("galaxy_info", "Who wrote the role and what it is for."),
    ("gather_facts", "Whether facts are gathered before the first task."),
    (
        "gather_subset",
        "Which facts are gathered: `all`, `min`, `hardware`, `network`, …; `!` before one leaves it out.",
    ),
    ("gather_timeout", "Seconds that one kind of facts may take."),
    ("handlers", "Tasks that run at the end, each once, when a task that changed something has notified them."),
    ("hosts", "The hosts of the play: a pattern of names and groups."),
    ("ignore_errors", "Whether a failure is passed over, and the host goes on."),
    ("ignore_unreachable", "Whether it is passed over that the host cannot be reached."),
    ("import_playbook", "A playbook that runs here."),
    ("index_var", "The name of the variable with the number of the item, counted from 0."),
    ("label", "What is shown of an item instead of all of it."),
    ("listen", "Topics that the handler hears of besides its name."),
    ("local_action", "As `action`, delegated to localhost."),
    ("loop", "A list; the task is done for each item of it, as `item`."),
    ("loop_control", "How the loop runs and is shown: `loop_var`, `label`, `pause`, …."),
    ("loop_var", "The name of the variable with the item, in place of `item`."),
    ("max_fail_percentage", "The share of the hosts of a batch that may fail before the play ends for all."),
    ("module_defaults", "Arguments of modules that count where a task does not give them."),
    ("name", "What the play, block, task or role is called where it is shown."),
    ("no_log", "Whether what is done with secrets is hidden: results, items, reasons of failures."),
    ("notify", "Handlers that run when the task has changed something."),
    ("order", "The order of the hosts: `inventory`, `reverse_inventory`, `sorted`, `reverse_sorted`, `shuffle`."),
    ("parallel", "How many items run at the same time on a host; ksplay's own."),
    ("pause", "Seconds between two items."),
    ("poll", "Seconds between two looks at a task in the background; 0 does not wait for it."),
    ("port", "The port to connect to."),
    ("post_tasks", "Tasks after those of `tasks` and their handlers."),
    ("pre_tasks", "Tasks before the roles."),
    ("register", "The name of the variable that keeps the result."),
    ("remote_user", "The user to log in as."),
    ("rescue", "Tasks that run when one of `block` failed; the host goes on when they end well."),
    ("retries", "How often a task with `until` is tried again."),
    ("role", "The role, by name or folder."),
    ("roles", "Roles whose tasks run between `pre_tasks` and `tasks`."),
    ("run_once", "Whether the task is done on the first host alone, for all."),
    ("serial", "How many hosts go through the play at a time: a number, a share as `30%`, or a list of them."),
    ("strategy", "Which host may begin which task: `linear`, `free`, `host_pinned`, `debug`, `pipelined`."),
    ("tags", "Words by which `--tags` and `--skip-tags` choose."),
    ("tasks", "The tasks of the play."),
    ("throttle", "How many hosts may do the task at the same time."),
    ("timeout", "Seconds after which the task is ended, and failed."),
    ("until", "Conditions; the task is tried again until they hold."),
    ("user", "The former name of `remote_user`."),
    ("vars", "Variables."),
    ("vars_files", "Files of variables."),
    ("vars_prompt", "Variables that the user is asked for."),
    ("when", "Conditions without which the task is skipped."),
];

pub(super) fn show(args: &DocArgs) -> Result<u8, Failure> {
    let width = text::width();
    if args.list || args.names.is_empty() {
        let all = ABOUT.iter().map(|(name, about)| ((*name).to_owned(), (*about).to_owned()));
        match args.json {
            true => say!("{}", json(all.map(|(name, about)| (name, about.into())))?),
            false => say!("{}", text::list(&all.collect::<Vec<_>>(), width).trim_end()),
        }
        return Ok(0);
    }
    let find = |name: &String| {
        let found = ABOUT.iter().find(|(known, _)| known == name);
        found.ok_or_else(|| unknown("keyword", name, ABOUT.iter().map(|(known, _)| (*known).to_owned())))
    };
    let found: Vec<_> = args.names.iter().map(find).collect::<Result<_, _>>()?;
    if args.json {
        let entries = found.iter().map(|(name, about)| {
            let page = Map::from([
                ("applies_to", Value::from_iter(places(name).into_iter().map(Value::from))),
                ("description", (*about).into()),
            ]);
            ((*name).to_owned(), page.into())
        });
        say!("{}", json(entries)?);
        return Ok(0);
    }
    let shown = found.iter().map(|(name, about)| {
        let places = format!("stands in: {}", places(name).join(", "));
        format!("{name} (keyword)\n\n{}\n\n{}", text::indented(about, 2, width), text::indented(&places, 2, width))
    });
    say!("{}", shown.collect::<Vec<_>>().join("\n\n"));
    Ok(0)
}

/// What the keyword may stand in.
fn places(name: &str) -> Vec<&'static str> {
    keywords().filter(|(_, names)| names.contains(&name)).map(|(kind, _)| kind).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_keyword_has_a_page_and_every_page_is_of_one() {
        let mut all: Vec<&str> = keywords().flat_map(|(_, names)| names).collect();
        all.sort_unstable();
        all.dedup();
        let mut told: Vec<&str> = ABOUT.iter().map(|(name, _)| *name).collect();
        told.sort_unstable();
        assert_eq!(told, all);
    }
}
