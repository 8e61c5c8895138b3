//! Texts as Python treats them: patterns, shell words, bytes that are no UTF-8.

pub(crate) mod bytes;
pub(crate) mod crypt;
pub(crate) mod glob;
pub(crate) mod ini;
pub(crate) mod regex;
pub(crate) mod sections;
pub(crate) mod words;
