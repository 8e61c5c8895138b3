//! Keywords that Ansible has and this engine does not yet: refused by name before anything runs, never ignored.

use ksplay_playbook::{Item, Play, Task};
use ksplay_value::Value;

use crate::failure::TaskFailure;

/// Refuses a play that uses what is not supported yet.
///
/// # Errors
///
/// If it does; the error names the keyword and its place.
pub fn play(play: &Play) -> Result<(), TaskFailure> {
    let not_yet = |what: &str| {
        let message = format!("'{what}' is not supported yet");
        Err(TaskFailure { span: Some(play.span.clone()), exit_code: 4, ..TaskFailure::new(message) })
    };
    if let Some(Value::String(strategy)) = &play.strategy
        && !crate::batch::is_strategy(strategy)
    {
        // Ansible comes to it only when the play begins.
        return not_yet(&format!("strategy: {strategy}")).map_err(|failure| TaskFailure { exit_code: 1, ..failure });
    }
    for section in [&play.pre_tasks, &play.role_tasks, &play.tasks, &play.post_tasks, &play.handlers] {
        items(section)?;
    }
    Ok(())
}

/// Refuses tasks that use what is not supported yet.
///
/// # Errors
///
/// As [`play`].
pub(crate) fn items(list: &[Item]) -> Result<(), TaskFailure> {
    for item in list {
        match item {
            Item::Task(task) => self::task(task)?,
            Item::Block(block) => {
                [&block.block, &block.rescue, &block.always].into_iter().try_for_each(|part| items(part))?
            }
        }
    }
    Ok(())
}

fn task(task: &Task) -> Result<(), TaskFailure> {
    if task.role.is_none() && crate::steps::meta_of(task).as_deref() == Some("end_role") {
        let message = "Cannot execute 'end_role' from outside of a role";
        return Err(TaskFailure { span: Some(task.span.clone()), exit_code: 4, ..TaskFailure::new(message) });
    }
    if let Some(message) = task.keywords.debugger.as_ref().and_then(ksplay_playbook::odd_debugger) {
        return Err(TaskFailure { span: Some(task.span.clone()), exit_code: 4, ..TaskFailure::new(message) });
    }
    Ok(())
}
