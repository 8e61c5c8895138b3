//! The declaration of a module's arguments: one place for their names, types, defaults and documentation.

use std::path::PathBuf;

use ksplay_value::{Map, Value};

use crate::Failure;
use crate::secrets::{MASKED_VALUE, Secrets};

mod check;
mod convert;
mod declared;

pub(crate) use convert::expand_with;
pub use convert::{boolean, expand_path};
pub use declared::declared_errors;

/// The type of an argument, as Ansible names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptType {
    /// Text; numbers and booleans become text.
    Str,
    /// A path; `~` and `$VAR` are expanded.
    Path,
    /// A boolean or one of the words for it.
    Bool,
    /// An integer.
    Int,
    /// A number.
    Float,
    /// A list; a text with commas becomes one.
    List,
    /// A mapping.
    Dict,
    /// Any value, untouched.
    Raw,
}

impl OptType {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Str => "str",
            Self::Path => "path",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Float => "float",
            Self::List => "list",
            Self::Dict => "dict",
            Self::Raw => "raw",
        }
    }
}

/// One argument. Made by the functions named after the types, refined by the methods, named by [`arguments!`](crate::arguments).
#[derive(Debug, Clone, Copy)]
pub struct Opt {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: OptType,
    /// The type of a list's items.
    pub elements: OptType,
    /// Whether it must be given.
    pub required: bool,
    /// Its default: a text of the type, a list as `[a, b]`, an empty mapping as `{}`; `None` is null.
    pub default: Option<&'static str>,
    /// The texts that are allowed; empty for any.
    pub choices: &'static [&'static str],
    /// Other names for it.
    pub aliases: &'static [&'static str],
    /// Never shown.
    pub no_log: bool,
}

impl Opt {
    const fn new(kind: OptType) -> Self {
        Self {
            name: "",
            kind,
            elements: OptType::Str,
            required: false,
            default: None,
            choices: &[],
            aliases: &[],
            no_log: false,
        }
    }

    /// A text.
    pub const fn str() -> Self {
        Self::new(OptType::Str)
    }

    /// A path.
    pub const fn path() -> Self {
        Self::new(OptType::Path)
    }

    /// A boolean.
    pub const fn bool() -> Self {
        Self::new(OptType::Bool)
    }

    /// An integer.
    pub const fn int() -> Self {
        Self::new(OptType::Int)
    }

    /// A number.
    pub const fn float() -> Self {
        Self::new(OptType::Float)
    }

    /// A list with items of this type.
    pub const fn list(elements: OptType) -> Self {
        let mut opt = Self::new(OptType::List);
        opt.elements = elements;
        opt
    }

    /// A mapping.
    pub const fn dict() -> Self {
        Self::new(OptType::Dict)
    }

    /// Any value.
    pub const fn raw() -> Self {
        Self::new(OptType::Raw)
    }

    /// It must be given.
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Its default: a text of the type, a list as `[a, b]`, an empty mapping as `{}`.
    pub const fn default(mut self, text: &'static str) -> Self {
        self.default = Some(text);
        self
    }

    /// The only texts it may be.
    pub const fn choices(mut self, choices: &'static [&'static str]) -> Self {
        self.choices = choices;
        self
    }

    /// Other names for it.
    pub const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// It is a secret.
    pub const fn no_log(mut self) -> Self {
        self.no_log = true;
        self
    }
}

/// All arguments of a module and the rules between them.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// The arguments.
    pub options: &'static [Opt],
    /// Groups of which at most one may be given.
    pub mutually_exclusive: &'static [&'static [&'static str]],
    /// Groups of which one must be given.
    pub required_one_of: &'static [&'static [&'static str]],
    /// Groups that are given together or not at all.
    pub required_together: &'static [&'static [&'static str]],
    /// `(argument, value, the arguments that are then required)`; a boolean's value is written `True` or `False`.
    pub required_if: &'static [(&'static str, &'static str, &'static [&'static str])],
    /// As `required_if`, but one of the arguments is enough.
    pub required_any_if: &'static [(&'static str, &'static str, &'static [&'static str])],
    /// Arguments that several modules share, such as those of a file's owner and mode.
    pub includes: &'static [&'static [Opt]],
    /// Whether free text stands before the `key=value` pairs (`command`, `shell`, `raw`, `script`).
    pub free_form: bool,
}

impl Spec {
    /// A specification without rules between the arguments.
    pub const fn new(options: &'static [Opt]) -> Self {
        Self {
            options,
            mutually_exclusive: &[],
            required_one_of: &[],
            required_together: &[],
            required_if: &[],
            required_any_if: &[],
            includes: &[],
            free_form: false,
        }
    }

    /// All arguments, those that are shared with other modules last.
    pub fn all(&self) -> impl Iterator<Item = &'static Opt> + use<> {
        self.options.iter().chain(self.includes.iter().copied().flatten())
    }
}

/// What is said about a module and its arguments. It stands apart from their [`Spec`], because machines are sent the
/// specifications, which decide what is run, but not the prose.
#[derive(Debug, Clone, Copy)]
pub struct Docs {
    /// One sentence: what the module does.
    pub summary: &'static str,
    /// What each of [`Spec::options`] means, in their order.
    pub options: &'static [&'static str],
    /// The same for [`Spec::includes`].
    pub includes: &'static [&'static [&'static str]],
}

impl Docs {
    /// What all arguments mean, in the order of [`Spec::all`].
    pub fn all(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.options.iter().chain(self.includes.iter().copied().flatten()).copied()
    }
}

/// The name of an argument that is written as this identifier: without the `r#` of a raw one.
pub const fn option_name(identifier: &'static str) -> &'static str {
    match identifier.as_bytes() {
        [b'r', b'#', name @ ..] => match std::str::from_utf8(name) {
            Ok(name) => name,
            Err(_) => identifier,
        },
        _ => identifier,
    }
}

/// The typed arguments of a module.
pub trait Arguments: Sized {
    /// Their declaration.
    const SPEC: Spec;
    /// The same, with a place of its own.
    const SPEC_REF: &'static Spec = &Self::SPEC;
    /// What is said about them.
    const DOCS: Docs;

    /// Takes them out of what was given and checked; to be called by [`Given::typed`].
    fn parse(given: &mut Given) -> Self;
}

/// Arguments that have been checked against a [`Spec`]: aliases resolved, types converted, defaults filled in.
#[derive(Debug)]
pub struct Given {
    values: Map,
    secret: Vec<&'static str>,
    misfit: Option<Failure>,
}

/// A Rust type that an argument can have.
pub trait FromArgument: Default {
    /// The value, converted; null where the argument was not given.
    ///
    /// # Errors
    ///
    /// With what was expected instead, such as `an integer`.
    fn from_argument(value: Value) -> Result<Self, &'static str>;
}

/// Declares the arguments of a module: a struct, its [`Spec`] and how it is filled, from one list.
///
/// ```
/// use ksplay_modules::{arguments, Opt};
///
/// arguments! {
///     /// Reads a file.
///     pub struct SlurpArgs {
///         /// The file.
///         src: String = Opt::path().required().aliases(&["path"]),
///     }
/// }
/// ```
///
/// Arguments that several modules share are a struct of their own, named after the struct in
/// `includes { attributes: FileAttributes }`. Rules between arguments come last:
/// `rules { mutually_exclusive: &[&["src", "content"]] }`.
///
/// An argument whose name begins with `_ksplay_` is for the controller alone: it is not documented, not in
/// `invocation`, and no error names it.
#[macro_export]
macro_rules! arguments {
    (
        $(#[doc = $summary:literal])+
        pub struct $name:ident {
            $( $(#[doc = $doc:literal])+ $field:ident : $type:ty = $opt:expr ),* $(,)?
        }
        $( includes { $( $shared:ident : $group:ty ),* $(,)? } )?
        $( rules { $( $rule:ident : $groups:expr ),* $(,)? } )?
    ) => {
        $(#[doc = $summary])+
        #[derive(Debug, Clone)]
        #[allow(dead_code, reason = "some arguments are accepted only because Ansible has them")]
        pub struct $name {
            $( $(#[doc = $doc])+ pub $field: $type, )*
            $( $(
                #[doc = concat!("The arguments of [`", stringify!($group), "`].")]
                pub $shared: $group,
            )* )?
        }

        impl $crate::Arguments for $name {
            const SPEC: $crate::Spec = $crate::Spec {
                $( $( $rule: $groups, )* )?
                $( includes: &[$( <$group as $crate::Arguments>::SPEC.options ),*], )?
                ..$crate::Spec::new(
                    &[$( $crate::Opt { name: $crate::option_name(stringify!($field)), ..$opt } ),*],
                )
            };

            const DOCS: $crate::Docs = $crate::Docs {
                summary: concat!($($summary),+).trim_ascii(),
                options: &[$( concat!($($doc, "\n"),+) ),*],
                includes: &[$( $( <$group as $crate::Arguments>::DOCS.options ),* )?],
            };

            fn parse(given: &mut $crate::Given) -> Self {
                let _ = &given;
                Self {
                    $( $field: given.take($crate::option_name(stringify!($field))), )*
                    $( $( $shared: <$group as $crate::Arguments>::parse(given), )* )?
                }
            }
        }
    };
}

impl Given {
    /// The arguments as used, secrets masked, for `invocation`.
    pub(crate) fn invocation(&self, secrets: &Secrets) -> Map {
        let mut shown = secrets.masked(self.values.clone());
        for name in &self.secret {
            if shown.contains_key(name) {
                shown.insert(*name, MASKED_VALUE);
            }
        }
        shown.retain(|name, _| name.as_str().is_none_or(|name| !name.starts_with(check::INTERNAL)));
        shown
    }

    /// Takes an argument out, for [`Arguments::parse`]. Whether the value fits the type is asked once for all, by
    /// [`typed`](Self::typed): a branch for each argument of each module would be a fiftieth of the agent.
    pub fn take<T: FromArgument>(&mut self, name: &str) -> T {
        let value = self.values.remove(name).unwrap_or_default();
        T::from_argument(value).unwrap_or_else(|expected| {
            self.does_not_fit(name, expected);
            T::default()
        })
    }

    /// All of them, as the module's own type.
    ///
    /// # Errors
    ///
    /// If a value does not fit its Rust type.
    pub fn typed<A: Arguments>(&mut self) -> Result<A, Failure> {
        let arguments = A::parse(self);
        self.misfit.take().map_or(Ok(arguments), Err)
    }

    #[cold]
    fn does_not_fit(&mut self, name: &str, expected: &str) {
        self.misfit.get_or_insert_with(|| Failure::new(format!("argument '{name}' is not {expected}")));
    }
}

impl FromArgument for String {
    fn from_argument(value: Value) -> Result<Self, &'static str> {
        match value {
            Value::String(text) => Ok(text.to_string()),
            _ => Err("a text"),
        }
    }
}

impl FromArgument for PathBuf {
    fn from_argument(value: Value) -> Result<Self, &'static str> {
        String::from_argument(value).map(Into::into)
    }
}

impl FromArgument for bool {
    fn from_argument(value: Value) -> Result<Self, &'static str> {
        value.as_bool().ok_or("a boolean")
    }
}

impl FromArgument for i64 {
    fn from_argument(value: Value) -> Result<Self, &'static str> {
        value.as_int().ok_or("an integer")
    }
}

impl FromArgument for f64 {
    fn from_argument(value: Value) -> Result<Self, &'static str> {
        match value {
            Value::Float(number) => Ok(number),
            Value::Int(number) => Ok(number as f64),
            _ => Err("a number"),
        }
    }
}

impl FromArgument for Value {
    fn from_argument(value: Value) -> Result<Self, &'static str> {
        Ok(value)
    }
}

impl FromArgument for Map {
    fn from_argument(value: Value) -> Result<Self, &'static str> {
        value.as_map().cloned().ok_or("a mapping")
    }
}

impl<T: FromArgument> FromArgument for Option<T> {
    fn from_argument(value: Value) -> Result<Self, &'static str> {
        if value.is_null() { Ok(None) } else { T::from_argument(value).map(Some) }
    }
}

impl<T: FromArgument> FromArgument for Vec<T> {
    fn from_argument(value: Value) -> Result<Self, &'static str> {
        match value {
            Value::Null => Ok(Vec::new()),
            Value::List(items) => items.iter().cloned().map(T::from_argument).collect(),
            _ => Err("a list"),
        }
    }
}
