//! Pages of filters, tests and lookups.

use ksplay_template::{Page, page, pages};
use ksplay_value::{Map, Value};

use super::{json, text, unknown};
use crate::args::DocArgs;
use crate::failure::Failure;
use crate::output::say;

pub(super) fn show(kind: &'static str, args: &DocArgs) -> Result<u8, Failure> {
    let width = text::width();
    if args.list || args.names.is_empty() {
        let all = pages(kind).map(|page| (page.name.to_owned(), summary(&page).to_owned()));
        match args.json {
            true => say!("{}", json(all.map(|(name, about)| (name, about.into())))?),
            false => say!("{}", text::list(&all.collect::<Vec<_>>(), width).trim_end()),
        }
        return Ok(0);
    }
    let find = |name: &String| {
        let short = name.rsplit('.').next().unwrap_or(name);
        let found = page(kind, name).or_else(|| page(kind, short));
        found.ok_or_else(|| unknown(kind, name, pages(kind).map(|page| page.name.to_owned())))
    };
    let found: Vec<Page> = args.names.iter().map(find).collect::<Result<_, _>>()?;
    if args.json {
        let described = found.iter().map(|page| described(kind, page));
        say!("{}", json(args.names.iter().cloned().zip(described))?);
        return Ok(0);
    }
    let shown: Vec<String> = found.iter().map(|page| self::shown(kind, page, width)).collect();
    say!("{}", shown.join("\n\n"));
    Ok(0)
}

/// The first sentence without its example.
fn summary(page: &Page) -> &'static str {
    let sentence = page.about.split_once(". ").map_or(page.about, |(sentence, _)| sentence);
    sentence.split_once(": `").map_or(sentence, |(sentence, _)| sentence).trim_end_matches('.')
}

fn parameters(page: &Page) -> impl Iterator<Item = &'static str> {
    page.parameters.split(", ").filter(|name| !name.is_empty())
}

fn shown(kind: &str, page: &Page, width: usize) -> String {
    let mut shown = format!("{} ({kind})\n\n{}", page.name, text::indented(page.about, 2, width));
    if !page.parameters.is_empty() {
        let names = format!("arguments, by place or by name: {}", page.parameters);
        shown += &format!("\n\n{}", text::indented(&names, 2, width));
    }
    shown
}

/// A page in the shape of `ansible-doc --json`.
fn described(kind: &str, page: &Page) -> Value {
    let options: Map = parameters(page).map(|name| (name, Value::empty_map())).collect();
    let about = Value::from_iter([Value::from(page.about)]);
    let doc = Map::from([
        ("name", Value::from(page.name)),
        ("short_description", summary(page).into()),
        ("description", about),
        ("options", options.into()),
        ("plugin_type", kind.into()),
    ]);
    Map::from([("doc", doc)]).into()
}
