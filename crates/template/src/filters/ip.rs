//! Addresses and networks, and what can be asked of them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use ksplay_value::Value;
use num_bigint::BigUint;

use crate::Error;

/// An address, and the network that it is in when a prefix was given.
#[derive(Clone)]
pub(super) struct Network {
    net: IpNet,
    /// Whether a prefix was written; an address alone stands for a network of one.
    prefixed: bool,
}

fn address(number: u128, version: u8) -> Option<IpAddr> {
    match version {
        4 => u32::try_from(number).ok().map(|number| Ipv4Addr::from(number).into()),
        _ => Some(Ipv6Addr::from(number).into()),
    }
}

fn number_of(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => address.into(),
    }
}

impl Network {
    /// The address or network that a text or a number means.
    pub(super) fn of(value: &Value) -> Option<Self> {
        let single = |address: IpAddr| Some(Self { net: IpNet::from(address), prefixed: false });
        match value {
            Value::Int(number) => {
                single(address(u128::try_from(*number).ok()?, if *number >> 32 == 0 { 4 } else { 6 })?)
            }
            Value::String(text) => {
                if let Ok(number) = text.parse::<u128>() {
                    return single(address(number, if number >> 32 == 0 { 4 } else { 6 })?);
                }
                let Some((host, prefix)) = text.split_once('/') else { return single(text.parse().ok()?) };
                let host: IpAddr = host.parse().ok()?;
                let length = match prefix.parse::<u8>() {
                    Ok(length) => length,
                    Err(_) => ipnet::ip_mask_to_prefix(prefix.parse().ok()?).ok()?,
                };
                Some(Self { net: IpNet::new(host, length).ok()?, prefixed: true })
            }
            _ => None,
        }
    }

    pub(super) fn net(&self) -> &IpNet {
        &self.net
    }

    /// The first and the last address for hosts.
    pub(super) fn usable(&self) -> (u128, u128) {
        match self.version() == 4 && self.host_bits() > 1 {
            true => (self.first() + 1, self.last() - 1),
            false => (self.first(), self.last()),
        }
    }

    pub(super) fn version(&self) -> u8 {
        if self.net.addr().is_ipv4() { 4 } else { 6 }
    }

    fn prefix(&self) -> u8 {
        self.net.prefix_len()
    }

    /// How many bits are left for hosts.
    fn host_bits(&self) -> u32 {
        u32::from(self.net.max_prefix_len() - self.prefix())
    }

    pub(super) fn first(&self) -> u128 {
        number_of(self.net.network())
    }

    pub(super) fn last(&self) -> u128 {
        number_of(self.net.broadcast())
    }

    pub(super) fn at(&self, number: u128) -> Option<String> {
        address(number, self.version()).map(|address| address.to_string())
    }

    pub(super) fn single(&self) -> bool {
        self.host_bits() == 0
    }

    /// `address/prefix`
    fn cidr(&self) -> String {
        self.net.to_string()
    }

    /// As written: without the prefix when there was none.
    fn plain(&self) -> String {
        if self.prefixed { self.cidr() } else { self.net.addr().to_string() }
    }

    /// Whether the address is that of the network itself.
    fn is_network(&self) -> bool {
        !self.single() && self.net.addr() == self.net.network()
    }

    /// The address of a number in the network, counted from the end when negative.
    pub(super) fn nth(&self, number: i128) -> Option<String> {
        let size = if self.host_bits() >= 127 { i128::MAX } else { 1i128 << self.host_bits() };
        let offset = if number < 0 { size.checked_add(number)? } else { number };
        if !(0..size).contains(&offset) {
            return None;
        }
        self.at(self.first() + u128::try_from(offset).ok()?)
    }

    /// The address so many steps away.
    pub(super) fn moved(&self, amount: i64) -> Result<Value, Error> {
        let here = number_of(self.net.addr());
        let moved = match amount {
            0.. => here.checked_add(amount.unsigned_abs().into()),
            _ => here.checked_sub(amount.unsigned_abs().into()),
        };
        let moved = moved.and_then(|number| self.at(number));
        moved.map(Value::from).ok_or_else(|| Error::operation("the result is no address"))
    }

    /// What `ipsubnet` answers.
    pub(super) fn subnet(&self, query: &str, index: Option<&Value>) -> Result<Value, Error> {
        if query.is_empty() {
            return Ok(self.cidr().into());
        }
        let index = index
            .map(|index| index.to_string().parse::<i128>().map_err(|_| Error::operation("index must be a number")));
        let index = index.transpose()?;
        let Ok(length) = query.parse::<u8>() else {
            return self.place_in(query);
        };
        if length > self.net.max_prefix_len() {
            return Err(Error::operation(format!("Requested subnet size of {length} is invalid")));
        }
        if self.single() {
            // An address: the network of that size around it, or one of the parts of each step towards it.
            let outer = |length: u8| IpNet::new(self.net.addr(), length).map(|net| net.trunc().to_string());
            let wanted = match index {
                None => Some(length),
                Some(index @ 0..) => u8::try_from(index).ok().and_then(|index| length.checked_add(index)),
                Some(index) => {
                    let size = i128::from(self.net.max_prefix_len());
                    u8::try_from(size + index).ok()
                }
            };
            return Ok(wanted.and_then(|length| outer(length).ok()).map_or(Value::Bool(false), Value::from));
        }
        if length < self.prefix() {
            return Err(Error::operation(format!("Requested subnet size of {length} is invalid")));
        }
        let bits = u32::from(length - self.prefix());
        let Some(index) = index else { return Ok((BigUint::from(1u8) << bits).to_string().into()) };
        let count = if bits >= 127 { i128::MAX } else { 1i128 << bits };
        let index = if index < 0 { count + index } else { index };
        if !(0..count).contains(&index) {
            return Ok(false.into());
        }
        let step = u32::from(self.net.max_prefix_len() - length);
        let start = self.first() + (u128::try_from(index).unwrap_or(0) << step);
        Ok(self.at(start).map_or(Value::Bool(false), |start| format!("{start}/{length}").into()))
    }

    /// Which part of a larger network this one is, counted from 1.
    fn place_in(&self, query: &str) -> Result<Value, Error> {
        let outer = Self::of(&query.into())
            .ok_or_else(|| Error::operation(format!("You must pass a valid subnet; {query} is invalid")))?;
        if outer.version() != self.version() || !outer.net.contains(&self.net.trunc()) {
            return Err(Error::operation(format!("{} is not in the subnet {}", self.cidr(), outer.cidr())));
        }
        let place = (self.first() - outer.first()) >> self.host_bits();
        Ok((place + 1).to_string().into())
    }
}

/// What is asked of an address or network.
pub(super) enum Query {
    /// By name.
    Named(String),
    /// The address of a number in the network.
    Nth(i128),
    /// Whether it is in another network.
    In(Network),
}

impl Query {
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        if NAMES.contains(&text) {
            return Ok(Self::Named(text.to_owned()));
        }
        if let Ok(number) = text.parse() {
            return Ok(Self::Nth(number));
        }
        let network = Network::of(&text.into());
        network.map(Self::In).ok_or_else(|| Error::operation(format!("unknown filter type: {text}")))
    }

    /// The answer; null or false when there is none.
    pub(super) fn ask(&self, network: &Network) -> Result<Value, Error> {
        match self {
            Self::Named(name) => named(name, network),
            Self::Nth(number) => Ok(match network.nth(*number) {
                Some(address) => format!("{address}/{}", network.prefix()).into(),
                None => false.into(),
            }),
            Self::In(outer) => {
                let inside = outer.version() == network.version()
                    && outer.first() <= number_of(network.net.addr())
                    && network.last() <= outer.last();
                Ok(if inside { network.plain().into() } else { Value::Null })
            }
        }
    }
}

const NAMES: [&str; 51] = [
    "",
    "6to4",
    "address",
    "address/prefix",
    "bool",
    "broadcast",
    "cidr",
    "first_usable",
    "gateway",
    "gw",
    "host",
    "host/prefix",
    "hostmask",
    "hostnet",
    "int",
    "ip",
    "ip/prefix",
    "ip_netmask",
    "ipv4",
    "ipv6",
    "last_usable",
    "link-local",
    "lo",
    "loopback",
    "multicast",
    "net",
    "netmask",
    "network",
    "network/prefix",
    "network_id",
    "network_netmask",
    "network_wildcard",
    "next_usable",
    "peer",
    "prefix",
    "previous_usable",
    "private",
    "public",
    "range_usable",
    "revdns",
    "router",
    "size",
    "size_usable",
    "subnet",
    "type",
    "unicast",
    "v4",
    "v6",
    "version",
    "wildcard",
    "wrap",
];

fn named(name: &str, network: &Network) -> Result<Value, Error> {
    let here = number_of(network.net.addr());
    let bits = network.host_bits();
    let (first, last) = (network.first(), network.last());
    // A network of two has no address of its own and no broadcast.
    let (low, high) = if bits >= 2 { (first + 1, last - 1) } else { (first, last) };
    let usable = (bits > 0).then_some((low, high));
    let text = |number: u128| Value::from(network.at(number));
    let when = |holds: bool| if holds { network.plain().into() } else { Value::Null };
    let net = &network.net;
    Ok(match name {
        "" => network.plain().into(),
        "version" => i64::from(network.version()).into(),
        "wrap" => match net.addr() {
            IpAddr::V4(_) => network.plain().into(),
            IpAddr::V6(address) if network.prefixed => format!("[{address}]/{}", network.prefix()).into(),
            IpAddr::V6(address) => format!("[{address}]").into(),
        },
        "bool" => true.into(),
        "address" | "ip" if network.is_network() && bits > 1 => Value::Null,
        "address" | "ip" => net.addr().to_string().into(),
        "address/prefix" | "ip/prefix" | "cidr" | "gateway" | "gw" | "host" | "hostnet" | "router"
            if network.is_network() && bits > 1 =>
        {
            if matches!(name, "cidr" | "hostnet") {
                network.cidr().into()
            } else {
                Value::Null
            }
        }
        "address/prefix" | "ip/prefix" | "cidr" | "gateway" | "gw" | "host" | "hostnet" | "router" => {
            network.cidr().into()
        }
        "host/prefix" if network.is_network() && bits > 1 => false.into(),
        "host/prefix" => network.cidr().into(),
        "network" | "network_id" => text(first),
        "network/prefix" | "subnet" => net.trunc().to_string().into(),
        "net" => {
            if network.is_network() {
                network.cidr().into()
            } else {
                Value::Null
            }
        }
        "netmask" => net.netmask().to_string().into(),
        "hostmask" | "wildcard" => net.hostmask().to_string().into(),
        "network_netmask" => format!("{} {}", net.network(), net.netmask()).into(),
        "network_wildcard" => format!("{} {}", net.network(), net.hostmask()).into(),
        "ip_netmask" => format!("{} {}", net.addr(), net.netmask()).into(),
        "prefix" => i64::from(network.prefix()).into(),
        "broadcast" => {
            if bits > 1 {
                text(last)
            } else {
                Value::Null
            }
        }
        "size" => Value::from_big((BigUint::from(1u8) << bits).into()),
        "size_usable" => {
            let all = BigUint::from(1u8) << bits;
            Value::from_big(if bits >= 2 { all - 2u8 } else { all }.into())
        }
        "first_usable" => usable.map_or(Value::Null, |(low, _)| text(low)),
        "last_usable" => usable.map_or(Value::Null, |(_, high)| text(high)),
        "range_usable" => usable.map_or(Value::Null, |(low, high)| format!("{}-{}", text(low), text(high)).into()),
        "next_usable" => match usable {
            Some((low, high)) if (low..=high).contains(&(here + 1)) => text(here + 1),
            _ => Value::Null,
        },
        "previous_usable" => match usable {
            Some((low, high)) if here > low && here - 1 <= high => text(here - 1),
            _ => Value::Null,
        },
        "int" if network.prefixed => format!("{here}/{}", network.prefix()).into(),
        "int" => Value::from_big(here.into()),
        "type" => if network.is_network() { "network" } else { "address" }.into(),
        "revdns" => reverse(net.addr()).into(),
        "peer" => peer(network)?,
        "ipv4" | "v4" => match net.addr() {
            IpAddr::V4(_) => network.plain().into(),
            IpAddr::V6(address) => match address.octets() {
                [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 | 0xff, 0 | 0xff, a, b, c, d] => {
                    format!("{}/{}", Ipv4Addr::new(a, b, c, d), network.prefix().saturating_sub(96)).into()
                }
                _ => Value::Null,
            },
        },
        "ipv6" | "v6" => match net.addr() {
            IpAddr::V4(address) => format!("{}/{}", address.to_ipv6_mapped(), network.prefix() + 96).into(),
            IpAddr::V6(_) => network.plain().into(),
        },
        "6to4" => match net.addr() {
            IpAddr::V4(address) if !is_private(net.addr()) => {
                let [a, b, c, d] = address.octets();
                format!("2002:{a:02x}{b:02x}:{c:02x}{d:02x}::1/48").into()
            }
            IpAddr::V6(address) if address.segments()[0] == 0x2002 => network.plain().into(),
            _ => false.into(),
        },
        "private" => when(is_private(net.addr())),
        "public" => when(is_public(net.addr())),
        "loopback" | "lo" => when(net.addr().is_loopback()),
        "multicast" => when(net.addr().is_multicast()),
        "unicast" => when(!net.addr().is_multicast()),
        "link-local" => when(is_link_local(net.addr())),
        other => return Err(Error::operation(format!("unknown filter type: {other}"))),
    })
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_private() || address.is_loopback() || address.is_link_local(),
        IpAddr::V6(address) => address.is_unique_local() || address.is_loopback() || address.is_unicast_link_local(),
    }
}

fn is_public(address: IpAddr) -> bool {
    let special = address.is_multicast() || address.is_unspecified() || is_private(address);
    let reserved = match address {
        IpAddr::V4(address) => address.octets()[0] >= 240 || address.octets()[0] == 0,
        IpAddr::V6(_) => false,
    };
    !special && !reserved
}

/// The name under which DNS has the name of an address.
fn reverse(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa.")
        }
        IpAddr::V6(address) => {
            let nibbles = address.octets().into_iter().rev().flat_map(|octet| [octet & 15, octet >> 4]);
            nibbles.map(|nibble| format!("{nibble:x}.")).collect::<String>() + "ip6.arpa."
        }
    }
}

/// The other end of a point-to-point network.
fn peer(network: &Network) -> Result<Value, Error> {
    let here = number_of(network.net.addr());
    let other = match network.host_bits() {
        1 => here ^ 1,
        2 if here == network.first() || here == network.last() => {
            return Err(Error::operation("Network address or broadcast address has no peer"));
        }
        2 => here ^ 3,
        _ => return Err(Error::operation("Not a point-to-point network")),
    };
    Ok(network.at(other).into())
}
