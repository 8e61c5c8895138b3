//! What the reference's functions are called, for the messages about wrong arguments: `do_batch() missing 1 required …`.

/// Jinja's own filters, whose functions are called `do_NAME`.
const JINJAS: &str = " attr batch capitalize center dictsort filesizeformat float forceescape format indent int items last lower \
    map max min pprint random reject rejectattr replace reverse round select selectattr sort striptags title trim truncate upper \
    urlencode urlize vault unvault wordcount wordwrap xmlattr tojson ";

/// Those of them that have a form for asynchronous use as well.
const ASYNC: &str = " first groupby join list slice sum ";

/// The names that do not follow from the filter's or the test's.
const OTHERS: &[(&str, &str, &str)] = &[
    ("filter", "bool", "to_bool"),
    ("filter", "checksum", "secure_hash_s"),
    ("filter", "d", "ansible_default"),
    ("filter", "default", "ansible_default"),
    ("filter", "dict2items", "dict_to_list_of_dict_key_value_elements"),
    ("filter", "e", "escape"),
    ("filter", "hash", "get_hash"),
    ("filter", "items2dict", "list_of_dict_key_value_elements_to_dict"),
    ("filter", "log", "logarithm"),
    ("filter", "md5", "md5s"),
    ("filter", "password_hash", "get_encrypted_password"),
    ("filter", "pow", "power"),
    ("filter", "random", "rand"),
    ("filter", "root", "inversepower"),
    ("filter", "safe", "do_mark_safe"),
    ("filter", "sha1", "secure_hash_s"),
    ("filter", "shuffle", "randomize_list"),
    ("filter", "string", "soft_str"),
    ("filter", "urlsplit", "split_url"),
    ("filter", "win_basename", "basename"),
    ("filter", "win_dirname", "dirname"),
    ("filter", "win_splitdrive", "splitdrive"),
    ("test", "abs", "isabs"),
    ("test", "change", "changed"),
    ("test", "directory", "isdir"),
    ("test", "failure", "failed"),
    ("test", "file", "isfile"),
    ("test", "is_abs", "isabs"),
    ("test", "is_dir", "isdir"),
    ("test", "is_file", "isfile"),
    ("test", "is_link", "islink"),
    ("test", "is_mount", "ismount"),
    ("test", "is_same_file", "samefile"),
    ("test", "isnan", "isnotanumber"),
    ("test", "link", "islink"),
    ("test", "link_exists", "lexists"),
    ("test", "mount", "ismount"),
    ("test", "nan", "isnotanumber"),
    ("test", "same_file", "samefile"),
    ("test", "skip", "skipped"),
    ("test", "subset", "issubset"),
    ("test", "succeeded", "success"),
    ("test", "successful", "success"),
    ("test", "superset", "issuperset"),
    ("test", "uri", "is_uri"),
    ("test", "url", "is_url"),
    ("test", "urn", "is_urn"),
    ("test", "version", "version_compare"),
];

/// The name of the reference's function behind a filter or a test.
fn function_of(kind: &str, name: &str) -> String {
    let among = |names: &str| kind == "filter" && names.contains(&format!(" {name} "));
    match OTHERS.iter().find(|(of, known, _)| *of == kind && *known == name) {
        Some((.., function)) => (*function).to_owned(),
        None if among(JINJAS) => format!("do_{name}"),
        None if among(ASYNC) => format!("sync_do_{name}"),
        None => name.to_owned(),
    }
}

/// A message about arguments with the function that it is about.
pub(crate) fn with_function(kind: &str, name: &str, message: &str) -> String {
    let about = ["missing 1 required positional", "got an unexpected keyword", "got multiple values for", "takes "];
    match about.iter().any(|start| message.starts_with(start)) {
        true => format!("{}() {message}", function_of(kind, name)),
        false => message.to_owned(),
    }
}

/// The name that an operator has as a test.
pub(crate) fn spelled(name: &str) -> &str {
    match name {
        "==" => "eq",
        "!=" => "ne",
        "<" => "lt",
        "<=" => "le",
        ">" => "gt",
        ">=" => "ge",
        name => name,
    }
}
