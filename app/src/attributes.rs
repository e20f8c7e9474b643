//! The attributes of an element that change, by one effect for all of them.
//!
//! Leptos makes an effect for each. A row of the timeline has ten, and hundreds of rows come in a lively room.

use std::sync::Arc;

use leptos::{
    attr::{Attribute, NextAttribute},
    reactive::effect::RenderEffect,
};
use web_sys::Element;

use crate::erased::lets_go;

/// Each by its name; none where the element has it not.
pub(crate) type Values = Vec<(&'static str, Option<String>)>;

/// What an element's attributes are at the moment.
#[derive(Clone)]
pub(crate) struct Attributes(Arc<dyn Fn() -> Values + Send + Sync>);

/// Attributes that are said anew when something that `say` reads has changed. The names stay the same.
pub(crate) fn attributes(say: impl Fn() -> Values + Send + Sync + 'static) -> Attributes {
    Attributes(Arc::new(say))
}

impl Attributes {
    /// Keeps the element as it should be; `is_drawn` says that it already is.
    fn follow(self, element: &Element, is_drawn: bool) -> RenderEffect<Values> {
        let element = element.clone();
        RenderEffect::new(move |before: Option<Values>| {
            lets_go();
            let values = (self.0)();
            if before.is_some() || !is_drawn {
                for (index, (name, value)) in values.iter().enumerate() {
                    let known = before.as_ref().and_then(|before| before.get(index)).map(|(_, value)| value);
                    if known != Some(value) {
                        match value {
                            Some(value) => _ = element.set_attribute(name, value),
                            None if known.is_some() => _ = element.remove_attribute(name),
                            None => {}
                        }
                    }
                }
            }
            values
        })
    }
}

impl NextAttribute for Attributes {
    type Output<A: Attribute> = (Self, A);

    fn add_any_attr<A: Attribute>(self, next: A) -> (Self, A) {
        (self, next)
    }
}

impl Attribute for Attributes {
    const MIN_LENGTH: usize = 0;

    /// The element and its effect.
    type State = (Element, RenderEffect<Values>);
    type AsyncOutput = Self;
    type Cloneable = Self;
    type CloneableOwned = Self;

    fn html_len(&self) -> usize {
        0
    }

    fn to_html(self, buffer: &mut String, class: &mut String, _: &mut String, _: &mut String) {
        for (name, value) in (self.0)() {
            match value {
                Some(value) if name == "class" => class.extend([" ", &value]),
                Some(value) => {
                    buffer.extend([" ", name, "=\""]);
                    html_escape::encode_double_quoted_attribute_to_string(&value, buffer);
                    buffer.push('"');
                }
                None => {}
            }
        }
    }

    fn hydrate<const FROM_SERVER: bool>(self, element: &Element) -> Self::State {
        (element.clone(), self.follow(element, FROM_SERVER))
    }

    fn build(self, element: &Element) -> Self::State {
        (element.clone(), self.follow(element, false))
    }

    fn rebuild(self, state: &mut Self::State) {
        let (element, effect) = state;
        *effect = self.follow(element, false);
    }

    fn into_cloneable(self) -> Self {
        self
    }

    fn into_cloneable_owned(self) -> Self {
        self
    }

    fn dry_resolve(&mut self) {}

    async fn resolve(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_escapes_values_leaves_out_what_is_not_there_and_joins_classes() {
        let values = || vec![("class", Some("b".to_owned())), ("title", Some("a \"b\" <c>".to_owned())), ("id", None)];
        let (mut buffer, mut class) = (String::new(), "a".to_owned());

        attributes(values).to_html(&mut buffer, &mut class, &mut String::new(), &mut String::new());

        assert_eq!(buffer, r#" title="a &quot;b&quot; &lt;c&gt;""#);
        assert_eq!(class, "a b");
    }
}
