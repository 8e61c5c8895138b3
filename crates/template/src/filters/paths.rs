//! Filters over file names, POSIX and Windows.

use std::path::Path;

use ksplay_value::Value;

use super::args::{iterate, path as text_of_path, python_class, tuple};
use crate::accounts::home_of;
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[
    ("basename", basename),
    ("commonpath", commonpath),
    ("dirname", dirname),
    ("expanduser", expanduser),
    ("expandvars", expandvars),
    ("fileglob", fileglob),
    ("normpath", normpath),
    ("path_join", path_join),
    ("realpath", realpath),
    ("relpath", relpath),
    ("splitext", splitext),
    ("win_basename", win_basename),
    ("win_dirname", win_dirname),
    ("win_splitdrive", win_splitdrive),
];

/// The last part of a path: `'/a/b' | basename` is `b`.
fn basename(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (path, []) = call.bind([])?;
    Ok(text_of_path(&path)?.rsplit('/').next().into())
}

/// The path without its last part: `'/a/b' | dirname` is `/a`.
fn dirname(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (path, []) = call.bind([])?;
    let path = text_of_path(&path)?;
    let head = &path[..path.rfind('/').map_or(0, |slash| slash + 1)];
    let trimmed = head.trim_end_matches('/');
    Ok(if trimmed.is_empty() { head } else { trimmed }.into())
}

/// The path and its extension: `'a.tar.gz' | splitext` is `['a.tar', '.gz']`.
fn splitext(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (path, []) = call.bind([])?;
    let path = text_of_path(&path)?;
    let name = path.rfind('/').map_or(0, |slash| slash + 1);
    let dot = path[name..].rfind('.').map(|dot| dot + name);
    let leading = path[name..].len() - path[name..].trim_start_matches('.').len() + name;
    let at = dot.filter(|dot| *dot >= leading).unwrap_or(path.len());
    Ok(tuple(vec![path[..at].into(), path[at..].into()]))
}

/// The parts as one path, an absolute one starting afresh: `['/a', 'b'] | path_join` is `/a/b`.
fn path_join(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (parts, []) = call.bind([])?;
    let parts = match &parts {
        Value::String(_) => vec![parts],
        Value::List(items) | Value::Tuple(items) => items.to_vec(),
        other => {
            let kind = python_class(other);
            return Err(Error::operation(format!("|path_join expects string or sequence, got {kind} instead.")));
        }
    };
    if parts.is_empty() {
        return Err(Error::operation("join() missing 1 required positional argument: 'a'"));
    }
    let mut joined = String::new();
    for (index, part) in parts.iter().enumerate() {
        let part = text_of_path(part)?;
        if index == 0 || part.starts_with('/') {
            joined = part.to_owned();
        } else {
            if !joined.is_empty() && !joined.ends_with('/') {
                joined.push('/');
            }
            joined += part;
        }
    }
    Ok(joined.into())
}

/// The path without `.`, `..` and doubled slashes: `'/a/../b' | normpath` is `/b`.
fn normpath(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (path, []) = call.bind([])?;
    Ok(normal(text_of_path(&path)?).into())
}

pub(crate) fn normal(path: &str) -> String {
    let root = match path {
        path if path.starts_with("//") && !path.starts_with("///") => "//",
        path if path.starts_with('/') => "/",
        _ => "",
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part != ".." || (root.is_empty() && parts.last().is_none_or(|last| *last == "..")) {
            parts.push(part);
        } else {
            parts.pop();
        }
    }
    match format!("{root}{}", parts.join("/")) {
        empty if empty.is_empty() => ".".to_owned(),
        path => path,
    }
}

fn absolute(path: &str) -> Result<String, Error> {
    if path.starts_with('/') {
        return Ok(normal(path));
    }
    let here = std::env::current_dir().map_err(|error| Error::operation(format!("no current directory: {error}")))?;
    Ok(normal(&format!("{}/{path}", here.display())))
}

/// The path with every link followed: `'/var/run' | realpath` is `/run`. What does not exist stays as written.
fn realpath(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (path, []) = call.bind([])?;
    let path = absolute(text_of_path(&path)?)?;
    let mut tail = Vec::new();
    let mut head = Path::new(&path);
    loop {
        if let Ok(real) = head.canonicalize() {
            let real = tail.iter().rev().fold(real, |path, part| path.join(part));
            return Ok(real.to_string_lossy().as_ref().into());
        }
        let (Some(parent), Some(name)) = (head.parent(), head.file_name()) else { return Ok(path.into()) };
        tail.push(name);
        head = parent;
    }
}

/// The path as seen from another one: `'/a/b' | relpath('/a/c')` is `../b`.
fn relpath(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (path, [start]) = call.bind(["start"])?;
    if text_of_path(&path)?.is_empty() {
        return Err(Error::operation("no path specified"));
    }
    let (path, start) =
        (absolute(text_of_path(&path)?)?, absolute(start.value().as_ref().map_or(Ok("."), text_of_path)?)?);
    let split = |path: &str| path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let (path, start) = (split(&path), split(&start));
    let common = path.iter().zip(&start).take_while(|(left, right)| left == right).count();
    let up = std::iter::repeat_n("..", start.len() - common);
    let parts: Vec<&str> = up.chain(path[common..].iter().map(String::as_str)).collect();
    Ok(if parts.is_empty() { ".".into() } else { parts.join("/").into() })
}

/// The longest path that all begin with: `['/a/b', '/a/c'] | commonpath` is `/a`.
fn commonpath(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (paths, []) = call.bind([])?;
    let paths = iterate(&paths)?;
    let texts = paths.iter().map(text_of_path).collect::<Result<Vec<_>, _>>()?;
    let Some(first) = texts.first() else { return Err(Error::operation("commonpath() arg is an empty sequence")) };
    let rooted = first.starts_with('/');
    if texts.iter().any(|path| path.starts_with('/') != rooted) {
        return Err(Error::operation("Can't mix absolute and relative paths"));
    }
    let split = |path: &str| -> Vec<String> {
        path.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).collect()
    };
    let mut common = split(first);
    for path in &texts[1..] {
        let parts = split(path);
        let same = common.iter().zip(&parts).take_while(|(left, right)| left == right).count();
        common.truncate(same);
    }
    Ok(format!("{}{}", if rooted { "/" } else { "" }, common.join("/")).into())
}

/// The path with `~` and `~user` replaced by the home directory: `'~/x' | expanduser`.
fn expanduser(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (path, []) = call.bind([])?;
    Ok(expand_home(text_of_path(&path)?).into())
}

/// As the filter; also for the names that lookups take.
pub(crate) fn expand_home(path: &str) -> String {
    let Some(rest) = path.strip_prefix('~') else { return path.to_owned() };
    let (user, below) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let home = match user {
        "" => std::env::var("HOME").ok().or_else(|| home_of("root")),
        user => home_of(user),
    };
    match home {
        Some(home) => match format!("{}{below}", home.trim_end_matches('/')) {
            empty if empty.is_empty() => "/".to_owned(),
            path => path,
        },
        None => path.to_owned(),
    }
}

/// The path with `$NAME` and `${NAME}` replaced from the environment; unknown ones stay: `'$HOME' | expandvars`.
fn expandvars(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (path, []) = call.bind([])?;
    let path = text_of_path(&path)?;
    let mut out = String::new();
    let mut rest = path;
    while let Some(at) = rest.find('$') {
        out += &rest[..at];
        rest = &rest[at..];
        let braced = rest[1..].starts_with('{').then(|| rest.find('}')).flatten();
        let (name, length) = match braced {
            Some(end) => (&rest[2..end], end + 1),
            None => {
                let word = rest[1..].find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len() - 1);
                (&rest[1..=word], word + 1)
            }
        };
        match std::env::var(name).ok().filter(|_| !name.is_empty()) {
            Some(value) => out += &value,
            None => out += &rest[..length],
        }
        rest = &rest[length..];
    }
    Ok((out + rest).into())
}

/// The files that match a pattern: `'/etc/host*' | fileglob`.
fn fileglob(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (pattern, []) = call.bind([])?;
    Ok(crate::lookups::files_matching(text_of_path(&pattern)?).into_iter().collect())
}

/// Where the drive, or the share, of a Windows path ends.
fn drive_end(path: &str) -> usize {
    let slashes = path.replace('/', "\\");
    if let Some(rest) = slashes.strip_prefix("\\\\") {
        let Some(host) = rest.find('\\') else { return path.len() };
        return match rest[host + 1..].find('\\') {
            Some(share) => 2 + host + 1 + share,
            None => path.len(),
        };
    }
    let letter = path.chars().next().map_or(0, char::len_utf8);
    if path[letter..].starts_with(':') { letter + 1 } else { 0 }
}

fn win_split(path: &str) -> (String, &str) {
    let drive = drive_end(path);
    let tail = &path[drive..];
    let name = tail.rfind(['\\', '/']).map_or(0, |slash| slash + 1);
    let head = tail[..name].trim_end_matches(['\\', '/']);
    let head = if head.is_empty() { &tail[..name] } else { head };
    (format!("{}{head}", &path[..drive]), &tail[name..])
}

/// The last part of a Windows path: `'C:\a\b' | win_basename` is `b`.
fn win_basename(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (path, []) = call.bind([])?;
    Ok(win_split(text_of_path(&path)?).1.into())
}

/// The Windows path without its last part: `'C:\a\b' | win_dirname` is `C:\a`.
fn win_dirname(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (path, []) = call.bind([])?;
    Ok(win_split(text_of_path(&path)?).0.into())
}

/// Drive and rest of a Windows path: `'C:\a' | win_splitdrive` is `['C:', '\a']`.
fn win_splitdrive(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (path, []) = call.bind([])?;
    let path = text_of_path(&path)?;
    let (drive, rest) = path.split_at(drive_end(path));
    Ok(tuple(vec![drive.into(), rest.into()]))
}
