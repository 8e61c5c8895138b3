//! Names with ranges and ports: `web[01:20:2].example.com:2222`.

/// How many names one pattern may give.
const MAX_NAMES: usize = 1_000_000;

/// The names that a host pattern of an inventory stands for, and the port that all of them have.
pub(crate) fn expand(pattern: &str) -> Result<(Vec<String>, Option<i64>), String> {
    let (name, port) = address(pattern);
    if !name.contains('[') {
        return Ok((vec![name.to_owned()], port));
    }
    let mut names = vec![String::new()];
    let mut rest = name;
    while let Some((head, tail)) = rest.split_once('[') {
        let Some((range, tail)) = tail.split_once(']') else {
            return Err(format!("the host range in `{pattern}` has no closing bracket"));
        };
        let parts = sequence(range)?;
        if names.len().saturating_mul(parts.len()) > MAX_NAMES {
            return Err(format!("`{pattern}` stands for more than {MAX_NAMES} hosts"));
        }
        names = names.iter().flat_map(|name| parts.iter().map(move |part| format!("{name}{head}{part}"))).collect();
        rest = tail;
    }
    for name in &mut names {
        name.push_str(rest);
    }
    Ok((names, port))
}

/// What stands between the brackets of a range, one after the other.
fn sequence(range: &str) -> Result<Vec<String>, String> {
    let bounds: Vec<&str> = range.split(':').collect();
    let (begin, end, step) = match bounds[..] {
        [begin, end] => (begin, end, "1"),
        [begin, end, step] => (begin, end, step),
        _ => return Err("host range must be begin:end or begin:end:step".to_owned()),
    };
    let begin = if begin.is_empty() { "0" } else { begin };
    if end.is_empty() {
        return Err("host range must specify end value".to_owned());
    }
    let width = if begin.starts_with('0') && begin.len() > 1 { begin.len() } else { 0 };
    if width > 0 && width != end.len() {
        return Err("host range must specify equal-length begin and end formats".to_owned());
    }
    let integer = |text: &str| {
        text.trim().parse::<i64>().map_err(|_| format!("`{text}` is no number in the host range `[{range}]`"))
    };
    let step = integer(step)?;
    const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    if let (Some(begin), Some(end)) = (LETTERS.find(begin), LETTERS.find(end)) {
        if begin > end {
            return Err("host range must have begin <= end".to_owned());
        }
        let step = usize::try_from(step).ok().filter(|step| *step > 0).ok_or("host range must have a step above 0")?;
        return Ok(LETTERS[begin..=end].chars().step_by(step).map(String::from).collect());
    }
    let (begin, end) = (integer(begin)?, integer(end)?);
    if step == 0 {
        return Err("host range must have a step above 0".to_owned());
    }
    let count = if step > 0 && begin <= end { end.abs_diff(begin) / step.unsigned_abs() + 1 } else { 0 };
    if count > MAX_NAMES as u64 {
        return Err(format!("the host range `[{range}]` stands for more than {MAX_NAMES} hosts"));
    }
    Ok((0..count as i64).map(|index| format!("{:0width$}", begin + index * step)).collect())
}

/// A name and its port. What is no host name or address with a port is a name as it stands.
pub(crate) fn address(pattern: &str) -> (&str, Option<i64>) {
    let whole = (pattern, None);
    let Some((host, port)) = pattern.rsplit_once(':') else { return whole };
    if port.is_empty() || !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return whole;
    }
    let Ok(port) = port.parse() else { return whole };
    if let Some(inner) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return if is_address(inner) || is_name(inner) { (inner, Some(port)) } else { whole };
    }
    if is_name(host) { (host, Some(port)) } else { whole }
}

/// Whether the whole text is one host name or address, with a port or without.
pub(crate) fn is_host(pattern: &str) -> bool {
    is_name(pattern) || is_address(pattern) || address(pattern).1.is_some()
}

fn is_address(text: &str) -> bool {
    text.parse::<std::net::IpAddr>().is_ok()
}

/// Whether this could be a host name, its labels being letters, digits, `-`, `_` and ranges in brackets.
fn is_name(text: &str) -> bool {
    let mut flat = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((head, tail)) = rest.split_once('[') {
        let Some((range, tail)) = tail.split_once(']') else { return false };
        if !range.contains(':') || !range.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b':') {
            return false;
        }
        flat.push_str(head);
        flat.push('0');
        rest = tail;
    }
    flat.push_str(rest);
    flat.split('.').all(|label| {
        let inside = label.chars().all(|char| char.is_alphanumeric() || matches!(char, '-' | '_'));
        inside && !label.is_empty() && label.chars().count() <= 63 && !label.starts_with('-') && !label.ends_with('-')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(pattern: &str) -> Vec<String> {
        expand(pattern).unwrap().0
    }

    #[test]
    fn ranges_multiply_and_keep_their_width() {
        assert_eq!(names("h[01:12:5]-[a:b].x"), ["h01-a.x", "h01-b.x", "h06-a.x", "h06-b.x", "h11-a.x", "h11-b.x"]);
        assert_eq!(names("h[:2]"), ["h0", "h1", "h2"]);
        assert_eq!(names("h[3:1]"), Vec::<String>::new());
    }

    #[test]
    fn only_a_valid_host_has_a_port() {
        assert_eq!(address("web:22"), ("web", Some(22)));
        assert_eq!(address("[::1]:22"), ("::1", Some(22)));
        assert_eq!(address("user@web:22"), ("user@web:22", None));
        assert_eq!(address("fe80::2"), ("fe80::2", None));
    }

    #[test]
    fn a_range_that_would_fill_the_memory_is_refused() {
        assert!(expand("h[1:1000][1:1000][1:1000]").is_err());
        assert!(expand("h[0:9223372036854775807]").is_err());
    }
}
