//! Commands of one connection: read as long as not too many wait, carried out one after the other, each answered.

use std::future::pending;

use axum::extract::ws::Message;
use futures::{FutureExt as _, Sink, Stream, future::BoxFuture};
use protocol::{
    ClientFrame, Command, CommandId, Done, ErrorBody, ErrorCode, ServerFrame, command::Cost, decode_client, encode,
    limits::SUBSCRIPTIONS_MAX,
};
use tokio::time::Instant;

use super::{
    commands::{Outcome, carry_out},
    connection::Connection,
    ending::Ending,
};
use crate::failpoint::{self, Point};

/// Commands of one connection that wait for their turn. With so many, nothing more is read.
pub(super) const COMMANDS_WAITING_MAX: usize = 32;

/// A command that is being carried out.
pub(super) struct Running {
    pub(super) outcome: BoxFuture<'static, Outcome>,
    /// What the failpoints look for; empty without them.
    text: String,
}

impl<S, E> Connection<S>
where
    S: Stream<Item = Result<Message, E>> + Sink<Message, Error = E> + Unpin + Send,
    E: Into<Ending>,
{
    pub(super) async fn hear(&mut self, heard: Option<Result<Message, E>>) -> Result<(), Ending> {
        let message = match heard {
            Some(Ok(message)) => message,
            Some(Err(error)) => return Err(error.into()),
            None => return Err(Ending::Gone),
        };
        self.heard_at = Instant::now();
        match message {
            Message::Text(text) => match decode_client(&text) {
                Ok(frame) => self.command(frame).await,
                Err(error) => self.unreadable(error.0).await,
            },
            Message::Binary(_) => {
                let body = ErrorBody {
                    message: "This server takes no binary frames yet. Send text frames.".into(),
                    ..ErrorBody::new(ErrorCode::Unsupported)
                };
                self.unreadable(body).await
            }
            // The library answers pings.
            Message::Ping(_) | Message::Pong(_) => Ok(()),
            Message::Close(_) => Err(Ending::Gone),
        }
    }

    async fn command(&mut self, ClientFrame { id, command }: ClientFrame) -> Result<(), Ending> {
        if let Err(body) = self.pay(&command) {
            return self.answer(ServerFrame::Error(body.answering(id))).await;
        }
        self.waiting.push_back(ClientFrame { id, command });
        Ok(())
    }

    /// Takes the tokens that a command costs. One of a room only where the user is in it: who is not takes nothing from
    /// those who are, and does not learn how much is said there.
    fn pay(&self, command: &Command) -> Result<(), ErrorBody> {
        self.sockets.rates.check(command.cost(), self.actor.user.id)?;
        if let Command::PostMessage(post) = command
            && self.registration.is_watched(post.room)
        {
            self.sockets.rates.check_room(post.room)?;
        }
        Ok(())
    }

    /// Answers a frame that is no command. They take from the same bucket as reads: answering costs too.
    async fn unreadable(&mut self, body: ErrorBody) -> Result<(), Ending> {
        let body = match self.sockets.rates.check(Cost::Read, self.actor.user.id) {
            Ok(()) => body,
            Err(limited) => ErrorBody { id: body.id, ..limited },
        };
        self.answer(ServerFrame::Error(body)).await
    }

    /// Starts the next command if none is running.
    pub(super) async fn start_next(&mut self) -> Result<(), Ending> {
        while self.running.is_none()
            && let Some(ClientFrame { id, command }) = self.waiting.pop_front()
        {
            let text = if failpoint::ENABLED { encode(&command) } else { String::new() };
            if let Command::Unsubscribe(c) = &command {
                self.tell_what_happened().await?;
                self.drop_subscription(c.stream);
                self.acknowledge(id, text).await?;
                continue;
            }
            if self.lane_command(&command) {
                self.acknowledge(id, text).await?;
                continue;
            }
            if let Command::Subscribe(c) = &command {
                // Following again means from another place: the old one ends here.
                self.forget_subscription(c.stream);
                if self.subscriptions.len() >= SUBSCRIPTIONS_MAX {
                    self.drop_subscription(c.stream);
                    self.answer(ServerFrame::Error(too_many_streams().answering(id))).await?;
                    continue;
                }
            }
            self.running = Some(Running { outcome: carry_out(self.context(), id, command).boxed(), text });
        }
        Ok(())
    }

    pub(super) async fn finish(&mut self, outcome: Outcome) -> Result<(), Ending> {
        let text = self.running.take().map_or_else(String::new, |running| running.text);
        self.tell_what_happened().await?;
        match outcome {
            Outcome::Answer(answer) => {
                self.answer(answer).await?;
                failpoint::hit(Point::AfterAck, || text);
                Ok(())
            }
            Outcome::NotSubscribed { stream, answer } => {
                self.drop_subscription(stream);
                self.answer(answer).await
            }
            Outcome::Subscribed { id, stream, admitted } => {
                self.acknowledge(id, text).await?;
                self.begin(stream, admitted, true).await
            }
        }
    }

    async fn acknowledge(&mut self, id: CommandId, text: String) -> Result<(), Ending> {
        self.answer(ServerFrame::Ack { id, done: Done::Unchanged }).await?;
        failpoint::hit(Point::AfterAck, || text);
        Ok(())
    }
}

/// Waits for the command that is being carried out; for ever where there is none.
pub(super) async fn finished(running: &mut Option<Running>) -> Outcome {
    match running {
        Some(running) => (&mut running.outcome).await,
        None => pending().await,
    }
}

fn too_many_streams() -> ErrorBody {
    ErrorBody {
        message: format!("One connection follows at most {SUBSCRIPTIONS_MAX} streams. Unsubscribe from one first.")
            .into(),
        ..ErrorBody::new(ErrorCode::TooLarge)
    }
}
