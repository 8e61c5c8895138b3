//! Sorting of versions.

use ksplay_value::Value;

use super::args::iterate;
use super::order::sorted;
use crate::tests::versions::{Loose, Version};
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[("version_sort", version_sort)];

/// The versions in order: `['1.10', '1.9'] | version_sort` is `['1.9', '1.10']`.
fn version_sort(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [reverse]) = call.bind(["reverse"])?;
    let mut items = sorted(iterate(&value)?, &mut |left, right| {
        Loose::parse(&left.to_string())?.compare(&Loose::parse(&right.to_string())?)
    })?;
    if reverse.flag_or(false) {
        items.reverse();
    }
    Ok(items.into())
}
