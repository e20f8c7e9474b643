//! What happened to a room, in a line.

use client::Content;
use leptos::prelude::*;
use protocol::{Event, rooms::Visibility};

use crate::{
    erased::live,
    rows::RowView,
    time::{self, Times},
};

/// A notice.
#[component]
pub(crate) fn NoticeLine(view: RwSignal<RowView>) -> impl IntoView {
    let times = expect_context::<Times>();
    let at = view.with_untracked(|view| view.at);
    let sentence = view.with_untracked(|view| match &view.content {
        Content::Notice(notice) => sentence(view.author.name.as_str(), notice),
        Content::Message(_) => String::new(),
    });
    view! {
        <p class="event-line">
            {sentence}
            <time class="event-line__time" datetime=time::machine(at) title=live(move || times.full(at))>
                {live(move || times.clock(at))}
            </time>
        </p>
    }
}

/// What happened, as it is told.
fn sentence(who: &str, notice: &Event) -> String {
    match notice {
        Event::RoomCreated(e) => match e.visibility {
            Visibility::Public => format!("{who} made the public room {}", e.name),
            Visibility::Private => format!("{who} made the private room {}", e.name),
        },
        Event::RoomRenamed(e) => format!("{who} renamed the room to {}", e.name),
        Event::TopicSet(e) if e.topic.is_empty() => format!("{who} removed the topic"),
        Event::TopicSet(e) => format!("{who} set the topic: {}", e.topic),
        Event::RoomTransferred(e) => format!("{who} gave the room to {}", e.user.name),
        Event::MemberJoined(_) => format!("{who} joined"),
        Event::MemberLeft(_) => format!("{who} left"),
        Event::MemberAdded(e) => format!("{who} added {}", e.user.name),
        Event::MemberRemoved(e) => format!("{who} removed {}", e.user.name),
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
