//! A plan as a page for a browser: one file that needs nothing else.

use std::fmt::Write;

use super::text::{alike, host};
use super::{Kind, Step, Summary, by_task};

const STYLE: &str = "\
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#222;background:#fff}
h2{margin-top:2rem;border-bottom:1px solid #ccc}summary{cursor:pointer}small{color:#666}
details,.task{margin:.6rem 0}ul{margin:.2rem 0}
.change{color:#8a5a00}.run{color:#1a4f9c}.undecided{color:#666}
pre{margin:.2rem 0 .6rem;padding:.5rem;background:#f6f6f6;overflow:auto}
.add{color:#116329}.del{color:#a40e26}.at{color:#57606a}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#161616}pre{background:#222}
.change{color:#e3b341}.run{color:#79b8ff}.undecided,small,.at{color:#999}.add{color:#7ee787}.del{color:#ff8a80}}
";

/// The page of a plan with this title.
pub fn page(title: &str, steps: &[Step]) -> String {
    let mut page = String::new();
    let title = escaped(title);
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n\
         <h1>{title}</h1>\n<p>{}</p>\n",
        Summary::of(steps)
    );
    let mut play = 0;
    for task in by_task(steps) {
        let first = task[0];
        if first.play != play {
            play = first.play;
            let _ = writeln!(page, "<h2>{}</h2>", escaped(&first.play_name));
        }
        let kind = if first.handler { "Handler: " } else { "" };
        let _ = writeln!(
            page,
            "<div class=\"task\"><b>{kind}{}</b> <small>{}</small>\n<ul>",
            escaped(&first.task),
            escaped(&first.place)
        );
        for group in alike(&task) {
            let _ = writeln!(page, "<li>{}</li>", group_of(&group));
        }
        page.push_str("</ul></div>\n");
    }
    page.push_str("</html>\n");
    page
}

fn group_of(group: &[&Step]) -> String {
    let step = group[0];
    let class = match step.kind {
        Kind::Change => "change",
        Kind::Run => "run",
        Kind::Undecided => "undecided",
    };
    let hosts: Vec<String> = group.iter().map(|step| escaped(&host(step))).collect();
    let item = step.item.as_ref().map(|item| format!(" (item={})", escaped(item))).unwrap_or_default();
    let why = step.why.as_ref().map(|why| format!(": {}", escaped(why))).unwrap_or_default();
    let head = format!("<span class=\"{class}\">{}</span>: {}{item}{why}", step.kind, hosts.join(", "));
    let command = step.command.iter().flat_map(|command| command.trim_end().lines()).map(escaped);
    let diff = step.diff.iter().flat_map(|diff| diff.trim_end().lines()).map(line);
    let lines: Vec<String> = command.chain(diff).collect();
    if lines.is_empty() {
        return head;
    }
    format!("<details><summary>{head}</summary><pre>{}</pre></details>", lines.join("\n"))
}

fn line(line: &str) -> String {
    let class = match line.chars().next() {
        Some('+') => "add",
        Some('-') => "del",
        Some('@') => "at",
        _ => return escaped(line),
    };
    format!("<span class=\"{class}\">{}</span>", escaped(line))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests::step;

    #[test]
    fn nothing_of_a_plan_is_taken_for_html() {
        let step = Step { diff: Some("+<script>\n".into()), ..step("a & <b>", "h\"", Kind::Change) };
        let page = page("<plan>", &[step]);
        assert!(page.contains("<b>a &amp; &lt;b&gt;</b>") && page.contains("+&lt;script&gt;"), "{page}");
        assert!(!page.contains("<script>") && !page.contains("<plan>"), "{page}");
    }
}
