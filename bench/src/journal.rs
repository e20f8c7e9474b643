//! What somebody wanted of a server on one device, and what they were told: half of what the oracle compares.

use std::{
    cell::{Ref, RefCell},
    rc::Rc,
    time::Duration,
};

use client::{
    Input, Intent as Intention,
    native::{Client, Error, Options, Session},
};
use futures::{FutureExt as _, future};
use protocol::{ClientId, Command, Done, ErrorBody, RoomId, Seq, StreamId, UserId, messages::PostMessage};
use tokio::time::Instant;

use crate::people::client_id;

/// The last things that happened to a connection, of those that are told of it.
const HAPPENINGS_TOLD: usize = 12;

/// Everything that somebody wanted on one device, in this order.
#[derive(Debug)]
pub struct Journal {
    /// Whose.
    pub user: UserId,
    /// What.
    pub intents: Vec<Intent>,
}

/// Something that somebody wanted.
#[derive(Debug)]
pub struct Intent {
    /// What.
    pub command: Command,
    /// When.
    pub at: Instant,
    /// What came of it, and when that was known; nothing where nobody has said so yet.
    pub answer: Option<(Answer, Instant)>,
}

/// What a server said to something that was wanted.
#[derive(Debug)]
pub enum Answer {
    /// Acknowledged.
    Done(Done),
    /// Refused.
    Refused(ErrorBody),
}

impl Intent {
    /// What it is known by.
    ///
    /// # Panics
    /// It is none of the commands that have an id.
    #[must_use]
    pub fn client_id(&self) -> ClientId {
        self.command.client_id().expect("what is wanted has an id")
    }

    /// Where it was acknowledged to be.
    #[must_use]
    pub fn place(&self) -> Option<(StreamId, Seq)> {
        match self.answer {
            Some((Answer::Done(Done::Appended { stream, seq, .. }), _)) => Some((stream, seq)),
            Some((Answer::Done(Done::Unchanged) | Answer::Refused(_), _)) | None => None,
        }
    }
}

impl Journal {
    /// Of somebody who has wanted nothing.
    #[must_use]
    pub fn of(user: UserId) -> Self {
        Self { user, intents: Vec::new() }
    }

    /// The messages that were acknowledged in a room, oldest first.
    pub fn said(&self, room: RoomId) -> impl DoubleEndedIterator<Item = Seq> {
        let posts = self.intents.iter().filter(|intent| matches!(intent.command, Command::PostMessage(_)));
        posts.filter_map(Intent::place).filter(move |(stream, _)| *stream == StreamId::Room(room)).map(|(_, seq)| seq)
    }

    /// How many wait for an answer, of those that were wanted up to a moment.
    #[must_use]
    pub fn unanswered(&self, up_to: Instant) -> usize {
        self.intents.iter().filter(|intent| intent.answer.is_none() && intent.at <= up_to).count()
    }

    /// How many were acknowledged.
    #[must_use]
    pub fn acknowledged(&self) -> usize {
        self.intents.iter().filter(|intent| matches!(intent.answer, Some((Answer::Done(_), _)))).count()
    }

    /// From wanting something until it was known to be done, of all that is.
    pub fn times(&self) -> impl Iterator<Item = Duration> {
        self.intents.iter().filter_map(|intent| match &intent.answer {
            Some((Answer::Done(_), at)) => Some(*at - intent.at),
            Some((Answer::Refused(_), _)) | None => None,
        })
    }
}

/// Somebody on one device, with the sync engine that browsers use, and the journal of what they wanted there.
#[derive(Debug)]
pub struct Device {
    /// What it is called in what is printed.
    pub name: String,
    /// The sync engine.
    pub client: Client,
    journal: RefCell<Journal>,
}

impl Device {
    /// Starts syncing. Whoever waits for something on it waits for as long as `patience`.
    #[must_use]
    pub fn start(base: &str, session: Session, name: String, patience: Duration) -> Rc<Self> {
        let journal = RefCell::new(Journal::of(session.user.id));
        let client = Client::start(base, session, Options { outbox: Vec::new(), patience });
        Rc::new(Self { name, client, journal })
    }

    /// The journal so far.
    pub fn journal(&self) -> Ref<'_, Journal> {
        self.journal.borrow()
    }

    /// The journal, of which nothing stays here: for who judges when the device is gone.
    pub fn take_journal(&self) -> Journal {
        self.journal.replace(Journal::of(self.client.session().user.id))
    }

    /// Wants something, now: when this returns, it is in the line of what was wanted before and after. What it
    /// returns ends with the answer, or when nobody waits for one any more.
    pub fn wants(self: &Rc<Self>, command: Command) -> impl Future<Output = ()> + use<> {
        let number = {
            let mut journal = self.journal.borrow_mut();
            journal.intents.push(Intent { command: command.clone(), at: Instant::now(), answer: None });
            journal.intents.len() - 1
        };
        let device = Rc::clone(self);
        let mut asking = future::maybe_done(Box::pin(async move {
            let answer = match device.client.does(command).await {
                Ok(done) => Answer::Done(done),
                Err(Error::Refused(error)) => {
                    // What is refused goes on being shown until somebody puts it away.
                    let away = device.journal.borrow().intents[number].client_id();
                    let _ = device.client.input(Input::Intent(Intention::Discard(away))).await;
                    Answer::Refused(error)
                }
                // It may have been done all the same: the log will say.
                Err(Error::Timeout { .. } | Error::Unreachable(_) | Error::Closed) => return,
            };
            device.journal.borrow_mut().intents[number].answer = Some((answer, Instant::now()));
        }));
        let _ = (&mut asking).now_or_never();
        asking
    }

    /// What happened to its connection lately, with when, for who asks why.
    #[must_use]
    pub fn story(&self) -> String {
        let told: Vec<_> = self.client.view(|engine| {
            let happenings = engine.journal().happenings();
            let lately = happenings.iter().skip(happenings.len().saturating_sub(HAPPENINGS_TOLD));
            lately.map(|it| format!("{:.1} s {:?} × {}", it.at.0 as f64 / 1_000.0, it.what, it.times)).collect()
        });
        told.join(", ")
    }

    /// Says something and waits for the answer.
    pub async fn says(self: &Rc<Self>, room: RoomId, text: String) {
        self.wants(Command::PostMessage(PostMessage::new(client_id(), room, text))).await;
    }
}
