//! The emoji picker: all emoji in their groups, a field to find one by its name, and those used last.
//!
//! It is a part that is loaded when it is first asked for, and stands in the page only while it is open. It is drawn
//! from `picker/emoji.txt`, which `cargo xtask emoji` makes; nothing else may read that list, or it would be in what
//! everybody loads.

use leptos::{either::Either, ev, html, prelude::*};
use protocol::{Seq, UserId};
use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlElement};

use crate::{
    composer::COMPOSER,
    icons::{Icon, Sign},
    platform,
    session::Session,
    shown::ShownRoom,
};

mod finish;
mod grid;
mod kept;
mod list;
mod place;
#[cfg(test)]
mod tests;

pub(crate) use finish::{matching, named};
use grid::{Grid, Groups};
use list::{Emoji, List};

/// The id of the button that opens it beside the composer.
pub(crate) const PICKER_BUTTON: &str = "pick-emoji";
/// Emoji shown of those that were found: who does not see theirs types another letter.
const FOUND_MAX: usize = 80;

/// What an emoji is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Picking {
    /// To react to this message.
    Reaction(Seq),
    /// To be written into the composer.
    Text,
}

impl Picking {
    /// What it was asked for with, and gets the focus back; where that is gone, what it stood at.
    fn opener(self) -> Option<HtmlElement> {
        match self {
            Self::Reaction(message) => find(&format!("#message-{message} [aria-haspopup=dialog]"))
                .or_else(|| find(&format!("#message-{message} article"))),
            Self::Text => find(&format!("#{PICKER_BUTTON}")),
        }
        .or_else(|| find(&format!("#{COMPOSER}")))
    }
}

fn find(selector: &str) -> Option<HtmlElement> {
    document().query_selector(selector).ok().flatten()?.dyn_into().ok()
}

/// What is open, shared by its parts. Copies are the same.
#[derive(Clone, Copy)]
struct Open {
    me: UserId,
    list: StoredValue<List>,
    /// What was typed into the field.
    typed: RwSignal<String>,
    /// The skin tone that hands and people are drawn in; empty for none.
    tone: RwSignal<&'static str>,
    /// The emoji that is pointed at, or has the focus.
    pointed: RwSignal<Option<Emoji>>,
    /// The group that is read.
    group: RwSignal<usize>,
    /// How many groups are drawn.
    drawn: RwSignal<usize>,
    panel: NodeRef<html::Div>,
}

impl Open {
    fn new(me: UserId) -> Self {
        Self {
            me,
            list: StoredValue::new(List::read(&kept::recent(me))),
            typed: RwSignal::new(String::new()),
            tone: RwSignal::new(kept::tone(me)),
            pointed: RwSignal::new(None),
            group: RwSignal::new(0),
            drawn: RwSignal::new(2),
            panel: NodeRef::new(),
        }
    }

    /// What fits the words in the field; nothing without words.
    fn found(self) -> Option<Vec<Emoji>> {
        let typed = self.typed.get();
        (!typed.trim().is_empty()).then(|| self.list.with_value(|list| list.find(&platform::lower_case(&typed))))
    }

    /// The emoji that an event is about.
    fn of(self, event: &web_sys::Event) -> Option<Emoji> {
        let target = event.target()?.dyn_into::<Element>().ok()?;
        let name = target.closest("[role=gridcell]").ok()??.get_attribute("aria-label")?;
        self.list.with_value(|list| list.named(&name))
    }
}

/// The dialog. It opens as soon as it stands in the page.
#[component]
pub(crate) fn EmojiPicker(session: Session, room: ShownRoom, picking: Picking) -> impl IntoView {
    let me = session.me().user.id;
    let open = Open::new(me);
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        if let Some(dialog) = dialog.get() {
            _ = dialog.show_modal();
            // Not by `autofocus` on the dialog itself, which Chromium passes over for the field.
            if place::opens_keyboard() {
                _ = dialog.focus();
            }
            if let Some(opener) = picking.opener() {
                place::beside(&dialog, &opener);
            }
        }
    });
    let close = move || {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    let pick = move |emoji: Emoji| {
        kept::note(me, emoji);
        close();
        let text = emoji.toned(open.tone.get_untracked());
        match picking {
            Picking::Reaction(message) => {
                session.react(room.id, message, text, true);
                if let Some(message) = find(&format!("#message-{message} article")) {
                    _ = message.focus();
                }
            }
            Picking::Text => place::write(COMPOSER, &text),
        }
    };
    let on_click = move |event: ev::MouseEvent| {
        if let Some(emoji) = open.of(&event) {
            pick(emoji);
        } else if event.target() == event.current_target() {
            // Beside it.
            close();
        }
    };
    let on_key = move |event: ev::KeyboardEvent| {
        if event.key() == "Enter" && !event.is_composing() && grid::is_search(&event) {
            event.prevent_default();
            let first = open.found().and_then(|found| found.first().copied());
            if let Some(first) = first {
                pick(first);
            }
        } else if let Some(dialog) = dialog.get_untracked() {
            grid::walk(&dialog, &event);
        }
    };
    view! {
        <dialog
            class="picker"
            node_ref=dialog
            aria-label="Pick an emoji"
            tabindex="-1"
            on:close=move |_| {
                if let Some(opener) = picking.opener().filter(|_| !place::has_focus_elsewhere()) {
                    _ = opener.focus();
                }
                room.doing.picking.set(None);
            }
            on:click=on_click
            on:keydown=on_key
            on:focusin=move |event| point(open, &event)
            on:pointerover=move |event| point(open, &event)
        >
            <div class="picker__top">
                <Search open/>
                <button class="icon-button" type="button" aria-label="Close" title="Close (Escape)" on:click=move |_| close()>
                    <Icon sign=Sign::Close/>
                </button>
            </div>
            <Groups open/>
            <div class="picker__panel" node_ref=open.panel on:scroll=move |_| grid::follow(open)>
                {move || match open.found() {
                    Some(found) => {
                        // What was found is drawn in another tone when that is chosen.
                        open.tone.track();
                        Either::Left(view! { <Found open found/> })
                    }
                    None => Either::Right(view! { <AllGroups open/> }),
                }}
            </div>
            <Count open/>
            <Foot open picking/>
        </dialog>
    }
}

fn point(open: Open, event: &web_sys::Event) {
    if let Some(emoji) = open.of(event) {
        open.pointed.set(Some(emoji));
    }
}

#[component]
fn Search(open: Open) -> impl IntoView {
    let on_input = move |event| {
        open.pointed.set(None);
        open.typed.set(event_target_value(&event));
        if let Some(panel) = open.panel.get_untracked() {
            panel.set_scroll_top(0);
        }
    };
    view! {
        <div class="picker__field">
            <Icon sign=Sign::Search/>
            <input
                class="picker__search"
                type="text"
                role="searchbox"
                aria-label="Search emoji"
                aria-describedby="picker-count"
                placeholder="Search emoji"
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
                enterkeyhint="done"
                prop:value=move || open.typed.get()
                on:input=on_input
            />
        </div>
    }
}

/// What was found, in the order of how well it fits.
#[component]
fn Found(open: Open, mut found: Vec<Emoji>) -> impl IntoView {
    let is_empty = found.is_empty();
    found.truncate(FOUND_MAX);
    if is_empty {
        Either::Left(view! {
            <p class="picker__none">"No emoji goes by that. Try another word, or look through the groups."</p>
        })
    } else {
        Either::Right(view! { <Grid open name="Found" index=0 emoji=found/> })
    }
}

/// All groups, one after the other with each picture, so that the first is there at once.
#[component]
fn AllGroups(open: Open) -> impl IntoView {
    let all = open.list.with_value(|list| list.groups.len());
    let drawn = open.drawn;
    draw_more(drawn, all);
    view! {
        <For
            each=move || {
                let tone = open.tone.get();
                (0..drawn.get().min(all)).map(move |index| (index, tone))
            }
            key=|group| *group
            let(group)
        >
            {open.list.with_value(|list| {
                let index = group.0;
                let group = &list.groups[index];
                view! { <Grid open name=group.name index emoji=group.emoji.clone()/> }
            })}
        </For>
    }
}

fn draw_more(drawn: RwSignal<usize>, all: usize) {
    request_animation_frame(move || {
        // It may be closed by now.
        if drawn.try_update(|drawn| *drawn += 1).is_some() && drawn.get_untracked() < all {
            draw_more(drawn, all);
        }
    });
}

/// How many were found, told to who does not see them.
#[component]
fn Count(open: Open) -> impl IntoView {
    view! {
        <p class="visually-hidden" id="picker-count" role="status">
            {move || match open.found().map(|found| found.len()) {
                None => String::new(),
                Some(0) => "No emoji found.".to_owned(),
                Some(1) => "1 emoji found. Enter picks it.".to_owned(),
                Some(count) if count > FOUND_MAX => format!("{count} emoji found, {FOUND_MAX} of them are shown."),
                Some(count) => format!("{count} emoji found. Enter picks the first, arrow down leads to them."),
            }}
        </p>
    }
}

/// What is pointed at, in words, and the choice of a skin tone.
#[component]
fn Foot(open: Open, picking: Picking) -> impl IntoView {
    let purpose = match picking {
        Picking::Reaction(_) => "Pick a reaction",
        Picking::Text => "Pick an emoji",
    };
    let choose = move |event| {
        let chosen = event_target_value(&event);
        let tone = list::TONES.iter().find(|(_, tone)| *tone == chosen).map_or("", |(_, tone)| tone);
        kept::keep_tone(open.me, tone);
        open.tone.set(tone);
    };
    let tones = list::TONES.map(|(name, tone)| {
        view! { <option value=tone selected=open.tone.get_untracked() == tone>{format!("✋{tone} {name}")}</option> }
    });
    view! {
        <div class="picker__foot">
            <div class="picker__pointed" aria-hidden="true">
                {move || match open.pointed.get() {
                    None => Either::Left(view! { <span class="picker__name">{purpose}</span> }),
                    Some(emoji) => Either::Right(view! {
                        <span class="picker__large">{emoji.toned(open.tone.get())}</span>
                        <span class="picker__names">
                            <span class="picker__name">{emoji.name}</span>
                            <span class="picker__short">{emoji.short_name()}</span>
                        </span>
                    }),
                }}
            </div>
            <select class="picker__tone" aria-label="Skin tone" title="Skin tone" on:change=choose>{tones}</select>
        </div>
    }
}
