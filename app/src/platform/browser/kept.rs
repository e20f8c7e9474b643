//! The place of the reader in the history of the tab, for a reload and for going back.
//!
//! Browsers allow a page only so many changes of its history at a time (Safari 100 in 30 s, Chromium 200 in 10 s), and
//! a finger scrolls more often than that. So a place is noted at once, and then at most every [`NOTE_MS_MIN`], and
//! before the page goes elsewhere.

use std::{cell::RefCell, time::Duration};

use leptos::prelude::*;

use super::over;
use crate::scroll::Anchor;

/// The least time between two notes, in milliseconds.
const NOTE_MS_MIN: u64 = 350;

/// What is to be noted, as a part of the state, in JSON, and the address of the entry.
struct Note {
    timeline: Option<String>,
    address: String,
}

#[derive(Default)]
struct Pad {
    waiting: Option<Note>,
    /// What was noted last in this entry of the history.
    noted: Option<Note>,
    is_resting: bool,
}

thread_local! {
    static PAD: RefCell<Pad> = RefCell::default();
}

/// Notes the place; at the end of a room there is nothing to note.
pub(crate) fn note_place(anchor: Option<&Anchor>) {
    let path = window().location().pathname().unwrap_or_default();
    let note = match anchor {
        None => Note { timeline: None, address: path },
        Some(anchor) => Note {
            timeline: Some(format!(r#"{{"row":"{}","offset":{}}}"#, anchor.row, anchor.offset_px)),
            address: anchor.seq.map_or_else(|| path.clone(), |seq| format!("{path}?at={seq}")),
        },
    };
    let is_resting = PAD.with_borrow_mut(|pad| {
        pad.waiting = Some(note);
        pad.is_resting
    });
    if !is_resting {
        note_and_rest();
    }
}

/// Notes what waits; what comes in the next moment waits.
fn note_and_rest() {
    let waits = PAD.with_borrow_mut(|pad| {
        pad.is_resting = pad.waiting.is_some();
        pad.is_resting
    });
    if waits {
        flush();
        set_timeout(note_and_rest, Duration::from_millis(NOTE_MS_MIN));
    }
}

/// Notes now what waits: the page is about to go elsewhere.
pub(super) fn flush() {
    if let Some(note) = PAD.with_borrow_mut(|pad| pad.waiting.take()) {
        write(&note);
        PAD.with_borrow_mut(|pad| pad.noted = Some(note));
    }
}

/// The page is at another entry, and the reader where they were: notes that there.
pub(super) fn note_again() {
    flush();
    PAD.with_borrow(|pad| pad.noted.as_ref().map(write));
}

/// The page is elsewhere: what was noted, or waits, belongs to another entry of the history.
pub(super) fn forget() {
    PAD.with_borrow_mut(|pad| (pad.waiting, pad.noted) = (None, None));
}

fn write(note: &Note) {
    let timeline = note.timeline.as_deref().unwrap_or("null");
    let state = js_sys::JSON::parse(&format!(r#"{{"timeline":{timeline},{}}}"#, over::state()));
    if let (Ok(history), Ok(state)) = (window().history(), state) {
        _ = history.replace_state_with_url(&state, "", Some(&note.address));
    }
}
