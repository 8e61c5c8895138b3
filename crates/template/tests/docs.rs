//! Every filter, test and lookup has a page for `ksplay doc`.

#[test]
fn pages_are_the_doc_comments_of_the_functions() {
    for (kind, names) in [
        ("filter", ksplay_template::filters::names().collect::<Vec<_>>()),
        ("lookup", ksplay_template::lookups::names().collect()),
        ("test", ksplay_template::tests::names().collect()),
    ] {
        for name in names {
            let page = ksplay_template::page(kind, name).unwrap_or_else(|| panic!("the {kind} {name} has no page"));
            assert!(page.about.ends_with('.'), "{kind} {name}: {}", page.about);
        }
    }
    let abs = ksplay_template::page("filter", "abs");
    assert_eq!(abs.map(|page| page.about), Some("The number without its sign: `-5 | abs` is 5."));
    let batch = ksplay_template::page("filter", "batch");
    assert_eq!(batch.map(|page| page.parameters), Some("linecount, fill_with"));
}
