//! One WebSocket: what comes from it becomes inputs of the engine.

use std::{cell::RefCell, rc::Rc};

use client::{ConnectionId, Input};
use futures::{
    FutureExt as _, SinkExt as _, StreamExt as _,
    channel::oneshot,
    future::{Either, select},
    stream::SplitSink,
};
use gloo_net::websocket::{Message, WebSocketError, futures::WebSocket};
use leptos::{prelude::*, task::spawn_local};
use protocol::SUBPROTOCOL;

use crate::session::Session;

/// A connection, open or being opened. Dropping it closes it.
pub(super) struct Socket {
    pub(super) id: ConnectionId,
    outgoing: Option<Outgoing>,
    /// Ends the task that holds the other half, by being dropped.
    _closing: oneshot::Sender<()>,
}

type Outgoing = Rc<RefCell<SplitSink<WebSocket, Message>>>;

impl Socket {
    /// Opens a connection; all that happens with it is told to the session.
    pub(super) fn open(session: Session, id: ConnectionId) -> Self {
        let (closing, closed) = oneshot::channel();
        let outgoing = match WebSocket::open_with_protocol(&address("/ws"), SUBPROTOCOL) {
            Ok(socket) => {
                let (sink, incoming) = socket.split();
                let outgoing = Rc::new(RefCell::new(sink));
                spawn_local(run(session, id, incoming, closed));
                Some(outgoing)
            }
            Err(_) => {
                crate::platform::later(move || session.step(Input::Closed { connection: id, code: None }));
                None
            }
        };
        Self { id, outgoing, _closing: closing }
    }

    /// Sends a frame, before this returns: a page that is being left runs no tasks any more. On a connection that
    /// is gone it is lost, and the engine will know.
    pub(super) fn send(&self, text: String) {
        if let Some(outgoing) = &self.outgoing {
            _ = outgoing.borrow_mut().send(Message::Text(text)).now_or_never();
        }
    }
}

/// Where sockets of this server are opened.
pub(super) fn address(path: &str) -> String {
    let location = window().location();
    let scheme = if location.protocol().is_ok_and(|protocol| protocol == "https:") { "wss" } else { "ws" };
    format!("{scheme}://{}{path}", location.host().unwrap_or_default())
}

/// What browsers say of a connection that broke, or could not be opened (RFC 6455 §7.1.5).
const BROKEN: u16 = 1006;

async fn run(
    session: Session,
    id: ConnectionId,
    mut incoming: impl futures::Stream<Item = Result<Message, WebSocketError>> + Unpin,
    mut closed: oneshot::Receiver<()>,
) {
    let mut code = None;
    // The halves of a socket do not tell when it is open; what comes from the server does.
    let mut is_open = false;
    let mut open = move || {
        if !std::mem::replace(&mut is_open, true) {
            session.step(Input::Opened(id));
        }
    };
    loop {
        match select(incoming.next(), &mut closed).await {
            Either::Left((Some(Ok(Message::Text(text))), _)) => {
                open();
                session.step(Input::Frame { connection: id, text });
            }
            // The server sends none in this version.
            Either::Left((Some(Ok(Message::Bytes(_))), _)) => {}
            Either::Left((Some(Err(WebSocketError::ConnectionClose(event))), _)) => {
                if event.code != BROKEN {
                    open();
                }
                code = Some(event.code);
                session.step(Input::CloseReason { connection: id, reason: event.reason });
                break;
            }
            Either::Left((Some(Err(_)) | None, _)) => break,
            // Dropping both halves closes the connection.
            Either::Right(_) => return,
        }
    }
    session.step(Input::Closed { connection: id, code });
}
