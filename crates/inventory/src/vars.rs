//! The variables of a host, layer by layer: from the inventory itself and from `group_vars` and `host_vars`.

use std::sync::Arc;

use indexmap::IndexMap;
use ksplay_value::{Key, Map, Span, Str, Value};

use crate::{Error, Group, Host, Inventory};

pub(crate) use files::VarsFiles;
use std::path::Path;

mod files;

/// Where a [`Layer`] comes from, lowest precedence first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Variables of the group `all` in the inventory itself.
    InventoryAll,
    /// Variables of other groups in the inventory itself.
    InventoryGroup,
    /// `group_vars/all` beside the inventory.
    InventoryAllFile,
    /// `group_vars/all` beside the playbook.
    PlaybookAllFile,
    /// `group_vars/GROUP` beside the inventory.
    InventoryGroupFile,
    /// `group_vars/GROUP` beside the playbook.
    PlaybookGroupFile,
    /// Variables of the host in the inventory itself.
    InventoryHost,
    /// `host_vars/HOST` beside the inventory.
    InventoryHostFile,
    /// `host_vars/HOST` beside the playbook.
    PlaybookHostFile,
}

impl Level {
    /// The words of `VARIABLE_PRECEDENCE`, in the order that they have when no setting says otherwise.
    pub const WORDS: [&str; 6] = [
        "all_inventory",
        "groups_inventory",
        "all_plugins_inventory",
        "all_plugins_play",
        "groups_plugins_inventory",
        "groups_plugins_play",
    ];

    /// The levels of groups that these words mean.
    pub const OF_GROUPS: [Self; 6] = [
        Self::InventoryAll,
        Self::InventoryGroup,
        Self::InventoryAllFile,
        Self::PlaybookAllFile,
        Self::InventoryGroupFile,
        Self::PlaybookGroupFile,
    ];

    /// The level of groups that a word of `VARIABLE_PRECEDENCE` means.
    pub fn named(word: &str) -> Option<Self> {
        Self::WORDS.into_iter().zip(Self::OF_GROUPS).find(|(known, _)| *known == word).map(|(_, level)| level)
    }
}

/// Variables from one place, never empty.
#[derive(Debug, Clone)]
pub struct Layer {
    /// The kind of place.
    pub level: Level,
    /// The group or host that they belong to.
    pub name: Arc<str>,
    /// The file, when they come from `group_vars` or `host_vars`.
    pub file: Option<Arc<Path>>,
    /// The variables.
    pub vars: Arc<Map>,
}

impl Inventory {
    /// The variables of a host, lowest precedence first: of one name, the last layer that has it wins.
    ///
    /// Nothing is copied: hosts share the layers of their groups. Files are read when they are first needed.
    ///
    /// # Errors
    ///
    /// If a file of `group_vars` or `host_vars` cannot be read, parsed or decrypted.
    pub fn variables(&self, host: &str) -> Result<Vec<Layer>, Error> {
        let Some(host) = self.host(host) else { return Ok(Vec::new()) };
        self.layers(host, self.groups_of(&host.name), host.vars.get())
    }

    /// Reads the files of a host and its groups, unless they were read before; the variables that the sources give the
    /// host itself are left alone.
    ///
    /// # Errors
    ///
    /// As [`Inventory::variables`].
    pub fn read_files_of(&self, host: &str) -> Result<(), Error> {
        let Some(host) = self.host(host) else { return Ok(()) };
        self.layers(host, self.groups_of(&host.name), &Arc::default()).map(drop)
    }

    /// The variables of a host whose names are meant, each with the place of its lowest definition where that is known.
    ///
    /// Of what the sources themselves set, places are known that [`LoadOptions::remember`](crate::LoadOptions::remember)
    /// asked for.
    ///
    /// # Errors
    ///
    /// As [`Inventory::variables`].
    pub fn first_places(&self, host: &str, is_meant: fn(&str) -> bool) -> Result<Vec<(Str, Option<Span>)>, Error> {
        let mut found: IndexMap<Str, Option<Span>> = IndexMap::new();
        for layer in self.variables(host)? {
            for name in layer.vars.keys().filter_map(Key::as_str).filter(|name| is_meant(name)) {
                let place = || match &layer.file {
                    Some(file) => self.files.place_in(file, name),
                    None => self.place_of(&layer.name, name).cloned(),
                };
                if !found.contains_key(name) {
                    found.insert(name.into(), place());
                }
            }
        }
        Ok(found.into_iter().collect())
    }

    fn layers(&self, host: &Host, groups: Vec<&Group>, own: &Arc<Map>) -> Result<Vec<Layer>, Error> {
        let (all, others): (Vec<&Group>, Vec<&Group>) = groups.into_iter().partition(|group| group.name() == "all");
        let mut layers = Vec::new();
        let names = |groups: &[&Group]| groups.iter().map(|group| Arc::clone(&group.name)).collect::<Vec<_>>();
        let (all_names, other_names) = (names(&all), names(&others));
        let files = &self.files;
        for level in self.precedence.iter().copied() {
            let (groups, names) = match level {
                Level::InventoryAll | Level::InventoryAllFile | Level::PlaybookAllFile => (&all, &all_names),
                _ => (&others, &other_names),
            };
            match level {
                Level::InventoryAllFile | Level::InventoryGroupFile => {
                    files.collect(&files.inventory_dirs, "group_vars", names, level, &mut layers)?;
                }
                Level::PlaybookAllFile | Level::PlaybookGroupFile => {
                    files.collect(&files.playbook_dirs, "group_vars", names, level, &mut layers)?;
                }
                _ => layers.extend(groups.iter().map(|group| Layer {
                    level,
                    name: Arc::clone(&group.name),
                    file: None,
                    vars: Arc::clone(&group.vars),
                })),
            }
        }
        let name: Arc<str> = host.name.as_str().into();
        layers.push(Layer { level: Level::InventoryHost, name: Arc::clone(&name), file: None, vars: Arc::clone(own) });
        let name = [name];
        files.collect(&files.inventory_dirs, "host_vars", &name, Level::InventoryHostFile, &mut layers)?;
        files.collect(&files.playbook_dirs, "host_vars", &name, Level::PlaybookHostFile, &mut layers)?;
        layers.retain(|layer| !layer.vars.is_empty());
        Ok(layers)
    }

    /// The variables of a host while sources are still being read, as inventory plugins see them: those of the groups
    /// that are above it so far, its own, and which host it is; those of files only when wanted.
    pub(crate) fn variables_so_far(&self, host: &str, with_files: bool) -> Result<Map, Error> {
        let Some(host) = self.host(host) else { return Ok(Map::new()) };
        let groups = self.groups_above(host, None);
        let mut names: Vec<&str> = groups.iter().map(|group| group.name()).filter(|name| *name != "all").collect();
        names.sort_unstable();
        let mut vars = Map::new();
        let path = |path: &Path| Value::from(path.to_string_lossy().as_ref());
        if let (Some(file), Some(dir)) = (host.inventory_file(), host.inventory_dir()) {
            vars.insert("inventory_file", path(file));
            vars.insert("inventory_dir", path(&dir));
        }
        vars.insert("inventory_hostname", &host.name);
        vars.insert("inventory_hostname_short", host.name.split('.').next().unwrap_or_default());
        vars.insert("group_names", names.into_iter().collect::<Value>());
        let layers: Vec<Arc<Map>> = match with_files {
            true => self.layers(host, groups, host.vars.get())?.into_iter().map(|layer| layer.vars).collect(),
            false => groups.iter().map(|group| &group.vars).chain([host.vars.get()]).map(Arc::clone).collect(),
        };
        for layer in layers {
            vars.extend(layer.iter().map(|(key, value)| (key.as_value().clone(), value.clone())));
        }
        Ok(vars)
    }

    /// The variables that a group itself gives its hosts, lowest precedence first.
    ///
    /// # Errors
    ///
    /// As [`Inventory::variables`].
    pub fn group_variables(&self, group: &Group) -> Result<Vec<Layer>, Error> {
        let all = group.name() == "all";
        let levels = match all {
            true => [Level::InventoryAll, Level::InventoryAllFile, Level::PlaybookAllFile],
            false => [Level::InventoryGroup, Level::InventoryGroupFile, Level::PlaybookGroupFile],
        };
        let name = [Arc::clone(&group.name)];
        let own = Layer { level: levels[0], name: Arc::clone(&group.name), file: None, vars: Arc::clone(&group.vars) };
        let mut layers = vec![own];
        self.files.collect(&self.files.inventory_dirs, "group_vars", &name, levels[1], &mut layers)?;
        self.files.collect(&self.files.playbook_dirs, "group_vars", &name, levels[2], &mut layers)?;
        Ok(layers)
    }
}
