//! Modules for disks, partitions, volumes and file systems.

mod filesystem;
mod lvg;
mod lvm;
mod lvol;
mod parted;

pub use filesystem::Filesystem;
pub use lvg::Lvg;
pub use lvol::Lvol;
pub use parted::Parted;
