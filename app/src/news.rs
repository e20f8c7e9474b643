//! Telling screen readers of new messages: politely, at most once a second, and only what others say in the room that
//! is open.
//!
//! The log itself is silent (`aria-live="off"`): it would read out older messages that are loaded while scrolling,
//! and every word that says how far an own message has come.

use client::{Content, Line};
use leptos::prelude::*;
use protocol::{Body, Seq, UserId};

use crate::{erased::live, shown::ShownRoom};

/// More of a message is not read out, in Unicode scalar values.
const TOLD_CHARS_MAX: usize = 200;

/// The news of a room. Copies are the same news.
#[derive(Clone, Copy)]
pub(crate) struct News {
    /// Up to here everything was told, or was there when the room was opened.
    known: StoredValue<Option<Seq>>,
    /// How many messages came since, and the last of them.
    waiting: StoredValue<(u32, String)>,
    told: RwSignal<String>,
}

impl News {
    pub(crate) fn new() -> Self {
        Self { known: StoredValue::new(None), waiting: StoredValue::default(), told: RwSignal::default() }
    }

    /// The room is opened: what was told before is no news.
    pub(crate) fn begin(self) {
        self.known.set_value(None);
        self.waiting.set_value((0, String::new()));
        self.told.set(String::new());
    }

    /// Takes note of the lines at the end of the room; where it was scrolled to only now, they are no news.
    pub(crate) fn hear(self, room: ShownRoom, lines: &[Line], me: UserId, was_at_end: bool) {
        let Some(last) = lines.iter().rev().find_map(|line| line.seq) else { return };
        let Some(known) = self.known.get_value().filter(|_| was_at_end) else {
            self.known.set_value(Some(last));
            return;
        };
        let new = lines.iter().filter(|line| line.seq.is_some_and(|seq| seq > known) && line.actor.id != me);
        let texts = new.filter_map(|line| match &line.content {
            Content::Message(Body::Text { text, .. }) => Some((&line.actor, text)),
            Content::Message(_) | Content::Notice(_) => None,
        });
        let (mut count, mut newest) = (0, None);
        for text in texts {
            count += 1;
            newest = Some(text);
        }
        if let Some((actor, text)) = newest {
            let text: String = text.chars().take(TOLD_CHARS_MAX).collect();
            let told = format!("{}: {text}", untrack(|| room.called(actor)));
            self.waiting.update_value(|(waiting, last)| (*waiting, *last) = (*waiting + count, told));
        }
        self.known.set_value(Some(last.max(known)));
    }

    /// Tells what waits.
    pub(crate) fn tell(self) {
        let (count, last) = self.waiting.get_value();
        if count != 0 {
            self.waiting.set_value((0, String::new()));
            self.told.set(if count == 1 { last } else { format!("{count} new messages. {last}") });
        }
    }
}

/// Where they are told.
#[component]
pub(crate) fn NewsTeller(news: News) -> impl IntoView {
    view! { <p class="visually-hidden" role="status" aria-label="New messages">{live(move || news.told.get())}</p> }
}

#[cfg(test)]
mod tests {
    use client::{Key, Status};
    use protocol::{RoomId, UnixMs, UserRef, Username};

    use super::*;

    fn line(seq: u64, user: u64, text: &str) -> Line {
        Line {
            key: Key::Line(Seq(seq)),
            seq: Some(Seq(seq)),
            at: UnixMs(0),
            actor: UserRef { id: UserId(user), name: Username::parse(&format!("user{user}")).unwrap() },
            content: Content::Message(Body::text(text.to_owned())),
            quote: None,
            reactions: Vec::new(),
            status: Status::Stored,
            change: None,
        }
    }

    #[test]
    fn what_others_say_after_the_room_was_opened_is_told_together_and_once() {
        let owner = Owner::new();
        owner.with(|| {
            let room = ShownRoom::new(RoomId(1));
            let news = room.news;
            let mut lines = vec![line(1, 2, "before")];
            let told = |lines: &[Line]| {
                news.hear(room, lines, UserId(1), true);
                news.tell();
                news.told.get_untracked()
            };

            assert_eq!(told(&lines), "");
            lines.push(line(2, 1, "mine"));
            assert_eq!(told(&lines), "");
            lines.push(line(3, 2, "theirs"));
            assert_eq!(told(&lines), "user2: theirs");
            lines.extend([line(4, 2, "one"), line(5, 3, "two")]);
            assert_eq!(told(&lines), "2 new messages. user3: two");
            assert_eq!(told(&lines), "2 new messages. user3: two", "and not again");
            lines.push(line(6, 2, &"x".repeat(TOLD_CHARS_MAX + 1)));
            assert_eq!(told(&lines), format!("user2: {}", "x".repeat(TOLD_CHARS_MAX)));
        });
    }
}
