//! Many sockets that follow rooms, on one thread.

use std::{
    cell::{Cell, RefCell},
    net::SocketAddr,
    rc::Rc,
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use protocol::RoomId;
use tokio::{
    sync::{Notify, Semaphore, mpsc},
    task::JoinSet,
    time::{Instant, timeout},
};

use crate::{
    board::{Board, Cursor},
    dialect::{Dialect, Heard},
    people::Place,
    wire::{Opened, Read, Wire},
};

/// Handshakes at once, where nobody is in a hurry.
pub const OPENING_MAX: usize = 64;
/// The longest time between two tries of who was sent away without being told when to come again.
const RETRY_MAX: Duration = Duration::from_secs(2);
/// How long the crowd may take for something that it is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// A crowd in its rooms. Dropping it closes the sockets.
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
    dialect: Dialect,
    /// One for each room.
    boards: Vec<RefCell<Board>>,
    reads: Cell<u64>,
    /// Messages that everybody in their room has, by the number in their text, and when the last one got them.
    finished: RefCell<Vec<(u64, Instant)>>,
    /// Rung when a message is everybody's.
    done: Notify,
}

impl Crowd {
    /// Opens a socket for each token, `at_once` at a time, follows one of the rooms with it from its place, and waits
    /// until all are there. Members are dealt to the rooms in turn. Who is sent away comes again. The first `posters`
    /// can post.
    ///
    /// # Errors
    /// One was refused.
    pub async fn gather(
        server: SocketAddr,
        dialect: Dialect,
        places: &[Place],
        tokens: &[String],
        posters: usize,
        at_once: usize,
    ) -> Result<Self> {
        ensure!(posters <= tokens.len(), "more posters than members");
        let opening = Rc::new(Semaphore::new(at_once));
        let mut arrivals = JoinSet::new();
        for (number, token) in tokens.iter().cloned().enumerate() {
            let (opening, place) = (Rc::clone(&opening), places[number % places.len()]);
            arrivals.spawn_local(async move {
                let _turn = opening.acquire().await?;
                let member = timeout(PATIENCE, arrive(server, dialect, &token, place, number)).await;
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
        members.sort_by_key(|(number, _)| *number);
        let mut boards = Vec::with_capacity(places.len());
        for room in 0..places.len() {
            let there = || members.iter().skip(room).step_by(places.len()).map(|(_, (_, cursor))| cursor.0);
            let head = there().next().context("a room without anybody")?;
            ensure!(there().all(|at| at == head), "something happened in the room meanwhile");
            boards.push(RefCell::new(Board::new(there().count(), head)));
        }
        let (reads, finished, done) = (Cell::new(0), RefCell::default(), Notify::new());
        let state = Rc::new(State { dialect, boards, reads, finished, done });
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
            let at = number % places.len();
            let member = Member { at, room: places[at].room, wire, cursor };
            crowd.tasks.spawn_local(member.stays(Rc::clone(&crowd.state), posts));
        }
        Ok(crowd)
    }

    /// Has one of the posters say a number: all of them in turn, and the first one after the last.
    ///
    /// # Errors
    /// As [`Crowd::done`].
    pub fn post(&mut self, poster: usize, number: u64) -> Result<()> {
        if self.posters[poster % self.posters.len()].send(number).is_err() {
            self.nobody_has_ended()?;
            bail!("a poster's socket has ended");
        }
        Ok(())
    }

    /// Why a socket has ended, if one has.
    fn nobody_has_ended(&mut self) -> Result<()> {
        if let Some(ended) = self.tasks.try_join_next() {
            ended??;
            bail!("a socket has ended");
        }
        Ok(())
    }

    /// Waits until messages are everybody's, and answers with their numbers and when the last one got them.
    ///
    /// # Errors
    /// Something was lost, doubled, out of order or refused, a socket has ended, or nothing came for too long.
    pub async fn done(&mut self) -> Result<Vec<(u64, Instant)>> {
        loop {
            self.nobody_has_ended()?;
            let finished = self.state.finished.take();
            if !finished.is_empty() {
                return Ok(finished);
            }
            tokio::select! {
                () = self.state.done.notified() => {}
                Some(ended) = self.tasks.join_next() => {
                    ended??;
                    bail!("a socket has ended");
                }
                () = tokio::time::sleep(PATIENCE) => {
                    let unfinished: usize = self.state.boards.iter().map(|board| board.borrow().unfinished()).sum();
                    bail!("nothing came any more; {unfinished} messages are some people's and not everybody's");
                }
            }
        }
    }

    /// Events that came to whomever, and reads in which they came.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        (self.state.boards.iter().map(|board| board.borrow().deliveries).sum(), self.state.reads.get())
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
async fn arrive(server: SocketAddr, dialect: Dialect, token: &str, place: Place, number: usize) -> Result<Arrival> {
    let request = dialect.request(token, place.room);
    let mut tries = 0;
    loop {
        let wait = match Wire::open(server, &request, number).await? {
            Opened::Open(mut wire) => match dialect.follow(&mut wire, place).await? {
                Some(cursor) => return Ok(Arrival { wire, cursor, tries }),
                None => RETRY_MAX,
            },
            Opened::Later(wait) => wait,
        };
        tries += 1;
        tokio::time::sleep(wait.mul_f64(fastrand::f64())).await;
    }
}

/// Somebody who follows a room.
struct Member {
    /// Which of the rooms.
    at: usize,
    room: RoomId,
    wire: Wire,
    cursor: Cursor,
}

impl Member {
    /// Takes what comes, and posts what is asked for.
    async fn stays(self, state: Rc<State>, mut posts: Option<mpsc::UnboundedReceiver<u64>>) -> Result<()> {
        let Self { at, room, mut wire, mut cursor } = self;
        let mut id = 1;
        loop {
            let reads = wire.reads;
            let mut is_asked = false;
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
                    wire.send(&state.dialect.post(room, id, number)?).await?;
                }
                read = wire.read(|frame| state.dialect.each(frame, |message| {
                    match state.dialect.hear(message)? {
                        Heard::Event(event) => {
                            let said = state.boards[at].borrow_mut().take(&mut cursor, event)?;
                            state.finished.borrow_mut().extend(said.map(|said| (said, Instant::now())));
                        }
                        Heard::Ping => is_asked = true,
                        Heard::Other => {}
                    }
                    Ok(())
                })) => {
                    state.reads.set(state.reads.get() + wire.reads - reads);
                    if !state.finished.borrow().is_empty() {
                        state.done.notify_one();
                    }
                    if let Read::Closed(code) = read? {
                        bail!("closed: {code:?}");
                    }
                }
            }
            if is_asked {
                wire.send(state.dialect.pong()).await?;
            }
        }
    }
}
