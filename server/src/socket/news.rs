//! What a connection's mailbox has for it, told piece by piece: what there is no room for stays there, the latest of each.

use futures::{Sink, Stream};
use protocol::{ReadCursor, RoomId, Seq, ServerFrame};
use tungstenite::Message;

use super::{connection::Connection, ending::Ending};

/// One thing to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Whether others see which room the user looks at.
    Viewing(bool),
    /// A read cursor moved on another device.
    Cursor(RoomId, ReadCursor),
    /// Messages of the user were read by somebody else.
    Seen(RoomId, Seq),
    /// Who is in a room.
    Presence(RoomId),
    /// Who is writing in it.
    Typing(RoomId),
}

impl<S, E> Connection<S>
where
    S: Stream<Item = Result<Message, E>> + Sink<Message, Error = E> + Unpin + Send,
    E: Into<Ending>,
{
    /// Tells what there is room for. The mailbox is looked at again when all of it was told.
    pub(super) fn tell_news(&mut self) {
        while self.outbox.room() > 0 {
            if let Some(piece) = self.pieces.pop() {
                self.tell_piece(piece);
            } else if std::mem::take(&mut self.has_mail) {
                self.take_mail();
            } else {
                return;
            }
        }
    }

    fn take_mail(&mut self) {
        let news = self.registration.follower().take();
        for (room, happened) in news.rooms {
            self.rooms.mark(room, happened);
        }
        // The last is told first.
        let lane = news.typing.into_iter().map(Piece::Typing).chain(news.presence.into_iter().map(Piece::Presence));
        let seen = news.seen.into_iter().map(|(room, up_to)| Piece::Seen(room, up_to));
        let cursors = news.cursors.into_iter().map(|(room, cursor)| Piece::Cursor(room, cursor));
        self.pieces = lane.chain(seen).chain(cursors).chain(news.viewing.map(Piece::Viewing)).collect();
    }

    fn tell_piece(&mut self, piece: Piece) {
        match piece {
            Piece::Viewing(shown) => self.answer(&ServerFrame::Viewing { shown }),
            Piece::Cursor(room, cursor) => self.answer(&ServerFrame::Cursor { room, cursor }),
            Piece::Seen(room, up_to) => self.answer(&ServerFrame::Seen { room, up_to }),
            Piece::Presence(room) => self.tell_presence(room),
            Piece::Typing(room) => self.tell_typing(room),
        }
    }

    /// Tells the ends of the user's rooms, when it is time and as far as there is room.
    pub(super) fn tell_heads(&mut self) {
        while self.outbox.room() > 0 && self.rooms.is_due() {
            if let Some(heads) = self.rooms.take(&self.registration) {
                self.answer(&heads);
            }
        }
    }
}
