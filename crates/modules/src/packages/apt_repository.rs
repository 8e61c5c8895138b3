//! `apt_repository`: lines of `/etc/apt/sources.list` and the files beside it.

use std::path::{Path, PathBuf};

use ksplay_value::Value;

use super::apt_command::{Refresh, read_lists};
use crate::accounts::text_file;
use crate::arguments::Opt;
use crate::files::attributes::mode_of;
use crate::{Diff, Diffs, Failure, Inspection, Module, NewFile, Outcome, Probe, System, arguments};

/// See [`AptRepositoryArgs`].
pub struct AptRepository;

arguments! {
    /// Adds a repository to those of apt, or removes it.
    pub struct AptRepositoryArgs {
        /// The line: `deb [options] address suite component…`.
        repo: String = Opt::str().required(),
        /// Whether it is there.
        state: String = Opt::str().default("present").choices(&["absent", "present"]),
        /// The permissions of a file that is made.
        mode: Value = Opt::raw(),
        /// Whether the package lists are read after a change.
        update_cache: bool = Opt::bool().default("yes").aliases(&["update-cache"]),
        /// How often reading them is tried again.
        update_cache_retries: i64 = Opt::int().default("5"),
        /// How many seconds lie between two tries at most.
        update_cache_retry_max_delay: i64 = Opt::int().default("12"),
        /// The name of the file, without `.list`; made from the address when it is not given.
        filename: Option<String> = Opt::str(),
        /// Whether Python's library for apt is installed; none is needed.
        install_python_apt: bool = Opt::bool().default("yes"),
        /// Whether certificates are checked; nothing is loaded.
        validate_certs: bool = Opt::bool().default("yes"),
        /// The distribution that a `ppa:` is for; those are not supported.
        codename: Option<String> = Opt::str(),
    }
}

/// A file of repositories: its text before and after; `None` where there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
struct File {
    path: PathBuf,
    before: Option<String>,
    after: Option<String>,
}

/// The files that change, and whether the lists are read then.
#[derive(Debug)]
pub struct AptRepositoryPlan {
    files: Vec<File>,
    mode: Option<u32>,
    refresh: Option<Refresh>,
}

/// A line that names a repository.
struct Line<'a> {
    enabled: bool,
    /// The words of the line, with single blanks.
    source: String,
    comment: Option<&'a str>,
}

impl<'a> Line<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let text = line.trim();
        let disabled = text.strip_prefix('#');
        let text = disabled.unwrap_or(text);
        let (source, comment) = text.split_once('#').map_or((text, None), |(source, comment)| (source, Some(comment)));
        let words: Vec<&str> = source.split_whitespace().collect();
        let known = matches!(words.first(), Some(&("deb" | "deb-src"))) && words.len() > 1;
        known.then(|| Self { enabled: disabled.is_none(), source: words.join(" "), comment })
    }
}

impl Module for AptRepository {
    type Args = AptRepositoryArgs;
    type Plan = AptRepositoryPlan;

    fn inspect(args: &AptRepositoryArgs, system: &Probe) -> Result<Inspection<AptRepositoryPlan>, Failure> {
        if args.repo.is_empty() {
            return Err(Failure::new("Please set argument 'repo' to a non-empty value"));
        }
        if args.repo.starts_with("ppa:") {
            let message = "a `ppa:` needs Launchpad to be asked for its key, which ksplay does not: put the key in \
                           place with get_url, and name the repository as `deb [signed-by=…] https://…`";
            return Err(Failure::new(message));
        }
        let wanted = Line::parse(&args.repo).filter(|line| line.enabled);
        let wanted = wanted.ok_or_else(|| Failure::new(format!("Invalid repository string: {}", args.repo)))?.source;
        let mode = mode_of(&args.mode, 0o644, false)
            .map_err(|details| Failure::new("mode must be in octal or symbolic form").with("details", details))?;
        let mut files = read_files(system)?;
        if args.state == "present" {
            let name = args.filename.clone().unwrap_or_else(|| file_name(&wanted));
            add(&wanted, &Path::new(LISTS).join(format!("{name}.list")), &mut files);
        } else {
            remove(&wanted, &mut files);
        }
        files.retain(|file| file.after != file.before);
        let named = |is_it: fn(&File) -> bool| {
            files.iter().filter(|file| is_it(file)).map(|file| file.path.display().to_string()).collect::<Value>()
        };
        let mut outcome = Outcome::default();
        outcome.values.insert("repo", args.repo.as_str());
        outcome.values.insert("state", args.state.as_str());
        outcome.values.insert("sources_added", named(|file| file.before.is_none()));
        outcome.values.insert("sources_removed", named(|file| file.after.is_none()));
        if system.diff {
            outcome.diff = Diffs::List(files.iter().map(File::diff).collect());
        }
        if files.is_empty() {
            return Ok(Inspection::nothing_to_do(outcome));
        }
        let refresh = args.update_cache.then_some(Refresh {
            retries: args.update_cache_retries,
            longest_pause: args.update_cache_retry_max_delay,
            lock_timeout: 60,
        });
        Ok(Inspection::change(outcome, AptRepositoryPlan { files, mode, refresh }))
    }

    fn apply(plan: AptRepositoryPlan, predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        for file in &plan.files {
            put(&file.path, file.after.as_ref(), plan.mode.filter(|_| file.before.is_none()), system)?;
        }
        if let Some(refresh) = &plan.refresh
            && let Err(failure) = read_lists(refresh, system)
        {
            // A repository that cannot be read would be in the way of all others.
            for file in &plan.files {
                put(&file.path, file.before.as_ref(), None, system)?;
            }
            return Err(failure);
        }
        Ok(predicted)
    }
}

const LISTS: &str = "/etc/apt/sources.list.d";

fn put(path: &Path, text: Option<&String>, mode: Option<u32>, system: &mut System) -> Result<(), Failure> {
    match text {
        Some(text) => text_file::write(path, text, &NewFile { mode, ..NewFile::default() }, system),
        None => {
            system.remove_file(path).map_err(|error| Failure::new(format!("cannot remove {}: {error}", path.display())))
        }
    }
}

fn read_files(system: &Probe) -> Result<Vec<File>, Failure> {
    let lists = system.list_dir(Path::new(LISTS)).unwrap_or_default();
    let lists = lists.into_iter().filter(|path| path.extension().is_some_and(|end| end == "list"));
    let all = [PathBuf::from("/etc/apt/sources.list")].into_iter().chain(lists).filter(|path| system.is_file(path));
    all.map(|path| {
        let text = text_file::read(&path, system)?;
        Ok(File { path, before: Some(text.clone()), after: Some(text) })
    })
    .collect()
}

/// Takes the repository out of a comment wherever it stands in one, or adds it to the file at `path`.
fn add(wanted: &str, path: &Path, files: &mut Vec<File>) {
    let mut is_there = false;
    for file in files.iter_mut() {
        let Some(text) = &mut file.after else { continue };
        let mut new = String::with_capacity(text.len());
        for line in text.split_inclusive('\n') {
            match Line::parse(line).filter(|found| found.source == wanted) {
                Some(found) => {
                    is_there = true;
                    match found {
                        Line { enabled: true, .. } => new += line,
                        Line { comment: None, .. } => new += &format!("{wanted}\n"),
                        Line { comment: Some(comment), .. } => new += &format!("{wanted} # {}\n", comment.trim()),
                    }
                }
                None => new += line,
            }
        }
        *text = new;
    }
    if is_there {
        return;
    }
    match files.iter_mut().find(|file| file.path == path) {
        Some(file) => {
            let text = file.after.get_or_insert_default();
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            *text += &format!("{wanted}\n");
        }
        None => files.push(File { path: path.to_owned(), before: None, after: Some(format!("{wanted}\n")) }),
    }
}

/// Takes the lines of the repository away, and files in which nothing else is.
fn remove(wanted: &str, files: &mut [File]) {
    for file in files {
        let Some(text) = file.after.take() else { continue };
        let goes = |line: &str| Line::parse(line).is_some_and(|found| found.enabled && found.source == wanted);
        let kept: String = text.split_inclusive('\n').filter(|line| !goes(line)).collect();
        file.after = Some(kept).filter(|kept| *kept == text || !kept.is_empty());
    }
}

/// The name of the file for a repository: its address without scheme, user and what is no letter or digit.
fn file_name(source: &str) -> String {
    // Options, and the names of discs, stand in brackets.
    let mut plain = source.to_owned();
    while let Some((before, after)) = plain.split_once('[')
        && let Some((_, after)) = after.split_once(']')
    {
        plain = format!("{before}{after}");
    }
    let address = plain.split_whitespace().nth(1).unwrap_or_default();
    let address = address.split_once("://").map_or(address, |(_, rest)| rest);
    let (host, path) = address.split_once('/').unwrap_or((address, ""));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let address = format!("{host}/{path}");
    let words = address.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_")
}

impl File {
    fn diff(&self) -> Diff {
        let name = |side: &Option<String>| match side {
            Some(_) => self.path.display().to_string(),
            None => "/dev/null".to_owned(),
        };
        let text = |side: &Option<String>| Value::from(side.clone().unwrap_or_default());
        Diff {
            before_header: name(&self.before),
            after_header: name(&self.after),
            before: text(&self.before),
            after: text(&self.after),
            ..Diff::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, before: Option<&str>, after: Option<&str>) -> File {
        File { path: path.into(), before: before.map(str::to_owned), after: after.map(str::to_owned) }
    }

    fn there(path: &str, text: &str) -> File {
        file(path, Some(text), Some(text))
    }

    #[test]
    fn the_file_is_named_after_the_address() {
        // What ansible-core names them.
        for (source, name) in [
            ("deb http://dl.example.com/linux/chrome/deb/ stable main", "dl_example_com_linux_chrome_deb"),
            ("deb [arch=amd64 signed-by=/x] https://d.example/linux jammy stable", "d_example_linux"),
            ("deb file:///srv/debs ./", "srv_debs"),
            ("deb cdrom:[Debian 12]/ bookworm main", "cdrom"),
            ("deb https://user:secret@x.example:8080/y/ stable main", "x_example_8080_y"),
            ("deb ftp://x.example/y_z-1/ä stable main", "x_example_y_z_1"),
            ("deb http://x//y--z/~u/ a b", "x_y_z_u"),
        ] {
            assert_eq!(file_name(source), name);
        }
    }

    #[test]
    fn a_repository_is_added_once_and_taken_out_of_comments() {
        let mut files = vec![there("/f", "# c\n#deb  http://a b   main # why\n"), there("/g", "deb http://a c main")];
        add("deb http://a b main", Path::new("/g"), &mut files);
        assert_eq!(files[0].after.as_deref(), Some("# c\ndeb http://a b main # why\n"));
        assert_eq!(files[1].after, files[1].before);
        let mut files = vec![there("/g", "deb http://a c main")];
        add("deb http://a b main", Path::new("/g"), &mut files);
        assert_eq!(
            files,
            [file("/g", Some("deb http://a c main"), Some("deb http://a c main\ndeb http://a b main\n"))]
        );
        add("deb http://a b main", Path::new("/h"), &mut files);
        assert_eq!(files.len(), 1);
        add("deb http://z b main", Path::new("/h"), &mut files);
        assert_eq!(files[1], file("/h", None, Some("deb http://z b main\n")));
    }

    #[test]
    fn a_file_without_lines_goes() {
        let mut files = vec![
            there("/f", "deb http://a b main\n"),
            there("/g", "# c\ndeb http://a b main\n"),
            there("/h", "#deb http://a b main\n"),
            there("/i", ""),
        ];
        remove("deb http://a b main", &mut files);
        let after: Vec<_> = files.iter().map(|file| file.after.as_deref()).collect();
        assert_eq!(after, [None, Some("# c\n"), Some("#deb http://a b main\n"), Some("")]);
    }
}
