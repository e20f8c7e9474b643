//! A WebSocket handshake (RFC 6455 §4.2): what is one, how it is answered, and the socket that comes of it.
//!
//! axum's extractor says what a handshake is. Answered it is here: axum's sockets lie on those of another library, which
//! keep more for each than Parlor wants to give to who is idle; see [`Wire`].

use std::future::Future;

use axum::{
    extract::{FromRequestParts, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use protocol::{ErrorCode, SUBPROTOCOL};
use tungstenite::handshake::derive_accept_key;

use super::wire::Wire;
use crate::{error::ApiError, serve::Stream};

/// Bytes of the key with which a client asks (§4.1).
const KEY_BYTES: usize = 16;

/// An open socket. Apart from what holds it: that may be moved around, and be kept twice while it is.
pub(super) type Socket = Box<Wire<Stream>>;

/// See the module.
pub(super) struct Handshake {
    upgrade: WebSocketUpgrade,
    key: HeaderValue,
    on_upgrade: OnUpgrade,
}

impl<S: Send + Sync> FromRequestParts<S> for Handshake {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        // The extractor takes it away.
        let on_upgrade = parts.extensions.get::<OnUpgrade>().cloned();
        let upgrade = WebSocketUpgrade::from_request_parts(parts, state).await.map_err(no_handshake)?;
        let (Some(key), Some(on_upgrade)) = (parts.headers.get(header::SEC_WEBSOCKET_KEY), on_upgrade) else {
            return Err(refused(StatusCode::BAD_REQUEST));
        };
        // The library takes any key; the RFC wants one of 16 bytes.
        match BASE64_STANDARD.decode(key) {
            Ok(bytes) if bytes.len() == KEY_BYTES => Ok(Self { upgrade, key: key.clone(), on_upgrade }),
            Ok(_) | Err(_) => Err(refused(StatusCode::BAD_REQUEST)),
        }
    }
}

impl Handshake {
    /// A client that names protocols has to name ours; one that names none is taken to speak it.
    pub(super) fn agree_on_protocol(&mut self) -> Result<(), ApiError> {
        let ours = HeaderValue::from_static(SUBPROTOCOL);
        let is_offered = self.upgrade.requested_protocols().any(|protocol| *protocol == ours);
        let is_silent = self.upgrade.requested_protocols().next().is_none();
        if is_offered {
            self.upgrade.set_selected_protocol(ours);
        } else if !is_silent {
            let message = format!("This server speaks the subprotocol {SUBPROTOCOL}. Offer it, or none.");
            return Err(ApiError::from(ErrorCode::Unsupported).message(message));
        }
        Ok(())
    }

    /// Says yes. Once that is written, what `serve` makes of the socket runs in a task of its own.
    pub(super) fn accept<F>(self, serve: impl FnOnce(Socket) -> F + Send + 'static) -> Response
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let Self { upgrade, key, on_upgrade } = self;
        tokio::spawn(async move {
            if let Some(socket) = open(on_upgrade).await {
                // Not in this one: a task is as large as the largest thing that it has ever done.
                tokio::spawn(serve(socket));
            }
        });
        let accepted = [
            (header::CONNECTION, "upgrade".to_owned()),
            (header::UPGRADE, "websocket".to_owned()),
            (header::SEC_WEBSOCKET_ACCEPT, derive_accept_key(key.as_bytes())),
        ];
        let mut response = (StatusCode::SWITCHING_PROTOCOLS, accepted).into_response();
        if let Some(protocol) = upgrade.selected_protocol() {
            response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, protocol.clone());
        }
        response
    }
}

/// The connection, once HTTP is over; none where it has ended before that.
async fn open(on_upgrade: OnUpgrade) -> Option<Socket> {
    let upgraded = on_upgrade.await.inspect_err(|error| tracing::debug!(?error, "no socket")).ok()?;
    let Ok(parts) = upgraded.downcast::<TokioIo<Stream>>() else {
        tracing::error!("a connection of a kind that is not served here");
        return None;
    };
    Some(Box::new(Wire::new(parts.io.into_inner(), &parts.read_buf)))
}

/// One of another version is told which one is spoken here (§4.2.2).
fn no_handshake(rejection: WebSocketUpgradeRejection) -> ApiError {
    let is_other_version = matches!(rejection, WebSocketUpgradeRejection::InvalidWebSocketVersionHeader(_));
    refused(if is_other_version { StatusCode::UPGRADE_REQUIRED } else { rejection.into_response().status() })
}

fn refused(status: StatusCode) -> ApiError {
    ApiError::from(ErrorCode::Malformed)
        .status(status)
        .message("This address takes WebSocket connections (RFC 6455) only.")
}
