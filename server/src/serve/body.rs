//! The time that a request's body may take, in all: a limit between two bytes would let a byte a second pass.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use hyper::body::{Frame, SizeHint};
use protocol::ErrorCode;
use tokio::time::{Sleep, sleep};

use crate::{error::ApiError, state::AppState};

/// The middleware. Who is late is told so, and the connection ends: the rest of the body cannot be told from the next
/// request.
pub(crate) async fn within_time(State(app): State<AppState>, request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let is_late = Arc::new(AtomicBool::new(false));
    let timed = |inner| {
        let deadline = Box::pin(sleep(app.config.timeouts.body));
        Body::new(Timed { inner, deadline, is_late: Arc::clone(&is_late) })
    };
    let response = next.run(request.map(timed)).await;
    if !is_late.load(Relaxed) {
        return response;
    }
    let error = ApiError::from(ErrorCode::Malformed)
        .status(StatusCode::REQUEST_TIMEOUT)
        .message("What you sent took too long to arrive. Try again when your connection is better.");
    let mut response = error.into_response();
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

struct Timed {
    inner: Body,
    deadline: Pin<Box<Sleep>>,
    is_late: Arc<AtomicBool>,
}

#[derive(Debug, thiserror::Error)]
#[error("the body took too long to arrive")]
struct Late;

impl HttpBody for Timed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) {
            return Poll::Ready(frame);
        }
        if self.deadline.as_mut().poll(cx).is_ready() {
            self.is_late.store(true, Relaxed);
            return Poll::Ready(Some(Err(axum::Error::new(Late))));
        }
        Poll::Pending
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
