//! Filters over IP addresses and networks, as the collection ansible.utils has them.

use std::net::IpAddr;

use ksplay_value::Value;

use super::ip::{Network, Query};
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[
    ("ip4_hex", ip4_hex),
    ("ipaddr", ipaddr),
    ("ipmath", ipmath),
    ("ipsubnet", ipsubnet),
    ("ipv4", ipv4),
    ("ipv6", ipv6),
    ("ipwrap", ipwrap),
    ("nthhost", nthhost),
];

/// What a query finds of an address or network, or of each in a list: `'10.0.0.1/24' | ipaddr('network')` is `10.0.0.0`.
/// Without a query the address itself; false when it is none.
fn ipaddr(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    answer(call, None)
}

/// As `ipaddr`, for IPv4 only.
fn ipv4(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    answer(call, Some(4))
}

/// As `ipaddr`, for IPv6 only.
fn ipv6(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    answer(call, Some(6))
}

fn answer(call: &mut Call<'_, '_>, version: Option<u8>) -> Result<Value, Error> {
    let (value, [query, given_version, _alias]) = call.bind(["query", "version", "alias"])?;
    let version = match given_version.int()? {
        Some(version) => u8::try_from(version).ok(),
        None => version,
    };
    let query = Query::parse(&query.text_or(""))?;
    answer_for(&value, &query, version)
}

fn answer_for(value: &Value, query: &Query, version: Option<u8>) -> Result<Value, Error> {
    match value {
        Value::List(items) | Value::Tuple(items) => {
            let mut found = Vec::new();
            for item in items.iter() {
                let answer = answer_for(item, query, version)?;
                if answer.is_true() {
                    found.push(answer);
                }
            }
            Ok(found.into())
        }
        Value::Null | Value::Map(_) | Value::Float(_) => {
            Err(Error::operation(format!("Unrecognized type {} for ipaddr filter <value>", value.type_name())))
        }
        other => match Network::of(other) {
            Some(network) if version.is_none_or(|version| version == network.version()) => query.ask(&network),
            _ => Ok(false.into()),
        },
    }
}

/// IPv6 addresses in brackets, anything else as it is: `'::1' | ipwrap` is `[::1]`.
fn ipwrap(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [_query]) = call.bind(["query"])?;
    if !matches!(value, Value::String(_) | Value::List(_) | Value::Tuple(_) | Value::Bool(_)) {
        return Err(Error::operation(format!("Unrecognized type {} for ipwrap filter <value>", value.type_name())));
    }
    Ok(wrapped(&value))
}

fn wrapped(value: &Value) -> Value {
    match value {
        Value::List(items) | Value::Tuple(items) => items.iter().map(wrapped).collect(),
        Value::String(text) => {
            let (address, prefix) =
                text.split_once('/').map_or((&**text, None), |(address, prefix)| (address, Some(prefix)));
            match (address.parse(), prefix) {
                (Ok(IpAddr::V6(_)), None) => format!("[{text}]").into(),
                (Ok(IpAddr::V6(_)), Some(prefix)) if Network::of(value).is_some() => {
                    format!("[{address}]/{prefix}").into()
                }
                _ => value.clone(),
            }
        }
        other => other.clone(),
    }
}

/// A network's parts, how many there are, or which one an address is in: `'10.0.0.0/16' | ipsubnet(24, 1)` is
/// `10.0.1.0/24`.
fn ipsubnet(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [query, index]) = call.bind(["query", "index"])?;
    let Some(network) = Network::of(&value) else { return Ok(false.into()) };
    network.subnet(&query.text_or(""), index.value().as_ref())
}

/// The address so many steps away: `'10.0.0.1' | ipmath(5)` is `10.0.0.6`.
fn ipmath(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [amount]) = call.bind(["amount"])?;
    let amount = amount.required()?;
    let Value::Int(amount) = amount else {
        return Err(Error::operation(format!("{amount} is no integer")));
    };
    let Some(network) = Network::of(&value) else {
        return Err(Error::operation(format!("You must pass a valid IP address; {value} is invalid")));
    };
    network.moved(amount)
}

/// The address of a number in a network: `'10.0.0.0/8' | nthhost(305)` is `10.0.1.49`.
fn nthhost(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [query]) = call.bind(["query"])?;
    let Some(number) = query.text().and_then(|text| text.parse::<i128>().ok()) else { return Ok(false.into()) };
    Ok(Network::of(&value).and_then(|network| network.nth(number)).map_or(Value::Bool(false), Value::from))
}

/// An IPv4 address in hexadecimal: `'192.168.1.5' | ip4_hex` is `c0a80105`.
fn ip4_hex(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [delimiter]) = call.bind(["delimiter"])?;
    let address = value.to_string().parse::<std::net::Ipv4Addr>();
    let address = address.map_err(|_| Error::operation(format!("{value} is no IPv4 address")))?;
    Ok(address.octets().map(|octet| format!("{octet:02x}")).join(&delimiter.text_or("")).into())
}
