//! Where the picker stands, and where what was picked is written. Only called in the browser.

use js_sys::{Function, Reflect};
use leptos::prelude::{document, window};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{HtmlDialogElement, HtmlElement, HtmlTextAreaElement};

use crate::completion;

/// What stays free around it, in pixels.
const MARGIN_PX: f64 = 8.0;

/// Puts it above what it was asked for with, or below it, whole inside of the window. The style takes that up where
/// there is room; on narrow screens it stands at the lower edge.
pub(super) fn beside(dialog: &HtmlDialogElement, opener: &HtmlElement) {
    let (own_width, own_height) = (f64::from(dialog.offset_width()), f64::from(dialog.offset_height()));
    let (width, height) = (number(&window(), "innerWidth"), number(&window(), "innerHeight"));
    let edges = edges(opener).unwrap_or_default();
    let edge = |name| number(&edges, name);
    let above = edge("top") - own_height - MARGIN_PX;
    let below = (edge("bottom") + MARGIN_PX).min(height - own_height - MARGIN_PX);
    let y = if above >= MARGIN_PX { above } else { below.max(MARGIN_PX) };
    let x = (edge("right") - own_width).min(width - own_width - MARGIN_PX).max(MARGIN_PX);
    for (property, pixels) in [("--picker-x", x), ("--picker-y", y)] {
        _ = dialog.style().set_property(property, &format!("{}px", pixels.round()));
    }
}

/// Where it is in the window. Called by its name, because its type is one that nothing else needs.
fn edges(element: &HtmlElement) -> Option<JsValue> {
    let ask = Reflect::get(element, &"getBoundingClientRect".into()).ok()?.dyn_into::<Function>().ok()?;
    ask.call0(element).ok()
}

fn number(of: &JsValue, name: &str) -> f64 {
    Reflect::get(of, &name.into()).ok().and_then(|number| number.as_f64()).unwrap_or(0.0)
}

/// Whether the focus in a field would open a keyboard of glass over half of what is to be seen.
pub(super) fn opens_keyboard() -> bool {
    let has_keys = window().match_media("(hover: hover) and (pointer: fine)").ok().flatten();
    !has_keys.is_some_and(|has_keys| has_keys.matches())
}

/// Whether something has the focus already that is to keep it.
pub(super) fn has_focus_elsewhere() -> bool {
    document().active_element().is_some_and(|active| active.tag_name() != "BODY")
}

/// Writes at the caret of a field.
pub(super) fn write(field: &str, text: &str) {
    let Some(field) = document().get_element_by_id(field) else { return };
    if let Ok(field) = field.dyn_into::<HtmlTextAreaElement>() {
        completion::write(&field, text);
    }
}
