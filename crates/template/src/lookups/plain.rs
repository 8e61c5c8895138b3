//! Lookups that need nothing but their terms: `items`, `list`, `dict`, `nested`, `together`, `indexed_items`,
//! `flattened`, `subelements`, `random_choice`, `sequence`.

use ksplay_value::{Map, Value};

use crate::filters::args::{iterate, tuple};
use crate::filters::regex::{Flags, Pattern};
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[
    ("cartesian", nested),
    ("dict", dict),
    ("flattened", flattened),
    ("indexed_items", indexed_items),
    ("items", items),
    ("list", list),
    ("nested", nested),
    ("random_choice", random_choice),
    ("sequence", sequence),
    ("subelements", subelements),
    ("together", together),
];

/// The terms, the items of lists among them in their place: `query('items', [1, [2]], 3)` is `[1, [2], 3]`.
fn items(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    Ok(call.terms().into())
}

/// The terms as they are.
fn list(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    Ok(std::mem::take(&mut call.args).into())
}

/// The terms with every list in them laid flat.
fn flattened(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    fn flatten(value: Value, flat: &mut Vec<Value>) {
        match value {
            Value::List(items) | Value::Tuple(items) => items.iter().for_each(|item| flatten(item.clone(), flat)),
            Value::Null => {}
            Value::String(text) if matches!(&*text, "None" | "null") => {}
            value => flat.push(value),
        }
    }
    let mut flat = Vec::new();
    std::mem::take(&mut call.args).into_iter().for_each(|term| flatten(term, &mut flat));
    Ok(flat.into())
}

/// Key and value of every entry: `query('dict', {'a': 1})` is `[{'key': 'a', 'value': 1}]`.
fn dict(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let mut entries = Vec::new();
    for term in std::mem::take(&mut call.args).iter().flat_map(items_of_full) {
        let Value::Map(map) = &term else {
            let kind = term.type_name();
            let message =
                format!("the 'dict' lookup plugin expects a dictionary, got '{term}' of type <class '{kind}'>)");
            return Err(Error::operation(message));
        };
        entries.extend(
            map.iter().map(|(key, value)| {
                Value::from(Map::from([("key", key.as_value().clone()), ("value", value.clone())]))
            }),
        );
    }
    Ok(entries.into())
}

/// Every way to take one item of each list: `query('nested', [1, 2], ['a'])` is `[[1, 'a'], [2, 'a']]`.
fn nested(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let terms = std::mem::take(&mut call.args);
    if terms.is_empty() {
        return Err(Error::operation("with_nested requires at least one element in the nested list"));
    }
    let mut lists = terms.iter().map(iterate).collect::<Result<Vec<_>, _>>()?;
    if let [only] = lists.as_mut_slice() {
        // The reference takes each item for a row then.
        return only.iter().map(|item| Ok(iterate(item)?.iter().flat_map(items_of).collect::<Value>())).collect();
    }
    // Lists among the items are laid flat into the rows.
    let row = |row: Vec<Value>| row.iter().flat_map(items_of).collect::<Value>();
    Ok(crate::filters::product_of(&lists)?.into_iter().map(row).collect())
}

/// The items of a list; anything else as its only item.
fn items_of(term: &Value) -> Vec<Value> {
    match term {
        Value::List(items) | Value::Tuple(items) => items.to_vec(),
        single => vec![single.clone()],
    }
}

/// The items of a list that has some; anything else, an empty list too, as its only item.
fn items_of_full(term: &Value) -> Vec<Value> {
    let items = items_of(term);
    if items.is_empty() { vec![term.clone()] } else { items }
}

/// The first items, then the second ones, filled up with nulls: `query('together', [1, 2], ['a'])`.
fn together(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let lists: Vec<Vec<Value>> = std::mem::take(&mut call.args).iter().map(iterate).collect::<Result<_, _>>()?;
    if lists.is_empty() {
        return Err(Error::operation("with_together requires at least one element in each list"));
    }
    let longest = lists.iter().map(Vec::len).max().unwrap_or(0);
    let row = |at: usize| lists.iter().map(|list| list.get(at).cloned().unwrap_or_default()).collect::<Vec<_>>();
    Ok((0..longest).map(|at| Value::from(row(at))).collect())
}

/// The items with their numbers: `query('indexed_items', ['a'])` is `[[0, 'a']]`.
fn indexed_items(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let terms = call.terms();
    Ok(terms.into_iter().enumerate().map(|(at, item)| tuple(vec![at.into(), item])).collect())
}

/// One of the terms by chance; nothing when there is none.
fn random_choice(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let mut terms = std::mem::take(&mut call.args);
    if terms.is_empty() {
        return Ok(terms.into());
    }
    let chosen = crate::filters::random::below(terms.len() as u64) as usize;
    Ok(vec![terms.swap_remove(chosen)].into())
}

/// Each element with each item of the list at a path below it: `query('subelements', users, 'keys')`; a third term may say
/// `{'skip_missing': true}`.
fn subelements(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let unfit = |why: &str| Error::operation(format!("subelements lookup expects a list of two or three items, {why}"));
    let terms = std::mem::take(&mut call.args);
    let (elements, path, flags) = match terms.as_slice() {
        [elements, path] => (elements, path, None),
        [elements, path, flags] => (elements, path, Some(flags)),
        _ => return Err(unfit("")),
    };
    if flags.is_some_and(|flags| flags.as_map().is_none()) {
        return Err(unfit("the optional third item must be a dict with flags skip_missing"));
    }
    let Value::String(path) = path else {
        return Err(unfit("first a dict or a list, second a string pointing to the subkey"));
    };
    let elements = match elements {
        Value::Map(map) => map.values().cloned().collect(),
        Value::List(items) | Value::Tuple(items) => items.to_vec(),
        _ => return Err(unfit("first a dict or a list, second a string pointing to the subkey")),
    };
    let skipped = |element: &Value| element.get("skipped").is_some_and(Value::is_true);
    let elements: Vec<Value> = elements.into_iter().filter(|element| !skipped(element)).collect();
    let skip_missing = flags.and_then(|flags| flags.get("skip_missing")).is_some_and(crate::filters::types::truth);
    let path: Vec<Value> = path.split('.').map(Value::from).collect();
    let pairs = crate::filters::subelements_of(&elements, &path, skip_missing)?;
    let without = |pair: &Value| match pair.as_list() {
        Some([element, item]) => tuple(vec![removed(element, &path), item.clone()]),
        _ => pair.clone(),
    };
    Ok(pairs.as_list().unwrap_or_default().iter().map(without).collect())
}

/// The element without what lies at a path below it.
fn removed(element: &Value, path: &[Value]) -> Value {
    let (Value::Map(map), Some((key, rest))) = (element, path.split_first()) else { return element.clone() };
    let mut map = map.as_ref().clone();
    let key = key.to_string();
    match map.get(&key).filter(|_| !rest.is_empty()).map(|inner| removed(inner, rest)) {
        Some(inner) => map.insert(key, inner),
        None => map.remove(&key),
    };
    map.into()
}

/// Numbers as text: `query('sequence', 'start=1 end=3 format=web%02d')`, also `5`, `2-5`, `2-8/2:host%02d`, or options
/// `start`, `end`, `count`, `stride`, `format`.
fn sequence(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let options = std::mem::take(&mut call.kwargs);
    let terms = call.terms();
    if terms.is_empty() {
        return Ok(Sequence::from_options(&options)?.texts()?.into());
    }
    let mut texts = Vec::new();
    for term in terms {
        let mut options = options.clone();
        let text = term.to_string();
        if let Some(short) = Sequence::short(&text)? {
            texts.extend(short.texts()?);
            continue;
        }
        for word in crate::lookups::words(&text) {
            match word.split_once('=') {
                Some((name, value)) => options.insert(name, value),
                None => {
                    return Err(Error::operation("unrecognized arguments to with_sequence: ['_raw_params']"));
                }
            };
        }
        texts.extend(Sequence::from_options(&options)?.texts()?);
    }
    Ok(texts.into())
}

struct Sequence {
    start: i64,
    end: i64,
    stride: i64,
    format: String,
}

fn integer(text: &str) -> Option<i64> {
    crate::filters::numbers::parse_int(text, 0)?.as_int()
}

impl Sequence {
    fn from_options(options: &Map) -> Result<Self, Error> {
        let known = ["start", "end", "count", "stride", "format"];
        if let Some(name) = options.keys().find(|key| !known.contains(&key.as_str().unwrap_or_default())) {
            return Err(Error::operation(format!("unrecognized arguments to with_sequence: ['{}']", name.as_value())));
        }
        let number = |name: &str| match options.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => (value.to_string().trim().parse::<i64>().ok())
                .map(Some)
                .ok_or_else(|| Error::operation(format!("can't parse {name}={value} as integer"))),
        };
        let (start, count, end) = (number("start")?.unwrap_or(1), number("count")?, number("end")?);
        let stride = number("stride")?;
        let format = options.get("format").map_or_else(|| "%d".to_owned(), Value::to_string);
        match (count, end) {
            (None, None) => Err(Error::operation("must specify count or end in with_sequence")),
            (Some(_), Some(_)) => Err(Error::operation("can't specify both count and end in with_sequence")),
            (Some(0), None) => Ok(Self { start: 0, end: 0, stride: 0, format }),
            (Some(count), None) => {
                let stride = stride.unwrap_or(1);
                Ok(Self { start, end: start + count * stride - 1, stride, format }.checked()?)
            }
            (None, Some(end)) => Self { start, end, stride: stride.unwrap_or(1), format }.checked(),
        }
    }

    fn checked(self) -> Result<Self, Error> {
        match self.stride {
            stride if stride > 0 && self.end < self.start => {
                Err(Error::operation("to count backwards make stride negative"))
            }
            stride if stride < 0 && self.end > self.start => {
                Err(Error::operation("to count forward don't make stride negative"))
            }
            _ if self.format.matches('%').count() != 1 => {
                Err(Error::operation(format!("bad formatting string: {}", self.format)))
            }
            _ => Ok(self),
        }
    }

    /// `[start-]end[/stride][:format]`
    fn short(text: &str) -> Result<Option<Self>, Error> {
        let pattern = Pattern::new(
            r"^(-?(?:0x[0-9a-f]+|[0-9]+)-)?(-?(?:0x[0-9a-f]+|[0-9]+))(/(-?(?:0x[0-9a-f]+|[0-9]+)))?(:(.+))?$",
            Flags { ignorecase: true, multiline: false },
        )?;
        let Some(found) = pattern.search(text)? else { return Ok(None) };
        let number = |group: usize| found.get(group).and_then(|part| integer(part.as_str().trim_end_matches('-')));
        let sequence = Self {
            start: number(1).unwrap_or(1),
            end: number(2).unwrap_or(0),
            stride: number(4).unwrap_or(1),
            format: found.get(6).map_or_else(|| "%d".to_owned(), |format| format.as_str().to_owned()),
        };
        sequence.checked().map(Some)
    }

    fn texts(&self) -> Result<Vec<Value>, Error> {
        let mut texts = Vec::new();
        let mut at = self.start;
        while self.stride != 0 && (if self.stride > 0 { at <= self.end } else { at >= self.end }) {
            let text = crate::filters::percent_format(&self.format, at);
            texts.push(text.map_err(|_| Error::operation(format!("problem formatting {at} with '{}'", self.format)))?);
            at += self.stride;
        }
        Ok(texts)
    }
}
