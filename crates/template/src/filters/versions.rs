//! Sorting of versions.

use ksplay_value::Value;

use super::args::iterate;
use crate::tests::versions::{Loose, Version};
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[("version_sort", version_sort)];

/// The versions in order: `['1.10', '1.9'] | version_sort` is `['1.9', '1.10']`.
fn version_sort(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [reverse]) = call.bind(["reverse"])?;
    let mut items = iterate(&value)?;
    let mut failure = None;
    items.sort_by(|left, right| {
        let order = Loose::parse(&left.to_string()).and_then(|left| left.compare(&Loose::parse(&right.to_string())?));
        order.unwrap_or_else(|error| {
            failure.get_or_insert(error);
            std::cmp::Ordering::Equal
        })
    });
    if let Some(error) = failure {
        return Err(error);
    }
    if reverse.flag_or(false) {
        items.reverse();
    }
    Ok(items.into())
}
