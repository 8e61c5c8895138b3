//! Filters of ansible.utils over networks and hardware addresses.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;
use ksplay_value::{Map, Value};

use super::args::iterate;
use super::ip::Network;
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[
    ("cidr_merge", cidr_merge),
    ("hwaddr", hwaddr),
    ("macaddr", hwaddr),
    ("network_in_network", network_in_network),
    ("network_in_usable", network_in_usable),
    ("next_nth_usable", next_nth_usable),
    ("previous_nth_usable", previous_nth_usable),
    ("reduce_on_network", reduce_on_network),
    ("slaac", slaac),
    ("usable_range", usable_range),
];

/// Networks joined where they touch: `['10.0.0.0/25', '10.0.0.128/25'] | cidr_merge` is `['10.0.0.0/24']`. With `span` the
/// smallest network that has them all.
fn cidr_merge(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [action]) = call.bind(["action"])?;
    let action = action.text_or("merge");
    let items = match &value {
        Value::List(items) | Value::Tuple(items) => items.to_vec(),
        single => vec![single.clone()],
    };
    let invalid = |item: &Value| Error::operation(format!("cidr_merge: error in netaddr:\ninvalid IPNetwork {item}"));
    let network = |item: &Value| match item {
        Value::String(_) => Network::of(item).map(|network| network.net().trunc()).ok_or_else(|| invalid(item)),
        other => Err(invalid(other)),
    };
    let networks: Vec<IpNet> = items.iter().map(network).collect::<Result<_, _>>()?;
    match (action.as_str(), networks.first()) {
        ("merge", _) => {
            Ok(IpNet::aggregate(&networks).iter().map(|network| Value::from(network.to_string())).collect())
        }
        ("span", None) => Ok(Value::Null),
        ("span", Some(first)) => {
            let all = |wider: &IpNet| networks.iter().all(|network| wider.contains(network));
            let wider = std::iter::successors(Some(*first), IpNet::supernet).find(all);
            wider.map(|wider| wider.to_string().into()).ok_or_else(|| {
                Error::operation("cidr_merge: error in netaddr:\nthe networks are of different versions")
            })
        }
        (other, _) => Err(Error::operation(format!("cidr_merge: invalid action '{other}'"))),
    }
}

/// Whether an address or network lies in a network: `'10.0.0.0/24' | network_in_network('10.0.0.5')`.
fn network_in_network(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [test]) = call.bind(["test"])?;
    let (Some(network), Some(test)) = (Network::of(&value), Network::of(&test.required()?)) else {
        return Ok(false.into());
    };
    Ok(network.net().contains(&test.net().trunc()).into())
}

/// Whether all of an address or network is free for hosts in a network.
fn network_in_usable(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [test]) = call.bind(["test"])?;
    let (Some(network), Some(test)) = (Network::of(&value), Network::of(&test.required()?)) else {
        return Ok(false.into());
    };
    let (low, high) = network.usable();
    Ok((network.version() == test.version() && low <= test.first() && test.last() <= high).into())
}

fn stepped(call: &mut Call<'_, '_>, sign: i64) -> Result<Value, Error> {
    let (value, [offset]) = call.bind(["offset"])?;
    let offset = offset.int()?.unwrap_or(1);
    let Some(network) = Network::of(&value) else { return Ok(false.into()) };
    let Value::String(moved) = network.moved(sign * offset)? else { return Ok(Value::Null) };
    let (low, high) = network.usable();
    let there = Network::of(&Value::String(moved.clone())).map(|there| there.first());
    Ok(match there {
        Some(there) if !network.single() && low <= there && there <= high => Value::String(moved),
        _ => Value::Null,
    })
}

/// The address so many steps on in its network, null when that is none for hosts: `'10.0.0.1/24' | next_nth_usable(2)`.
fn next_nth_usable(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    stepped(call, 1)
}

/// The address so many steps back in its network, null when that is none for hosts.
fn previous_nth_usable(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    stepped(call, -1)
}

/// Those of a list that lie in a network: `['10.0.0.1', '10.1.0.1'] | reduce_on_network('10.0.0.0/24')`.
fn reduce_on_network(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [network]) = call.bind(["network"])?;
    let Some(network) = Network::of(&network.required()?) else { return Ok(Value::List(Default::default())) };
    let within = |item: &Value| Network::of(item).is_some_and(|item| network.net().contains(&item.net().trunc()));
    Ok(iterate(&value).unwrap_or_default().into_iter().filter(within).collect())
}

/// The address that a machine gives itself in an IPv6 network: `'fdcf::/64' | slaac('c2:31:b3:83:bf:2b')`.
fn slaac(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [query]) = call.bind(["query"])?;
    let (Some(network), Some(mac)) = (Network::of(&value), mac_of(&query.text_or(""))) else {
        return Ok(false.into());
    };
    let IpAddr::V6(base) = network.net().addr() else { return Ok(false.into()) };
    let [_, _, a, b, c, d, e, f] = mac.to_be_bytes();
    let host = u64::from_be_bytes([a ^ 2, b, c, 0xff, 0xfe, d, e, f]);
    Ok(Ipv6Addr::from(u128::from(base).wrapping_add(host.into())).to_string().into())
}

/// All addresses of a network, and how many: `'10.0.0.0/30' | usable_range`.
fn usable_range(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    const MOST: u128 = 1 << 20;
    let (value, []) = call.bind([])?;
    let failed = |why: &str| Error::operation(format!("Error while using plugin 'usable_range': {why}"));
    let network = Network::of(&value);
    let network = network.ok_or_else(|| failed(&format!("'{value}' does not appear to be an IPv4 or IPv6 network")))?;
    if network.last() - network.first() >= MOST {
        return Err(failed(&format!("{value} has more than {MOST} addresses")));
    }
    let all: Vec<Value> =
        (network.first()..=network.last()).filter_map(|number| network.at(number)).map(Value::from).collect();
    let count = Value::from(all.len());
    Ok(Map::from([("usable_ips", Value::from(all)), ("number_of_ips", count)]).into())
}

/// The number that a hardware address is, in any of the usual spellings.
fn mac_of(text: &str) -> Option<u64> {
    let parts: Vec<&str> = text.split([':', '-', '.']).collect();
    let wide = match parts.len() {
        1 => 12,
        2 => 6,
        3 => 4,
        6 => 2,
        _ => return None,
    };
    let hex = |part: &&str| (1..=wide).contains(&part.len()) && part.chars().all(|digit| digit.is_ascii_hexdigit());
    if !parts.iter().all(hex) || (wide == 12 && text.len() != 12) {
        return None;
    }
    let digits: String = parts.iter().map(|part| format!("{part:0>wide$}")).collect();
    u64::from_str_radix(&digits, 16).ok()
}

/// A hardware address in a spelling: `'1a:2b:3c:4d:5e:6f' | hwaddr('cisco')` is `1a2b.3c4d.5e6f`. Others are `bare`, `bool`,
/// `int`, `linux`, `pgsql`, `unix` and `win`; without one the address as it is, null when it is none.
fn hwaddr(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [query, alias]) = call.bind(["query", "alias"])?;
    let (query, alias) = (query.text_or(""), alias.text_or(crate::filters::short(call.name)));
    let number = match &value {
        Value::Int(number) => u64::try_from(*number).ok(),
        other => mac_of(&other.to_string()),
    };
    let Some(number) = number else {
        return match query.as_str() {
            "" => Ok(Value::Null),
            "bool" => Ok(false.into()),
            _ => Err(Error::operation(format!("{alias}: not a hardware address: {value}"))),
        };
    };
    let digits = format!("{number:012x}");
    let grouped = |size: usize, separator: &str| -> String {
        let groups: Vec<&str> = (0..12).step_by(size).map(|at| &digits[at..at + size]).collect();
        groups.join(separator)
    };
    Ok(match query.as_str() {
        "" => value.to_string().into(),
        "bare" => digits.to_uppercase().into(),
        "bool" => true.into(),
        "int" => Value::Int(number as i64),
        "cisco" => grouped(4, ".").into(),
        "eui48" | "win" => grouped(2, "-").to_uppercase().into(),
        "linux" | "unix" => grouped(2, ":").into(),
        "pgsql" | "postgresql" | "psql" => grouped(6, ":").into(),
        other => return Err(Error::operation(format!("{alias}: unknown filter type: {other}"))),
    })
}
