//! Where the keyboard is.

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::HtmlElement;

/// Whether the user looks at this page.
pub(crate) fn has_focus() -> bool {
    document().has_focus().unwrap_or(false)
}

/// Whether keys are letters at the moment.
pub(crate) fn is_typing() -> bool {
    let Some(element) = document().active_element() else { return false };
    let tag = element.tag_name();
    let is_field = ["INPUT", "TEXTAREA", "SELECT"].contains(&tag.as_str());
    is_field || element.dyn_ref::<HtmlElement>().is_some_and(HtmlElement::is_content_editable)
}

/// Whether something is open over the page.
pub(crate) fn has_open_dialog() -> bool {
    document().query_selector("dialog[open]").is_ok_and(|dialog| dialog.is_some())
}

/// Goes on where one came to: in the composer, or above it where that would open a keyboard of glass.
pub(crate) fn take_focus(composer: &HtmlElement) {
    if has_open_dialog() {
        return;
    }
    let has_keys = window().match_media("(hover: hover) and (pointer: fine)").ok().flatten();
    if has_keys.is_some_and(|has_keys| has_keys.matches()) {
        _ = composer.focus();
    } else if let Some(main) = document().get_element_by_id("main").and_then(|main| main.dyn_into::<HtmlElement>().ok())
    {
        _ = main.focus();
    }
}
