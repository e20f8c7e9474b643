//! Many sockets that follow one room, on one thread.

use std::{cell::RefCell, net::SocketAddr, rc::Rc, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use protocol::{ClientFrame, Command, CommandId, RoomId, StreamId, command::Subscribe, messages::PostMessage};
use tokio::{
    sync::{Notify, Semaphore, mpsc},
    task::JoinSet,
    time::{Instant, timeout},
};

use crate::{
    board::{Board, Cursor},
    people::{Place, client_id},
    wire::{Opened, Read, Wire},
};

/// Handshakes at once, where nobody is in a hurry.
pub const OPENING_MAX: usize = 64;
/// The longest time between two tries of who was sent away without being told when to come again.
const RETRY_MAX: Duration = Duration::from_secs(2);
/// How long the crowd may take for something that it is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
/// The code with which a server closes that has too much to do.
const AGAIN: u16 = 1013;
/// Bytes of text of a message.
const TEXT_BYTES: usize = 200;

/// A crowd in a room. Dropping it closes the sockets.
pub struct Crowd {
    state: Rc<State>,
    posters: Vec<mpsc::UnboundedSender<u64>>,
    tasks: JoinSet<Result<()>>,
    /// How many sockets there are.
    pub members: usize,
    /// How often one was sent away at first.
    pub sent_away: usize,
}

struct State {
    board: RefCell<Board>,
    reads: RefCell<u64>,
    /// Rung when a message is everybody's.
    done: Notify,
}

impl Crowd {
    /// Opens a socket for each token, `at_once` at a time, follows the room with it from the place, and waits until all
    /// are there. Who is sent away comes again. The first `posters` can post.
    ///
    /// # Errors
    /// One was refused.
    pub async fn gather(
        server: SocketAddr,
        place: Place,
        tokens: &[String],
        posters: usize,
        at_once: usize,
    ) -> Result<Self> {
        ensure!(posters <= tokens.len(), "more posters than members");
        let subscribe = follow_command(place)?;
        let opening = Rc::new(Semaphore::new(at_once));
        let mut arrivals = JoinSet::new();
        for (number, token) in tokens.iter().cloned().enumerate() {
            let (opening, subscribe) = (Rc::clone(&opening), subscribe.clone());
            arrivals.spawn_local(async move {
                let _turn = opening.acquire().await?;
                let member = timeout(PATIENCE, arrive(server, &token, &subscribe, number)).await;
                anyhow::Ok((number, member.context("nobody answers")??))
            });
        }
        let mut members = Vec::with_capacity(tokens.len());
        let mut sent_away = 0;
        while let Some(member) = arrivals.join_next().await {
            let (number, Arrival { wire, cursor, tries }) = member??;
            sent_away += tries;
            members.push((number, (wire, cursor)));
        }
        let head = members.iter().map(|(_, (_, cursor))| cursor.0).max().unwrap_or_default();
        ensure!(members.iter().all(|(_, (_, cursor))| cursor.0 == head), "something happened in the room meanwhile");
        let board = RefCell::new(Board::new(tokens.len(), head));
        let state = Rc::new(State { board, reads: RefCell::default(), done: Notify::new() });
        members.sort_by_key(|(number, _)| *number);
        let mut crowd = Self {
            state,
            posters: Vec::with_capacity(posters),
            tasks: JoinSet::new(),
            members: tokens.len(),
            sent_away,
        };
        for (number, (wire, cursor)) in members {
            let posts = (number < posters).then(|| {
                let (poster, posts) = mpsc::unbounded_channel();
                crowd.posters.push(poster);
                posts
            });
            crowd.tasks.spawn_local(stay(place.room, wire, cursor, Rc::clone(&crowd.state), posts));
        }
        Ok(crowd)
    }

    /// Has one of the posters say a number.
    ///
    /// # Errors
    /// Its socket has ended.
    pub fn post(&self, poster: usize, number: u64) -> Result<()> {
        self.posters[poster].send(number).context("a poster's socket has ended")
    }

    /// Waits until messages are everybody's, and answers with their numbers and when the last one got them.
    ///
    /// # Errors
    /// Something was lost, doubled, out of order or refused, a socket has ended, or nothing came for too long.
    pub async fn done(&mut self) -> Result<Vec<(u64, Instant)>> {
        loop {
            let done = std::mem::take(&mut self.state.board.borrow_mut().done);
            if !done.is_empty() {
                return Ok(done);
            }
            tokio::select! {
                () = self.state.done.notified() => {}
                Some(ended) = self.tasks.join_next() => {
                    ended??;
                    bail!("a socket has ended");
                }
                () = tokio::time::sleep(PATIENCE) => {
                    bail!("{} messages are not everybody's", self.state.board.borrow().unfinished());
                }
            }
        }
    }

    /// Events that came to whomever, and reads in which they came.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        (self.state.board.borrow().deliveries, *self.state.reads.borrow())
    }
}

/// Somebody who has come.
struct Arrival {
    wire: Wire,
    cursor: Cursor,
    /// How often they were sent away before.
    tries: usize,
}

/// Opens a socket and follows the room, until everything that is in it is here.
async fn arrive(server: SocketAddr, token: &str, subscribe: &str, number: usize) -> Result<Arrival> {
    let mut tries = 0;
    loop {
        let wait = match Wire::open(server, token, number).await? {
            Opened::Open(mut wire) => match follow(&mut wire, subscribe).await? {
                Some(cursor) => return Ok(Arrival { wire, cursor, tries }),
                None => RETRY_MAX,
            },
            Opened::Later(wait) => wait,
        };
        tries += 1;
        tokio::time::sleep(wait.mul_f64(fastrand::f64())).await;
    }
}

/// Where the room ends; nothing where the server closes because it has too much to do.
async fn follow(wire: &mut Wire, subscribe: &str) -> Result<Option<Cursor>> {
    wire.send(subscribe).await?;
    let mut live = None;
    while live.is_none() {
        let read = wire
            .read(|frame| {
                ensure!(!frame.starts_with(br#"{"type":"error""#), "refused: {}", String::from_utf8_lossy(frame));
                if frame.starts_with(br#"{"type":"live""#) {
                    let frame: serde_json::Value = serde_json::from_slice(frame)?;
                    live = Some(Cursor(frame["head"]["seq"].as_u64().context("where the room ends")?));
                }
                Ok(())
            })
            .await?;
        match read {
            Read::Some => {}
            Read::Closed(Some(AGAIN)) => return Ok(None),
            Read::Closed(code) => bail!("closed: {code:?}"),
        }
    }
    Ok(live)
}

/// Takes what comes, and posts what is asked for.
async fn stay(
    room: RoomId,
    mut wire: Wire,
    mut cursor: Cursor,
    state: Rc<State>,
    mut posts: Option<mpsc::UnboundedReceiver<u64>>,
) -> Result<()> {
    let mut id = 1;
    loop {
        let reads = wire.reads;
        let number = async {
            match &mut posts {
                Some(posts) => posts.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            number = number => {
                let Some(number) = number else { return Ok(()) };
                id += 1;
                wire.send(&post(room, id, number)?).await?;
            }
            read = wire.read(|frame| state.board.borrow_mut().take(&mut cursor, frame)) => {
                *state.reads.borrow_mut() += wire.reads - reads;
                if !state.board.borrow().done.is_empty() {
                    state.done.notify_one();
                }
                if let Read::Closed(code) = read? {
                    bail!("closed: {code:?}");
                }
            }
        }
    }
}

/// Asks to follow a room from a place.
pub(crate) fn follow_command(place: Place) -> Result<String> {
    frame(1, Command::Subscribe(Subscribe { stream: StreamId::Room(place.room), after: place.head }))
}

/// Posts a number.
pub(crate) fn post(room: RoomId, id: u64, number: u64) -> Result<String> {
    let mut text = format!("{number} ");
    text.extend(std::iter::repeat_n('x', TEXT_BYTES - text.len()));
    frame(id, Command::PostMessage(PostMessage { client_id: client_id(), room, text, reply_to: None }))
}

fn frame(id: u64, command: Command) -> Result<String> {
    Ok(serde_json::to_string(&ClientFrame { id: CommandId(id), command })?)
}
