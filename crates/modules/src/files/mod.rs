//! Modules that look at files and change them.

mod assemble;
pub(crate) mod attributes;
mod blockinfile;
mod copy;
mod edit;
mod fetch;
mod file;
mod find;
mod get_url;
mod htpasswd;
mod ini_file;
mod lineinfile;
mod replace;
mod rewrite;
mod slurp;
mod stat;
mod tempfile;
mod times;
mod unarchive;
mod uri;
mod url;

pub(crate) use attributes::{Current, describe};
pub(crate) use rewrite::{Rewrite, create_parents, text_diff};

pub use assemble::{Assemble, Fragments};
pub use attributes::FileAttributes;
pub use blockinfile::BlockInFile;
pub use copy::{Bytes, Copy};
pub use fetch::Fetch;
pub use file::File;
pub use find::Find;
pub use get_url::GetUrl;
pub use htpasswd::Htpasswd;
pub use ini_file::IniFile;
pub use lineinfile::LineInFile;
pub use replace::Replace;
pub use slurp::Slurp;
pub use stat::Stat;
pub use tempfile::TempFile;
pub use unarchive::Unarchive;
pub use uri::Uri;

/// An error of the operating system as Python shows it.
fn python_error(error: &std::io::Error, path: &std::path::Path) -> String {
    crate::system::os_error(error, &path.to_string_lossy())
}
