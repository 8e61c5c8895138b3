//! Filters that pair the items of lists.

use ksplay_value::Value;

use super::args::{iterate, tuple};
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[
    ("combinations", combinations),
    ("permutations", permutations),
    ("product", product),
    ("zip", zip),
    ("zip_longest", zip_longest),
];

fn lists(subject: &Value, rest: &[Value]) -> Result<Vec<Vec<Value>>, Error> {
    std::iter::once(subject).chain(rest).map(iterate).collect()
}

/// The first items together, then the second ones, to the end of the shortest: `[1, 2] | zip(['a', 'b'])`.
fn zip(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (subject, rest, [strict]) = call.bind_rest(["strict"])?;
    let lists = lists(&subject, &rest)?;
    let shortest = lists.iter().map(Vec::len).min().unwrap_or(0);
    if strict.flag_or(false) && lists.iter().any(|list| list.len() != shortest) {
        return Err(Error::operation("zip() arguments differ in length"));
    }
    Ok((0..shortest).map(|index| tuple(lists.iter().map(|list| list[index].clone()).collect())).collect())
}

/// As `zip`, to the end of the longest, filled up with `fillvalue`.
fn zip_longest(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (subject, rest, [fillvalue]) = call.bind_rest(["fillvalue"])?;
    let lists = lists(&subject, &rest)?;
    let fill = fillvalue.given().unwrap_or_default();
    let longest = lists.iter().map(Vec::len).max().unwrap_or(0);
    let row = |index: usize| lists.iter().map(|list| list.get(index).unwrap_or(&fill).clone()).collect();
    Ok((0..longest).map(|index| tuple(row(index))).collect())
}

/// Every item of the first list with every item of the others: `[1, 2] | product(['a'])`. `repeat` multiplies the lists.
fn product(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (subject, rest, [repeat]) = call.bind_rest(["repeat"])?;
    let lists = lists(&subject, &rest)?;
    let repeat = usize::try_from(repeat.int_or(1)?).unwrap_or(0);
    if lists.len().saturating_mul(repeat) > MOST_ROWS {
        return Err(too_many("product"));
    }
    Ok(product_of(&vec![lists; repeat].concat())?.into_iter().map(tuple).collect())
}

/// Every way to take one item of each list.
pub(crate) fn product_of(lists: &[Vec<Value>]) -> Result<Vec<Vec<Value>>, Error> {
    affordable("product", lists.iter().map(Vec::len))?;
    Ok(lists.iter().fold(vec![Vec::new()], |rows, list| {
        rows.iter()
            .flat_map(|row| list.iter().map(move |item| [row.as_slice(), std::slice::from_ref(item)].concat()))
            .collect()
    }))
}

/// How many rows are made at most: all of them are in memory at once.
const MOST_ROWS: usize = 10_000_000;

/// An error when the product of these numbers, which is how many rows there are to be, is more than the memory should hold.
fn affordable(what: &str, factors: impl Iterator<Item = usize> + Clone) -> Result<(), Error> {
    if factors.clone().any(|factor| factor == 0) {
        return Ok(());
    }
    let rows = factors.fold(1usize, |rows, factor| rows.saturating_mul(factor));
    if rows > MOST_ROWS { Err(too_many(what)) } else { Ok(()) }
}

fn too_many(what: &str) -> Error {
    Error::operation(format!(
        "{what} would make more than {MOST_ROWS} rows, which may not fit into memory: give it fewer items or lists"
    ))
}

fn size(size: Option<i64>, all: usize) -> Result<usize, Error> {
    match size {
        None => Ok(all),
        Some(size) => usize::try_from(size).map_err(|_| Error::operation("r must be non-negative")),
    }
}

/// Every order of all, or of a number of, the items: `[1, 2] | permutations` is `[[1, 2], [2, 1]]`.
fn permutations(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (subject, [r]) = call.bind(["r"])?;
    let items = iterate(&subject)?;
    let size = size(r.int()?, items.len())?;
    affordable("permutations", (0..size).map(|taken| items.len().saturating_sub(taken)))?;
    let mut found = Vec::new();
    choose(&items, size, &mut Vec::new(), &mut found, &|taken| {
        (0..items.len()).filter(|index| !taken.contains(index)).collect()
    });
    Ok(found.into())
}

/// Every choice of a number of items, order kept: `[1, 2, 3] | combinations(2)`.
fn combinations(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (subject, [r]) = call.bind(["r"])?;
    let items = iterate(&subject)?;
    let r = match r.required()? {
        Value::Int(r) => Some(r),
        Value::Bool(r) => Some(i64::from(r)),
        other => {
            let message = format!("'{}' object cannot be interpreted as an integer", other.type_name());
            return Err(Error::operation(message));
        }
    };
    let size = size(r, items.len())?;
    affordable("combinations", std::iter::once(choices(items.len(), size)))?;
    let mut found = Vec::new();
    // After each there are enough left for the rest.
    let following = |taken: &[usize]| {
        let first = taken.last().map_or(0, |last| last + 1);
        (first..(items.len() + 1 + taken.len()).saturating_sub(size)).collect()
    };
    choose(&items, size, &mut Vec::new(), &mut found, &following);
    Ok(found.into())
}

/// How many ways there are to choose so many of all items; one more than are made at most when there are more.
fn choices(all: usize, size: usize) -> usize {
    if size > all {
        return 0;
    }
    // Each step is a number of choices itself, so it divides, and they grow from step to step.
    (1..=size.min(all - size))
        .try_fold(1usize, |choices, step| {
            let next = choices * (all - size.min(all - size) + step) / step;
            (next <= MOST_ROWS).then_some(next)
        })
        .unwrap_or(MOST_ROWS + 1)
}

fn choose(
    items: &[Value],
    size: usize,
    taken: &mut Vec<usize>,
    found: &mut Vec<Value>,
    following: &dyn Fn(&[usize]) -> Vec<usize>,
) {
    if taken.len() == size {
        found.push(tuple(taken.iter().map(|index| items[*index].clone()).collect()));
        return;
    }
    for index in following(taken) {
        taken.push(index);
        choose(items, size, taken, found, following);
        taken.pop();
    }
}
