//! Where the keyboard is.

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlElement, MouseEvent};

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

/// Whether a message, or something in it, has the focus.
pub(crate) fn has_focus_in_row() -> bool {
    let held = document().active_element();
    held.is_some_and(|held| held.closest(".row").is_ok_and(|row| row.is_some()))
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

/// What was pressed goes, and would take the focus along: what it stands in gets it.
pub(crate) fn keep_focus(event: &MouseEvent) {
    let pressed = event.current_target().and_then(|target| target.dyn_into::<Element>().ok());
    give_focus(pressed.and_then(|pressed| pressed.closest("[tabindex]").ok().flatten()));
}

fn give_focus(to: Option<Element>) {
    if let Some(to) = to.and_then(|to| to.dyn_into::<HtmlElement>().ok()) {
        _ = to.focus();
    }
}

/// These buttons are about to be drawn anew. Where one of them has the focus, the one of the same words has it
/// afterwards; else the one that takes its place, or what they all stand in.
pub(crate) fn hold_focus(buttons: &Element) {
    let held = document().active_element().filter(|held| held.parent_element().as_ref() == Some(buttons));
    let Some(held) = held else { return };
    let words = |button: &Element| button.first_element_child().and_then(|words| words.text_content());
    let held_words = words(&held);
    let mut place = 0;
    let mut before = held.previous_element_sibling();
    while let Some(button) = before {
        place += 1;
        before = button.previous_element_sibling();
    }
    let (buttons, around) = (buttons.clone(), buttons.closest("[tabindex]").ok().flatten());
    super::later(move || {
        let mut to = around;
        // Where none is left, they stand in nothing.
        if buttons.is_connected() {
            let mut button = buttons.first_element_child();
            while let Some(here) = button {
                button = here.next_element_sibling();
                let is_same = words(&here) == held_words;
                if place >= 0 || is_same {
                    to = Some(here);
                }
                if is_same {
                    break;
                }
                place -= 1;
            }
        }
        give_focus(to);
    });
}
