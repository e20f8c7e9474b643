//! Reactions: the emoji under a message, and the row of six to choose from.

use leptos::{ev::MouseEvent, prelude::*};
use protocol::{
    Command, Reaction, Seq, UserId,
    reactions::{AddReaction, RemoveReaction, by_emoji},
};
use wasm_bindgen::JsCast as _;

use crate::{rows::RowView, session::Session, shown::ShownRoom};

/// What is a click away.
const QUICK: [&str; 6] = ["👍", "❤️", "😂", "🎉", "😮", "🙏"];
/// People who are named on an emoji; of the others it says how many they are.
const NAMED_MAX: usize = 20;

/// The emoji under a message. Pressing one adds oneself, or takes oneself off.
#[component]
pub(crate) fn Chips(room: ShownRoom, view: RwSignal<RowView>) -> impl IntoView {
    let emoji = Memo::new(move |_| {
        view.with(|view| by_emoji(&view.reactions).into_iter().map(|(emoji, _)| emoji.to_owned()).collect::<Vec<_>>())
    });
    move || {
        (!emoji.with(Vec::is_empty)).then(|| {
            view! {
                <div class="chips" role="group" aria-label="Reactions">
                    <For each=move || emoji.get() key=|emoji| emoji.clone() let(emoji)>
                        <Chip room view emoji/>
                    </For>
                </div>
            }
        })
    }
}

/// An emoji and who put it there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Who {
    count: usize,
    is_mine: bool,
    names: String,
}

#[component]
fn Chip(room: ShownRoom, view: RwSignal<RowView>, emoji: String) -> impl IntoView {
    let session = expect_context::<Session>();
    let me = session.me().user.id;
    let emoji = StoredValue::new(emoji);
    let who = Memo::new(move |_| emoji.with_value(|emoji| view.with(|view| who(&view.reactions, emoji, me))));
    let press = move |event: MouseEvent| {
        let Some(message) = view.with_untracked(|view| view.seq) else { return };
        let Who { is_mine, count, .. } = who.get_untracked();
        if is_mine && count == 1 {
            // It goes, and takes the focus along.
            keep_focus(&event);
        }
        session.react(room.id, message, emoji.get_value(), !is_mine);
    };
    view! {
        <button
            class="chip"
            type="button"
            aria-pressed=move || who.with(|who| who.is_mine.to_string())
            aria-label=move || who.with(|who| format!("{} {}: {}", emoji.get_value(), who.count, who.names))
            title=move || who.with(|who| who.names.clone())
            on:click=press
        >
            <span class="chip__emoji">{emoji.get_value()}</span>
            {move || who.with(|who| who.count)}
        </button>
    }
}

fn who(reactions: &[Reaction], emoji: &str, me: UserId) -> Who {
    let users: Vec<_> = reactions.iter().filter(|reaction| reaction.emoji == emoji).map(|r| &r.user).collect();
    let mut names: Vec<String> = users.iter().take(NAMED_MAX).map(|user| user.name.to_string()).collect();
    if users.len() > NAMED_MAX {
        names.push(format!("{} more", users.len() - NAMED_MAX));
    }
    Who { count: users.len(), is_mine: users.iter().any(|user| user.id == me), names: names.join(", ") }
}

/// Gives the focus to the message around what was pressed.
fn keep_focus(event: &MouseEvent) {
    let pressed = event.current_target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let message = pressed.and_then(|pressed| pressed.closest("article").ok().flatten());
    if let Some(message) = message.and_then(|message| message.dyn_into::<web_sys::HtmlElement>().ok()) {
        _ = message.focus();
    }
}

/// Six emoji to react with.
#[component]
pub(crate) fn QuickRow(room: ShownRoom, message: Seq, on_done: impl Fn() + Copy + Send + 'static) -> impl IntoView {
    let session = expect_context::<Session>();
    QUICK.map(|emoji| {
        let name = format!("React with {emoji}");
        let react = move |event: MouseEvent| {
            keep_focus(&event);
            session.react(room.id, message, emoji.to_owned(), true);
            on_done();
        };
        view! {
            <button class="actions__button" type="button" aria-label=name.clone() title=name on:click=react>{emoji}</button>
        }
    })
}

impl Session {
    /// Puts an emoji under a message, or takes it back.
    pub(crate) fn react(self, room: protocol::RoomId, message: Seq, emoji: String, adds: bool) {
        self.run(
            |client_id| {
                if adds {
                    Command::AddReaction(AddReaction { client_id, room, message, emoji })
                } else {
                    Command::RemoveReaction(RemoveReaction { client_id, room, message, emoji })
                }
            },
            move |result| self.complain(result),
        );
    }
}
