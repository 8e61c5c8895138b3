//! Every filter, test and lookup that playbooks can count on is there, under its short and its full name, and is held to the
//! reference's answers by at least five cases.

#![allow(clippy::unwrap_used)]

use ksplay_template::{filters, lookups, tests};
use regex::Regex;

const FILTERS: &str = "abs attr b64decode b64encode basename batch bool capitalize center checksum combinations combine comment \
    commonpath count d default dict2items dictsort difference dirname e escape expanduser expandvars extract fileglob \
    filesizeformat first flatten float forceescape format from_json from_yaml from_yaml_all groupby hash human_readable \
    human_to_bytes indent int intersect items2dict join last length list log lower mandatory map max md5 min normpath \
    password_hash path_join permutations pow pprint product quote random realpath regex_escape regex_findall regex_replace \
    regex_search reject rejectattr relpath replace reverse root round safe select selectattr sha1 shuffle slice sort split \
    splitext strftime string striptags subelements sum symmetric_difference ternary title to_datetime to_json to_nice_json \
    to_nice_yaml to_uuid to_yaml tojson trim truncate type_debug union unique unvault upper urldecode urlencode urlize \
    urlsplit vault win_basename win_dirname win_splitdrive wordcount wordwrap xmlattr zip zip_longest";

const FILTERS_OF_COLLECTIONS: &str = "ansible.utils.fact_diff ansible.utils.ip4_hex ansible.utils.ipaddr ansible.utils.ipmath \
    ansible.utils.ipsubnet ansible.utils.ipv4 ansible.utils.ipv6 ansible.utils.ipwrap ansible.utils.keep_keys \
    ansible.utils.nthhost ansible.utils.cidr_merge ansible.utils.get_path ansible.utils.hwaddr ansible.utils.index_of \
    ansible.utils.network_in_network ansible.utils.network_in_usable ansible.utils.next_nth_usable \
    ansible.utils.param_list_compare ansible.utils.previous_nth_usable ansible.utils.reduce_on_network \
    ansible.utils.remove_keys ansible.utils.replace_keys ansible.utils.slaac ansible.utils.to_paths ansible.utils.usable_range \
    community.general.accumulate community.general.counter community.general.crc32 community.general.dict_kv \
    community.general.from_csv community.general.from_ini community.general.groupby_as_dict \
    community.general.lists_difference community.general.lists_intersect community.general.lists_mergeby \
    community.general.lists_symmetric_difference community.general.lists_union community.general.remove_keys \
    community.general.replace_keys community.general.to_days community.general.to_hours community.general.to_ini \
    community.general.to_milliseconds community.general.to_minutes community.general.to_months community.general.to_seconds \
    community.general.to_time_unit community.general.to_weeks community.general.to_years community.general.dict community.general.json_query community.general.keep_keys \
    community.crypto.x509_certificate_info community.general.version_sort ansible.builtin.rekey_on_member";

const TESTS: &str = "!= < <= == > >= abs any all boolean callable change changed contains defined directory divisibleby eq equalto \
    escaped even exists failed failure false falsy file filter finished float ge greaterthan gt in integer is_abs is_dir \
    is_file is_link is_mount is_same_file isnan issubset issuperset iterable le lessthan link link_exists lower lt mapping \
    match mount nan ne none number odd reachable regex same_file sameas search sequence skip skipped started string subset \
    succeeded success successful superset test timedout true truthy undefined unreachable upper uri url urn vault_encrypted \
    vaulted_file version version_compare";

const LOOKUPS: &str = "config csvfile dict env file fileglob first_found indexed_items ini inventory_hostnames items lines list \
    nested password pipe random_choice sequence subelements template together unvault url varnames vars";

fn missing(names: &str, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let both = |name: &str| match name.contains('.') {
        true => vec![name.to_owned(), name.rsplit('.').next().unwrap_or(name).to_owned()],
        false => vec![name.to_owned(), format!("ansible.builtin.{name}")],
    };
    names.split_whitespace().flat_map(both).filter(|name| !exists(name)).collect()
}

#[test]
fn every_filter_is_there_under_both_its_names() {
    assert_eq!(missing(FILTERS, |name| filters::find(name).is_some()), [""; 0]);
    assert_eq!(missing(FILTERS_OF_COLLECTIONS, |name| filters::find(name).is_some()), [""; 0]);
}

#[test]
fn every_test_is_there_under_both_its_names() {
    assert_eq!(missing(TESTS, |name| tests::find(name).is_some()), [""; 0]);
}

#[test]
fn every_lookup_is_there_under_both_its_names() {
    assert_eq!(missing(LOOKUPS, |name| lookups::find(name).is_some()), [""; 0]);
}

/// The templates of all cases.
fn cases() -> Vec<String> {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let data = std::fs::read_dir(here.join("tests/data")).unwrap().map(|entry| entry.unwrap().path());
    let files = data.chain([here.join("../cli/tests/data/eval.jsonl")]);
    let files = files.filter(|file| file.extension().is_some_and(|ending| ending == "jsonl"));
    files
        .flat_map(|file| std::fs::read_to_string(file).unwrap().lines().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

/// Those of the names for which a pattern, with the name in place of `NAME`, finds fewer than five cases.
fn rare(names: &str, pattern: &str) -> Vec<String> {
    let cases = cases();
    let found = |name: &str| {
        let short = if name.contains(char::is_alphabetic) { name.rsplit('.').next().unwrap_or(name) } else { name };
        let pattern = Regex::new(&pattern.replace("NAME", &regex::escape(short))).unwrap();
        cases.iter().filter(|case| pattern.is_match(case)).count()
    };
    names.split_whitespace().filter(|name| found(name) < 5).map(str::to_owned).collect()
}

#[test]
fn every_filter_has_five_cases() {
    let used = r#"(\|\s*|map\(\s*\\?['"])([a-z_]+\.[a-z_]+\.)?NAME\b"#;
    assert_eq!(rare(FILTERS, used), [""; 0]);
    assert_eq!(rare(FILTERS_OF_COLLECTIONS, used), [""; 0]);
}

#[test]
fn every_test_has_five_cases() {
    let used = r#"\bis (not )?([a-z_]+\.[a-z_]+\.)?NAME($|\W)|(select|reject)(attr)?\([^)]*['"]NAME\\?['"]"#;
    assert_eq!(rare(TESTS, used), [""; 0]);
}

#[test]
fn every_lookup_has_five_cases() {
    let used = r#"(lookup|query|q)\(\s*\\?['"]([a-z_]+\.[a-z_]+\.)?NAME\\?['"]"#;
    assert_eq!(rare(LOOKUPS, used), [""; 0]);
}
