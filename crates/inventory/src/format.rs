//! The forms that a source can have, under the names of Ansible's inventory plugins.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// What can read a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `a,b,`
    HostList,
    /// `web[1:5],db`
    AdvancedHostList,
    /// A program that prints JSON.
    Script,
    /// YAML that names the plugin which is to read it.
    Auto,
    /// YAML for the plugin `constructed`.
    Constructed,
    /// YAML for the plugin `generator`.
    Generator,
    /// YAML or JSON.
    Yaml,
    /// A hosts file.
    Ini,
    /// TOML.
    Toml,
}

/// All of them with their names; those that read without being asked for come first, in their order.
const FORMATS: [(&str, Format); 9] = [
    ("host_list", Format::HostList),
    ("script", Format::Script),
    ("auto", Format::Auto),
    ("yaml", Format::Yaml),
    ("ini", Format::Ini),
    ("toml", Format::Toml),
    ("advanced_host_list", Format::AdvancedHostList),
    ("constructed", Format::Constructed),
    ("generator", Format::Generator),
];

impl Format {
    /// Those that count where no setting says otherwise, in the order in which they are tried.
    pub fn usual() -> Vec<Self> {
        FORMATS[..6].iter().map(|(_, format)| *format).collect()
    }

    /// The one of this name, with or without `ansible.builtin.`.
    pub fn named(name: &str) -> Option<Self> {
        let short = name.strip_prefix("ansible.builtin.").unwrap_or(name);
        FORMATS.iter().find(|(known, _)| *known == short).map(|(_, format)| *format)
    }

    /// The name.
    pub fn name(self) -> &'static str {
        FORMATS.iter().find(|(_, format)| *format == self).map_or("", |(name, _)| name)
    }

    /// Whether a list of hosts on the command line is what it reads, and no file.
    pub(crate) fn is_list(self) -> bool {
        matches!(self, Self::HostList | Self::AdvancedHostList)
    }

    /// Whether it does what the text asks for, which then is of no other form.
    pub(crate) fn is_plugin(self) -> bool {
        matches!(self, Self::Auto | Self::Constructed | Self::Generator)
    }

    /// Whether it reads mappings of YAML.
    pub(crate) fn is_yaml(self) -> bool {
        self == Self::Yaml || self.is_plugin()
    }

    /// Whether it looks at a file of this name and these permissions.
    pub(crate) fn takes(self, file: &Path, yaml_extensions: &[String]) -> bool {
        let extension = file.extension().map(|extension| extension.to_string_lossy());
        let of_yaml = |extension: &str| yaml_extensions.iter().any(|known| known.strip_prefix('.') == Some(extension));
        match self {
            Self::HostList | Self::AdvancedHostList => false,
            Self::Script => std::fs::metadata(file).is_ok_and(|meta| meta.permissions().mode() & 0o111 != 0),
            Self::Auto | Self::Yaml => extension.as_deref().is_none_or(of_yaml),
            Self::Constructed | Self::Generator => {
                extension.as_deref().is_none_or(|extension| extension == "config" || of_yaml(extension))
            }
            Self::Ini => extension.as_deref() != Some("toml"),
            Self::Toml => extension.as_deref() == Some("toml"),
        }
    }
}
