//! Both readers of the wire, serde's and the client's own (`protocol/src/json.rs`), read the same from the same text.
//!
//! What is written down there as a difference is one here, and nothing else is.

use std::fmt::Debug;

use protocol::{
    encode,
    json::{self, FromJson},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// Reads a text as `T` in both ways, and what came of it once more. None where it is no `T`.
pub(crate) fn agree<T>(text: &str) -> Option<T>
where
    T: FromJson + Serialize + DeserializeOwned + PartialEq + Debug,
{
    let by_serde: Option<T> = serde_json::from_str(text).ok();
    let by_client: Option<T> = json::read(text);
    let document: Option<Value> = serde_json::from_str(text).ok();
    match (&by_serde, &by_client, document) {
        (Some(one), Some(other), _) => assert_eq!(one, other, "both read it, and not the same"),
        (None, None, _) => return None,
        (Some(read), None, Some(document)) => {
            assert!(has_other_forms(&document, &written(read)), "only serde reads {read:?}");
        }
        // What nobody knows is not looked into by serde: it need be no JSON.
        (Some(_), None, None) => {}
        (None, Some(read), document) => only_by_client(read, document.expect("it was read from a document")),
    }
    let read = by_serde.or(by_client)?;
    is_written_as_it_is_read(&read);
    Some(read)
}

/// What was read is written, and then both read it, and it is written in the same way.
fn is_written_as_it_is_read<T>(read: &T)
where
    T: FromJson + Serialize + DeserializeOwned + PartialEq + Debug,
{
    let text = encode(read);
    let again: T = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in what was written: {text}"));
    assert_eq!(&again, read, "serde reads something else from {text}");
    assert_eq!(json::read::<T>(&text).as_ref(), Some(read), "clients read something else from {text}");
    assert_eq!(encode(&again), text, "it is written in another way the second time");
}

/// The client takes the last of fields that come twice, and ignores fields of tomorrow everywhere.
fn only_by_client<T: DeserializeOwned + PartialEq + Debug>(read: &T, document: Value) {
    match serde_json::from_value::<T>(document) {
        Ok(other) => assert_eq!(&other, read, "without the repetition both read it, and not the same"),
        Err(error) => assert!(error.to_string().contains("unknown field"), "only clients read {read:?}: {error}"),
    }
}

fn written<T: Serialize>(read: &T) -> Value {
    serde_json::to_value(read).expect("wire types have string keys and no failing serializers")
}

/// Whether something is written in a form that serde takes and nobody writes: a list for an object, a number or an object
/// for a name.
fn has_other_forms(document: &Value, written: &Value) -> bool {
    match (document, written) {
        (Value::Object(of_document), Value::Object(of_written)) => of_written
            .iter()
            .any(|(key, inner)| of_document.get(key).is_some_and(|document| has_other_forms(document, inner))),
        (Value::Array(of_document), Value::Array(of_written)) => {
            of_document.iter().zip(of_written).any(|(document, inner)| has_other_forms(document, inner))
        }
        (Value::Array(_) | Value::Object(_) | Value::Number(_), _) => {
            std::mem::discriminant(document) != std::mem::discriminant(written)
        }
        (Value::Null | Value::Bool(_) | Value::String(_), _) => false,
    }
}
