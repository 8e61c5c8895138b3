//! The settings as templates find them, by the names of `ansible-config`.

use std::path::PathBuf;

use ksplay_report::{Colour, Palette};
use ksplay_template::KnownSettings;
use ksplay_value::Value;

use super::{Described, Settings};

/// What a setting is as a value of a template.
pub(super) trait Shown {
    fn shown(&self) -> Value;
}

impl Shown for bool {
    fn shown(&self) -> Value {
        Value::Bool(*self)
    }
}

impl Shown for String {
    fn shown(&self) -> Value {
        self.as_str().into()
    }
}

impl Shown for PathBuf {
    fn shown(&self) -> Value {
        self.to_string_lossy().into_owned().into()
    }
}

impl Shown for Colour {
    fn shown(&self) -> Value {
        self.name().into()
    }
}

macro_rules! numbers {
    ($($type:ty)*) => {
        $(impl Shown for $type {
            fn shown(&self) -> Value {
                i64::try_from(*self).map_or(Value::Null, Value::Int)
            }
        })*
    };
}

numbers!(u8 u16 u64 usize);

impl<T: Shown> Shown for Option<T> {
    fn shown(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::shown)
    }
}

impl<T: Shown> Shown for Vec<T> {
    fn shown(&self) -> Value {
        self.iter().map(T::shown).collect()
    }
}

/// Settings that have a name as an option of a plugin too, and what they are there when nobody sets them, if that is
/// something else.
const PLUGINS: &[(&str, &str, Option<&str>)] = &[
    ("become su become_exe", "DEFAULT_BECOME_EXE", Some("su")),
    ("become su become_flags", "DEFAULT_BECOME_FLAGS", Some("")),
    ("become su become_user", "DEFAULT_BECOME_USER", None),
    ("become sudo become_exe", "DEFAULT_BECOME_EXE", Some("sudo")),
    ("become sudo become_flags", "DEFAULT_BECOME_FLAGS", Some("-H -S -n")),
    ("become sudo become_user", "DEFAULT_BECOME_USER", None),
    ("cache jsonfile _prefix", "CACHE_PLUGIN_PREFIX", None),
    ("cache jsonfile _timeout", "CACHE_PLUGIN_TIMEOUT", None),
    ("cache jsonfile _uri", "CACHE_PLUGIN_CONNECTION", None),
    ("callback default display_skipped_hosts", "DISPLAY_SKIPPED_HOSTS", None),
    ("connection ssh host_key_checking", "HOST_KEY_CHECKING", None),
    ("connection ssh port", "DEFAULT_REMOTE_PORT", None),
    ("connection ssh private_key_file", "DEFAULT_PRIVATE_KEY_FILE", None),
    ("connection ssh remote_user", "DEFAULT_REMOTE_USER", None),
    ("connection ssh timeout", "DEFAULT_TIMEOUT", None),
];

impl Settings {
    /// What can be set; what is an option of a plugin too is there by both names.
    pub fn described() -> Vec<Described> {
        let mut all = Self::rows();
        for (option, name, default) in PLUGINS {
            let Some(setting) = all.iter().find(|setting| setting.name == *name) else { continue };
            let mut setting = Described { name: option, ..setting.clone() };
            if let Some(default) = default {
                setting.kind.default = (*default).into();
            }
            all.push(setting);
        }
        all
    }

    /// Every setting that has a meaning here, for the lookup `config`.
    pub fn known(&self) -> KnownSettings {
        let mut known = KnownSettings::new();
        for (name, value, origin) in self.values() {
            known.insert(name, (value, origin.short()));
        }
        for (option, name, default) in PLUGINS {
            let Some((value, origin)) = known.get(name).cloned() else { continue };
            let value = match default {
                Some(default) if value.is_null() => (*default).into(),
                _ => value,
            };
            known.insert(option, (value, origin));
        }
        // What nobody sets is nothing for ksplay, and a text in Ansible.
        for (name, default) in [("DEFAULT_BECOME_FLAGS", ""), ("DEFAULT_MANAGED_STR", "Ansible managed")] {
            if let Some((value, _)) = known.get_mut(name).filter(|(value, _)| value.is_null()) {
                *value = default.into();
            }
        }
        if self.fact_caching_prefix.is_empty()
            && let Some((value, _)) = known.get_mut("cache jsonfile _prefix")
        {
            *value = Value::Null;
        }
        known.insert("CONFIG_FILE", (self.file.shown(), String::new()));
        known
    }

    /// The colours of the output; none where there are to be none.
    pub fn palette(&self) -> Option<Palette> {
        let wanted = *self.force_color || (crate::output::is_screen() && !*self.nocolor);
        wanted.then(|| Palette {
            ok: self.colour_ok.value.clone(),
            changed: self.colour_changed.value.clone(),
            error: self.colour_error.value.clone(),
            unreachable: self.colour_unreachable.value.clone(),
            skip: self.colour_skip.value.clone(),
            included: self.colour_included.value.clone(),
            warn: self.colour_warn.value.clone(),
            debug: self.colour_debug.value.clone(),
            verbose: self.colour_verbose.value.clone(),
            diff_add: self.colour_diff_add.value.clone(),
            diff_remove: self.colour_diff_remove.value.clone(),
            diff_lines: self.colour_diff_lines.value.clone(),
        })
    }
}
