//! Commands of one connection: read as long as not too many wait, carried out one after the other, each answered.

use std::collections::VecDeque;

use futures::{FutureExt as _, Sink, Stream, future::BoxFuture};
use protocol::{
    ClientFrame, Command, CommandId, Done, ErrorBody, ErrorCode, RoomId, ServerFrame, StreamId, command::Cost, encode,
    limits::SUBSCRIPTIONS_MAX,
};
use tungstenite::Message;

use super::{
    commands::{Outcome, carry_out},
    connection::Connection,
    ending::Ending,
    heard::{self, Heard},
};
use crate::failpoint::{self, Point};

/// Commands of one connection that wait for their turn. With so many, nothing more is read.
pub(super) const COMMANDS_WAITING_MAX: usize = 32;

/// A command that is being carried out.
pub(super) struct Running {
    pub(super) outcome: BoxFuture<'static, Outcome>,
    /// What came of it, until there is room for the answer.
    pub(super) is_done: Option<Box<Outcome>>,
    /// What the failpoints look for; empty without them.
    text: String,
}

impl<S, E> Connection<S>
where
    S: Stream<Item = Result<Message, E>> + Sink<Message, Error = E> + Unpin + Send,
    E: Into<Ending>,
{
    pub(super) fn hear(&mut self, read: Option<Result<Message, E>>) -> Result<(), Ending> {
        let message = match read {
            Some(Ok(message)) => message,
            Some(Err(error)) => return Err(error.into()),
            None => return Err(Ending::Gone),
        };
        self.place.heard();
        match heard::heard(&message) {
            Heard::Command(frame) => self.command(frame),
            Heard::Unreadable(body) => self.unreadable(body),
            Heard::Nothing => {}
            Heard::Farewell => return Err(Ending::Gone),
        }
        Ok(())
    }

    fn command(&mut self, ClientFrame { id, command }: ClientFrame) {
        if let Err(body) = self.pay(&command) {
            return self.answer(&ServerFrame::Error(body.answering(id)));
        }
        self.waiting.push_back(ClientFrame { id, command });
    }

    /// Takes the tokens that a command costs. One of a room only where the user is in it: who is not takes nothing from
    /// those who are, and does not learn how much is said there.
    fn pay(&self, command: &Command) -> Result<(), ErrorBody> {
        self.sockets.rates.check(command.cost(), self.actor.user.id)?;
        if let Command::PostMessage(post) = command
            && self.is_in(post.room)
        {
            self.sockets.rates.check_room(post.room)?;
        }
        Ok(())
    }

    /// Whether the user is in a room, as far as is known here: one's rooms come a moment after the connection.
    fn is_in(&self, room: RoomId) -> bool {
        self.registration.is_watched(room) || self.subscription(StreamId::Room(room)).is_some()
    }

    /// Answers a frame that is no command. They take from the same bucket as reads: answering costs too.
    fn unreadable(&mut self, body: ErrorBody) {
        let body = match self.sockets.rates.check(Cost::Read, self.actor.user.id) {
            Ok(()) => body,
            Err(limited) => ErrorBody { id: body.id, ..limited },
        };
        self.answer(&ServerFrame::Error(body));
    }

    /// Starts the next command if none is running, and there is room for its answer.
    pub(super) fn start_next(&mut self) {
        while self.running.is_none()
            && self.outbox.room() > 0
            && let Some(ClientFrame { id, command }) = self.waiting.pop_front()
        {
            let text = if failpoint::ENABLED { encode(&command) } else { String::new() };
            if let Command::Unsubscribe(c) = &command {
                self.has_mail = true;
                self.fill();
                self.drop_subscription(c.stream);
                self.acknowledge(id, text);
                continue;
            }
            if self.lane_command(&command) {
                self.acknowledge(id, text);
                continue;
            }
            if let Command::Subscribe(c) = &command {
                // Following again means from another place: the old one ends here.
                self.forget_subscription(c.stream);
                if self.subscriptions.len() >= SUBSCRIPTIONS_MAX {
                    self.drop_subscription(c.stream);
                    self.answer(&ServerFrame::Error(too_many_streams().answering(id)));
                    continue;
                }
            }
            let outcome = carry_out(self.context(), id, command).boxed();
            self.running = Some(Running { outcome, is_done: None, text });
        }
        if self.waiting.is_empty() {
            self.waiting = VecDeque::new();
        }
    }

    /// Answers the command that is done, where there is room. The answer comes after the events that were committed
    /// before it, where their streams are followed and there is room for those as well.
    pub(super) fn finish(&mut self) {
        let Some(Running { is_done: Some(outcome), text, .. }) =
            self.running.take_if(|running| running.is_done.is_some())
        else {
            return;
        };
        self.has_mail = true;
        self.fill();
        match *outcome {
            Outcome::Answer(answer) => {
                self.answer(&answer);
                self.note_answer(text);
            }
            Outcome::NotSubscribed { stream, answer } => {
                self.drop_subscription(stream);
                self.answer(&answer);
            }
            Outcome::Subscribed { id, stream, admitted } => {
                self.acknowledge(id, text);
                self.begin(stream, admitted, true);
            }
        }
    }

    fn acknowledge(&mut self, id: CommandId, text: String) {
        self.answer(&ServerFrame::Ack { id, done: Done::Unchanged });
        self.note_answer(text);
    }

    /// The failpoints want to know when an answer is on its way.
    fn note_answer(&mut self, text: String) {
        if failpoint::ENABLED {
            self.answered.push(text);
        }
    }

    /// All that was to be written is written.
    pub(super) fn has_answered(&mut self) {
        for text in self.answered.drain(..) {
            failpoint::hit(Point::AfterAck, || text);
        }
    }
}

fn too_many_streams() -> ErrorBody {
    ErrorBody {
        message: format!("One connection follows at most {SUBSCRIPTIONS_MAX} streams. Unsubscribe from one first.")
            .into(),
        ..ErrorBody::new(ErrorCode::TooLarge)
    }
}
