//! Modules for disks, partitions and file systems.

mod filesystem;
mod parted;

pub use filesystem::Filesystem;
pub use parted::Parted;
