//! One TCP connection: the stream, and what its HTTP task, its requests and its socket know of it together.
//!
//! hyper has one timer for a request's head, which also runs between requests. Browsers keep connections for longer
//! than a head may take, so the two are told apart here: by when bytes come, and by when hyper hands over a request.

use std::{
    io::{self, IoSlice},
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::OwnedSemaphorePermit,
    time::Instant,
};

use super::{options, timeouts::Timeouts};
use crate::socket::Place;

/// See the module.
#[derive(Debug)]
pub(crate) struct Line {
    pub(super) peer: SocketAddr,
    /// Whether it is one of the proxies that are trusted, so that anybody's requests come here.
    is_proxy: bool,
    /// Bytes that the system has taken.
    written: AtomicU64,
    /// The system takes nothing more for now: the answer is not written yet.
    is_full: AtomicBool,
    /// HTTP is over: what is timed now is timed by the socket.
    is_socket: AtomicBool,
    pace: Mutex<Pace>,
    /// The place that it takes among those without a session.
    anonymous: Mutex<Option<Place>>,
}

/// What the server waits for, and since when.
#[derive(Clone, Copy, Debug)]
struct Pace {
    phase: Phase,
    since: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The first byte has not come.
    New,
    /// A head has begun.
    Head,
    /// The peer waits for us; a body is timed by itself.
    Answering,
    /// Between requests, or while the last answer is still being taken.
    Idle,
}

impl Line {
    fn new(peer: SocketAddr, is_proxy: bool) -> Self {
        Self {
            peer,
            is_proxy,
            written: AtomicU64::new(0),
            is_full: AtomicBool::new(false),
            is_socket: AtomicBool::new(false),
            pace: Mutex::new(Pace { phase: Phase::New, since: Instant::now() }),
            anonymous: Mutex::default(),
        }
    }

    /// Bytes that the system has taken so far.
    pub(crate) fn written(&self) -> u64 {
        self.written.load(Relaxed)
    }

    /// Whether the connection is counted among those without a session.
    pub(crate) fn is_counted(&self) -> bool {
        lock(&self.anonymous).is_some()
    }

    /// It is from now on, until it ends; that of a proxy, until the request is answered.
    pub(crate) fn keep(&self, place: Place) {
        *lock(&self.anonymous) = Some(place);
    }

    /// It has shown a session.
    pub(crate) fn let_go(&self) {
        *lock(&self.anonymous) = None;
    }

    /// The connection is a socket from now on.
    pub(crate) fn becomes_socket(&self) {
        self.is_socket.store(true, Relaxed);
    }

    /// hyper has read a request's head.
    pub(super) fn asked(&self) {
        self.set(Phase::Answering);
    }

    /// The answer to it is known.
    pub(super) fn answered(&self) {
        self.set(Phase::Idle);
        if self.is_proxy {
            self.let_go();
        }
    }

    pub(super) fn phase(&self) -> Phase {
        lock(&self.pace).phase
    }

    /// What is timed. Where the next head has begun while an answer is still being taken, that is the answer: it would be
    /// cut off by the time for a head.
    pub(super) fn timed(&self) -> Phase {
        match self.phase() {
            Phase::Head if self.is_full.load(Relaxed) => Phase::Idle,
            phase @ (Phase::New | Phase::Head | Phase::Answering | Phase::Idle) => phase,
        }
    }

    /// When what is waited for has to be there.
    pub(super) fn deadline(&self, timeouts: &Timeouts) -> Option<Instant> {
        let (phase, since) = (self.timed(), lock(&self.pace).since);
        match phase {
            Phase::New | Phase::Head => Some(since + timeouts.headers),
            Phase::Idle if self.is_proxy => Some(since + timeouts.idle_of_proxies),
            Phase::Idle => Some(since + timeouts.idle),
            Phase::Answering => None,
        }
    }

    fn heard(&self) {
        if self.is_socket.load(Relaxed) {
            return;
        }
        let mut pace = lock(&self.pace);
        match pace.phase {
            Phase::Idle => *pace = Pace { phase: Phase::Head, since: Instant::now() },
            // The time for the first head runs from the beginning.
            Phase::New => pace.phase = Phase::Head,
            Phase::Head | Phase::Answering => {}
        }
    }

    fn wrote(&self, bytes: usize) {
        self.written.fetch_add(bytes as u64, Relaxed);
        self.is_full.store(false, Relaxed);
        if self.is_socket.load(Relaxed) {
            return;
        }
        // A long answer is taken slowly: the time between requests runs from its last byte, and so does the time for a
        // head that came before that.
        let mut pace = lock(&self.pace);
        if matches!(pace.phase, Phase::Idle | Phase::Head) {
            pace.since = Instant::now();
        }
    }

    fn set(&self, phase: Phase) {
        *lock(&self.pace) = Pace { phase, since: Instant::now() };
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing in the critical sections panics half-way.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The bytes of a connection.
#[derive(Debug)]
pub(crate) struct Stream {
    tcp: TcpStream,
    line: Arc<Line>,
    /// Whether it has a socket's options.
    is_tuned: bool,
    /// One of the open files that connections may take.
    _file: OwnedSemaphorePermit,
}

impl Stream {
    /// `is_proxy`: whether the peer is one of the proxies that are trusted.
    pub(super) fn new(tcp: TcpStream, peer: SocketAddr, is_proxy: bool, file: OwnedSemaphorePermit) -> Self {
        options::for_http(&tcp);
        Self { tcp, line: Arc::new(Line::new(peer, is_proxy)), is_tuned: false, _file: file }
    }

    pub(super) fn line(&self) -> &Arc<Line> {
        &self.line
    }

    #[cfg(test)]
    pub(super) fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    /// Notes what was written, and once the connection is a socket, gives it a socket's options.
    fn after_write(&mut self, written: &Poll<io::Result<usize>>) {
        match written {
            Poll::Ready(Ok(bytes)) => self.line.wrote(*bytes),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => self.line.is_full.store(true, Relaxed),
        }
        if !self.is_tuned && self.line.is_socket.load(Relaxed) {
            self.is_tuned = true;
            options::for_socket(&self.tcp);
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = Pin::new(&mut self.tcp).poll_read(cx, into);
        if into.filled().len() > before {
            self.line.heard();
        }
        read
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.tcp).poll_write(cx, bytes);
        self.after_write(&written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.tcp).poll_write_vectored(cx, slices);
        self.after_write(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}
