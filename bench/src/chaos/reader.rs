//! Somebody who reads, and somebody who cannot wait.

use std::{cell::Cell, rc::Rc};

use client::{Connection, Input, Intent};
use protocol::RoomId;
use tokio::time::sleep;

use super::schedule::{between, chance};
use crate::journal::Device;

/// Of so many looks at a room, one is followed by marking it as unread.
const UNREAD_EVERY: u8 = 8;

/// Reads up to the newest line of one room after the other, until it is over.
pub(crate) async fn read(device: Rc<Device>, rooms: Rc<[RoomId]>, seed: u64, is_over: Rc<Cell<bool>>) {
    let mut rng = chance(seed, &format!("{} reads", device.name));
    while !is_over.get() {
        let (pause, room) = (between(&mut rng, 200, 1_500), rooms[rng.usize(..rooms.len())]);
        let marks_unread = rng.u8(..UNREAD_EVERY) == 0;
        sleep(pause).await;
        let Some(newest) = device.client.view(|engine| engine.newest(room)) else { continue };
        let intent =
            if marks_unread { Intent::MarkUnread { room, from: newest } } else { Intent::Read { room, up_to: newest } };
        if device.client.input(Input::Intent(intent)).await.is_err() {
            return;
        }
    }
}

/// Whenever the connection is gone, looks at the page after a moment, and so has it tried at once.
pub(crate) async fn hurry(device: Rc<Device>, seed: u64, is_over: Rc<Cell<bool>>) {
    let mut rng = chance(seed, &format!("{} hurries", device.name));
    while !is_over.get() {
        sleep(between(&mut rng, 300, 1_500)).await;
        let waits = matches!(device.client.view(|engine| engine.connection()), Connection::Waiting { .. });
        if waits && device.client.input(Input::Wake).await.is_err() {
            return;
        }
    }
}
