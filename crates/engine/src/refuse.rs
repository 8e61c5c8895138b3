//! What cannot be carried out, and can be seen before anything runs: Ansible comes to it only on its way.

use ksplay_playbook::{Item, Play, Task};
use ksplay_value::{Span, Value};

use crate::failure::TaskFailure;

/// Refuses a play that cannot be carried out.
///
/// # Errors
///
/// If it cannot; the error names the keyword and its place.
pub fn play(play: &Play) -> Result<(), TaskFailure> {
    if let Some(Value::String(strategy)) = &play.strategy
        && !crate::batch::is_strategy(strategy)
    {
        return Err(no_strategy(strategy, Some(play.span.clone())));
    }
    for section in [&play.pre_tasks, &play.role_tasks, &play.tasks, &play.post_tasks, &play.handlers] {
        items(section)?;
    }
    Ok(())
}

/// There is no strategy of this name.
pub(crate) fn no_strategy(name: &str, span: Option<Span>) -> TaskFailure {
    let help = "the strategies are linear, free, host_pinned, debug and pipelined";
    let message = format!("Invalid play strategy specified: {name}");
    TaskFailure { span, help: Some(help.into()), exit_code: 1, ..TaskFailure::new(message) }
}

/// Refuses tasks that cannot be carried out.
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
