//! temporary
use ksplay_engine::{Event, Sink};
#[derive(Default)]
pub struct TerminalOptions {
    pub colour: bool,
    pub verbosity: u8,
    pub diff: bool,
    pub show_skipped: bool,
    pub show_ok: bool,
    pub progress: bool,
}
pub struct Terminal;
impl Terminal {
    pub fn new(_: TerminalOptions) -> Self {
        Self
    }
    pub fn warn(&self, t: &str) {
        eprintln!("[WARNING]: {t}");
    }
}
impl Sink for Terminal {
    fn event(&self, e: &Event) {
        match e {
            Event::Result(r) | Event::Item(r) => println!(
                "{:?}: [{}] {} => {}",
                r.status,
                r.host,
                r.label.clone().unwrap_or_default(),
                ksplay_value::text::to_json(&r.result.clone().into(), &ksplay_value::text::JsonStyle::result_line())
                    .unwrap()
            ),
            Event::TaskStart(t) => println!("TASK [{}]", t.banner),
            Event::HostStart { .. } => {}
            Event::Error(e) => println!("ERROR {}", e.title),
            other => println!("{other:?}"),
        }
    }
}
