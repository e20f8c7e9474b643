//! A drawn message as a view: the server's HTML is taken as it stands, and what has changed is drawn anew.

use leptos::{
    attr::{Attribute, any_attribute::AnyAttribute},
    tachys::{
        hydration::Cursor,
        renderer::types,
        view::{Mountable, Position, PositionState, Render, RenderHtml, add_attr::AddAnyAttr},
    },
};
use web_sys::Element;

use super::{
    Said,
    canvas::{Dom, Html},
};
use crate::hydration::next_element;

/// What is in the page.
pub(crate) struct Drawn {
    said: Said,
    element: Option<Element>,
}

impl Render for Said {
    type State = Drawn;

    fn build(self) -> Drawn {
        let mut dom = Dom::default();
        self.draw(&mut dom);
        Drawn { element: dom.done, said: self }
    }

    fn rebuild(self, drawn: &mut Drawn) {
        if self != drawn.said {
            let mut new = self.build();
            drawn.insert_before_this(&mut new);
            drawn.unmount();
            *drawn = new;
        }
    }
}

impl Mountable for Drawn {
    fn unmount(&mut self) {
        self.element.unmount();
    }

    fn mount(&mut self, parent: &types::Element, marker: Option<&types::Node>) {
        self.element.mount(parent, marker);
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        self.element.insert_before_this(child)
    }

    fn elements(&self) -> Vec<types::Element> {
        self.element.iter().cloned().collect()
    }
}

impl AddAnyAttr for Said {
    type Output<A: Attribute> = Self;

    /// Nobody gives a message attributes from outside.
    fn add_any_attr<A: Attribute>(self, _: A) -> Self {
        self
    }
}

impl RenderHtml for Said {
    type AsyncOutput = Self;
    type Owned = Self;

    const MIN_LENGTH: usize = 0;

    fn dry_resolve(&mut self) {}

    async fn resolve(self) -> Self {
        self
    }

    fn to_html_with_buf(
        self,
        buffer: &mut String,
        position: &mut Position,
        _escape: bool,
        _mark_branches: bool,
        _extra_attributes: Vec<AnyAttribute>,
    ) {
        let mut html = Html::default();
        self.draw(&mut html);
        buffer.push_str(&html.0);
        *position = Position::NextChild;
    }

    fn hydrate<const FROM_SERVER: bool>(self, cursor: &Cursor, position: &PositionState) -> Drawn {
        Drawn { said: self, element: next_element(cursor, position) }
    }

    fn into_owned(self) -> Self {
        self
    }
}
