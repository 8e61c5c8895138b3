//! `ksplay doc`: what modules do and which arguments they take, from the declaration that the modules themselves use.

use ksplay_modules::registry::{self, Entry};

use crate::failure::Failure;

/// Shows these modules, or lists all.
///
/// # Errors
///
/// If there is no module of such a name.
pub fn show(modules: &[String]) -> Result<u8, Failure> {
    if modules.is_empty() {
        for entry in registry::MODULES {
            println!("{:<32} {}", format!("{}.{}", entry.collection, entry.name), entry.spec.summary);
        }
        return Ok(0);
    }
    for name in modules {
        let entry = registry::find(name)
            .ok_or_else(|| Failure::error(format!("no module is named `{name}`; `ksplay doc` lists them")))?;
        print!("{}", page(entry));
    }
    Ok(0)
}

fn page(entry: &Entry) -> String {
    let mut text =
        format!("{}.{}\n\n  {}\n\nARGUMENTS (= is required)\n", entry.collection, entry.name, entry.spec.summary);
    for option in entry.spec.all() {
        let mark = if option.required { '=' } else { '-' };
        text += &format!("\n{mark} {}\n", option.name);
        for line in option.doc.lines() {
            text += &format!("    {}\n", line.trim());
        }
        text += &format!("    type: {:?}\n", option.kind).to_lowercase();
        if let Some(default) = option.default {
            text += &format!("    default: {default}\n");
        }
        if !option.choices.is_empty() {
            text += &format!("    choices: {}\n", option.choices.join(", "));
        }
        if !option.aliases.is_empty() {
            text += &format!("    aliases: {}\n", option.aliases.join(", "));
        }
    }
    text.push('\n');
    text
}
