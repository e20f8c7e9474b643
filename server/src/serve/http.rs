//! HTTP on one connection: hyper's, with bounds on a head, and an end for peers that take too long over one.
//!
//! Nothing is answered to who is late with a head: an answer to no request would be taken for the answer to the next.

use std::{
    convert::Infallible,
    future::{Future as _, poll_fn},
    pin::pin,
    sync::Arc,
    task::{Poll, ready},
};

use axum::{
    Router,
    extract::ConnectInfo,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tower_service::Service as _;

use super::{
    line::{Line, Phase, Stream},
    timeouts::Timeouts,
};

/// Bytes of a request's head, with its first line. Of headers hyper takes 100, without being told.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// Bytes read ahead on one connection: a head, and a little of what follows it.
const READ_BYTES_MAX: usize = 72 * 1024;

/// Serves a connection until it ends or becomes a socket.
///
/// Once `leaving`, the request that has begun is answered, and the connection ends after it.
pub(super) async fn serve(stream: Stream, router: Router, timeouts: Timeouts, leaving: CancellationToken) {
    let line = Arc::clone(stream.line());
    let service = service_fn({
        let (line, leaving) = (Arc::clone(&line), leaving.clone());
        move |request| answer(request, router.clone(), Arc::clone(&line), leaving.clone())
    });
    let mut builder = http1::Builder::new();
    // The times are kept here; see `Line`.
    builder.header_read_timeout(None).max_header_size(HEAD_BYTES_MAX).max_buf_size(READ_BYTES_MAX);
    let mut http = pin!(builder.serve_connection(TokioIo::new(stream), service).with_upgrades());
    let mut leaving = pin!(leaving.cancelled_owned());
    let mut alarm = pin!(sleep_until(Instant::now() + timeouts.headers));
    let mut is_last = false;

    poll_fn(|cx| {
        loop {
            // Always first: what has arrived is read before anything is given up.
            if let Poll::Ready(ended) = http.as_mut().poll(cx) {
                if let Err(error) = ended {
                    tracing::debug!(?error, "a connection ended");
                }
                return Poll::Ready(());
            }
            // Between requests hyper closes at once, also where a head has begun: that one is waited for.
            if !is_last && line.phase() != Phase::Head && leaving.as_mut().poll(cx).is_ready() {
                is_last = true;
                http.as_mut().graceful_shutdown();
                continue;
            }
            let phase = line.timed();
            let deadline = match phase {
                // The last answer is being taken; the system ends that if it stops.
                Phase::Idle if is_last => None,
                Phase::New | Phase::Head | Phase::Answering | Phase::Idle => line.deadline(&timeouts),
            };
            let Some(deadline) = deadline else { return Poll::Pending };
            if alarm.is_elapsed() || deadline < alarm.deadline() {
                alarm.as_mut().reset(deadline);
            }
            ready!(alarm.as_mut().poll(cx));
            if Instant::now() < deadline {
                continue;
            }
            is_last = true;
            http.as_mut().graceful_shutdown();
            if matches!(phase, Phase::New | Phase::Head) {
                // The end is said where hyper can say it; then it is the end anyway.
                let _ = http.as_mut().poll(cx);
                return Poll::Ready(());
            }
        }
    })
    .await;
}

/// Has a request answered, and notes when it came and when that was.
async fn answer(
    mut request: Request<Incoming>,
    mut router: Router,
    line: Arc<Line>,
    leaving: CancellationToken,
) -> Result<Response, Infallible> {
    request.extensions_mut().insert(ConnectInfo(line.peer));
    request.extensions_mut().insert(Arc::clone(&line));
    line.asked();
    let mut response = router.call(request).await?;
    line.answered();
    if leaving.is_cancelled() && response.status() != StatusCode::SWITCHING_PROTOCOLS {
        // hyper says so by itself, but not of a head that had begun before it was told.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}
