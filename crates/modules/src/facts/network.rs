//! Interfaces, addresses and default routes, without any program: `/sys`, `/proc` and two small calls.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

use ksplay_value::{Map, Value};

use super::addresses::{Address, addresses};
use super::look::Look;

/// `interfaces`, one fact for each of them, `all_ipv4_addresses`, `default_ipv4`, `locally_reachable_ips`, …
pub(crate) fn collect(look: &Look) -> Map {
    facts_of(look, &addresses(), [source_towards(Ipv4Addr::new(8, 8, 8, 8).into()), source_towards(FAR_V6.into())])
}

/// An address of a public name server; nothing is sent there.
const FAR_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0x4860, 0x4860, 0, 0, 0, 0, 0x8888);

/// The address that the kernel would send from. Connecting a datagram socket asks the routing table and sends nothing.
fn source_towards(target: IpAddr) -> Option<IpAddr> {
    let any: IpAddr = if target.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect((target, 53)).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

fn facts_of(look: &Look, addresses: &[Address], sources: [Option<IpAddr>; 2]) -> Map {
    let mut interfaces = devices(look);
    let mut v4 = Vec::new();
    let mut v6 = Vec::new();
    for address in addresses {
        add_address(&mut interfaces, address);
        match address.address {
            IpAddr::V4(ip) if !ip.is_loopback() => v4.push(ip.to_string()),
            IpAddr::V6(ip) if !ip.is_loopback() => v6.push(ip.to_string()),
            _ => {}
        }
    }
    let [v4_source, v6_source] = sources;
    let default_ipv4 = default_route(&interfaces, addresses, v4_source, gateway_v4(look));
    let default_ipv6 = default_route(&interfaces, addresses, v6_source, gateway_v6(look));
    let mut facts =
        Map::from([("interfaces", interfaces.keys().map(|name| name.as_value().clone()).collect::<Value>())]);
    facts.insert("all_ipv4_addresses", v4.into_iter().collect::<Value>());
    facts.insert("all_ipv6_addresses", v6.into_iter().collect::<Value>());
    facts.insert("default_ipv4", default_ipv4);
    facts.insert("default_ipv6", default_ipv6);
    facts.insert("locally_reachable_ips", locally_reachable(look));
    facts.extend(
        interfaces.into_iter().map(|(name, interface)| (name.as_value().to_string().replace('-', "_"), interface)),
    );
    facts
}

/// What `/sys/class/net` says of each device.
fn devices(look: &Look) -> Map {
    let mut interfaces = Map::new();
    for name in look.names("/sys/class/net") {
        let at = |file: &str| format!("/sys/class/net/{name}/{file}");
        // A plain file in this directory is no device: `bonding_masters`.
        if !look.exists(&at("type")) {
            continue;
        }
        let mut device = Map::from([("device", name.as_str())]);
        if let Some(mac) = look.line(&at("address")).filter(|mac| mac != "00:00:00:00:00:00") {
            device.insert("macaddress", mac);
        }
        if let Some(mtu) = number(look, &at("mtu")) {
            device.insert("mtu", mtu);
        }
        let state = look.line(&at("operstate"));
        if let Some(state) = state {
            device.insert("active", state != "down");
        }
        if let Some(module) = look.link_name(&at("device/driver/module")) {
            device.insert("module", module);
        }
        if let Some(kind) = look.line(&at("type")) {
            device.insert("type", kind_of(&kind));
        }
        if look.exists(&at("bridge")) {
            device.insert("type", "bridge");
            device.insert("interfaces", look.names(&at("brif")).into_iter().collect::<Value>());
            if let Some(id) = look.line(&at("bridge/bridge_id")) {
                device.insert("id", id);
            }
            if let Some(stp) = look.line(&at("bridge/stp_state")) {
                device.insert("stp", stp == "1");
            }
        }
        if look.exists(&at("bonding")) {
            add_bonding(look, &mut device, &at("bonding"));
        }
        if let Some(id) = look.link_name(&at("device")) {
            device.insert("pciid", id);
        }
        if let Some(speed) = number(look, &at("speed")) {
            device.insert("speed", speed);
        }
        if let Some(flags) = look.line(&at("flags")) {
            let flags = i64::from_str_radix(flags.trim_start_matches("0x"), 16).unwrap_or(0);
            device.insert("promisc", flags & i64::from(libc::IFF_PROMISC) != 0);
        }
        interfaces.insert(name, device);
    }
    interfaces
}

fn add_bonding(look: &Look, device: &mut Map, directory: &str) {
    let line = |file: &str| look.line(&format!("{directory}/{file}")).unwrap_or_default();
    let first = |text: String| text.split_whitespace().next().unwrap_or_default().to_owned();
    device.insert("type", "bonding");
    device.insert("slaves", line("slaves").split_whitespace().collect::<Value>());
    device.insert("mode", first(line("mode")));
    device.insert("miimon", first(line("miimon")));
    device.insert("lacp_rate", first(line("lacp_rate")));
    let primary = line("primary");
    if !primary.is_empty() {
        device.insert("primary", primary);
        device.insert("all_slaves_active", line("all_slaves_active") == "1");
    }
}

fn number(look: &Look, path: &str) -> Option<i64> {
    look.line(path)?.parse().ok()
}

/// The kernel's `ARPHRD_*` numbers as words.
fn kind_of(number: &str) -> &'static str {
    match number {
        "1" => "ether",
        "32" => "infiniband",
        "512" => "ppp",
        "772" => "loopback",
        "65534" => "tunnel",
        _ => "unknown",
    }
}

fn add_address(interfaces: &mut Map, address: &Address) {
    match address.address {
        IpAddr::V4(ip) => {
            let entry = ipv4_entry(ip, address);
            // A label such as `eth0:1` counts as an interface of its own.
            let label = address.label.replace(':', "_");
            let device = address.label.split(':').next().unwrap_or_default();
            let labelled = label != device;
            if !address.secondary && !has(interfaces, &label, "ipv4") {
                set(interfaces, &label, "ipv4", entry.into());
                return;
            }
            push(interfaces, &label, "ipv4_secondaries", entry.clone());
            if address.secondary && labelled {
                push(interfaces, device, "ipv4_secondaries", entry);
            }
        }
        IpAddr::V6(ip) => {
            let entry = Map::from([
                ("address", ip.to_string()),
                ("prefix", address.prefix.to_string()),
                ("scope", scope_of(ip).to_owned()),
            ]);
            push(interfaces, &address.label, "ipv6", entry);
        }
    }
}

fn ipv4_entry(ip: Ipv4Addr, address: &Address) -> Map {
    let netmask = Ipv4Addr::from(u32::MAX.checked_shl(32 - u32::from(address.prefix)).unwrap_or(0));
    let network = Ipv4Addr::from(u32::from(ip) & u32::from(netmask));
    Map::from([
        ("address", ip.to_string()),
        ("broadcast", address.broadcast.map(|broadcast| broadcast.to_string()).unwrap_or_default()),
        ("netmask", netmask.to_string()),
        ("network", network.to_string()),
        ("prefix", address.prefix.to_string()),
    ])
}

fn scope_of(ip: Ipv6Addr) -> &'static str {
    if ip.is_loopback() {
        "host"
    } else if ip.is_unicast_link_local() {
        "link"
    } else if ip.segments()[0] & 0xffc0 == 0xfec0 {
        "site"
    } else {
        "global"
    }
}

fn has(interfaces: &Map, interface: &str, key: &str) -> bool {
    interfaces.get(interface).is_some_and(|entry| entry.get(key).is_some())
}

fn set(interfaces: &mut Map, interface: &str, key: &str, value: Value) {
    let mut entry = interfaces.get(interface).and_then(Value::as_map).cloned().unwrap_or_default();
    entry.insert(key, value);
    interfaces.insert(interface, entry);
}

fn push(interfaces: &mut Map, interface: &str, key: &str, item: Map) {
    let present =
        interfaces.get(interface).and_then(|entry| entry.get(key)).and_then(Value::as_list).unwrap_or_default();
    let items: Vec<Value> = present.iter().cloned().chain([item.into()]).collect();
    set(interfaces, interface, key, items.into());
}

/// The fact for the interface that leads outside; empty when there is no such route.
fn default_route(
    interfaces: &Map,
    addresses: &[Address],
    source: Option<IpAddr>,
    gateway: Option<(String, IpAddr)>,
) -> Map {
    let Some((name, gateway)) = gateway else { return Map::new() };
    let Some(source) = source else { return Map::new() };
    let device = interfaces.get(&name).and_then(Value::as_map).cloned().unwrap_or_default();
    let mut fact = Map::from([("interface", name.as_str())]);
    fact.insert("address", source.to_string());
    fact.insert("gateway", gateway.to_string());
    for key in ["macaddress", "mtu", "type"] {
        if let Some(value) = device.get(key) {
            fact.insert(key, value.clone());
        }
    }
    let owner = addresses.iter().find(|address| address.address == source);
    match (source, owner) {
        (IpAddr::V4(ip), Some(owner)) => {
            fact.extend(ipv4_entry(ip, owner));
            fact.insert("alias", owner.label.as_str());
        }
        (IpAddr::V6(ip), Some(owner)) => {
            fact.insert("prefix", owner.prefix.to_string());
            fact.insert("scope", scope_of(ip));
        }
        _ => {}
    }
    fact
}

/// Interface and gateway of the IPv4 default route with the lowest metric.
fn gateway_v4(look: &Look) -> Option<(String, IpAddr)> {
    let table = look.text("/proc/net/route")?;
    let routes = table.lines().skip(1).filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [name, "00000000", gateway, flags, _, _, metric, "00000000", ..] = fields[..] else { return None };
        let up = u32::from_str_radix(flags, 16).ok()? & 1 != 0;
        // Addresses are printed as the machine's own integers.
        let gateway = Ipv4Addr::from(u32::from_str_radix(gateway, 16).ok()?.to_ne_bytes());
        up.then_some((metric.parse::<u32>().ok()?, name.to_owned(), gateway))
    });
    routes.min_by_key(|(metric, ..)| *metric).map(|(_, name, gateway)| (name, gateway.into()))
}

/// Interface and gateway of the IPv6 default route with the lowest metric.
fn gateway_v6(look: &Look) -> Option<(String, IpAddr)> {
    const REJECT: u32 = 0x200;
    let table = look.text("/proc/net/ipv6_route")?;
    let routes = table.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [target, "00", _, _, gateway, metric, _, _, flags, name] = fields[..] else { return None };
        let everything = target.bytes().all(|digit| digit == b'0');
        let usable = u32::from_str_radix(flags, 16).ok()? & REJECT == 0;
        let gateway = Ipv6Addr::from(u128::from_str_radix(gateway, 16).ok()?);
        (everything && usable).then_some((u32::from_str_radix(metric, 16).ok()?, name.to_owned(), gateway))
    });
    routes.min_by_key(|(metric, ..)| *metric).map(|(_, name, gateway)| (name, gateway.into()))
}

/// What the kernel's local tables hold.
fn locally_reachable(look: &Look) -> Map {
    let mut v4 = BTreeSet::new();
    let trie = look.text("/proc/net/fib_trie").unwrap_or_default();
    let mut prefix = "";
    for line in trie.lines() {
        if let Some((_, address)) = line.split_once("|-- ") {
            prefix = address.trim();
        } else if let Some(length) = line.trim().strip_suffix(" host LOCAL") {
            v4.insert(if length == "/32" { prefix.to_owned() } else { format!("{prefix}{length}") });
        }
    }
    let v6: Vec<String> = look
        .text("/proc/net/if_inet6")
        .unwrap_or_default()
        .lines()
        .filter_map(|line| u128::from_str_radix(line.split_whitespace().next()?, 16).ok())
        .map(|bits| Ipv6Addr::from(bits).to_string())
        .collect();
    Map::from([("ipv4", v4.into_iter().collect::<Value>()), ("ipv6", v6.into_iter().collect())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::Probe;

    fn address(label: &str, text: &str, broadcast: Option<&str>, secondary: bool) -> Address {
        let (ip, prefix) = text.split_once('/').unwrap();
        Address {
            label: label.into(),
            address: ip.parse().unwrap(),
            prefix: prefix.parse().unwrap(),
            broadcast: broadcast.map(|text| text.parse().unwrap()),
            secondary,
        }
    }

    fn machine() -> (tempfile::TempDir, Vec<Address>) {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        for (file, text) in [
            ("address", "82:b5:ee:03:0b:9a"),
            ("mtu", "1500"),
            ("operstate", "unknown"),
            ("type", "1"),
            ("flags", "0x1003"),
        ] {
            write(&format!("sys/class/net/dum-my/{file}"), text);
        }
        for (file, text) in [
            ("type", "1"),
            ("mtu", "1500"),
            ("operstate", "down"),
            ("speed", "-1"),
            ("bridge/bridge_id", "8000.569c70cb0a90"),
            ("bridge/stp_state", "0"),
            ("brif/vea", ""),
        ] {
            write(&format!("sys/class/net/br0/{file}"), text);
        }
        write(
            "proc/net/route",
            "Iface\tDestination\nbr0\t00000000\tFE00090A\t0003\t0\t0\t100\t00000000\t0\t0\t0\ndum-my\t00000000\tFE00090A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n",
        );
        let addresses = vec![
            address("dum-my", "10.9.0.1/24", Some("10.9.0.255"), false),
            address("dum-my", "10.8.0.2/24", None, false),
            address("dum-my:2", "10.5.0.2/24", None, false),
            address("dum-my:1", "10.9.0.2/24", None, true),
            address("dum-my", "fe80::80b5:eeff:fe03:b9a/64", None, false),
        ];
        (root, addresses)
    }

    /// The same interfaces were made for ansible-core 2.19.14, which gave these facts.
    #[test]
    fn interfaces_labels_and_secondaries_are_as_the_reference_has_them() {
        let (root, addresses) = machine();
        let probe = Probe::default();
        let facts = facts_of(&Look::at(&probe, root.path()), &addresses, ["10.9.0.1".parse().ok(), None]);

        let device = facts.get("dum_my").unwrap();
        assert_eq!(device.get("ipv4").unwrap().get("network"), Some(&Value::from("10.9.0.0")));
        let secondaries: Vec<_> = device.get("ipv4_secondaries").unwrap().as_list().unwrap().to_vec();
        let of = |index: usize| secondaries[index].get("address").unwrap().to_string();
        assert_eq!((secondaries.len(), of(0), of(1)), (2, "10.8.0.2".into(), "10.9.0.2".into()));
        assert_eq!(facts.get("dum_my_2").unwrap().get("ipv4").unwrap().get("broadcast"), Some(&Value::from("")));
        assert_eq!(facts.get("dum_my_1").unwrap().as_map().unwrap().len(), 1);
        assert_eq!(device.get("ipv6").unwrap().as_list().unwrap()[0].get("scope"), Some(&Value::from("link")));

        let bridge = facts.get("br0").unwrap();
        assert_eq!(bridge.get("active"), Some(&Value::Bool(false)));
        assert_eq!(bridge.get("interfaces"), Some(&["vea"].into_iter().collect()));
        assert_eq!(bridge.get("stp"), Some(&Value::Bool(false)));
        assert_eq!(bridge.get("speed"), Some(&Value::Int(-1)));

        let default = facts.get("default_ipv4").unwrap();
        let expected = Map::from([
            ("address", Value::from("10.9.0.1")),
            ("alias", "dum-my".into()),
            ("broadcast", "10.9.0.255".into()),
            ("gateway", "10.9.0.254".into()),
            ("interface", "dum-my".into()),
            ("macaddress", "82:b5:ee:03:0b:9a".into()),
            ("mtu", 1500.into()),
            ("netmask", "255.255.255.0".into()),
            ("network", "10.9.0.0".into()),
            ("prefix", "24".into()),
            ("type", "ether".into()),
        ]);
        assert_eq!(default.as_map(), Some(&expected));
        assert_eq!(facts.get("default_ipv6"), Some(&Value::empty_map()));
        assert!(facts.get("interfaces").unwrap().as_list().unwrap().contains(&"dum-my_1".into()));
    }

    #[test]
    fn local_tables_give_the_reachable_addresses() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("proc/net")).unwrap();
        let trie = "Local:\n  +-- 127.0.0.0/8 2 0 2\n        |-- 127.0.0.0\n           /8 host LOCAL\n        |-- 127.0.0.1\n           /32 host LOCAL\n        |-- 127.255.255.255\n           /32 link BROADCAST\n";
        std::fs::write(root.path().join("proc/net/fib_trie"), trie).unwrap();
        let probe = Probe::default();
        let facts = locally_reachable(&Look::at(&probe, root.path()));
        assert_eq!(facts.get("ipv4"), Some(&["127.0.0.0/8", "127.0.0.1"].into_iter().collect()));
    }
}
