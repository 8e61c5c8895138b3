//! The addresses of the interfaces, from the kernel.

use std::ffi::CStr;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// One address.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    /// The interface, with the label of the address where it has one (`eth0:1`).
    pub(crate) label: String,
    /// The address.
    pub(crate) address: IpAddr,
    /// How many leading bits are the network's.
    pub(crate) prefix: u8,
    /// The broadcast address, where one is set.
    pub(crate) broadcast: Option<Ipv4Addr>,
    /// Whether an earlier address is of the same network.
    pub(crate) secondary: bool,
}

/// All addresses in the kernel's order; none when the kernel does not answer.
pub(crate) fn addresses() -> Vec<Address> {
    let mut first: *mut libc::ifaddrs = std::ptr::null_mut();
    // SAFETY: the pointer is to a live variable, which the call fills.
    if unsafe { libc::getifaddrs(&raw mut first) } != 0 {
        return Vec::new();
    }
    let mut found: Vec<Address> = Vec::new();
    let mut next = first;
    // SAFETY: `next` is null or an entry of the list, which lives until `freeifaddrs`.
    while let Some(entry) = unsafe { next.as_ref() } {
        // SAFETY: the pointers of an entry are null or valid for the type that their family says.
        if let Some(mut address) = unsafe { address_of(entry) } {
            address.secondary = address.address.is_ipv4() && found.iter().any(|other| same_network(other, &address));
            found.push(address);
        }
        next = entry.ifa_next;
    }
    // SAFETY: the list came from `getifaddrs` and nothing of it is used any more.
    unsafe { libc::freeifaddrs(first) };
    found
}

/// # Safety
///
/// The entry must come from `getifaddrs`.
unsafe fn address_of(entry: &libc::ifaddrs) -> Option<Address> {
    // SAFETY: by the caller's promise.
    let (address, netmask) = unsafe { (ip_of(entry.ifa_addr)?, ip_of(entry.ifa_netmask)?) };
    let prefix = match netmask {
        IpAddr::V4(mask) => u32::from(mask).count_ones(),
        IpAddr::V6(mask) => u128::from(mask).count_ones(),
    };
    let has_broadcast = entry.ifa_flags & libc::IFF_BROADCAST as u32 != 0;
    // SAFETY: with this flag the union holds a broadcast address, or null.
    let broadcast = match unsafe { has_broadcast.then(|| ip_of(entry.ifa_ifu)).flatten() } {
        Some(IpAddr::V4(ip)) => Some(ip),
        _ => None,
    };
    // SAFETY: the name is a text that ends in NUL.
    let label = unsafe { CStr::from_ptr(entry.ifa_name) }.to_string_lossy().into_owned();
    Some(Address { label, address, prefix: u8::try_from(prefix).ok()?, broadcast, secondary: false })
}

/// # Safety
///
/// The pointer must be null or to a socket address of the size that its family says.
unsafe fn ip_of(pointer: *const libc::sockaddr) -> Option<IpAddr> {
    // SAFETY: by the caller's promise.
    let family = unsafe { pointer.as_ref() }?.sa_family;
    match i32::from(family) {
        libc::AF_INET => {
            // SAFETY: the family says that it is this type.
            let socket = unsafe { pointer.cast::<libc::sockaddr_in>().read_unaligned() };
            Some(Ipv4Addr::from(socket.sin_addr.s_addr.to_ne_bytes()).into())
        }
        libc::AF_INET6 => {
            // SAFETY: the family says that it is this type.
            let socket = unsafe { pointer.cast::<libc::sockaddr_in6>().read_unaligned() };
            Some(Ipv6Addr::from(socket.sin6_addr.s6_addr).into())
        }
        _ => None,
    }
}

/// Whether both are of one device and one IPv4 network, which makes the later one secondary for the kernel.
fn same_network(first: &Address, second: &Address) -> bool {
    let device = |address: &Address| address.label.split(':').next().map(str::to_owned);
    let (IpAddr::V4(left), IpAddr::V4(right)) = (first.address, second.address) else { return false };
    let mask = u32::MAX.checked_shl(32 - u32::from(first.prefix)).unwrap_or(0);
    device(first) == device(second)
        && first.prefix == second.prefix
        && u32::from(left) & mask == u32::from(right) & mask
        // Equal addresses are the kernel's two views of a point-to-point link.
        && left != right
}
