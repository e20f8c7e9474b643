//! Somebody who talks: says things, answers, edits, deletes and reacts, whether or not the server is there.

use std::{cell::Cell, rc::Rc};

use client::Content;
use protocol::{
    Body, Command, RoomId, Seq,
    messages::{DeleteMessage, EditMessage, PostMessage},
    reactions::{AddReaction, RemoveReaction},
};
use tokio::{task::JoinSet, time::sleep};

use super::schedule::{Kind, Turn, Wish, chance, mark};
use crate::{journal::Device, people::client_id};

/// What somebody wants before the first of it is answered; who has wanted as much waits.
const UNANSWERED_MAX: usize = 12;
const EMOJI: [&str; 5] = ["👍", "🎉", "❤", "😮", "🙏"];

/// Talks until it is over, and then waits for the last answer.
pub(crate) async fn talk(device: Rc<Device>, rooms: Rc<[RoomId]>, seed: u64, is_over: Rc<Cell<bool>>) {
    let mut rng = chance(seed, &device.name);
    let (mut answers, mut number) = (JoinSet::new(), 0);
    while !is_over.get() {
        let turn = Turn::draw(&mut rng, rooms.len());
        sleep(turn.pause).await;
        for wish in turn.wishes {
            number += 1;
            while answers.len() >= UNANSWERED_MAX {
                answers.join_next().await;
            }
            if let Some(command) = command(&device, rooms[wish.room], &wish, number) {
                answers.spawn_local(device.wants(command));
            }
        }
        while answers.try_join_next().is_some() {}
    }
    while answers.join_next().await.is_some() {}
}

/// What is wanted, now that it is known what there is. Nothing where it would be about something, and there is nothing.
fn command(device: &Device, room: RoomId, wish: &Wish, number: usize) -> Option<Command> {
    let (client_id, emoji) = (client_id(), EMOJI[wish.words % EMOJI.len()].to_owned());
    let own = || wish.of(&device.journal().said(room).collect::<Vec<_>>());
    let any = || wish.of(&messages(device, room));
    let text = || text(&device.name, wish, number);
    Some(match wish.kind {
        Kind::Say => Command::PostMessage(PostMessage::new(client_id, room, text())),
        Kind::Answer => {
            let reply_to = Some(any()?);
            Command::PostMessage(PostMessage { reply_to, ..PostMessage::new(client_id, room, text()) })
        }
        Kind::Edit => Command::EditMessage(EditMessage { client_id, room, message: own()?, text: text() }),
        Kind::Delete => Command::DeleteMessage(DeleteMessage { client_id, room, message: own()? }),
        Kind::React => Command::AddReaction(AddReaction { client_id, room, message: any()?, emoji }),
        Kind::Unreact => Command::RemoveReaction(RemoveReaction { client_id, room, message: any()?, emoji }),
    })
}

/// The messages that are shown and have a number.
fn messages(device: &Device, room: RoomId) -> Vec<Seq> {
    let lines = device.client.view(|engine| engine.room(room)).map(|view| view.lines).unwrap_or_default();
    let messages = lines.iter().filter(|line| matches!(line.content, Content::Message(Body::Text { .. })));
    messages.filter_map(|line| line.seq).collect()
}

/// No two texts are the same; some name somebody, some have markup, some are long.
fn text(name: &str, wish: &Wish, number: usize) -> String {
    let mark = mark(number);
    let words = match wish.words % 20 {
        0 => format!("@user{}", 1 + wish.words % 7),
        1 => "@room".to_owned(),
        2 => "**loud** and `in code`\n\n- one\n- two".to_owned(),
        3 => "word ".repeat(400),
        _ => String::new(),
    };
    format!("{name} says {number} {mark} {words}").trim_end().to_owned()
}
