//! Parts of the page that are drawn anew when something that they read has changed.
//!
//! Leptos compiles each closure that draws something into code that compares every attribute and every child with what
//! is there. Here what is there is taken away and the new put in its place, by code that all of them share.

use leptos::{
    attr::{Attribute, any_attribute::AnyAttribute},
    reactive::effect::RenderEffect,
    tachys::{
        hydration::Cursor,
        reactive_graph::RenderEffectState,
        renderer::types,
        view::{Mountable, Position, PositionState, Render, RenderHtml, add_attr::AddAnyAttr},
    },
};

use crate::erased::lets_go;

/// What is in the page.
pub(crate) struct InPage(Box<dyn Mountable>);

impl Mountable for InPage {
    fn unmount(&mut self) {
        self.0.unmount();
    }

    fn mount(&mut self, parent: &types::Element, marker: Option<&types::Node>) {
        self.0.mount(parent, marker);
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        self.0.insert_before_this(child)
    }

    fn elements(&self) -> Vec<types::Element> {
        self.0.elements()
    }
}

/// Where the server drew it.
type Found = Option<(Cursor, PositionState)>;

/// A part that is drawn anew.
pub(crate) struct Redrawn(Box<dyn FnMut(Found) -> InPage + Send>);

/// Draws a part, and draws it anew whenever something that `draw` reads has changed: for parts that are rarely
/// drawn, or small. What has the focus in it loses that.
pub(crate) fn redrawn<V: RenderHtml + 'static>(mut draw: impl FnMut() -> V + Send + 'static) -> Redrawn {
    Redrawn(Box::new(move |found| match found {
        Some((cursor, position)) => InPage(Box::new(draw().hydrate::<true>(&cursor, &position))),
        None => InPage(Box::new(draw().build())),
    }))
}

impl Redrawn {
    fn start(mut self, mut found: Found) -> RenderEffectState<InPage> {
        RenderEffect::new(move |before: Option<InPage>| {
            lets_go();
            let mut drawn = (self.0)(found.take());
            if let Some(mut before) = before {
                before.insert_before_this(&mut drawn);
                before.unmount();
            }
            drawn
        })
        .into()
    }
}

impl Render for Redrawn {
    type State = RenderEffectState<InPage>;

    fn build(self) -> Self::State {
        self.start(None)
    }

    fn rebuild(self, state: &mut Self::State) {
        let mut before = std::mem::replace(state, self.build());
        before.insert_before_this(state);
        before.unmount();
    }
}

impl AddAnyAttr for Redrawn {
    type Output<A: Attribute> = Self;

    /// Nobody gives a part attributes from outside.
    fn add_any_attr<A: Attribute>(self, _: A) -> Self {
        self
    }
}

impl RenderHtml for Redrawn {
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
        self.start(Some((cursor.clone(), position.clone())))
    }

    fn into_owned(self) -> Self {
        self
    }
}
