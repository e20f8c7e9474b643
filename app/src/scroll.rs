//! Places in the timeline, in pixels: which row is on top, and putting it there again.
//!
//! Only called in the browser, from event handlers and effects.

use leptos::prelude::*;
use protocol::Seq;
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast as _, prelude::Closure};
use web_sys::{Element, HtmlElement, ResizeObserver};

/// Closer to the end than this is "at the end", in pixels (UX: autoscroll).
const END_PX: i32 = 100;

/// What is shown above the row where reading begins, in pixels.
const CONTEXT_PX: i32 = 72;

/// The row at the top of the window, and how far its top edge is from there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Anchor {
    pub(crate) row: String,
    pub(crate) seq: Option<Seq>,
    pub(crate) offset_px: i32,
}

/// How much lies below the window.
pub(crate) fn below(log: &Element) -> i32 {
    log.scroll_height() - log.client_height() - log.scroll_top()
}

/// Whether what comes next may be scrolled into view, where all lines together are `height_px` high.
pub(crate) fn is_at_end(log: &Element, height_px: i32) -> bool {
    height_px - log.client_height() - log.scroll_top() < END_PX
}

/// How many rows fill the window, at the height that they have in the middle; all are `height_px` high.
pub(crate) fn fitting(log: &Element, height_px: i32) -> usize {
    let rows = i32::try_from(log.child_element_count()).unwrap_or(i32::MAX);
    usize::try_from(log.client_height().saturating_mul(rows) / height_px.max(1)).unwrap_or_default() + 1
}

/// Goes to the end.
pub(crate) fn to_end(log: &Element) {
    log.set_scroll_top(log.scroll_height());
}

/// Goes to where reading begins in a room that was opened without loading the page: the place that the history of
/// the tab has, the message that the address names (`at`), the first unread row, or the end.
///
/// Returns the place that is wanted and is not here yet.
pub(crate) fn begin(log: &Element, at: Option<Seq>) -> Option<Anchor> {
    if log.get_attribute("data-placed").is_some() {
        return None;
    }
    if let Some(wanted) = wanted(log, at) {
        return if restore(log, &wanted) { None } else { Some(wanted) };
    }
    if let Ok(Some(start)) = log.query_selector("[data-start]")
        && let Some(start) = start.dyn_ref::<HtmlElement>()
    {
        log.set_scroll_top(start.offset_top() - CONTEXT_PX);
    } else {
        to_end(log);
    }
    None
}

/// The place that the history of the tab has, or the one that the address names, which then is marked.
pub(crate) fn wanted(log: &Element, at: Option<Seq>) -> Option<Anchor> {
    let kept = kept(at);
    _ = log.set_attribute("data-placed", if kept.is_some() { "kept" } else { "start" });
    kept.or_else(|| at.map(|seq| Anchor { row: format!("message-{seq}"), seq: at, offset_px: CONTEXT_PX }))
}

/// The place that the history of the tab has.
fn kept(seq: Option<Seq>) -> Option<Anchor> {
    let state = window().history().ok()?.state().ok()?;
    let timeline = js_sys::Reflect::get(&state, &"timeline".into()).ok()?;
    let row = js_sys::Reflect::get(&timeline, &"row".into()).ok()?.as_string()?;
    let offset = js_sys::Reflect::get(&timeline, &"offset".into()).ok()?.as_f64()?;
    #[expect(clippy::cast_possible_truncation, reason = "an integral number of pixels that was written as an i32")]
    Some(Anchor { row, seq, offset_px: offset as i32 })
}

fn rows(log: &Element) -> impl DoubleEndedIterator<Item = HtmlElement> + use<> {
    let children = log.children();
    (0..children.length())
        .filter_map(move |index| children.item(index)?.dyn_into::<HtmlElement>().ok())
        .filter(|child| child.class_list().contains("row"))
}

fn seq_of(row: &HtmlElement) -> Option<Seq> {
    row.get_attribute("data-seq")?.parse().ok().map(Seq)
}

/// The row that the reader sees at the top.
pub(crate) fn anchor(log: &Element) -> Option<Anchor> {
    let top = log.scroll_top();
    let row = rows(log).find(|row| row.offset_top() + row.offset_height() > top)?;
    Some(Anchor { row: row.id(), seq: seq_of(&row), offset_px: row.offset_top() - top })
}

/// Puts the row where it was. Whether it is here.
pub(crate) fn restore(log: &Element, anchor: &Anchor) -> bool {
    let row = document().get_element_by_id(&anchor.row);
    let Some(row) = row.and_then(|row| row.dyn_into::<HtmlElement>().ok()) else { return false };
    let top = row.offset_top() - anchor.offset_px;
    if top != log.scroll_top() {
        log.set_scroll_top(top);
    }
    true
}

/// Goes to a place that is wanted. Whether it is here: a line that is not, as one of before the reader joined, has the
/// place of the next one.
pub(crate) fn reach(log: &Element, wanted: &Anchor, at_start: bool) -> bool {
    restore(log, wanted)
        || wanted.seq.and_then(|line| next_of(log, line, at_start)).is_some_and(|row| {
            let next = Anchor { row: row.id(), ..wanted.clone() };
            restore(log, &next)
        })
}

/// The row of a line, or the next one where all rows from there on are here.
fn next_of(log: &Element, line: Seq, at_start: bool) -> Option<HtmlElement> {
    let starts_before = at_start || rows(log).find_map(|row| seq_of(&row)).is_some_and(|first| first <= line);
    rows(log).find(|row| seq_of(row).is_some_and(|seq| seq >= line)).filter(|_| starts_before)
}

/// Gives the message of a line the focus, from where the keys go on.
pub(crate) fn focus(log: &Element, line: Seq, at_start: bool) {
    if let Some(row) = next_of(log, line, at_start)
        && let Ok(Some(message)) = row.query_selector(".message")
        && let Some(message) = message.dyn_ref::<HtmlElement>()
    {
        let stay = web_sys::FocusOptions::new();
        stay.set_prevent_scroll(true);
        _ = message.focus_with_options(&stay);
    }
}

/// Whether the wanted place is the one that the address names, and not one that the history of the tab has.
pub(crate) fn is_named(log: &Element) -> bool {
    log.get_attribute("data-placed").is_some_and(|placed| placed == "start")
}

/// The last row that is in the window with its lower edge.
pub(crate) fn last_visible(log: &Element) -> Option<Seq> {
    let bottom = log.scroll_top() + log.client_height();
    let row = rows(log).rev().find(|row| row.offset_top() + row.offset_height() <= bottom + 1)?;
    seq_of(&row)
}

/// Calls `action` whenever the timeline gets another size, until the observer is dropped.
pub(crate) fn on_resize(log: &Element, action: impl Fn() + 'static) -> SendWrapper<Observer> {
    let callback = Closure::<dyn Fn()>::new(action);
    let observer = ResizeObserver::new(callback.as_ref().unchecked_ref()).ok();
    if let Some(observer) = &observer {
        observer.observe(log);
    }
    SendWrapper::new(Observer { observer, _callback: callback })
}

/// Watches an element's size for as long as it lives.
pub(crate) struct Observer {
    observer: Option<ResizeObserver>,
    _callback: Closure<dyn Fn()>,
}

impl Drop for Observer {
    fn drop(&mut self) {
        if let Some(observer) = &self.observer {
            observer.disconnect();
        }
    }
}
