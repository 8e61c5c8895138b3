//! The mounted file systems.

use std::collections::{HashMap, HashSet};
use std::ffi::CString;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use ksplay_value::{Map, Value};

use super::look::Look;

/// One line of the table of mounts.
#[derive(Debug, Clone)]
struct Mount {
    device: String,
    point: String,
    kind: String,
    options: String,
    dump: i64,
    pass: i64,
}

/// `mounts`: those of devices and network shares. A share that does not answer within `patience` is listed without sizes.
pub(crate) fn collect(look: &Look, uuids: &HashMap<String, String>, patience: Duration) -> Map {
    let table = look.text("/etc/mtab").or_else(|| look.text("/proc/self/mounts")).unwrap_or_default();
    let bound = bind_mounts(&look.text("/proc/self/mountinfo").unwrap_or_default());
    let mounts = parse(&table);
    let (send, receive) = mpsc::channel();
    for (index, mount) in mounts.iter().enumerate() {
        // A dead network share blocks whoever asks for its size: such a question has a thread of its own.
        if mount.device.starts_with('/') && !mount.device.starts_with("//") {
            let _ = send.send((index, sizes(&mount.point)));
        } else {
            let (send, point) = (send.clone(), mount.point.clone());
            std::thread::spawn(move || send.send((index, sizes(&point))));
        }
    }
    drop(send);
    let mut known: HashMap<usize, Option<Map>> = HashMap::new();
    let deadline = Instant::now() + patience;
    while known.len() < mounts.len() {
        match receive.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok((index, sizes)) => known.insert(index, sizes),
            Err(_) => break,
        };
    }
    let facts = mounts.into_iter().enumerate().map(|(index, mount)| {
        let uuid = uuids.get(&mount.device).map_or("N/A", String::as_str);
        let mut options = mount.options;
        if bound.contains(&mount.point) {
            options += ",bind";
        }
        let mut fact = Map::from([
            ("mount", mount.point.as_str()),
            ("device", &mount.device),
            ("fstype", &mount.kind),
            ("options", &options),
            ("uuid", uuid),
        ]);
        fact.insert("dump", mount.dump);
        fact.insert("passno", mount.pass);
        match known.remove(&index) {
            Some(sizes) => fact.extend(sizes.unwrap_or_default()),
            None => {
                fact.insert("note", "Timed out while attempting to get extra information.");
            }
        }
        fact
    });
    Map::from([("mounts", facts.collect::<Value>())])
}

fn parse(table: &str) -> Vec<Mount> {
    table
        .lines()
        .filter_map(|line| {
            let fields: Vec<String> = line.split_whitespace().map(unescape).collect();
            let [device, point, kind, options, dump, pass] = &fields[..] else { return None };
            let real = device.starts_with(['/', '\\']) || device.contains(":/");
            (real && kind != "none").then(|| Mount {
                device: device.clone(),
                point: point.clone(),
                kind: kind.clone(),
                options: options.clone(),
                dump: dump.parse().unwrap_or(0),
                pass: pass.parse().unwrap_or(0),
            })
        })
        .collect()
}

/// Mount points that show a part of a file system only.
fn bind_mounts(info: &str) -> HashSet<String> {
    info.lines()
        .filter_map(|line| {
            let mut fields = line.split_whitespace().skip(3);
            let (root, point) = (fields.next()?, fields.next()?);
            (root != "/").then(|| unescape(point))
        })
        .collect()
}

/// Octal escapes (`\040`) as the characters that they stand for.
pub(crate) fn unescape(field: &str) -> String {
    let bytes = field.as_bytes();
    let mut text = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while index < bytes.len() {
        let code = bytes.get(index + 1..index + 4).filter(|_| bytes[index] == b'\\');
        let code = code.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        text.push(code.unwrap_or(bytes[index]));
        index += if code.is_some() { 4 } else { 1 };
    }
    String::from_utf8_lossy(&text).into_owned()
}

pub(super) fn sizes(point: &str) -> Option<Map> {
    let path = CString::new(point).ok()?;
    // SAFETY: statvfs is plain numbers, for which zero is valid.
    let mut stat: libc::statvfs = unsafe { std::mem::zeroed() };
    // SAFETY: the path ends in NUL and the pointer is to a live statvfs.
    if unsafe { libc::statvfs(path.as_ptr(), &raw mut stat) } != 0 {
        return None;
    }
    let fragment = stat.f_frsize;
    Some(Map::from([
        ("size_total", Value::from(fragment * stat.f_blocks)),
        ("size_available", Value::from(fragment * stat.f_bavail)),
        ("block_size", Value::from(stat.f_bsize)),
        ("block_total", Value::from(stat.f_blocks)),
        ("block_available", Value::from(stat.f_bavail)),
        ("block_used", Value::from(stat.f_blocks.saturating_sub(stat.f_bavail))),
        ("inode_total", Value::from(stat.f_files)),
        ("inode_available", Value::from(stat.f_favail)),
        ("inode_used", Value::from(stat.f_files.saturating_sub(stat.f_favail))),
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_devices_and_shares_are_mounts() {
        let table =
            "proc /proc proc rw 0 0\n/dev/vda1 / ext4 rw,relatime 0 0\nserver:/share /mnt/a\\040b nfs4 rw 0 0\n";
        let mounts = parse(table);
        let points: Vec<_> = mounts.iter().map(|mount| mount.point.as_str()).collect();
        assert_eq!(points, ["/", "/mnt/a b"]);
    }

    #[test]
    fn a_mount_of_a_part_is_a_bind_mount() {
        let info = "22 27 0:21 / /proc rw - proc proc rw\n50 27 253:0 /srv /mnt rw - ext4 /dev/vda rw\n";
        assert_eq!(bind_mounts(info).into_iter().collect::<Vec<_>>(), ["/mnt"]);
    }
}
