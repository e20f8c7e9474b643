//! What is open over the page, a column or, on a narrow screen, a dialog: *Back* closes that first.
//!
//! An entry of the history stands for it. The entry stays when what it stood for is closed in another way, because going
//! back takes a moment in which one may have gone on. From then on it stands for the page, with the place of the reader,
//! and for what is opened next; who goes back passes the one below it by.

use std::cell::Cell;

use js_sys::Reflect;
use leptos::prelude::*;
use wasm_bindgen::{JsCast as _, JsValue, prelude::Closure};
use web_sys::{HtmlDialogElement, HtmlElement, MediaQueryList};

use super::kept;

/// Elsewhere nobody goes back from a dialog. A column that is a popover lies over the page at any width.
const NARROW: &str = "(width < 48rem), (pointer: coarse)";

thread_local! {
    static AT: Cell<Entry> = const { Cell::new(Entry { number: 0, is_over: false }) };
}

/// What the state of an entry says besides the place of the reader.
#[derive(Clone, Copy)]
struct Entry {
    /// Entries are numbered, to tell going back by one from going elsewhere.
    number: u32,
    /// Whether it stands for what is open.
    is_over: bool,
}

impl Entry {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number that was written as a u32")]
    fn read() -> Self {
        let state = window().history().and_then(|history| history.state()).unwrap_or(JsValue::NULL);
        let part = |name: &str| Reflect::get(&state, &name.into()).unwrap_or_default();
        Self { number: part("number").as_f64().unwrap_or_default() as u32, is_over: part("over").is_truthy() }
    }

    /// In JSON without braces.
    fn json(self) -> String {
        format!(r#""number":{},"over":{}"#, self.number, self.is_over)
    }
}

/// What there is to say of the entry that the page is at, in JSON without braces.
pub(super) fn state() -> String {
    AT.get().json()
}

/// From here on what is opened over the page has an entry, for as long as the page lives.
pub(super) fn follow() {
    AT.set(Entry::read());
    // Columns open without the program.
    note_open();
    let closure = Closure::<dyn Fn()>::new(note_open);
    // It does not bubble.
    let heard = closure.as_ref().unchecked_ref();
    _ = document().add_event_listener_with_callback_and_bool("toggle", heard, true);
    closure.forget();
    // Somebody turns a telephone.
    if let Some(narrow) = narrow() {
        super::listen(&narrow, "change", note_open);
    }
}

fn narrow() -> Option<MediaQueryList> {
    window().match_media(NARROW).ok().flatten()
}

fn note_open() {
    let is_narrow = narrow().is_some_and(|narrow| narrow.matches());
    let is_covered = || open().iter().any(|one| is_narrow || !one.is_instance_of::<HtmlDialogElement>());
    if !AT.get().is_over && is_covered() {
        kept::flush();
        push(None, true);
        kept::note_again();
    }
}

/// Goes on to a new entry: of the same address, or of another one. Browsers take no more than so many in a while.
pub(super) fn push(address: Option<&str>, is_over: bool) {
    let next = Entry { number: AT.get().number + 1, is_over };
    if let (Ok(history), Ok(state)) = (window().history(), js_sys::JSON::parse(&format!("{{{}}}", next.json())))
        && history.push_state_with_url(&state, "", address).is_ok()
    {
        AT.set(next);
    }
}

/// The browser has gone to another entry. Whether that was the one way back from what was open, which is closed now.
pub(super) fn went_back(is_same_place: bool) -> bool {
    let at = Entry::read();
    let before = AT.replace(at);
    if !before.is_over || at.number + 1 != before.number || !is_same_place {
        return false;
    }
    // The reader is where they were.
    kept::note_again();
    if !close()
        && let Ok(history) = window().history()
    {
        _ = history.back();
    }
    true
}

/// Opens a dialog, unless it stands in a column that is hidden: nobody would see it, nor could do anything else.
pub(crate) fn open_dialog(dialog: &HtmlDialogElement) {
    let column = dialog.closest(".panel").ok().flatten();
    if column.is_none_or(|column| column.client_width() != 0) {
        _ = dialog.show_modal();
    }
}

/// Closes what is open, a dialog before the column that it stands in. Whether there was something.
pub(crate) fn close() -> bool {
    let open = open();
    for one in open.iter().rev() {
        match one.dyn_ref::<HtmlDialogElement>() {
            Some(dialog) => dialog.close(),
            None => _ = one.hide_popover(),
        }
    }
    !open.is_empty()
}

fn open() -> Vec<HtmlElement> {
    // `:is` forgives a browser that does not know popovers.
    let Ok(found) = document().query_selector_all("dialog[open], .panel:is(:popover-open)") else { return Vec::new() };
    (0..found.length()).filter_map(|index| found.item(index)?.dyn_into().ok()).collect()
}
