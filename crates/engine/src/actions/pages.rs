//! What `ksplay doc` says of the actions that are no modules of the target.

use ksplay_modules::{Arguments, Docs, FileAttributes, Opt, OptType, Spec};

/// What is said about an action.
pub struct Page {
    /// Its short name, in `ansible.builtin`.
    pub name: &'static str,
    /// Its arguments.
    pub spec: Spec,
    /// What it does, and what the arguments mean.
    pub docs: Docs,
}

/// The pages of all actions that are no modules.
pub fn pages() -> &'static [Page] {
    PAGES
}

/// `"summary" name { "meaning" argument: its type, … }`, with arguments that others have too behind `includes`.
macro_rules! pages {
    ($( $summary:literal $name:literal {
        $( $doc:literal $option:literal : $opt:expr ),* $(,)?
    } $( includes $group:ident )? $( exclusive { $groups:expr } )? )*) => {
        const PAGES: &[Page] = &[$( Page {
            name: $name,
            spec: Spec {
                $( includes: &[<$group as Arguments>::SPEC.options], )?
                $( mutually_exclusive: $groups, )?
                ..Spec::new(&[$( Opt { name: $option, ..$opt } ),*])
            },
            docs: Docs {
                summary: $summary,
                options: &[$( $doc ),*],
                includes: &[$( <$group as Arguments>::DOCS.options )?],
            },
        } ),*];
    };
}

pages! {
    "Adds a host to the inventory of this run, for the plays that follow."
    "add_host" {
        "The host; a port may stand behind a colon." "name": Opt::str().required().aliases(&["host", "hostname"]),
        "The groups it is put into. All other arguments become variables of the host."
        "groups": Opt::list(OptType::Str).aliases(&["group", "groupname"]),
    }

    "Fails the host where a condition does not hold."
    "assert" {
        "The conditions, written as those of `when`." "that": Opt::list(OptType::Str).required(),
        "What is said when one does not hold." "fail_msg": Opt::str().aliases(&["msg"]),
        "What is said when all hold." "success_msg": Opt::str(),
        "Whether the conditions that hold are left unsaid." "quiet": Opt::bool().default("false"),
    }

    "Shows a text or a variable."
    "debug" {
        "The text, or any value." "msg": Opt::str().default("Hello world!"),
        "The variable or expression, without braces." "var": Opt::str(),
        "How many `-v` it takes for anything to be shown." "verbosity": Opt::int().default("0"),
    } exclusive { &[&["msg", "var"]] }

    "Fails the host."
    "fail" {
        "Why." "msg": Opt::str().default("Failed as requested from task"),
    }

    "Gathers the facts of a host, as a play does at its beginning. All arguments are those of `setup`."
    "gather_facts" {
        "Accepted, without meaning: there is one way to gather facts." "parallel": Opt::bool(),
    }

    "Puts each host into a group that is named by a variable of its own."
    "group_by" {
        "The name of the group; spaces become dashes." "key": Opt::str().required(),
        "The groups above it." "parents": Opt::list(OptType::Str).default("[all]"),
    }

    "Adds the tasks of a role when the playbook is read."
    "import_role" {
        "The role." "name": Opt::str().required().aliases(&["role"]),
        "The file in `tasks/` that is run." "tasks_from": Opt::str().default("main"),
        "The file in `vars/` that is read." "vars_from": Opt::str().default("main"),
        "The file in `defaults/` that is read." "defaults_from": Opt::str().default("main"),
        "The file in `handlers/` that is read." "handlers_from": Opt::str().default("main"),
        "Whether it runs again on hosts that have run it." "allow_duplicates": Opt::bool().default("true"),
        "Whether the play sees its variables and defaults." "public": Opt::bool().default("true"),
        "Whether its arguments are checked by its `argument_specs`." "rolespec_validate": Opt::bool().default("true"),
    }

    "Adds the tasks of a file when the playbook is read."
    "import_tasks" {
        "The file, as the only argument." "free_form": Opt::str(),
        "The file." "file": Opt::str(),
    }

    "Runs a role when the task is reached."
    "include_role" {
        "The role." "name": Opt::str().required().aliases(&["role"]),
        "Keywords for all of its tasks, such as `tags` or `become`." "apply": Opt::dict(),
        "The file in `tasks/` that is run." "tasks_from": Opt::str().default("main"),
        "The file in `vars/` that is read." "vars_from": Opt::str().default("main"),
        "The file in `defaults/` that is read." "defaults_from": Opt::str().default("main"),
        "The file in `handlers/` that is read." "handlers_from": Opt::str().default("main"),
        "Whether it runs again on hosts that have run it." "allow_duplicates": Opt::bool().default("true"),
        "Whether the tasks behind it see its variables and defaults." "public": Opt::bool().default("false"),
        "Whether its arguments are checked by its `argument_specs`." "rolespec_validate": Opt::bool().default("true"),
    }

    "Runs the tasks of a file when the task is reached."
    "include_tasks" {
        "The file, as the only argument." "free_form": Opt::str(),
        "The file." "file": Opt::str(),
        "Keywords for all of its tasks, such as `tags` or `become`." "apply": Opt::dict(),
    }

    "Reads variables from files of the controller, for the tasks that follow."
    "include_vars" {
        "The file, as the only argument." "free_form": Opt::str(),
        "The file, sought in `vars/` too." "file": Opt::path(),
        "A folder, of which all files are read in the order of their names." "dir": Opt::path(),
        "The variable that holds what was read; without it each becomes one." "name": Opt::str(),
        "How deep below `dir` is looked; 0 is without a limit." "depth": Opt::int().default("0"),
        "A regular expression for the names of files in `dir`." "files_matching": Opt::str(),
        "Names and regular expressions of files that are passed over." "ignore_files": Opt::list(OptType::Str),
        "The endings of files that are read." "extensions": Opt::list(OptType::Str).default("[json, yaml, yml]"),
        "Whether files with other endings are passed over; else they are errors."
        "ignore_unknown_extensions": Opt::bool().default("false"),
        "Whether a mapping takes the place of one with its name, or is merged with it."
        "hash_behaviour": Opt::str().choices(&["replace", "merge"]),
    }

    "Changes how the run goes on."
    "meta" {
        "What is to be done, as the only argument."
        "free_form": Opt::str().required().choices(&[
            "clear_facts", "clear_host_errors", "end_batch", "end_host", "end_play", "end_role", "flush_handlers", "noop",
            "refresh_inventory", "reset_connection",
        ]),
    }

    "Waits for a time, or for a person."
    "pause" {
        "How many minutes." "minutes": Opt::str(),
        "How many seconds." "seconds": Opt::str(),
        "What is asked; without a time it waits for the Enter key." "prompt": Opt::str(),
        "Whether what is typed is shown." "echo": Opt::bool().default("true"),
    } exclusive { &[&["minutes", "seconds"]] }

    "Restarts a machine and waits until it is back."
    "reboot" {
        "How long it may take, in seconds; once for the start, once for the test." "reboot_timeout": Opt::int().default("600"),
        "Seconds before it goes down." "pre_reboot_delay": Opt::int().default("0"),
        "Seconds after it went down before it is looked for." "post_reboot_delay": Opt::int().default("0"),
        "Seconds that one try to connect may take." "connect_timeout": Opt::int(),
        "What those logged in are told." "msg": Opt::str().default("Reboot initiated by Ansible"),
        "What restarts it; without it, `shutdown`." "reboot_command": Opt::str(),
        "Where `shutdown` is sought."
        "search_paths": Opt::list(OptType::Str).default("[/sbin, /bin, /usr/sbin, /usr/bin, /usr/local/sbin]"),
        "What must succeed for the machine to be back." "test_command": Opt::str().default("whoami"),
        "What gives another answer after each start."
        "boot_time_command": Opt::str().default("cat /proc/sys/kernel/random/boot_id"),
    }

    "Sets variables of the host for the rest of the run. All arguments but `cacheable` are variables."
    "set_fact" {
        "Whether they become facts too, which a fact cache keeps." "cacheable": Opt::bool().default("false"),
    }

    "Adds to the statistics that are shown at the end."
    "set_stats" {
        "The figures, by their names." "data": Opt::dict().required(),
        "Whether numbers and lists are added to those before; else they take their place."
        "aggregate": Opt::bool().default("true"),
        "Whether each host has its own." "per_host": Opt::bool().default("false"),
    }

    "Writes a file from a template of the controller."
    "template" {
        "The template, sought in `templates/` too." "src": Opt::path().required(),
        "The file on the target." "dest": Opt::path().required(),
        "Whether a file that is there is kept under another name." "backup": Opt::bool().default("false"),
        "Whether a file that is there may change." "force": Opt::bool().default("true"),
        "Whether a symbolic link at `dest` is followed." "follow": Opt::bool().default("false"),
        "A command that must accept the new file, `%s` in it, before it is put in place." "validate": Opt::str(),
        "The line breaks of the file." "newline_sequence": Opt::str().default("\\n").choices(&["\\n", "\\r", "\\r\\n"]),
        "The encoding of the file." "output_encoding": Opt::str().default("utf-8"),
        "Whether the line break behind a block goes." "trim_blocks": Opt::bool().default("true"),
        "Whether blanks before a block go." "lstrip_blocks": Opt::bool().default("false"),
        "What begins a block." "block_start_string": Opt::str().default("{%"),
        "What ends a block." "block_end_string": Opt::str().default("%}"),
        "What begins an expression." "variable_start_string": Opt::str().default("{{"),
        "What ends an expression." "variable_end_string": Opt::str().default("}}"),
        "What begins a comment." "comment_start_string": Opt::str().default("{#"),
        "What ends a comment." "comment_end_string": Opt::str().default("#}"),
    } includes FileAttributes

    "Checks values by a description as in `argument_specs`."
    "validate_argument_spec" {
        "The description: each argument with `type`, `required`, `choices` and so on." "argument_spec": Opt::dict().required(),
        "The values; those that are not there are sought among the variables." "provided_arguments": Opt::dict(),
    }

    "Waits until a machine can be reached."
    "wait_for_connection" {
        "How long at most, in seconds." "timeout": Opt::int().default("600"),
        "Seconds before the first try." "delay": Opt::int().default("0"),
        "Seconds between tries." "sleep": Opt::int().default("1"),
        "Seconds that one try may take." "connect_timeout": Opt::int().default("5"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::of_controller;
    use super::pages;

    #[test]
    fn every_action_has_a_page_here_or_is_a_module() {
        for name in of_controller() {
            let here = pages().iter().any(|page| page.name == name);
            assert_ne!(here, ksplay_modules::registry::find(name).is_some(), "{name}");
        }
    }

    #[test]
    fn every_argument_is_explained() {
        for page in pages() {
            assert_eq!(page.spec.all().count(), page.docs.all().count(), "{}", page.name);
        }
    }
}
