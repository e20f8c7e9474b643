//! JSON to what a client reads, in little code.
//!
//! The browser downloads what reads the wire before it can do anything. What serde derives is made for speed and for
//! every format: a reader of sequences and one of maps for each type, once for plain and once for tagged data. This
//! reads the same from a parsed document, with one function a type. It accepts what serde accepts and refuses what it
//! refuses, which `tests/golden.rs` checks on every frozen file with every field left out or replaced; except that
//! fields of tomorrow are ignored everywhere, that of fields that come twice the last one counts, and that
//! lists never stand for structs, nor numbers or objects for names (`properties` checks on any text that there is nothing else). What is wrong is not said: a client could do nothing about it. Servers, who
//! have to say it, read commands with serde.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// What can be read from JSON.
pub trait FromJson: Sized {
    /// Reads it; nothing where it is of another shape.
    fn from_json(json: &Value) -> Option<Self>;

    /// What a field is that is not there; nothing where it has to be.
    #[must_use]
    fn absent() -> Option<Self> {
        None
    }
}

/// Reads a text.
#[must_use]
pub fn read<T: FromJson>(text: &str) -> Option<T> {
    T::from_json(&serde_json::from_str(text).ok()?)
}

/// Reads a field.
#[must_use]
pub fn field<T: FromJson>(object: &Map<String, Value>, name: &str) -> Option<T> {
    object.get(name).map_or_else(T::absent, T::from_json)
}

/// Reads a struct by its fields; with `or`, what a field is that is not there.
#[macro_export]
macro_rules! from_json {
    ($name:ident { $($field:ident $(or $default:expr)?),* $(,)? }) => {
        impl $crate::json::FromJson for $name {
            fn from_json(json: &$crate::json::Document) -> Option<Self> {
                $crate::variant_from_json!(json, $name, { $($field $(or $default)?),* })
            }
        }
    };
}

/// Reads an enum by its field `type`; with `else`, what it is where the type is one of tomorrow.
#[macro_export]
macro_rules! tagged_from_json {
    ($name:ident { $($tag:literal => $variant:ident $shape:tt),* $(,)? } $(else $other:ident)?) => {
        impl $crate::json::FromJson for $name {
            fn from_json(json: &$crate::json::Document) -> Option<Self> {
                match json.get("type")?.as_str()? {
                    $($tag => $crate::variant_from_json!(json, $name::$variant, $shape),)*
                    $(_ => Some($name::$other),)?
                    #[allow(unreachable_patterns, reason = "reached where there is no `else`")]
                    _ => None,
                }
            }
        }
    };
}

/// Reads a variant, or a struct: `(_)` for what holds another type, else the fields.
#[doc(hidden)]
#[macro_export]
macro_rules! variant_from_json {
    ($json:ident, $($name:ident)::+, (_)) => {
        $crate::json::FromJson::from_json($json).map($($name)::+)
    };
    ($json:ident, $($name:ident)::+, { $($field:ident $(or $default:expr)?),* $(,)? }) => {{
        let _object = $json.as_object()?;
        Some($($name)::+ {
            $($field: match $crate::json::field(_object, stringify!($field)) {
                Some(value) => value,
                $(None if !_object.contains_key(stringify!($field)) => $default,)?
                None => return None,
            }),*
        })
    }};
}

/// Reads what is written as a text and can be parsed.
#[macro_export]
macro_rules! parsed_from_json {
    ($($name:ty),* $(,)?) => {
        $(impl $crate::json::FromJson for $name {
            fn from_json(json: &$crate::json::Document) -> Option<Self> {
                json.as_str()?.parse().ok()
            }
        })*
    };
}

/// A parsed document.
pub type Document = Value;

impl FromJson for u64 {
    fn from_json(json: &Value) -> Option<Self> {
        json.as_u64()
    }
}

impl FromJson for u32 {
    fn from_json(json: &Value) -> Option<Self> {
        json.as_u64()?.try_into().ok()
    }
}

impl FromJson for i64 {
    fn from_json(json: &Value) -> Option<Self> {
        json.as_i64()
    }
}

impl FromJson for bool {
    fn from_json(json: &Value) -> Option<Self> {
        json.as_bool()
    }
}

impl FromJson for String {
    fn from_json(json: &Value) -> Option<Self> {
        json.as_str().map(str::to_owned)
    }
}

impl FromJson for Cow<'_, str> {
    fn from_json(json: &Value) -> Option<Self> {
        String::from_json(json).map(Cow::Owned)
    }
}

impl<T: FromJson> FromJson for Option<T> {
    fn from_json(json: &Value) -> Option<Self> {
        if json.is_null() { Some(None) } else { T::from_json(json).map(Some) }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(json: &Value) -> Option<Self> {
        json.as_array()?.iter().map(T::from_json).collect()
    }
}

impl<T: FromJson> FromJson for Box<T> {
    fn from_json(json: &Value) -> Option<Self> {
        T::from_json(json).map(Box::new)
    }
}
