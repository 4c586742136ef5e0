//! JSON files: where a value stands, and lists that are read element by element.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use serde::Deserializer as _;
use serde::de::{DeserializeSeed, SeqAccess, Visitor};
use serde_json::Value;

use crate::text::printable;

/// Why a JSON file is refused.
#[derive(Debug, thiserror::Error)]
pub enum JsonFileError {
    /// The file cannot be read.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is no JSON, or another kind of it.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// A value is not what it should be.
    #[error("{0}")]
    Value(#[from] JsonError),
}

/// A value that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{reason}", if path.is_empty() { String::new() } else { format!("{path}: ") })]
pub struct JsonError {
    /// Where, as in `[3].annotations[0]`; empty: the whole file.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Place<'a> {
    pub(super) value: &'a Value,
    pub(super) path: String,
}

impl<'a> Place<'a> {
    pub(super) fn error(&self, reason: impl Into<String>) -> JsonError {
        JsonError {
            path: self.path.clone(),
            reason: reason.into(),
        }
    }

    /// What stands under a key; null is nothing.
    pub(super) fn get(&self, key: &str) -> Option<Place<'a>> {
        let value = self.value.get(key).filter(|value| !value.is_null())?;
        let path = match self.path.is_empty() {
            true => key.to_owned(),
            false => format!("{}.{key}", self.path),
        };
        Some(Place { value, path })
    }

    pub(super) fn need(&self, key: &str) -> Result<Place<'a>, JsonError> {
        let keys = || match self.value.as_object() {
            Some(object) => format!("it has: {}", list(object.keys())),
            None => format!("it is {}", kind(self.value)),
        };
        self.get(key)
            .ok_or_else(|| self.error(format!("there is no {key:?}; {}", keys())))
    }

    pub(super) fn elements(&self) -> Result<impl Iterator<Item = Place<'a>>, JsonError> {
        let values = self.value.as_array();
        let values = values.ok_or_else(|| self.expected("a list"))?;
        let path = self.path.clone();
        Ok(values.iter().enumerate().map(move |(at, value)| Place {
            value,
            path: format!("{path}[{at}]"),
        }))
    }

    pub(super) fn text(&self) -> Result<&'a str, JsonError> {
        let text = self.value.as_str().filter(|text| !text.is_empty());
        text.ok_or_else(|| self.expected("a text"))
    }

    pub(super) fn number(&self) -> Result<f64, JsonError> {
        let number = self.value.as_f64().filter(|number| number.is_finite());
        number.ok_or_else(|| self.expected("a number"))
    }

    pub(super) fn flag(&self) -> Result<bool, JsonError> {
        self.value
            .as_bool()
            .ok_or_else(|| self.expected("true or false"))
    }

    fn expected(&self, what: &str) -> JsonError {
        self.error(format!("expected {what}, found {}", kind(self.value)))
    }
}

fn list<'a>(keys: impl Iterator<Item = &'a String>) -> String {
    let keys: Vec<_> = keys.take(20).map(|key| printable(key)).collect();
    keys.join(", ")
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(text) if text.is_empty() => "an empty text",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The whole file.
pub(super) fn read_value(path: &Path) -> Result<Value, JsonFileError> {
    Ok(serde_json::from_reader(BufReader::new(open(path)?))?)
}

/// Whether the file is an object, by its first sign.
///
/// # Errors
/// The file cannot be read.
pub fn is_object(path: &Path) -> io::Result<bool> {
    let mut first = BufReader::new(open(path)?).bytes();
    let sign = first.find(|byte| !matches!(byte, Ok(b' ' | b'\t' | b'\r' | b'\n')));
    Ok(sign.transpose()? == Some(b'{'))
}

/// Calls with each element of the list that a file is, none but it in memory.
pub(super) fn each_element(path: &Path, each: impl FnMut(Place<'_>)) -> Result<(), JsonFileError> {
    let mut json = serde_json::Deserializer::from_reader(BufReader::new(open(path)?));
    json.deserialize_seq(Elements(each))?;
    Ok(json.end()?)
}

fn open(path: &Path) -> io::Result<File> {
    match std::fs::metadata(path)?.is_file() {
        true => File::open(path),
        false => Err(io::Error::other("it is not a regular file")),
    }
}

struct Elements<F>(F);

impl<'de, F: FnMut(Place<'_>)> Visitor<'de> for Elements<F> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        let mut at = 0;
        while let Some(value) = list.next_element_seed(One)? {
            let path = format!("[{at}]");
            (self.0)(Place {
                value: &value,
                path,
            });
            at += 1;
        }
        Ok(())
    }
}

struct One;

impl<'de> DeserializeSeed<'de> for One {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        serde::Deserialize::deserialize(json)
    }
}
