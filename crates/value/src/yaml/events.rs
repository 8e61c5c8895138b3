//! The only place that speaks to the libyaml port: its parser as a stream of owned events.

use std::ffi::CStr;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::slice;

use unsafe_libyaml as unsafe_yaml;

/// What the parser found, and where it begins.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) place: Place,
    pub(super) kind: EventKind,
}

/// A line and a column, both counted from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: u32,
    pub(super) column: u32,
}

/// The kinds of events that a composer needs.
#[derive(Debug)]
pub(super) enum EventKind {
    StreamStart,
    StreamEnd,
    DocumentStart,
    DocumentEnd,
    Alias(String),
    Scalar {
        properties: Properties,
        text: String,
        /// Whether it has no tag and stands without quotes, so that its looks say what it is.
        implicit: bool,
        /// Whether it stands without quotes.
        plain: bool,
    },
    ListStart(Properties),
    ListEnd,
    MapStart(Properties),
    MapEnd,
    Nothing,
}

/// The anchor and the tag that stand before a node.
#[derive(Debug, Default)]
pub(super) struct Properties {
    pub(super) anchor: Option<String>,
    pub(super) tag: Option<String>,
}

/// What the parser says when it gives up.
#[derive(Debug)]
pub(super) struct Problem {
    /// What it was doing, such as `while parsing a block mapping`.
    pub(super) context: Option<String>,
    /// Where that began.
    pub(super) context_place: Place,
    /// What is wrong, such as `did not find expected key`.
    pub(super) problem: String,
    /// Where.
    pub(super) place: Place,
}

/// A parser over a text.
pub(super) struct Parser<'a> {
    raw: Box<MaybeUninit<unsafe_yaml::yaml_parser_t>>,
    text: &'a str,
    input: PhantomData<&'a [u8]>,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let mut raw = Box::new(MaybeUninit::<unsafe_yaml::yaml_parser_t>::uninit());
        let parser = raw.as_mut_ptr();
        // SAFETY: `parser` points to memory of the right size that `yaml_parser_initialize` fills; it stays where it is
        // because it is boxed. The input outlives the parser by the lifetime 'a.
        let ready = unsafe {
            let ready = unsafe_yaml::yaml_parser_initialize(parser).ok;
            if ready {
                unsafe_yaml::yaml_parser_set_encoding(parser, unsafe_yaml::YAML_UTF8_ENCODING);
                unsafe_yaml::yaml_parser_set_input_string(parser, text.as_ptr(), text.len() as u64);
            }
            ready
        };
        assert!(ready, "the parser is made of a few small allocations");
        Self { raw, text, input: PhantomData }
    }

    /// The next event.
    pub(super) fn next(&mut self) -> Result<Event, Problem> {
        let mut slot = MaybeUninit::<unsafe_yaml::yaml_event_t>::uninit();
        // SAFETY: the parser was initialized in `new`; on success the event is initialized, is only read while it lives,
        // and is freed once.
        unsafe {
            if !unsafe_yaml::yaml_parser_parse(self.raw.as_mut_ptr(), slot.as_mut_ptr()).ok {
                return Err(self.problem());
            }
            let raw = slot.as_mut_ptr();
            let event = Event { place: place((*raw).start_mark), kind: kind(&*raw) };
            unsafe_yaml::yaml_event_delete(raw);
            Ok(event)
        }
    }

    fn problem(&self) -> Problem {
        // SAFETY: the parser was initialized in `new`; its messages are static C strings or null.
        let (context, context_mark, problem, mark, offset, reader) = unsafe {
            let parser = &*self.raw.as_ptr();
            (
                message(parser.context),
                parser.context_mark,
                message(parser.problem),
                parser.problem_mark,
                parser.problem_offset as usize,
                matches!(parser.error, unsafe_yaml::YAML_READER_ERROR),
            )
        };
        let place = if reader { self.place_of(offset) } else { place(mark) };
        Problem {
            context,
            context_place: self::place(context_mark),
            problem: problem.unwrap_or_else(|| "the text is not YAML".to_owned()),
            place,
        }
    }

    /// The place of a byte, for the errors that come from below the scanner.
    fn place_of(&self, offset: usize) -> Place {
        let before = self.text.as_bytes().get(..offset).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count();
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let column = String::from_utf8_lossy(&before[start..]).chars().count();
        Place { line: number(line as u64), column: number(column as u64) }
    }
}

impl Drop for Parser<'_> {
    fn drop(&mut self) {
        // SAFETY: initialized in `new`, deleted only here.
        unsafe { unsafe_yaml::yaml_parser_delete(self.raw.as_mut_ptr()) }
    }
}

/// # Safety
///
/// `event` was filled by the parser and not yet deleted.
unsafe fn kind(event: &unsafe_yaml::yaml_event_t) -> EventKind {
    // SAFETY: the type says which member of the union is set; its pointers are null or valid.
    unsafe {
        match event.type_ {
            unsafe_yaml::YAML_STREAM_START_EVENT => EventKind::StreamStart,
            unsafe_yaml::YAML_STREAM_END_EVENT => EventKind::StreamEnd,
            unsafe_yaml::YAML_DOCUMENT_START_EVENT => EventKind::DocumentStart,
            unsafe_yaml::YAML_DOCUMENT_END_EVENT => EventKind::DocumentEnd,
            unsafe_yaml::YAML_ALIAS_EVENT => EventKind::Alias(string(event.data.alias.anchor).unwrap_or_default()),
            unsafe_yaml::YAML_SCALAR_EVENT => {
                let scalar = event.data.scalar;
                let bytes = slice::from_raw_parts(scalar.value, scalar.length as usize);
                EventKind::Scalar {
                    properties: properties(scalar.anchor, scalar.tag),
                    text: String::from_utf8_lossy(bytes).into_owned(),
                    implicit: scalar.plain_implicit,
                    plain: scalar.style == unsafe_yaml::YAML_PLAIN_SCALAR_STYLE,
                }
            }
            unsafe_yaml::YAML_SEQUENCE_START_EVENT => {
                let start = event.data.sequence_start;
                EventKind::ListStart(properties(start.anchor, start.tag))
            }
            unsafe_yaml::YAML_SEQUENCE_END_EVENT => EventKind::ListEnd,
            unsafe_yaml::YAML_MAPPING_START_EVENT => {
                let start = event.data.mapping_start;
                EventKind::MapStart(properties(start.anchor, start.tag))
            }
            unsafe_yaml::YAML_MAPPING_END_EVENT => EventKind::MapEnd,
            _ => EventKind::Nothing,
        }
    }
}

/// # Safety
///
/// Both are null or C strings.
unsafe fn properties(anchor: *const u8, tag: *const u8) -> Properties {
    // SAFETY: as promised by the caller.
    unsafe { Properties { anchor: string(anchor), tag: string(tag).filter(|tag| tag != "!") } }
}

/// # Safety
///
/// `text` is null or a C string.
unsafe fn string(text: *const u8) -> Option<String> {
    // SAFETY: as promised by the caller.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text.cast()) }.to_string_lossy().into_owned())
}

/// # Safety
///
/// `text` is null or a C string.
unsafe fn message(text: *const i8) -> Option<String> {
    // SAFETY: as promised by the caller.
    unsafe { string(text.cast()) }
}

fn place(mark: unsafe_yaml::yaml_mark_t) -> Place {
    Place { line: number(mark.line), column: number(mark.column) }
}

fn number(from_zero: u64) -> u32 {
    u32::try_from(from_zero).unwrap_or(u32::MAX - 1).saturating_add(1)
}
