//! What is open over the page on a narrow screen, a column or a dialog: *Back* closes that first.
//!
//! An entry of the history stands for it. The entry stays when what it stood for is closed in another way, because going
//! back takes a moment in which one may have gone on. From then on it stands for the page, with the place of the reader,
//! and for what is opened next; who goes back passes the one below it by.

use std::cell::Cell;

use js_sys::{Object, Reflect};
use leptos::prelude::*;
use wasm_bindgen::{JsCast as _, JsValue, prelude::Closure};
use web_sys::{HtmlDialogElement, HtmlElement};

use super::kept;

/// What the state of such an entry has.
pub(super) const OVER: &str = "over";

/// Wider than this, columns stand beside each other, and nobody goes back from a dialog.
const NARROW: &str = "(width < 48rem)";

thread_local! {
    /// Whether the entry of the history that the page is at is such a one.
    static IS_AT: Cell<bool> = const { Cell::new(false) };
}

pub(super) fn is_at() -> bool {
    IS_AT.get()
}

/// The page goes on to a new entry.
pub(super) fn leave() {
    IS_AT.set(false);
}

/// From here on what is opened over the page has an entry, for as long as the page lives.
pub(super) fn follow() {
    IS_AT.set(is_noted());
    // Columns open without the program.
    note_open();
    let closure = Closure::<dyn Fn()>::new(note_open);
    // It does not bubble.
    let heard = closure.as_ref().unchecked_ref();
    _ = document().add_event_listener_with_callback_and_bool("toggle", heard, true);
    closure.forget();
}

fn note_open() {
    let is_narrow = window().match_media(NARROW).ok().flatten().is_some_and(|narrow| narrow.matches());
    if is_narrow && !IS_AT.get() && !open().is_empty() {
        kept::flush();
        IS_AT.set(push().is_ok());
    }
}

/// Adds an entry of the same place.
fn push() -> Result<(), JsValue> {
    let history = window().history()?;
    // Nothing is copied from a state that is null.
    let state = Object::assign(&Object::new(), history.state()?.unchecked_ref());
    Reflect::set(&state, &OVER.into(), &true.into())?;
    history.push_state(&state, "")
}

/// The browser has gone to another entry. Whether that was the way back from what was open, which is closed now.
pub(super) fn went_back(is_same_place: bool) -> bool {
    let was_at = IS_AT.replace(is_noted());
    if !was_at || IS_AT.get() || !is_same_place {
        return false;
    }
    if !close()
        && let Ok(history) = window().history()
    {
        _ = history.back();
    }
    true
}

/// Closes what is open. Whether there was something.
pub(super) fn close() -> bool {
    let open = open();
    for one in &open {
        match one.dyn_ref::<HtmlDialogElement>() {
            Some(dialog) => dialog.close(),
            None => _ = one.hide_popover(),
        }
    }
    !open.is_empty()
}

fn open() -> Vec<HtmlElement> {
    // A browser that does not know popovers has none.
    let Ok(found) = document().query_selector_all("dialog[open], .panel:popover-open") else { return Vec::new() };
    (0..found.length()).filter_map(|index| found.item(index)?.dyn_into().ok()).collect()
}

fn is_noted() -> bool {
    let state = window().history().and_then(|history| history.state()).unwrap_or(JsValue::NULL);
    Reflect::get(&state, &OVER.into()).is_ok_and(|over| over.is_truthy())
}
