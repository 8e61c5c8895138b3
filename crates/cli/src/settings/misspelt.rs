//! Entries of the configuration file that are no settings but look like one: a slip would pass unseen.

use super::file::File;
use super::reader::Names;

/// How many letters may be wrong. No other setting of Ansible is as near as that to one that is known here, but for
/// [`OTHERS`].
const LETTERS: usize = 2;

/// Settings of Ansible without a meaning here, whose names are near to others.
const OTHERS: &[&str] = &["scp_executable", "scp_extra_args"];

/// A warning for each entry that was probably meant to be one of these settings.
pub(super) fn warnings<'n>(file: &File, names: impl Iterator<Item = &'n Names> + Clone) -> Vec<String> {
    let mut warnings = Vec::new();
    for (section, key, origin) in file.entries() {
        let known = names.clone().flat_map(|names| names.1).filter(|(of, _)| *of == section).map(|(_, key)| *key);
        if OTHERS.contains(&key) || known.clone().any(|known| known == key) {
            continue;
        }
        let near = known.map(|known| (strsim::osa_distance(key, known), known));
        if let Some((_, meant)) = near.filter(|(letters, known)| *letters <= LETTERS && known.len() > 2 * LETTERS).min()
        {
            warnings.push(format!("there is no setting `{key}`; did you mean `{meant}`? ({origin})"));
        }
    }
    warnings
}
