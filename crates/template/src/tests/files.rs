//! Tests of files on the controller.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use ksplay_value::Value;

use crate::filters::args::{path as text_of_path, string};
use crate::filters::paths::expand_home;
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[
    ("abs", is_abs),
    ("directory", is_dir),
    ("exists", exists),
    ("file", is_file),
    ("is_abs", is_abs),
    ("is_dir", is_dir),
    ("is_file", is_file),
    ("is_link", is_link),
    ("is_mount", is_mount),
    ("is_same_file", is_same_file),
    ("link", is_link),
    ("link_exists", link_exists),
    ("mount", is_mount),
    ("same_file", is_same_file),
    ("vaulted_file", vaulted_file),
];

fn path(call: &mut Call<'_, '_>) -> Result<PathBuf, Error> {
    let (value, []) = call.bind([])?;
    Ok(match value {
        // Python takes an integer for the number of an open file; there is none here.
        Value::Int(_) => PathBuf::new(),
        value => PathBuf::from(value.as_str().ok_or_else(|| {
            let kind = value.type_name();
            Error::operation(format!("stat: path should be string, bytes, os.PathLike or integer, not {kind}"))
        })?),
    })
}

/// Whether there is something at the path, links followed: `'/etc' is exists`.
fn exists(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    Ok(path(call)?.exists().into())
}

/// As [`path`], where the number of an open file means nothing to Python either.
fn named_path(call: &mut Call<'_, '_>) -> Result<PathBuf, Error> {
    let (value, []) = call.bind([])?;
    Ok(PathBuf::from(text_of_path(&value)?))
}

/// Whether there is something at the path, be it a dangling link.
fn link_exists(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    Ok(named_path(call)?.symlink_metadata().is_ok().into())
}

/// Whether a directory is there: `'/etc' is directory`.
fn is_dir(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    Ok(path(call)?.is_dir().into())
}

/// Whether a file is there: `'/etc/passwd' is file`.
fn is_file(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    Ok(path(call)?.is_file().into())
}

/// Whether a link is there.
fn is_link(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    Ok(named_path(call)?.is_symlink().into())
}

/// Whether the path begins at the root: `'/x' is abs`.
fn is_abs(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    Ok(named_path(call)?.is_absolute().into())
}

/// Whether a file system is mounted there: `'/' is mount`.
fn is_mount(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let path = named_path(call)?;
    let (Ok(here), Ok(parent)) = (path.symlink_metadata(), path.join("..").metadata()) else { return Ok(false.into()) };
    let root = here.ino() == parent.ino();
    Ok((!here.file_type().is_symlink() && (here.dev() != parent.dev() || root)).into())
}

/// Whether two paths lead to one file: `'/etc/passwd' is same_file('/etc/../etc/passwd')`.
fn is_same_file(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [other]) = call.bind(["other"])?;
    let read = |value: &Value| -> Result<std::fs::Metadata, Error> {
        let path = Path::new(string(value)?);
        path.metadata().map_err(|error| Error::operation(in_pythons_words(&error, &path.display().to_string(), "")))
    };
    let (left, right) = (read(&value)?, read(&other.required()?)?);
    Ok((left.dev() == right.dev() && left.ino() == right.ino()).into())
}

/// Whether a file is an encrypted vault.
fn vaulted_file(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, []) = call.bind([])?;
    let path = expand_home(string(&value)?);
    let bytes = std::fs::read(&path).map_err(|error| {
        let why = in_pythons_words(&error, &path, "b");
        Error::operation(format!("Cannot test if the file '{path}' is a vault: {why}"))
    })?;
    Ok(bytes.starts_with(b"$ANSIBLE_VAULT;").into())
}

/// An error of the system as Python writes it.
fn in_pythons_words(error: &std::io::Error, path: &str, mark: &str) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    format!("[Errno {}] {text}: {mark}'{path}'", error.raw_os_error().unwrap_or_default())
}
