//! What a person does, in words: for bots and for tests that read as prose.

use protocol::{
    Body, Command, Done, ReadCursor, RoomId, Seq, StreamId, Username,
    members::{AddMember, JoinRoom, LeaveRoom, RemoveMember},
    messages::{DeleteMessage, EditMessage, PostMessage},
    rooms::{CreateRoom, History, RenameRoom, Visibility},
};
use tokio::sync::oneshot;

use super::{Client, Error, clock, driver::Request};
use crate::{At, Connection, Content, Engine, Input, Intent, Line, RoomState, RoomView};

impl Client {
    /// Waits until the connection is there.
    ///
    /// # Errors
    /// [`Error::Timeout`].
    pub async fn is_online(&self) -> Result<(), Error> {
        self.until("to be online", |engine| (engine.connection() == Connection::Online).then_some(())).await
    }

    /// Waits until the session has ended.
    ///
    /// # Errors
    /// [`Error::Timeout`].
    pub async fn is_logged_out(&self) -> Result<(), Error> {
        self.until("to be logged out", |engine| (engine.connection() == Connection::LoggedOut).then_some(())).await
    }

    /// Carries out a command and waits for its fate; the server being away is waited out.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::Timeout`].
    pub async fn does(&self, command: Command) -> Result<Done, Error> {
        let what = format!("an answer to {command:?}");
        let (answer, answered) = oneshot::channel();
        let request = Request::Do(Box::new(command), answer);
        self.inputs.send(request).await.map_err(|_| Error::Closed)?;
        let answered = tokio::time::timeout(self.patience, answered).await;
        let result = answered.map_err(|_| self.timeout(&what))?;
        result.map_err(|_| Error::Closed)?.map_err(Error::Refused)
    }

    /// Says something and waits until it is stored. The number of the message.
    ///
    /// # Errors
    /// As [`Client::does`].
    pub async fn say(&self, room: RoomId, text: &str) -> Result<Seq, Error> {
        let command = PostMessage::new(clock::client_id(), room, text.to_owned());
        self.appends(Command::PostMessage(command)).await.map(|(_, seq)| seq)
    }

    /// Says something without waiting: it is in the outbox.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub async fn queues(&self, room: RoomId, text: &str) -> Result<(), Error> {
        let command = PostMessage::new(clock::client_id(), room, text.to_owned());
        self.input(Input::Intent(Intent::Do(Command::PostMessage(command)))).await
    }

    /// Gives a message another text.
    ///
    /// # Errors
    /// As [`Client::does`].
    pub async fn edits(&self, room: RoomId, message: Seq, text: &str) -> Result<Done, Error> {
        let command = EditMessage { client_id: clock::client_id(), room, message, text: text.to_owned() };
        self.does(Command::EditMessage(command)).await
    }

    /// Deletes a message.
    ///
    /// # Errors
    /// As [`Client::does`].
    pub async fn deletes(&self, room: RoomId, message: Seq) -> Result<Done, Error> {
        self.does(Command::DeleteMessage(DeleteMessage { client_id: clock::client_id(), room, message })).await
    }

    /// Makes a room.
    ///
    /// # Errors
    /// As [`Client::does`].
    pub async fn creates_room(&self, name: &str, visibility: Visibility) -> Result<RoomId, Error> {
        let history = History::default();
        let command = CreateRoom { client_id: clock::client_id(), name: name.to_owned(), visibility, history };
        match self.appends(Command::CreateRoom(command)).await? {
            (StreamId::Room(room), _) => Ok(room),
            (StreamId::Inbox(_), _) => Err(self.timeout("a room to be made")),
        }
    }

    /// Gives a room another name.
    ///
    /// # Errors
    /// As [`Client::does`].
    pub async fn renames(&self, room: RoomId, name: &str) -> Result<Done, Error> {
        let command = RenameRoom { client_id: clock::client_id(), room, name: name.to_owned() };
        self.does(Command::RenameRoom(command)).await
    }

    /// Joins a public room.
    ///
    /// # Errors
    /// As [`Client::does`].
    pub async fn joins(&self, room: RoomId) -> Result<Done, Error> {
        self.does(Command::JoinRoom(JoinRoom { client_id: clock::client_id(), room })).await
    }

    /// Leaves a room.
    ///
    /// # Errors
    /// As [`Client::does`].
    pub async fn leaves(&self, room: RoomId) -> Result<Done, Error> {
        self.does(Command::LeaveRoom(LeaveRoom { client_id: clock::client_id(), room })).await
    }

    /// Brings someone in.
    ///
    /// # Errors
    /// As [`Client::does`].
    pub async fn adds(&self, room: RoomId, username: &Username) -> Result<Done, Error> {
        let command = AddMember { client_id: clock::client_id(), room, username: username.clone() };
        self.does(Command::AddMember(command)).await
    }

    /// Puts someone out.
    ///
    /// # Errors
    /// As [`Client::does`].
    pub async fn removes(&self, room: RoomId, username: &Username) -> Result<Done, Error> {
        let command = RemoveMember { client_id: clock::client_id(), room, username: username.clone() };
        self.does(Command::RemoveMember(command)).await
    }

    /// Opens a room and waits until it is there and followed.
    ///
    /// # Errors
    /// [`Error::Refused`] where it is not to be seen, [`Error::Timeout`].
    pub async fn opens(&self, room: RoomId) -> Result<RoomView, Error> {
        self.input(Input::Intent(Intent::Open { room, at: At::Unread })).await?;
        let look = |engine: &Engine| {
            let view = engine.room(room)?;
            match view.state {
                RoomState::Loading => None,
                RoomState::Gone(error) => Some(Err(Error::Refused(error))),
                RoomState::Open => view.is_live.then_some(Ok(view)),
            }
        };
        self.until(&format!("room {room} to be open"), look).await?
    }

    /// Waits until a message with this text is shown as stored in an open room.
    ///
    /// # Errors
    /// [`Error::Timeout`].
    pub async fn sees(&self, room: RoomId, text: &str) -> Result<Line, Error> {
        let is_it = |line: &Line| {
            line.seq.is_some()
                && matches!(&line.content, Content::Message(Body::Text { text: there, .. }) if there == text)
        };
        let look = |engine: &Engine| engine.room(room)?.lines.into_iter().find(is_it);
        self.until(&format!("{text:?} in room {room}"), look).await
    }

    /// Waits until a room is in the list, and says which one it is.
    ///
    /// # Errors
    /// [`Error::Timeout`].
    pub async fn finds_room(&self, name: &str) -> Result<RoomId, Error> {
        let look = |engine: &Engine| {
            engine.rooms().into_iter().find(|summary| summary.room.name == name).map(|summary| summary.room.id)
        };
        self.until(&format!("room {name:?} in the list"), look).await
    }

    /// Reads up to a line.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub async fn reads(&self, room: RoomId, up_to: Seq) -> Result<(), Error> {
        self.input(Input::Intent(Intent::Read { room, up_to })).await
    }

    /// Waits until the list shows this many unread messages of a room.
    ///
    /// # Errors
    /// [`Error::Timeout`].
    pub async fn has_unread(&self, room: RoomId, unread: u32) -> Result<ReadCursor, Error> {
        let look = |engine: &Engine| {
            let found = engine.rooms().into_iter().find(|summary| summary.room.id == room)?;
            (found.unread == unread).then_some(found.cursor)
        };
        self.until(&format!("{unread} unread in room {room}"), look).await
    }

    async fn appends(&self, command: Command) -> Result<(StreamId, Seq), Error> {
        match self.does(command).await? {
            Done::Appended { stream, seq, .. } => Ok((stream, seq)),
            Done::Unchanged => Err(self.timeout("something to be appended")),
        }
    }
}
