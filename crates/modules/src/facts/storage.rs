//! Logical volumes and the names of storage initiators.

use ksplay_value::{Map, Value};

use super::look::{Look, assignments};

/// `lvm`: volume groups, logical and physical volumes; `N/A` without the tools or the right to ask.
pub(crate) fn volumes(look: &Look) -> Map {
    // SAFETY: the call takes nothing and cannot fail.
    let root = unsafe { libc::geteuid() } == 0;
    let Some(vgs) = look.program("vgs").filter(|_| root) else { return Map::from([("lvm", "N/A")]) };
    // Without a mapped or physical volume the slow tools have nothing to say.
    let rows = |program: &str, fields: &str| -> Vec<Vec<String>> {
        let path = vgs.replace("/vgs", &format!("/{program}"));
        let options = ["--noheadings", "--nosuffix", "--units", "g", "--separator", ",", "-o", fields];
        let output = look.query(&[&[path.as_str()], &options[..]].concat());
        let text = output.filter(|output| output.ok()).map(|output| output.stdout_text()).unwrap_or_default();
        text.lines().map(|line| line.trim().split(',').map(str::to_owned).collect()).collect()
    };
    let keyed = |rows: Vec<Vec<String>>, names: &[&str]| -> Map {
        let named = rows.into_iter().filter(|row| row.len() == names.len() + 1);
        named
            .map(|row| {
                let mut cells = row.into_iter();
                let key = cells.next().unwrap_or_default();
                (key, names.iter().copied().zip(cells).collect::<Map>())
            })
            .collect()
    };
    let groups =
        keyed(rows("vgs", "vg_name,lv_count,pv_count,vg_size,vg_free"), &["num_lvs", "num_pvs", "size_g", "free_g"]);
    let logical = keyed(rows("lvs", "lv_name,vg_name,lv_size"), &["vg", "size_g"]);
    let physical = keyed(rows("pvs", "pv_name,vg_name,pv_size,pv_free"), &["vg", "size_g", "free_g"]);
    Map::from([("lvm", Map::from([("lvs", logical), ("vgs", groups), ("pvs", physical)]))])
}

/// `iscsi_iqn`.
pub(crate) fn iscsi(look: &Look) -> Map {
    let text = look.text("/etc/iscsi/initiatorname.iscsi").unwrap_or_default();
    let name = assignments(&text).into_iter().find(|(name, _)| *name == "InitiatorName").map(|(_, value)| value);
    Map::from([("iscsi_iqn", name.unwrap_or_default())])
}

/// `hostnqn`.
pub(crate) fn nvme(look: &Look) -> Map {
    let text = look.text("/etc/nvme/hostnqn").unwrap_or_default();
    let name = text.lines().map(str::trim).find(|line| line.starts_with("nqn."));
    Map::from([("hostnqn", name.unwrap_or_default())])
}

/// `fibre_channel_wwn`.
pub(crate) fn fibre_channel(look: &Look) -> Map {
    let hosts = look.names("/sys/class/fc_host").into_iter();
    let names = hosts.filter_map(|host| look.line(&format!("/sys/class/fc_host/{host}/port_name")));
    let names = names.map(|name| name.trim_start_matches("0x").to_owned());
    Map::from([("fibre_channel_wwn", names.collect::<Value>())])
}
