//! Leaves the tables for unwinding out of `ksplay-agent`, where nothing unwinds: a tenth of the file that every machine
//! is sent.

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let setting = |name: &str| std::env::var(name).unwrap_or_default();
    // Only the release profile aborts on a panic; tests unwind. Elsewhere than on x86-64 the linker is another one, which this has not been tried with.
    if setting("PROFILE") != "release" || setting("CARGO_CFG_TARGET_ARCH") != "x86_64" {
        return;
    }
    let script = Path::new(&setting("OUT_DIR")).join("discard.ld");
    let text =
        "SECTIONS { /DISCARD/ : { *(.eh_frame) *(.eh_frame_hdr) *(.gcc_except_table*) } } INSERT AFTER .comment;\n";
    std::fs::write(&script, text).expect("OUT_DIR can be written to");
    println!("cargo::rustc-link-arg-bin=ksplay-agent=-Wl,-T,{}", script.display());
}
