//! Block devices and the names that they have under `/dev/disk`.

use std::collections::{BTreeMap, HashMap};

use ksplay_value::{Map, Value};

use super::look::Look;

/// Names of devices by device, for each kind of name.
#[derive(Debug, Default)]
pub(crate) struct Links {
    ids: BTreeMap<String, Vec<String>>,
    uuids: BTreeMap<String, Vec<String>>,
    labels: BTreeMap<String, Vec<String>>,
    masters: BTreeMap<String, Vec<String>>,
}

impl Links {
    /// Reads `/dev/disk` and the stacking of devices.
    pub(crate) fn read(look: &Look) -> Self {
        let of = |directory: &str| {
            let mut links: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for name in look.names(directory) {
                if let Some(device) = look.link_name(&format!("{directory}/{name}")) {
                    links.entry(device).or_default().push(name);
                }
            }
            links
        };
        let mut masters: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for master in look.names("/sys/block") {
            for device in look.names(&format!("/sys/block/{master}/slaves")) {
                masters.entry(device).or_default().push(master.clone());
            }
        }
        Self { ids: of("/dev/disk/by-id"), uuids: of("/dev/disk/by-uuid"), labels: of("/dev/disk/by-label"), masters }
    }

    /// The UUID of each device, by its path: `/dev/sda1` and for mapped devices `/dev/mapper/NAME`.
    pub(crate) fn uuids_by_path(&self, look: &Look) -> HashMap<String, String> {
        let mut paths = HashMap::new();
        for (device, uuids) in &self.uuids {
            let Some(uuid) = uuids.first() else { continue };
            if let Some(mapped) = look.line(&format!("/sys/block/{device}/dm/name")) {
                paths.insert(format!("/dev/mapper/{mapped}"), uuid.clone());
            }
            paths.insert(format!("/dev/{device}"), uuid.clone());
        }
        paths
    }

    fn kinds(&self) -> [(&'static str, &BTreeMap<String, Vec<String>>); 4] {
        [("ids", &self.ids), ("uuids", &self.uuids), ("labels", &self.labels), ("masters", &self.masters)]
    }

    fn of(&self, device: &str) -> Map {
        let names = |links: &BTreeMap<String, Vec<String>>| -> Value {
            links.get(device).into_iter().flatten().map(String::as_str).collect()
        };
        self.kinds().into_iter().map(|(kind, links)| (kind, names(links))).collect()
    }
}

/// `devices` and `device_links`.
pub(crate) fn collect(look: &Look, links: &Links) -> Map {
    let all_links: Map = links
        .kinds()
        .into_iter()
        .map(|(kind, links)| {
            let links = links.iter().map(|(device, names)| (device.as_str(), names.iter().collect::<Value>()));
            (kind, Value::from(links.collect::<Map>()))
        })
        .collect();
    let devices: Map =
        look.names("/sys/block").into_iter().map(|name| (name.clone(), device(look, links, &name))).collect();
    Map::from([("devices", devices), ("device_links", all_links)])
}

fn device(look: &Look, links: &Links, name: &str) -> Map {
    let at = |file: &str| format!("/sys/block/{name}/{file}");
    let scheduler = look.line(&at("queue/scheduler")).unwrap_or_default();
    let scheduler = scheduler.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map_or("", |(mode, _)| mode);
    let sectors = number(look, &at("size"));
    let mut facts = Map::new();
    facts.insert("virtual", 1);
    facts.insert("links", links.of(name));
    facts.insert("vendor", look.line(&at("device/vendor")));
    facts.insert("model", look.line(&at("device/model")));
    facts.insert("sas_address", look.line(&at("device/sas_address")));
    facts.insert("sas_device_handle", look.line(&at("device/sas_device_handle")));
    if let Some(serial) = look.line(&at("device/serial")).or_else(|| look.line(&at("serial"))) {
        facts.insert("serial", serial);
    }
    if let Some(wwn) = look.line(&at("wwid")).or_else(|| look.line(&at("device/wwid"))) {
        facts.insert("wwn", wwn);
    }
    facts.insert("removable", look.line(&at("removable")));
    facts.insert("support_discard", look.line(&at("queue/discard_granularity")));
    facts.insert("partitions", partitions(look, links, name));
    facts.insert("rotational", look.line(&at("queue/rotational")));
    facts.insert("scheduler_mode", scheduler);
    facts.insert("sectors", sectors);
    facts.insert("sectorsize", look.line(&at("queue/logical_block_size")).unwrap_or_else(|| "512".into()));
    facts.insert("size", human_size(sectors));
    facts.insert("host", "");
    facts.insert("holders", holders(look, &at("holders")));
    facts
}

fn partitions(look: &Look, links: &Links, device: &str) -> Map {
    let names = look.names(&format!("/sys/block/{device}")).into_iter().filter(|name| name.starts_with(device));
    names
        .map(|name| {
            let at = |file: &str| format!("/sys/block/{device}/{name}/{file}");
            let sectors = number(look, &at("size"));
            let mut facts = Map::new();
            facts.insert("links", links.of(&name));
            facts.insert("start", look.line(&at("start")).unwrap_or_else(|| "0".into()));
            facts.insert("sectors", sectors);
            let size = look.line(&at("queue/logical_block_size")).and_then(|size| size.parse::<i64>().ok());
            facts.insert("sectorsize", size.unwrap_or(512));
            facts.insert("size", human_size(sectors));
            facts.insert("uuid", links.uuids.get(&name).and_then(|uuids| uuids.first().cloned()));
            facts.insert("holders", holders(look, &at("holders")));
            (name, facts)
        })
        .collect()
}

/// What is built on the device: mapped devices by the name that their maker gave.
fn holders(look: &Look, directory: &str) -> Value {
    look.names(directory)
        .into_iter()
        .map(|name| {
            if name.starts_with("dm-") {
                look.line(&format!("/sys/block/{name}/dm/name")).unwrap_or(name)
            } else {
                name
            }
        })
        .collect()
}

fn number(look: &Look, path: &str) -> i64 {
    look.line(path).and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// The size of this many sectors of 512 bytes, with two places.
fn human_size(sectors: i64) -> String {
    let bytes = sectors as f64 * 512.0;
    let units = [("TB", 40), ("GB", 30), ("MB", 20), ("KB", 10)];
    match units.into_iter().find(|(_, bits)| bytes >= (1_u64 << bits) as f64) {
        Some((unit, bits)) => format!("{:.2} {unit}", bytes / (1_u64 << bits) as f64),
        None => format!("{bytes:.2} Bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_worded_as_the_reference_does() {
        assert_eq!(human_size(536_870_912), "256.00 GB");
        assert_eq!(human_size(0), "0.00 Bytes");
        assert_eq!(human_size(2_097_152), "1.00 GB");
    }
}
