//! Reactions: the emoji under a message, and the row of six to choose from.

use leptos::{ev::MouseEvent, html, prelude::*};
use protocol::{
    Command, Reaction, Seq, UserId, UserRef,
    reactions::{AddReaction, RemoveReaction, by_emoji},
};

use crate::{
    erased::{memo, on},
    icons::{Icon, Sign},
    picker::Picking,
    platform,
    rows::RowView,
    session::Session,
    shown::ShownRoom,
};

/// What is a click away.
pub(crate) const QUICK: [&str; 6] = ["👍", "❤️", "😂", "🎉", "😮", "🙏"];
/// People who are named on an emoji; of the others it says how many they are.
const NAMED_MAX: usize = 20;

/// The emoji under a message. Pressing one adds oneself, or takes oneself off.
#[component]
pub(crate) fn Chips(room: ShownRoom, view: RwSignal<RowView>) -> impl IntoView {
    let session = expect_context::<Session>();
    let me = session.me().user.id;
    let chips = memo(move || view.with(|view| chips(room, &view.reactions, me)));
    let press = move |chip: &Chip| {
        let Some(message) = view.with_untracked(|view| view.seq) else { return };
        session.react(room.id, message, chip.emoji.clone(), !chip.is_mine);
    };
    let row = NodeRef::<html::Div>::new();
    move || {
        // An emoji that goes, here or elsewhere, moves those behind it, or takes the focus along.
        if let Some(row) = row.get_untracked() {
            platform::hold_focus(&row);
        }
        let drawn = chips.get().into_iter().map(|chip| {
            let Chip { emoji, count, is_mine, names } = chip.clone();
            let label = format!("{emoji} {count}: {names}");
            view! {
                <button
                    class="chip"
                    type="button"
                    aria-pressed=is_mine.to_string()
                    aria-label=label
                    title=names
                    on:click=on(move |_: MouseEvent| press(&chip))
                >
                    <span class="chip__emoji">{emoji}</span>
                    {count.to_string()}
                </button>
            }
        });
        let drawn: Vec<_> = drawn.collect();
        (!drawn.is_empty())
            .then(|| view! { <div class="chips" role="group" aria-label="Reactions" node_ref=row>{drawn}</div> })
    }
}

/// An emoji and who put it there.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Chip {
    emoji: String,
    count: usize,
    is_mine: bool,
    names: String,
}

fn chips(room: ShownRoom, reactions: &[Reaction], me: UserId) -> Vec<Chip> {
    let chip = |(emoji, users): (&str, Vec<&UserRef>)| {
        let mut names: Vec<String> = users.iter().take(NAMED_MAX).map(|user| room.called(user)).collect();
        if users.len() > NAMED_MAX {
            names.push(format!("{} more", users.len() - NAMED_MAX));
        }
        Chip {
            emoji: emoji.to_owned(),
            count: users.len(),
            is_mine: users.iter().any(|user| user.id == me),
            names: names.join(", "),
        }
    };
    by_emoji(reactions).into_iter().map(chip).collect()
}

/// Six emoji to react with, and the way to all others.
#[component]
pub(crate) fn QuickRow(room: ShownRoom, message: Seq, on_done: impl Fn() + Copy + Send + 'static) -> impl IntoView {
    let session = expect_context::<Session>();
    let picking = room.doing.picking;
    let quick = QUICK.map(|emoji| {
        let name = format!("React with {emoji}");
        let react = move |event: MouseEvent| {
            platform::keep_focus(&event);
            session.react(room.id, message, emoji.to_owned(), true);
            on_done();
        };
        view! {
            <button class="actions__button" type="button" aria-label=name.clone() title=name on:click=react>{emoji}</button>
        }
    });
    view! {
        <span class="actions__quick">
            {quick}
            <button
                class="actions__button"
                type="button"
                aria-label="More emoji"
                title="More emoji"
                aria-haspopup="dialog"
                on:click=move |_| picking.set(Some(Picking::Reaction(message)))
            >
                <Icon sign=Sign::Add/>
            </button>
        </span>
    }
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
