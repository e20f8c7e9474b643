//! Pages that stay as the server drew them.

use client::Probe;
use leptos::{
    attr::{Attribute, any_attribute::AnyAttribute},
    either::Either,
    prelude::*,
    tachys::{
        hydration::Cursor,
        view::{Position, PositionState, Render, RenderHtml, add_attr::AddAnyAttr},
    },
};
use web_sys::Element;

use super::{Redrawn, probe, redrawn, reload, spawn};
use crate::{
    connection::ConnectionView,
    erased::{effect, memo},
    frame::Bare,
    hydration::next_element,
    session::Session,
};

/// An element that the server drew.
pub(crate) struct Served;

/// Leaves to the server what `draw` draws, one element: nothing of it is in the program.
pub(crate) fn as_served<V>(_draw: impl FnOnce() -> V) -> Served {
    Served
}

/// In its place until the server can be reached. What was written and not sent is kept by then.
#[component]
fn Awaited() -> impl IntoView {
    let session = expect_context::<Session>();
    // Anew at each try to connect too: where sockets never get through, pages may.
    let is_trying = memo(move || session.connection.get() == ConnectionView::Trying);
    effect(move || {
        _ = is_trying.get();
        spawn(async move {
            // Who has gone on meanwhile is left in peace.
            if probe().await != Probe::Unreachable && is_trying.try_get_untracked().is_some() {
                reload();
            }
        });
    });
    view! {
        <Bare>
            <div class="failure">
                <h1>"Opening this page …"</h1>
                <p role="status">
                    "It comes from the server, and opens by itself as soon as that can be reached. The rooms that you had open are still there."
                </p>
            </div>
        </Bare>
    }
}

impl Render for Served {
    type State = Either<Option<Element>, <Redrawn as Render>::State>;

    /// Somebody goes back to it from a page that the browser drew: the server draws it again.
    fn build(self) -> Self::State {
        Either::Right(redrawn(|| view! { <Awaited/> }).build())
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
        Either::Left(next_element(cursor, position))
    }

    fn into_owned(self) -> Self {
        self
    }
}
