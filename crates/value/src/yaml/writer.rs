//! The only place that speaks to the libyaml port's emitter: owned events in, text out.

use std::ffi::{CString, c_void};
use std::mem::MaybeUninit;
use std::{ptr, slice};

use unsafe_libyaml as unsafe_yaml;

use super::{EmitOptions, ScalarStyle};

/// An emitter that collects what it writes.
pub(super) struct Writer {
    raw: Box<MaybeUninit<unsafe_yaml::yaml_emitter_t>>,
    output: *mut Vec<u8>,
}

/// A scalar to be written.
pub(super) struct Scalar<'a> {
    pub(super) anchor: Option<&'a str>,
    pub(super) tag: &'static str,
    pub(super) text: &'a str,
    /// Whether the tag can be left out when the text stands without quotes.
    pub(super) plain: bool,
    /// Whether the tag can be left out when the text stands in quotes.
    pub(super) quoted: bool,
    pub(super) style: ScalarStyle,
}

/// Why the emitter gave up.
pub(super) type Refused = String;

impl Writer {
    pub(super) fn new(options: &EmitOptions) -> Self {
        let mut raw = Box::new(MaybeUninit::<unsafe_yaml::yaml_emitter_t>::uninit());
        let emitter = raw.as_mut_ptr();
        let output = Box::into_raw(Box::<Vec<u8>>::default());
        // SAFETY: `emitter` points to boxed memory of the right size that `yaml_emitter_initialize` fills; `output` lives
        // until the emitter is deleted.
        let ready = unsafe {
            let ready = unsafe_yaml::yaml_emitter_initialize(emitter).ok;
            if ready {
                unsafe_yaml::yaml_emitter_set_output(emitter, collect, output.cast());
                unsafe_yaml::yaml_emitter_set_canonical(emitter, options.canonical);
                unsafe_yaml::yaml_emitter_set_unicode(emitter, options.allow_unicode);
                if let Some(indent) = options.indent {
                    unsafe_yaml::yaml_emitter_set_indent(emitter, indent);
                }
                if let Some(width) = options.width {
                    unsafe_yaml::yaml_emitter_set_width(emitter, width);
                }
            }
            ready
        };
        assert!(ready, "the emitter is made of a few small allocations");
        Self { raw, output }
    }

    pub(super) fn start(&mut self, explicit: bool) -> Result<(), Refused> {
        // SAFETY: `emit` hands over an event slot; the initializers fill it. The version and tag directives may be null.
        self.emit(|event| unsafe {
            unsafe_yaml::yaml_stream_start_event_initialize(event, unsafe_yaml::YAML_UTF8_ENCODING).ok
        })?;
        self.emit(|event| unsafe {
            unsafe_yaml::yaml_document_start_event_initialize(
                event,
                ptr::null_mut(),
                ptr::null_mut(),
                ptr::null_mut(),
                !explicit,
            )
            .ok
        })
    }

    pub(super) fn end(&mut self, explicit: bool) -> Result<(), Refused> {
        // SAFETY: as in `start`.
        self.emit(|event| unsafe { unsafe_yaml::yaml_document_end_event_initialize(event, !explicit).ok })?;
        self.emit(|event| unsafe { unsafe_yaml::yaml_stream_end_event_initialize(event).ok })
    }

    pub(super) fn alias(&mut self, anchor: &str) -> Result<(), Refused> {
        let anchor = c_string(anchor);
        // SAFETY: as in `start`; the anchor is copied.
        self.emit(|event| unsafe { unsafe_yaml::yaml_alias_event_initialize(event, anchor.as_ptr().cast()).ok })
    }

    pub(super) fn scalar(&mut self, scalar: &Scalar<'_>) -> Result<(), Refused> {
        let length = i32::try_from(scalar.text.len()).map_err(|_| "a text is too long".to_owned())?;
        let anchor = scalar.anchor.map(c_string);
        let tag = c_string(scalar.tag);
        let style = match scalar.style {
            ScalarStyle::Any => unsafe_yaml::YAML_ANY_SCALAR_STYLE,
            ScalarStyle::SingleQuoted => unsafe_yaml::YAML_SINGLE_QUOTED_SCALAR_STYLE,
            ScalarStyle::DoubleQuoted => unsafe_yaml::YAML_DOUBLE_QUOTED_SCALAR_STYLE,
            ScalarStyle::Literal => unsafe_yaml::YAML_LITERAL_SCALAR_STYLE,
            ScalarStyle::Folded => unsafe_yaml::YAML_FOLDED_SCALAR_STYLE,
        };
        // SAFETY: as in `start`; anchor, tag and text are copied, the text by its length.
        self.emit(|event| unsafe {
            unsafe_yaml::yaml_scalar_event_initialize(
                event,
                pointer(&anchor),
                tag.as_ptr().cast(),
                scalar.text.as_ptr(),
                length,
                scalar.plain,
                scalar.quoted,
                style,
            )
            .ok
        })
    }

    pub(super) fn list_start(&mut self, anchor: Option<&str>, flow: bool) -> Result<(), Refused> {
        let anchor = anchor.map(c_string);
        let style = if flow { unsafe_yaml::YAML_FLOW_SEQUENCE_STYLE } else { unsafe_yaml::YAML_BLOCK_SEQUENCE_STYLE };
        // SAFETY: as in `start`; anchor and tag are copied.
        self.emit(|event| unsafe {
            let tag = c"tag:yaml.org,2002:seq".as_ptr().cast();
            unsafe_yaml::yaml_sequence_start_event_initialize(event, pointer(&anchor), tag, true, style).ok
        })
    }

    pub(super) fn list_end(&mut self) -> Result<(), Refused> {
        // SAFETY: as in `start`.
        self.emit(|event| unsafe { unsafe_yaml::yaml_sequence_end_event_initialize(event).ok })
    }

    pub(super) fn map_start(&mut self, anchor: Option<&str>, flow: bool) -> Result<(), Refused> {
        let anchor = anchor.map(c_string);
        let style = if flow { unsafe_yaml::YAML_FLOW_MAPPING_STYLE } else { unsafe_yaml::YAML_BLOCK_MAPPING_STYLE };
        // SAFETY: as in `start`; anchor and tag are copied.
        self.emit(|event| unsafe {
            let tag = c"tag:yaml.org,2002:map".as_ptr().cast();
            unsafe_yaml::yaml_mapping_start_event_initialize(event, pointer(&anchor), tag, true, style).ok
        })
    }

    pub(super) fn map_end(&mut self) -> Result<(), Refused> {
        // SAFETY: as in `start`.
        self.emit(|event| unsafe { unsafe_yaml::yaml_mapping_end_event_initialize(event).ok })
    }

    /// What was written.
    pub(super) fn finish(&mut self) -> Result<String, Refused> {
        // SAFETY: the emitter is initialized, and `output` is alive and referred to by nothing else while this runs.
        let bytes = unsafe {
            if !unsafe_yaml::yaml_emitter_flush(self.raw.as_mut_ptr()).ok {
                return Err(self.problem());
            }
            std::mem::take(&mut *self.output)
        };
        String::from_utf8(bytes).map_err(|error| error.to_string())
    }

    fn emit(&mut self, fill: impl FnOnce(*mut unsafe_yaml::yaml_event_t) -> bool) -> Result<(), Refused> {
        let mut event = MaybeUninit::<unsafe_yaml::yaml_event_t>::uninit();
        if !fill(event.as_mut_ptr()) {
            return Err("the text is not valid".to_owned());
        }
        // SAFETY: the event was filled; the emitter takes it over, also when it fails.
        match unsafe { unsafe_yaml::yaml_emitter_emit(self.raw.as_mut_ptr(), event.as_mut_ptr()).ok } {
            true => Ok(()),
            false => Err(self.problem()),
        }
    }

    fn problem(&self) -> Refused {
        // SAFETY: the emitter is initialized; its problem is null or a static C string.
        unsafe {
            let problem = (&*self.raw.as_ptr()).problem;
            if problem.is_null() {
                return "the value cannot be written as YAML".to_owned();
            }
            std::ffi::CStr::from_ptr(problem.cast()).to_string_lossy().into_owned()
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // SAFETY: both were made in `new` and are freed only here, the emitter first because it points to the output.
        unsafe {
            unsafe_yaml::yaml_emitter_delete(self.raw.as_mut_ptr());
            drop(Box::from_raw(self.output));
        }
    }
}

/// # Safety
///
/// Called by the emitter with the output that it was given and a buffer of `size` bytes.
unsafe fn collect(output: *mut c_void, buffer: *mut u8, size: u64) -> i32 {
    // SAFETY: as promised by the emitter.
    unsafe { (*output.cast::<Vec<u8>>()).extend_from_slice(slice::from_raw_parts(buffer, size as usize)) };
    1
}

/// Anchors and tags are of our making and hold no zero byte.
fn c_string(text: &str) -> CString {
    CString::new(text).unwrap_or_default()
}

fn pointer(text: &Option<CString>) -> *const u8 {
    text.as_ref().map_or(ptr::null(), |text| text.as_ptr().cast())
}
