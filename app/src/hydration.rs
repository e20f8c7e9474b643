//! What the server drew, taken as it stands by views of our own.

use leptos::tachys::{
    hydration::Cursor,
    renderer::{CastFrom as _, types},
    view::{Position, PositionState},
};
use web_sys::Element;

/// The next element of the page, with all that is in it.
pub(crate) fn next_element(cursor: &Cursor, position: &PositionState) -> Option<Element> {
    match position.get() {
        Position::FirstChild => cursor.child(),
        Position::Current => {}
        Position::NextChild | Position::NextChildAfterText | Position::OnlyChild | Position::LastChild => {
            cursor.sibling();
        }
    }
    position.set(Position::NextChild);
    types::Element::cast_from(cursor.current())
}
