//! What a connection does with a command: everything passes the one gate, and everything is answered.

use std::sync::Arc;

use protocol::{
    Command, CommandId, Done, ErrorBody, ErrorCode, Position, RoomId, ServerFrame, StreamId, command::SetReadCursor,
    presence::SetViewing,
};

use super::{
    Sockets,
    subscription::{Admitted, admit},
};
use crate::{
    commands::{Action, authorize},
    error::ApiError,
    hub::Registration,
    store::{Actor, ExecuteError},
};

/// JavaScript reads whole numbers up to here without loss, and so far sequences are allowed to go.
const NUMBER_MAX: u64 = (1 << 53) - 1;

/// What came of a command.
#[derive(Debug)]
pub(super) enum Outcome {
    /// This is the answer.
    Answer(ServerFrame),
    /// The stream is followed, or the client has to load a snapshot first.
    Subscribed { id: CommandId, stream: StreamId, admitted: Admitted },
    /// The stream may not be followed, and this is the answer.
    NotSubscribed { stream: StreamId, answer: ServerFrame },
}

/// Who does it, and through which connection.
#[derive(Clone)]
pub(super) struct Context {
    pub(super) sockets: Arc<Sockets>,
    pub(super) registration: Arc<Registration>,
    pub(super) actor: Actor,
}

/// Carries out a command that needs the store.
pub(super) async fn carry_out(context: Context, id: CommandId, command: Command) -> Outcome {
    if let Command::Subscribe(c) = command {
        return subscribe(&context, id, c.stream, c.after).await;
    }
    let done = if let Command::SetReadCursor(c) = command {
        set_read_cursor(&context, c).await
    } else if let Command::SetViewing(c) = command {
        set_viewing(&context, c).await
    } else {
        // Every other one is the store's business, also those that are added later.
        execute(&context, command).await
    };
    Outcome::Answer(match done {
        Ok(done) => ServerFrame::Ack { id, done },
        Err(error) => ServerFrame::Error(context.sockets.explain(&error).answering(id)),
    })
}

/// The store asks `commands::decide`, which refuses what appends nothing.
async fn execute(context: &Context, command: Command) -> Result<Done, ApiError> {
    let Context { sockets, actor, .. } = context;
    let done = sockets.streams.execute(actor, command, sockets.clock.now()).await;
    done.map_err(|error| match error {
        ExecuteError::Refused(refusal) => ErrorBody::from(refusal).into(),
        ExecuteError::Store(error) => error.into(),
    })
}

async fn subscribe(context: &Context, id: CommandId, stream: StreamId, after: Position) -> Outcome {
    let Context { sockets, registration, actor } = context;
    match admit(sockets, registration, actor, stream, after).await {
        Ok(admitted) => Outcome::Subscribed { id, stream, admitted },
        Err(error) => {
            let answer = ServerFrame::Error(sockets.explain(&error).answering(id));
            Outcome::NotSubscribed { stream, answer }
        }
    }
}

async fn set_read_cursor(context: &Context, command: SetReadCursor) -> Result<Done, ApiError> {
    let SetReadCursor { room, cursor } = command;
    let Context { sockets, registration, actor } = context;
    if cursor.seq.0 > NUMBER_MAX || cursor.version > NUMBER_MAX {
        return Err(ApiError::from(ErrorCode::Invalid).message("A read cursor's numbers are below 2⁵³."));
    }
    may_read(context, room).await?;
    let merged = sockets.streams.set_read_cursor(actor.user.id, room, cursor).await?.ok_or(ErrorCode::NotFound)?;
    registration.cursor_moved(room, merged);
    Ok(Done::Unchanged)
}

/// About oneself alone: nobody has to be asked.
async fn set_viewing(context: &Context, SetViewing { shown }: SetViewing) -> Result<Done, ApiError> {
    let Context { sockets, actor, .. } = context;
    // One after the other: what is told last is what was stored last.
    let _turn = sockets.viewing.lock().await;
    sockets.people.set_viewing(actor.user.id, shown).await?;
    sockets.hub.viewing_set(actor.user.id, shown);
    Ok(Done::Unchanged)
}

async fn may_read(context: &Context, room: RoomId) -> Result<(), ApiError> {
    let facts = context.sockets.streams.facts(&context.actor, room).await?;
    Ok(authorize(Action::Read, &facts)?)
}
