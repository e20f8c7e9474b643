//! Pages that stay as the server drew them.

use leptos::{
    attr::{Attribute, any_attribute::AnyAttribute},
    tachys::{
        hydration::Cursor,
        view::{Position, PositionState, Render, RenderHtml, add_attr::AddAnyAttr},
    },
};
use web_sys::Element;

use crate::hydration::next_element;

/// An element that the server drew.
pub(crate) struct Served;

/// Leaves to the server what `draw` draws, one element: nothing of it is in the program.
pub(crate) fn as_served<V>(_draw: impl FnOnce() -> V) -> Served {
    Served
}

impl Render for Served {
    type State = Option<Element>;

    /// Somebody goes back to it from a page that the browser drew: the server draws it again.
    fn build(self) -> Self::State {
        super::reload();
        None
    }

    fn rebuild(self, state: &mut Self::State) {
        *state = self.build();
    }
}

impl AddAnyAttr for Served {
    type Output<A: Attribute> = Self;

    /// Nobody gives it attributes from outside.
    fn add_any_attr<A: Attribute>(self, _: A) -> Self {
        self
    }
}

impl RenderHtml for Served {
    type AsyncOutput = Self;
    type Owned = Self;

    const MIN_LENGTH: usize = 0;

    fn dry_resolve(&mut self) {}

    async fn resolve(self) -> Self {
        self
    }

    /// The browser writes no HTML.
    fn to_html_with_buf(self, _: &mut String, _: &mut Position, _: bool, _: bool, _: Vec<AnyAttribute>) {}

    fn hydrate<const FROM_SERVER: bool>(self, cursor: &Cursor, position: &PositionState) -> Self::State {
        next_element(cursor, position)
    }

    fn into_owned(self) -> Self {
        self
    }
}
