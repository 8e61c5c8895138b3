//! The test `version`: loose, strict, semantic and PEP 440 versions.

use std::cmp::Ordering;

use ksplay_value::Value;

use crate::filters::regex::{Flags, Pattern};
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[("version", version), ("version_compare", version)];

/// How a version compares with another one: `'1.10' is version('1.9', '>')`. Operators: `<`, `<=`, `>`, `>=`, `==`,
/// `!=` and their names; `strict` or a `version_type` of `loose`, `strict`, `semver`, `semantic` or `pep440` says how
/// versions are read.
fn version(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [other, operator, strict, version_type]) =
        call.bind(["version", "operator", "strict", "version_type"])?;
    let (left, right) = (value.to_string(), other.required()?.to_string());
    let operator = operator.text_or("eq");
    let strict = strict.value().map(|strict| strict.is_true());
    if left.is_empty() || value.is_null() {
        return Err(Error::operation("Input version value cannot be empty"));
    }
    if right.is_empty() {
        return Err(Error::operation("Version parameter to compare against cannot be empty"));
    }
    let order = match (strict, version_type.text().as_deref()) {
        (Some(_), Some(_)) => return Err(Error::operation("Cannot specify both 'strict' and 'version_type'")),
        (Some(true), _) | (_, Some("strict")) => ordered::<Strict>(&left, &right)?,
        (_, None | Some("loose")) => ordered::<Loose>(&left, &right)?,
        (_, Some("semver" | "semantic")) => ordered::<Semantic>(&left, &right)?,
        (_, Some("pep440")) => ordered::<Pep440>(&left, &right)?,
        (_, Some(other)) => {
            return Err(Error::operation(format!(
                "Invalid version type ({other}). Must be one of 'loose', 'strict', 'semver', 'semantic', 'pep440'"
            )));
        }
    };
    Ok(match operator.as_str() {
        "==" | "=" | "eq" => order.is_eq(),
        "<" | "lt" => order.is_lt(),
        "<=" | "le" => order.is_le(),
        ">" | "gt" => order.is_gt(),
        ">=" | "ge" => order.is_ge(),
        "!=" | "<>" | "ne" => order.is_ne(),
        other => {
            return Err(Error::operation(format!(
                "Invalid operator type ({other}). Must be one of '==', '=', 'eq', '<', 'lt', '<=', 'le', '>', 'gt', '>=', 'ge', '!=', '<>', 'ne'"
            )));
        }
    }
    .into())
}

fn ordered<V: Version>(left: &str, right: &str) -> Result<Ordering, Error> {
    V::parse(left)?.compare(&V::parse(right)?)
}

/// A way to read versions.
pub(crate) trait Version: Sized {
    /// The version that a text means.
    fn parse(text: &str) -> Result<Self, Error>;
    /// How two of them compare.
    fn compare(&self, other: &Self) -> Result<Ordering, Error>;
}

fn invalid(text: &str) -> Error {
    Error::operation(format!("Version comparison failed: invalid version number '{text}'"))
}

/// Numbers and words in any mixture: `1.5.2b2`, `v1.10-rc.1`.
pub(crate) struct Loose(Vec<Part>);

#[derive(PartialEq)]
enum Part {
    Number(u128),
    Word(String),
}

impl Version for Loose {
    fn parse(text: &str) -> Result<Self, Error> {
        let mut parts: Vec<Part> = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let kind = |letter: char| match letter {
                '0'..='9' => 0,
                'a'..='z' => 1,
                '.' => 2,
                _ => 3,
            };
            let length = match kind(first) {
                2 => 1,
                wanted => rest.find(|letter| kind(letter) != wanted).unwrap_or(rest.len()),
            };
            let (piece, after) = rest.split_at(length);
            rest = after;
            if piece != "." {
                parts.push(match piece.parse() {
                    Ok(number) => Part::Number(number),
                    Err(_) => Part::Word(piece.to_owned()),
                });
            }
        }
        Ok(Self(parts))
    }

    fn compare(&self, other: &Self) -> Result<Ordering, Error> {
        for (left, right) in self.0.iter().zip(&other.0) {
            let order = match (left, right) {
                (Part::Number(left), Part::Number(right)) => left.cmp(right),
                (Part::Word(left), Part::Word(right)) => left.cmp(right),
                (left, _) => {
                    let (left, right) = if matches!(left, Part::Word(_)) { ("str", "int") } else { ("int", "str") };
                    return Err(Error::operation(format!(
                        "Version comparison failed: '<' not supported between instances of '{left}' and '{right}'"
                    )));
                }
            };
            if order.is_ne() {
                return Ok(order);
            }
        }
        Ok(self.0.len().cmp(&other.0.len()))
    }
}

/// Two or three numbers, and `a` or `b` with a number for a version before them: `1.0.4b1`.
struct Strict {
    numbers: [u64; 3],
    prerelease: Option<(String, u64)>,
}

impl Version for Strict {
    fn parse(text: &str) -> Result<Self, Error> {
        let pattern = Pattern::new(r"^(\d+)\.(\d+)(?:\.(\d+))?([ab])?(\d+)?$", Flags::default())?;
        let found = pattern.search(text)?.ok_or_else(|| invalid(text))?;
        let number = |group: usize| found.get(group).map_or(Ok(0), |n| n.as_str().parse().map_err(|_| invalid(text)));
        let prerelease = match (found.get(4), found.get(5)) {
            (Some(letter), Some(_)) => Some((letter.as_str().to_owned(), number(5)?)),
            (None, None) => None,
            _ => return Err(invalid(text)),
        };
        Ok(Self { numbers: [number(1)?, number(2)?, number(3)?], prerelease })
    }

    fn compare(&self, other: &Self) -> Result<Ordering, Error> {
        Ok(self.numbers.cmp(&other.numbers).then_with(|| match (&self.prerelease, &other.prerelease) {
            (None, None) => Ordering::Equal,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(left), Some(right)) => left.cmp(right),
        }))
    }
}

/// Versions as semver.org has them: `1.2.3-rc.1+build`.
struct Semantic {
    numbers: [u64; 3],
    prerelease: Vec<String>,
}

impl Version for Semantic {
    fn parse(text: &str) -> Result<Self, Error> {
        let pattern = Pattern::new(
            r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?$",
            Flags::default(),
        )?;
        let found = pattern.search(text)?.ok_or_else(|| invalid(text))?;
        let number = |group: usize| found.get(group).and_then(|n| n.as_str().parse().ok()).ok_or_else(|| invalid(text));
        let prerelease = found.get(4).map_or_else(Vec::new, |all| all.as_str().split('.').map(str::to_owned).collect());
        Ok(Self { numbers: [number(1)?, number(2)?, number(3)?], prerelease })
    }

    fn compare(&self, other: &Self) -> Result<Ordering, Error> {
        let part = |left: &String, right: &String| match (left.parse::<u64>(), right.parse::<u64>()) {
            (Ok(left), Ok(right)) => left.cmp(&right),
            (Ok(_), Err(_)) => Ordering::Less,
            (Err(_), Ok(_)) => Ordering::Greater,
            (Err(_), Err(_)) => left.cmp(right),
        };
        Ok(self.numbers.cmp(&other.numbers).then_with(|| {
            match (self.prerelease.is_empty(), other.prerelease.is_empty()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => {
                    let mut parts =
                        self.prerelease.iter().zip(&other.prerelease).map(|(left, right)| part(left, right));
                    let first = parts.find(|order| order.is_ne());
                    first.unwrap_or_else(|| self.prerelease.len().cmp(&other.prerelease.len()))
                }
            }
        }))
    }
}

/// Versions as Python packages have them: `1!2.0rc1.post2.dev3+local`.
struct Pep440 {
    epoch: u64,
    release: Vec<u64>,
    /// Where it stands before or after its release: `dev`, pre-release, release, post-release.
    pre: (u8, String, u64),
    post: Option<u64>,
    dev: Option<u64>,
    local: Vec<(u64, String)>,
}

impl Version for Pep440 {
    fn parse(text: &str) -> Result<Self, Error> {
        let pattern = Pattern::new(
            r"^\s*v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?(\d+)?)?(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d+)?)?(?:[-_.]?(dev)[-_.]?(\d+)?)?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*$",
            Flags { ignorecase: true, multiline: false },
        )?;
        let found = pattern.search(text)?.ok_or_else(|| invalid(text))?;
        let group = |number: usize| found.get(number).map(|found| found.as_str().to_lowercase());
        let number = |index: usize| group(index).map_or(Ok(0), |n| n.parse::<u64>().map_err(|_| invalid(text)));
        let mut release = group(2)
            .unwrap_or_default()
            .split('.')
            .map(|part| part.parse().map_err(|_| invalid(text)))
            .collect::<Result<Vec<u64>, _>>()?;
        while release.len() > 1 && release.last() == Some(&0) {
            release.pop();
        }
        let post = match (group(5), group(6)) {
            (Some(_), _) => Some(number(5)?),
            (None, Some(_)) => Some(number(7)?),
            _ => None,
        };
        let dev = group(8).map(|_| number(9)).transpose()?;
        let pre = match group(3).as_deref() {
            Some("alpha" | "a") => (1, "a".to_owned(), number(4)?),
            Some("beta" | "b") => (1, "b".to_owned(), number(4)?),
            Some(_) => (1, "rc".to_owned(), number(4)?),
            // A development version of the release itself stands before its pre-releases.
            None if post.is_none() && dev.is_some() => (0, String::new(), 0),
            None => (2, String::new(), 0),
        };
        let local = group(10).unwrap_or_default();
        let local = local
            .split(['-', '_', '.'])
            .filter(|part| !part.is_empty())
            .map(|part| part.parse().map_or_else(|_| (0, part.to_owned()), |number: u64| (number + 1, String::new())))
            .collect();
        Ok(Self { epoch: number(1)?, release, pre, post, dev, local })
    }

    fn compare(&self, other: &Self) -> Result<Ordering, Error> {
        let dev = |dev: Option<u64>| dev.unwrap_or(u64::MAX);
        Ok(self
            .epoch
            .cmp(&other.epoch)
            .then_with(|| self.release.cmp(&other.release))
            .then_with(|| self.pre.cmp(&other.pre))
            .then_with(|| self.post.cmp(&other.post))
            .then_with(|| dev(self.dev).cmp(&dev(other.dev)))
            .then_with(|| self.local.cmp(&other.local)))
    }
}
