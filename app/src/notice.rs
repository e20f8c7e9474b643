//! What happened to a room, in a line.

use client::Content;
use leptos::prelude::*;
use protocol::{Event, UserRef, rooms::Visibility};

use crate::{
    erased::live,
    rows::RowView,
    shown::ShownRoom,
    time::{self, Times},
};

/// A notice.
#[component]
pub(crate) fn NoticeLine(room: ShownRoom, view: RwSignal<RowView>) -> impl IntoView {
    let times = expect_context::<Times>();
    let at = view.with_untracked(|view| view.at);
    let sentence = move || {
        view.with_untracked(|view| match &view.content {
            Content::Notice(notice) => sentence(room, &view.author, notice),
            Content::Message(_) => String::new(),
        })
    };
    view! {
        <p class="event-line">
            {live(sentence)}
            <time class="event-line__time" datetime=time::machine(at) title=live(move || times.full(at))>
                {live(move || times.clock(at))}
            </time>
        </p>
    }
}

/// What happened, as it is told.
fn sentence(room: ShownRoom, who: &UserRef, notice: &Event) -> String {
    let who = room.called(who);
    match notice {
        Event::RoomCreated(e) => match e.visibility {
            Visibility::Public => format!("{who} made the public room {}", e.name),
            Visibility::Private => format!("{who} made the private room {}", e.name),
        },
        Event::RoomRenamed(e) => format!("{who} renamed the room to {}", e.name),
        Event::TopicSet(e) if e.topic.is_empty() => format!("{who} removed the topic"),
        Event::TopicSet(e) => format!("{who} set the topic: {}", e.topic),
        Event::RoomTransferred(e) => format!("{who} gave the room to {}", room.called(&e.user)),
        Event::MemberJoined(_) => format!("{who} joined"),
        Event::MemberLeft(_) => format!("{who} left"),
        Event::MemberAdded(e) => format!("{who} added {}", room.called(&e.user)),
        Event::MemberRemoved(e) => format!("{who} removed {}", room.called(&e.user)),
        // No lines of a room: messages are drawn as such, the rest changes other things.
        Event::MessagePosted(_)
        | Event::MessageEdited(_)
        | Event::MessageDeleted(_)
        | Event::ReactionAdded(_)
        | Event::ReactionRemoved(_)
        | Event::RoomDeleted(_)
        | Event::RoomJoined(_)
        | Event::RoomLeft(_)
        | Event::RoomMuted(_)
        | Event::Unknown => String::new(),
    }
}
