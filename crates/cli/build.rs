//! Packs the bundled playbooks into `ksplay`, and leaves the tables for unwinding out of `ksplay-agent`, where nothing
//! unwinds: a tenth of the file that every machine is sent.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The folders of the repository that `ksplay` holds, and their names there.
const CONTENT: [(&str, &str); 3] = [("playbooks", "playbooks"), ("roles", "roles"), ("inventory/sample", "conf")];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(setting("OUT_DIR"));
    pack_content(&out.join("content.tar")).expect("playbooks, roles and inventory/sample can be packed");
    // Only the release profile aborts on a panic; tests unwind. Elsewhere than on x86-64 the linker is another one, which this has not been tried with.
    if setting("PROFILE") == "release" && setting("CARGO_CFG_TARGET_ARCH") == "x86_64" {
        discard_unwind_tables(&out.join("discard.ld"));
    }
}

fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

fn discard_unwind_tables(script: &Path) {
    let text =
        "SECTIONS { /DISCARD/ : { *(.eh_frame) *(.eh_frame_hdr) *(.gcc_except_table*) } } INSERT AFTER .comment;\n";
    fs::write(script, text).expect("OUT_DIR can be written to");
    println!("cargo::rustc-link-arg-bin=ksplay-agent=-Wl,-T,{}", script.display());
    // Functions whose code is the same are there once; nobody compares their addresses.
    println!("cargo::rustc-link-arg-bin=ksplay-agent=-Wl,--icf=all");
}

/// Writes the archive; the same files give the same bytes.
fn pack_content(file: &Path) -> io::Result<()> {
    let root = Path::new(&setting("CARGO_MANIFEST_DIR")).join("../..");
    let mut archive = tar::Builder::new(fs::File::create(file)?);
    for (folder, name) in CONTENT {
        let folder = root.join(folder);
        println!("cargo::rerun-if-changed={}", folder.display());
        append(&mut archive, &folder, Path::new(name))?;
    }
    archive.finish()
}

/// A file, link or folder with all that is in it, without hidden files.
fn append(archive: &mut tar::Builder<fs::File>, path: &Path, name: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(path)?;
    let mut header = tar::Header::new_gnu();
    let executable = metadata.permissions().mode() & 0o100 != 0;
    header.set_mode(if executable { 0o755 } else { 0o644 });
    header.set_size(0);
    if metadata.is_symlink() {
        header.set_entry_type(tar::EntryType::Symlink);
        return archive.append_link(&mut header, name, fs::read_link(path)?);
    }
    if metadata.is_file() {
        header.set_size(metadata.len());
        return archive.append_data(&mut header, name, fs::File::open(path)?);
    }
    header.set_entry_type(tar::EntryType::Directory);
    archive.append_data(&mut header, name, io::empty())?;
    let mut entries = fs::read_dir(path)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    entries.retain(|entry| !entry.to_string_lossy().starts_with('.'));
    entries.iter().try_for_each(|entry| append(archive, &path.join(entry), &name.join(entry)))
}
