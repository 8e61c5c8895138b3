//! `stat`: says what a file is.

use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use ksplay_value::{Map, Value};

use crate::arguments::Opt;
use crate::system::{InodeFlags, os_message};
use crate::{CommandSpec, Digest, Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`StatArgs`].
pub struct Stat;

arguments! {
    /// Says what a file is: kind, owner, mode, times, checksum.
    pub struct StatArgs {
        /// The file.
        path: PathBuf = Opt::path().required().aliases(&["dest", "name"]),
        /// Whether symbolic links are followed.
        follow: bool = Opt::bool().default("false"),
        /// Whether the checksum of the content is given.
        get_checksum: bool = Opt::bool().default("true"),
        /// Whether type and character set of the content are given, as `file` guesses them.
        get_mime: bool = Opt::bool().default("true").aliases(&["mime", "mime_type", "mime-type"]),
        /// Whether the attributes of the file system are given, as `lsattr` has them.
        get_attributes: bool = Opt::bool().default("true").aliases(&["attr", "attributes"]),
        /// How the checksum is made.
        checksum_algorithm: String = Opt::str().default("sha1")
            .choices(&["md5", "sha1", "sha224", "sha256", "sha384", "sha512"])
            .aliases(&["checksum", "checksum_algo"]),
    }
}

impl Module for Stat {
    type Args = StatArgs;
    type Plan = ();

    fn inspect(args: &StatArgs, system: &Probe) -> Result<Inspection<()>, Failure> {
        let found = if args.follow { system.metadata(&args.path) } else { system.link_metadata(&args.path) };
        let stat = match found {
            Ok(found) => {
                let mut stat = basics(&args.path, &found, system);
                add_link(&args.path, &found, system, &mut stat);
                add_content(args, &found, system, &mut stat);
                stat
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Map::from([("exists", Value::Bool(false))]),
            Err(error) => return Err(Failure::new(os_message(&error))),
        };
        let mut outcome = Outcome::default();
        outcome.values.insert("stat", stat);
        Ok(Inspection::nothing_to_do(outcome))
    }

    fn apply((): (), predicted: Outcome, _system: &mut System) -> Result<Outcome, Failure> {
        Ok(predicted)
    }
}

/// What is known of a file without looking into it, as `stat` and `find` give it.
pub(super) fn basics(path: &Path, found: &std::fs::Metadata, system: &Probe) -> Map {
    let mode = found.mode() & 0o7777;
    let kind = found.file_type();
    let mut stat = Map::from([
        ("exists", Value::Bool(true)),
        ("path", path.display().to_string().into()),
        ("mode", format!("{mode:04o}").into()),
        ("isdir", kind.is_dir().into()),
        ("ischr", kind.is_char_device().into()),
        ("isblk", kind.is_block_device().into()),
        ("isreg", kind.is_file().into()),
        ("isfifo", kind.is_fifo().into()),
        ("islnk", kind.is_symlink().into()),
        ("issock", kind.is_socket().into()),
        ("uid", found.uid().into()),
        ("gid", found.gid().into()),
        ("size", found.size().into()),
        ("inode", found.ino().into()),
        ("dev", found.dev().into()),
        ("nlink", found.nlink().into()),
        ("atime", seconds(found.atime(), found.atime_nsec())),
        ("mtime", seconds(found.mtime(), found.mtime_nsec())),
        ("ctime", seconds(found.ctime(), found.ctime_nsec())),
    ]);
    for (name, bit) in [
        ("wusr", 0o200),
        ("rusr", 0o400),
        ("xusr", 0o100),
        ("wgrp", 0o020),
        ("rgrp", 0o040),
        ("xgrp", 0o010),
        ("woth", 0o002),
        ("roth", 0o004),
        ("xoth", 0o001),
        ("isuid", 0o4000),
        ("isgid", 0o2000),
    ] {
        stat.insert(name, mode & bit != 0);
    }
    if let Some(user) = system.user_with_id(found.uid()) {
        stat.insert("pw_name", user.name);
    }
    if let Some(group) = system.group_with_id(found.gid()) {
        stat.insert("gr_name", group.name);
    }
    stat
}

fn seconds(seconds: i64, nanoseconds: i64) -> Value {
    Value::Float(seconds as f64 + nanoseconds as f64 * 1e-9)
}

fn add_link(path: &Path, found: &std::fs::Metadata, system: &Probe, stat: &mut Map) {
    stat.insert("block_size", found.blksize());
    stat.insert("blocks", found.blocks());
    stat.insert("device_type", found.rdev());
    stat.insert("readable", system.may(path, libc::R_OK));
    stat.insert("writeable", system.may(path, libc::W_OK));
    stat.insert("executable", system.may(path, libc::X_OK));
    if found.is_symlink()
        && let Ok(target) = system.read_link(path)
    {
        // As Python's `realpath`: a broken link has a target too.
        let beside = path.parent().unwrap_or(Path::new("/")).join(&target);
        let source = system.canonicalize(path).unwrap_or(beside);
        stat.insert("lnk_source", source.display().to_string());
        stat.insert("lnk_target", target.display().to_string());
    }
}

fn add_content(args: &StatArgs, found: &std::fs::Metadata, system: &Probe, stat: &mut Map) {
    if args.get_checksum
        && found.is_file()
        && let Some(digest) = Digest::named(&args.checksum_algorithm)
        && let Ok(checksum) = system.digest(&args.path, digest)
    {
        stat.insert("checksum", checksum);
    }
    let path = args.path.to_string_lossy();
    if args.get_mime {
        let guess = query(system, &["file", "--mime-type", "--mime-encoding", &path]);
        let guess =
            guess.as_deref().and_then(|text| text.rsplit_once(':')).and_then(|(_, guess)| guess.split_once(';'));
        let (kind, set) = guess.map_or(("unknown", "unknown"), |(kind, set)| {
            (kind.trim(), set.rsplit_once('=').map_or("unknown", |(_, set)| set.trim()))
        });
        stat.insert("mimetype", kind);
        stat.insert("charset", set);
    }
    if args.get_attributes {
        let flags = system.inode_flags(&args.path).map(InodeFlags::letters).unwrap_or_default();
        stat.insert("version", system.inode_version(&args.path).ok().map(|version| version.to_string()));
        stat.insert("attr_flags", flags.as_str());
        stat.insert("attributes", flags.chars().filter_map(attribute).collect::<Value>());
    }
}

/// What a program says that may not be there.
fn query(system: &Probe, argv: &[&str]) -> Option<String> {
    system.which(argv[0])?;
    let output = system.query(&CommandSpec::new(argv.iter().copied()).parsable()).ok()?;
    output.ok().then(|| output.stdout_text())
}

/// The word for a letter of `lsattr`.
fn attribute(flag: char) -> Option<&'static str> {
    Some(match flag {
        'A' => "noatime",
        'a' => "append",
        'c' => "compressed",
        'C' => "nocow",
        'd' => "nodump",
        'D' => "dirsync",
        'e' => "extents",
        'E' => "encrypted",
        'h' => "blocksize",
        'i' => "immutable",
        'I' => "indexed",
        'j' => "journalled",
        'N' => "inline",
        's' => "zero",
        'S' => "synchronous",
        't' => "notail",
        'T' => "blockroot",
        'u' => "undelete",
        'X' => "compressedraw",
        'Z' => "compresseddirty",
        _ => return None,
    })
}
