//! Emoji in rows, and going through them with keys.
//!
//! Of all that are there, one is in the order of Tab; arrows go from one to the next, across the groups (ARIA Authoring
//! Practices, grid). The dialog hears for all of them: there are two thousand.

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlElement, KeyboardEvent};

use super::{
    Open,
    list::{Emoji, RECENT},
};

/// Emoji in a row: as many as fit a screen of 320 pixels for fingers.
const COLUMNS: usize = 8;
/// Rows that Page Up and Page Down go.
const PAGE_ROWS: usize = 5;

/// A group under its name.
#[component]
pub(super) fn Grid(open: Open, name: &'static str, index: usize, emoji: Vec<Emoji>) -> impl IntoView {
    let id = group_id(index);
    let tone = open.tone.get_untracked();
    let rows = emoji.chunks(COLUMNS).enumerate().map(|(row, emoji)| {
        let cells = emoji.iter().enumerate().map(|(column, emoji)| {
            let is_first = index == 0 && row == 0 && column == 0;
            view! {
                <button class="picker__emoji" role="gridcell" type="button" tabindex=if is_first { "0" } else { "-1" } aria-label=emoji.name>
                    {emoji.toned(tone)}
                </button>
            }
        });
        view! { <div class="picker__row" role="row">{cells.collect::<Vec<_>>()}</div> }
    });
    let rows: Vec<_> = rows.collect();
    view! {
        <div class="picker__group">
            <h2 class="picker__heading" id=id.clone()>{name}</h2>
            <div class="picker__grid" role="grid" aria-labelledby=id>{rows}</div>
        </div>
    }
}

fn group_id(index: usize) -> String {
    format!("picker-group-{index}")
}

/// The way to each group.
#[component]
pub(super) fn Groups(open: Open) -> impl IntoView {
    let names: Vec<&str> = open.list.with_value(|list| list.groups.iter().map(|group| group.name).collect());
    let buttons = names.into_iter().enumerate().map(|(index, name)| {
        let is_here = move || open.group.get() == index && open.typed.with(String::is_empty);
        view! {
            <button
                class="picker__to"
                type="button"
                aria-label=name
                title=name
                aria-current=move || is_here().then_some("true")
                tabindex=move || if open.group.get() == index { "0" } else { "-1" }
                on:click=move |_| go(open, index)
            >
                <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d=lines(name)/></svg>
            </button>
        }
    });
    view! { <div class="picker__groups" role="toolbar" aria-label="Groups">{buttons.collect::<Vec<_>>()}</div> }
}

/// Goes to a group, and into it.
fn go(open: Open, index: usize) {
    open.typed.set(String::new());
    open.group.set(index);
    open.drawn.set(open.list.with_value(|list| list.groups.len()));
    // Once the groups are there again, where something was searched for.
    request_animation_frame(move || {
        let Some(heading) = document().get_element_by_id(&group_id(index)) else { return };
        if let Some(panel) = open.panel.try_get_untracked().flatten()
            && let Some(group) = heading.parent_element().and_then(|group| group.dyn_into::<HtmlElement>().ok())
        {
            panel.set_scroll_top(group.offset_top());
            if let Ok(Some(first)) = group.query_selector("[role=gridcell]") {
                take_turn(&first);
            }
        }
    });
}

/// Says which group is read, after scrolling.
pub(super) fn follow(open: Open) {
    let Some(panel) = open.panel.get_untracked() else { return };
    if open.typed.with_untracked(|typed| !typed.is_empty()) {
        return;
    }
    let top = panel.scroll_top() + 1;
    let groups = panel.children();
    let read = (0..groups.length()).take_while(|index| {
        let group = groups.item(*index).and_then(|group| group.dyn_into::<HtmlElement>().ok());
        group.is_some_and(|group| group.offset_top() <= top)
    });
    let here = read.count().saturating_sub(1);
    if open.group.get_untracked() != here {
        open.group.set(here);
    }
}

/// Whether a key was pressed in the field.
pub(super) fn is_search(event: &KeyboardEvent) -> bool {
    target(event).is_some_and(|target| target.tag_name() == "INPUT")
}

fn target(event: &KeyboardEvent) -> Option<Element> {
    event.target()?.dyn_into().ok()
}

/// Goes where a key leads.
pub(super) fn walk(dialog: &Element, event: &KeyboardEvent) {
    let Some(target) = target(event) else { return };
    if event.alt_key() || event.ctrl_key() || event.meta_key() || event.is_composing() {
        return;
    }
    let key = event.key();
    let next = if target.get_attribute("role").as_deref() == Some("gridcell") {
        match step(dialog, &target, &key) {
            Step::To(next) => Some(next),
            // A letter goes on searching.
            Step::Search if (key.chars().count() == 1 && key != " ") || key == "Backspace" => {
                take_turn_in_search(dialog);
                return;
            }
            Step::Search | Step::Stay => return,
        }
    } else if target.closest("[role=toolbar]").ok().flatten().is_some() {
        match key.as_str() {
            "ArrowRight" => target.next_element_sibling(),
            "ArrowLeft" => target.previous_element_sibling(),
            "ArrowDown" => in_turn(dialog),
            _ => None,
        }
    } else if key == "ArrowDown" && target.tag_name() != "SELECT" {
        in_turn(dialog)
    } else {
        None
    };
    if let Some(next) = next {
        event.prevent_default();
        take_turn(&next);
    }
}

/// What a key means in the grid.
enum Step {
    To(Element),
    Search,
    Stay,
}

fn step(dialog: &Element, from: &Element, key: &str) -> Step {
    let rows: Vec<Vec<Element>> = all(dialog, "[role=row]").iter().map(|row| all(row, "[role=gridcell]")).collect();
    let place =
        rows.iter().enumerate().find_map(|(row, cells)| Some((row, cells.iter().position(|cell| cell == from)?)));
    let Some((row, column)) = place else { return Step::Stay };
    let last = rows.len() - 1;
    let at = |row: usize| rows[row].get(column).or_else(|| rows[row].last());
    let next = match key {
        "ArrowLeft" if column > 0 => rows[row].get(column - 1),
        "ArrowLeft" => row.checked_sub(1).and_then(|row| rows[row].last()),
        "ArrowRight" => rows[row].get(column + 1).or_else(|| rows.get(row + 1)?.first()),
        "ArrowUp" if row == 0 => return search(dialog).map_or(Step::Stay, Step::To),
        "ArrowUp" => at(row - 1),
        "ArrowDown" => at((row + 1).min(last)),
        "PageUp" => at(row.saturating_sub(PAGE_ROWS)),
        "PageDown" => at((row + PAGE_ROWS).min(last)),
        "Home" => rows[row].first(),
        "End" => rows[row].last(),
        _ => return Step::Search,
    };
    next.map_or(Step::Stay, |next| Step::To(next.clone()))
}

fn all(within: &Element, selector: &str) -> Vec<Element> {
    let Ok(found) = within.query_selector_all(selector) else { return Vec::new() };
    (0..found.length()).filter_map(|index| found.item(index)?.dyn_into().ok()).collect()
}

fn search(dialog: &Element) -> Option<Element> {
    dialog.query_selector("input").ok().flatten()
}

fn take_turn_in_search(dialog: &Element) {
    if let Some(search) = search(dialog) {
        take_turn(&search);
    }
}

/// The emoji that is in the order of Tab.
fn in_turn(dialog: &Element) -> Option<Element> {
    dialog.query_selector("[role=gridcell][tabindex='0']").ok().flatten()
}

/// Gives an element the focus; of all emoji, it is then the one in the order of Tab.
fn take_turn(to: &Element) {
    if to.get_attribute("role").as_deref() == Some("gridcell")
        && let Some(dialog) = to.closest("dialog").ok().flatten()
    {
        if let Some(before) = in_turn(&dialog) {
            _ = before.set_attribute("tabindex", "-1");
        }
        _ = to.set_attribute("tabindex", "0");
    }
    if let Some(to) = to.dyn_ref::<HtmlElement>() {
        _ = to.focus();
    }
}

/// The sign of a group.
fn lines(name: &str) -> &'static str {
    match name {
        RECENT => "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17ZM12 7.5V12l3 2",
        "Smileys" => "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM8.5 14.5a4.5 4.5 0 0 0 7 0M9 9.5h.01M15 9.5h.01",
        "People" => "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20.5a7.5 7.5 0 0 1 15 0",
        "Animals and nature" => "M5 19C4 10 9 5 20 4c0 10-4 15-12 14.5M4 21c2-6 5-8.5 9-10.5",
        "Food and drink" => "M5 9h12v6a5 5 0 0 1-5 5h-2a5 5 0 0 1-5-5ZM17 10h1.5a2.5 2.5 0 0 1 0 5H17M9 3v2.5M13 3v2.5",
        "Travel and places" => {
            "M5 17v2.5M19 17v2.5M4 17h16v-4l-2-1-2-5.5H8L6 12l-2 1ZM6.5 12h11M7.5 14.5h.01M16.5 14.5h.01"
        }
        "Activities" => {
            "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM3 12h18M12 3v18M5.5 6a8 8 0 0 1 0 12M18.5 6a8 8 0 0 0 0 12"
        }
        "Objects" => "M9 18h6M10 21h4M9 18c0-3-3-4-3-8.5a6 6 0 0 1 12 0C18 14 15 15 15 18",
        "Symbols" => "M12 20C5 15 3.5 12 3.5 9a4.5 4.5 0 0 1 8.5-2 4.5 4.5 0 0 1 8.5 2c0 3-1.5 6-8.5 11Z",
        _ => "M6 21V4M6 5c4-2.5 7 2 12 0v9c-5 2-8-2.5-12 0",
    }
}
