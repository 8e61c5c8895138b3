//! Processors, memory, firmware, load and uptime.

use ksplay_value::{Map, Value};

use super::look::Look;

/// `processor`, `processor_count`, `processor_vcpus`, `flags`, …
pub(crate) fn processors(look: &Look) -> Map {
    let text = look.text("/proc/cpuinfo").unwrap_or_default();
    // SAFETY: the set is a live local of the size that is given.
    let usable = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        let done = libc::sched_getaffinity(0, size_of::<libc::cpu_set_t>(), &raw mut set);
        (done == 0).then(|| libc::CPU_COUNT(&set))
    };
    processor_facts(&text, usable)
}

fn processor_facts(text: &str, usable: Option<i32>) -> Map {
    let mut described: Vec<Value> = Vec::new();
    let mut flags = Value::Null;
    let mut sockets: Vec<(String, i64, i64)> = Vec::new();
    let (mut logical, mut cores, mut siblings) = (0, 1, 1);
    let mut socket: Option<String> = None;
    for line in text.lines() {
        let Some((name, value)) = line.split_once(':') else { continue };
        let (name, value) = (name.trim(), value.trim());
        match name {
            "processor" => {
                logical += 1;
                socket = None;
                described.push(value.into());
            }
            "model name" | "Processor" | "vendor_id" | "cpu" | "Vendor" => described.push(value.into()),
            "flags" | "Features" if flags.is_null() => flags = value.split_whitespace().collect(),
            "physical id" => socket = Some(value.to_owned()),
            "siblings" => siblings = value.parse().unwrap_or(1),
            "cpu cores" => {
                cores = value.parse().unwrap_or(1);
                if let Some(id) = &socket
                    && !sockets.iter().any(|(other, ..)| other == id)
                {
                    sockets.push((id.clone(), cores, siblings));
                }
            }
            _ => {}
        }
    }
    let (count, cores, threads) = match sockets.first() {
        Some((_, cores, siblings)) => (sockets.len() as i64, *cores, (siblings / cores.max(&1)).max(1)),
        // Machines that tell nothing of sockets: each logical processor counts as one.
        None => (logical, cores, 1),
    };
    let mut facts = Map::new();
    facts.insert("processor", described);
    facts.insert("processor_count", count);
    facts.insert("processor_cores", cores);
    facts.insert("processor_threads_per_core", threads);
    facts.insert("processor_vcpus", count * cores * threads);
    facts.insert("processor_nproc", usable.map_or(logical, i64::from));
    if !flags.is_null() {
        facts.insert("flags", flags);
    }
    facts
}

/// `memtotal_mb`, `memory_mb`, …
pub(crate) fn memory(look: &Look) -> Map {
    memory_facts(&look.text("/proc/meminfo").unwrap_or_default())
}

fn memory_facts(text: &str) -> Map {
    let kilobytes = |name: &str| -> i64 {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
    };
    let megabytes = |name: &str| kilobytes(name) / 1024;
    let (total, free) = (megabytes("MemTotal"), megabytes("MemFree"));
    let (swap_total, swap_free) = (megabytes("SwapTotal"), megabytes("SwapFree"));
    let free_without_cache = (kilobytes("MemFree") + kilobytes("Buffers") + kilobytes("Cached")) / 1024;
    let real = Map::from([("total", total), ("used", total - free), ("free", free)]);
    let nocache = Map::from([("free", free_without_cache), ("used", total - free_without_cache)]);
    let swap = Map::from([
        ("total", swap_total),
        ("free", swap_free),
        ("used", swap_total - swap_free),
        ("cached", megabytes("SwapCached")),
    ]);
    let mut facts = Map::from([
        ("memtotal_mb", total),
        ("memfree_mb", free),
        ("swaptotal_mb", swap_total),
        ("swapfree_mb", swap_free),
    ]);
    facts.insert("memory_mb", Map::from([("real", real), ("nocache", nocache), ("swap", swap)]));
    facts
}

/// `uptime_seconds`.
pub(crate) fn uptime(look: &Look) -> Map {
    let text = look.line("/proc/uptime").unwrap_or_default();
    let seconds: Option<i64> = text.split('.').next().and_then(|seconds| seconds.parse().ok());
    seconds.map(|seconds| Map::from([("uptime_seconds", seconds)])).unwrap_or_default()
}

/// `loadavg`.
pub(crate) fn load() -> Map {
    let mut averages = [0.0; 3];
    // SAFETY: the array has room for the three numbers that are asked for.
    if unsafe { libc::getloadavg(averages.as_mut_ptr(), 3) } != 3 {
        return Map::new();
    }
    Map::from([("loadavg", ["1m", "5m", "15m"].into_iter().zip(averages).collect::<Map>())])
}

/// `bios_version`, `product_name`, `system_vendor`, `form_factor`, …; `NA` where the firmware does not say or we may not
/// read.
pub(crate) fn firmware(look: &Look) -> Map {
    let read = |file: &str| look.line(&format!("/sys/devices/virtual/dmi/id/{file}")).unwrap_or_else(|| "NA".into());
    let mut facts: Map = [
        ("bios_date", "bios_date"),
        ("bios_vendor", "bios_vendor"),
        ("bios_version", "bios_version"),
        ("board_asset_tag", "board_asset_tag"),
        ("board_name", "board_name"),
        ("board_serial", "board_serial"),
        ("board_vendor", "board_vendor"),
        ("board_version", "board_version"),
        ("chassis_asset_tag", "chassis_asset_tag"),
        ("chassis_serial", "chassis_serial"),
        ("chassis_vendor", "chassis_vendor"),
        ("chassis_version", "chassis_version"),
        ("product_name", "product_name"),
        ("product_serial", "product_serial"),
        ("product_uuid", "product_uuid"),
        ("product_version", "product_version"),
        ("system_vendor", "sys_vendor"),
    ]
    .into_iter()
    .map(|(fact, file)| (fact, read(file)))
    .collect();
    let kind = read("chassis_type");
    let form = kind.parse::<usize>().ok().and_then(|number| FORM_FACTORS.get(number).copied());
    facts.insert("form_factor", form.map_or(kind, str::to_owned));
    facts
}

/// The chassis types of the SMBIOS standard, from 0.
const FORM_FACTORS: [&str; 37] = [
    "Unknown",
    "Other",
    "Unknown",
    "Desktop",
    "Low Profile Desktop",
    "Pizza Box",
    "Mini Tower",
    "Tower",
    "Portable",
    "Laptop",
    "Notebook",
    "Hand Held",
    "Docking Station",
    "All In One",
    "Sub Notebook",
    "Space-saving",
    "Lunch Box",
    "Main Server Chassis",
    "Expansion Chassis",
    "Sub Chassis",
    "Bus Expansion Chassis",
    "Peripheral Chassis",
    "RAID Chassis",
    "Rack Mount Chassis",
    "Sealed-case PC",
    "Multi-system",
    "CompactPCI",
    "AdvancedTCA",
    "Blade",
    "Blade Enclosure",
    "Tablet",
    "Convertible",
    "Detachable",
    "IoT Gateway",
    "Embedded PC",
    "Mini PC",
    "Stick PC",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_are_counted_by_socket_core_and_thread() {
        let one = |number: u32, socket: u32| {
            format!(
                "processor\t: {number}\nvendor_id\t: GenuineIntel\nmodel name\t: Xeon\nphysical id\t: {socket}\nsiblings\t: 4\ncpu cores\t: 2\nflags\t\t: fpu vme\n\n"
            )
        };
        let text: String = (0..8).map(|number| one(number, number / 4)).collect();
        let facts = processor_facts(&text, Some(8));
        let number = |name: &str| facts.get(name).unwrap().as_int().unwrap();
        assert_eq!(number("processor_count"), 2);
        assert_eq!(number("processor_cores"), 2);
        assert_eq!(number("processor_threads_per_core"), 2);
        assert_eq!(number("processor_vcpus"), 8);
        assert_eq!(number("processor_nproc"), 8);
        assert_eq!(facts.get("processor").unwrap().as_list().unwrap().len(), 24);
        assert_eq!(facts.get("flags"), Some(&["fpu", "vme"].into_iter().collect()));
    }

    #[test]
    fn processors_without_sockets_count_one_each() {
        let text = "processor\t: 0\nBogoMIPS\t: 50\nFeatures\t: fp asimd\n\nprocessor\t: 1\nBogoMIPS\t: 50\n";
        let facts = processor_facts(text, None);
        assert_eq!(facts.get("processor_vcpus"), Some(&Value::Int(2)));
        assert_eq!(facts.get("processor"), Some(&["0", "1"].into_iter().collect()));
    }

    #[test]
    fn memory_is_in_whole_megabytes() {
        let text =
            "MemTotal: 24684092 kB\nMemFree: 23448576 kB\nBuffers: 9000 kB\nCached: 600000 kB\nSwapCached: 0 kB\n";
        let facts = memory_facts(text);
        assert_eq!(facts.get("memtotal_mb"), Some(&Value::Int(24105)));
        let memory = facts.get("memory_mb").unwrap();
        assert_eq!(memory.get("real").unwrap().get("used"), Some(&Value::Int(24105 - 22899)));
        assert_eq!(memory.get("nocache").unwrap().get("free"), Some(&Value::Int(23493)));
    }
}
