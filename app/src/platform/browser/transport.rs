//! Does what the engine asks for: sockets, requests, the storage, the timer.

use std::cell::{Cell, RefCell};

use client::{Fetch, FetchFailure, FetchId, Input, Intent, Output, PROBE_PATH, Probe};
use futures::future::{Either, select};
use gloo_net::http::Request;
use gloo_timers::{
    callback::{Interval, Timeout},
    future::TimeoutFuture,
};
use leptos::{prelude::*, task::spawn_local};

use super::{kept, listen, monotonic, note_reload, outbox, socket::Socket};
use crate::session::Session;

/// A request that was not answered within this time has failed, in milliseconds.
const REQUEST_MS_MAX: u32 = 20_000;
/// The longest wait of a timer, in milliseconds; browsers count them in 31 bits.
const TIMER_MS_MAX: u64 = 1_000_000;
/// That the user is doing something is noted this often, in milliseconds.
const TOUCH_INTERVAL_MS: u64 = 15_000;

/// What is open at the moment. A page has one session.
#[derive(Default)]
struct Transport {
    socket: Option<Socket>,
    timer: Option<Timeout>,
}

thread_local! {
    static TRANSPORT: RefCell<Transport> = RefCell::default();
    /// When it was last noted that the user is doing something.
    static TOUCHED: Cell<u64> = const { Cell::new(0) };
}

/// Starts to keep the page up to date, once it has come to life.
pub(crate) fn connect(session: Session) {
    session.step(Input::Restored(outbox::load(session.me().user.id)));
    session.step(Input::Intent(Intent::Touch));
    session.step(Input::Intent(Intent::Hide(document().hidden())));
    for doing in ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"] {
        listen(&window(), doing, move || {
            let now = monotonic().0;
            if now >= TOUCHED.get() + TOUCH_INTERVAL_MS {
                TOUCHED.set(now);
                session.step(Input::Intent(Intent::Touch));
            }
        });
    }
    let wake = move || session.wake();
    listen(&window(), "online", wake);
    listen(&window(), "pageshow", wake);
    listen(&document(), "visibilitychange", move || {
        session.step(Input::Intent(Intent::Hide(document().hidden())));
        if document().hidden() {
            session.step(Input::Intent(Intent::Flush));
        } else {
            session.wake();
        }
    });
    // When `pagehide` comes, the next page has been asked for already: what was read has to be told before that.
    for leaving in ["beforeunload", "pagehide"] {
        listen(&window(), leaving, move || {
            kept::flush();
            session.step(Input::Intent(Intent::Flush));
        });
    }
    // Browsers leave a socket of a network that is gone open for a long time.
    listen(&window(), "offline", move || {
        if let Some(socket) = TRANSPORT.with_borrow_mut(|transport| transport.socket.take()) {
            session.step(Input::Closed { connection: socket.id, code: None });
        }
    });
}

/// Does this every second for as long as the page lives.
pub(crate) fn every_second(action: impl FnMut() + 'static) {
    Interval::new(1_000, action).forget();
}

/// Runs this beside everything else.
pub(crate) fn spawn(task: impl Future<Output = ()> + 'static) {
    spawn_local(task);
}

/// Carries out an output.
pub(crate) fn perform(session: Session, output: Output) {
    match output {
        Output::Connect(id) => {
            let socket = Socket::open(session, id);
            TRANSPORT.with_borrow_mut(|transport| transport.socket = Some(socket));
        }
        Output::Close(id) => TRANSPORT.with_borrow_mut(|transport| {
            transport.socket.take_if(|socket| socket.id == id);
        }),
        Output::Send { connection, text } => TRANSPORT.with_borrow(|transport| {
            if let Some(socket) = transport.socket.as_ref().filter(|socket| socket.id == connection) {
                socket.send(text);
            }
        }),
        Output::Probe(connection) => spawn_local(async move {
            let probe = probe().await;
            session.step(Input::Probed { connection, probe });
        }),
        Output::Fetch { id, request } => spawn_local(fetch(session, id, request)),
        Output::Save(entry) => {
            outbox::save(&entry);
            session.step(Input::Saved(entry.client_id()));
        }
        Output::Remove(client_id) => outbox::remove(session.me().user.id, client_id),
        Output::WakeAt(at) => {
            let wait = u64::try_from((at - monotonic()).as_millis()).unwrap_or(u64::MAX).min(TIMER_MS_MAX);
            let timer = Timeout::new(u32::try_from(wait).unwrap_or(u32::MAX), move || session.step(Input::Tick));
            // Dropping the one before cancels it.
            TRANSPORT.with_borrow_mut(|transport| transport.timer = Some(timer));
        }
        Output::Reload { build } => {
            note_reload(&build);
            super::reload();
        }
        Output::LoggedOut => _ = window().location().assign("/login"),
        Output::Changed(_) | Output::Answered { .. } => {}
    }
}

/// Asks why a socket could not be opened.
pub(crate) async fn probe() -> Probe {
    match get(PROBE_PATH).await {
        Some(answer) => Probe::read(answer.status, answer.retry_after.as_deref()),
        None => Probe::Unreachable,
    }
}

async fn fetch(session: Session, id: FetchId, request: Fetch) {
    let result = match get(&request.path()).await {
        Some(answer) => request.read(answer.status, answer.retry_after.as_deref(), &answer.body),
        None => Err(FetchFailure(None)),
    };
    session.step(Input::Fetched { id, result });
}

/// GETs a path of the server; `then` gets the answer, or nothing where that is an error.
pub(crate) fn read(path: String, then: impl FnOnce(Option<String>) + 'static) {
    spawn_local(async move {
        let answer = get(&path).await.filter(|answer| (200..300).contains(&answer.status));
        then(answer.map(|answer| answer.body));
    });
}

/// What a server answered.
struct Answer {
    status: u16,
    retry_after: Option<String>,
    body: String,
}

/// GETs a path; nothing where the server could not be reached in time.
async fn get(path: &str) -> Option<Answer> {
    let request = Box::pin(async {
        let response = Request::get(path).send().await.ok()?;
        let retry_after = response.headers().get("retry-after");
        Some(Answer { status: response.status(), retry_after, body: response.text().await.ok()? })
    });
    match select(request, TimeoutFuture::new(REQUEST_MS_MAX)).await {
        Either::Left((answer, _)) => answer,
        Either::Right(((), _)) => None,
    }
}
