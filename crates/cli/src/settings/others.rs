//! Settings of Ansible and its plugins that are none here: whoever makes one has not mistyped it. The names are those that
//! `ansible-config list -t all` of ansible-core 2.19.14 says.

/// Sections with their keys; `environment` has the names of variables.
const OTHERS: &str = include_str!("others.ini");

const ENVIRONMENT: &str = "environment";

/// Whether Ansible knows this key of a section of `ansible.cfg`.
pub fn is_key(section: &str, key: &str) -> bool {
    entries().any(|(of, name)| of == section && name == key)
}

/// Whether Ansible knows this section of `ansible.cfg`.
pub fn is_section(section: &str) -> bool {
    section != ENVIRONMENT && entries().any(|(of, _)| of == section)
}

/// Whether Ansible knows this variable of the environment.
pub fn is_variable(name: &str) -> bool {
    is_key(ENVIRONMENT, name)
}

fn entries() -> impl Iterator<Item = (&'static str, &'static str)> {
    let mut section = "";
    OTHERS.lines().filter_map(move |line| match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
        Some(name) => {
            section = name;
            None
        }
        None => Some((section, line)),
    })
}
