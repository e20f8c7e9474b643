//! The server: HTTP, sockets, accounts, and the store behind its traits.
//!
//! [`run`] serves on a bound listener until told to stop; the command line (`main.rs`) only reads settings and
//! calls it. There is no HTML here (pages are drawn by `app`) and no SQL outside `store`.

use std::{future::Future, time::Duration};

use axum::{Router, extract::DefaultBodyLimit, http::StatusCode, middleware::from_fn_with_state};
use protocol::ErrorCode;
use tokio::net::TcpListener;

pub mod api;
pub mod assets;
pub mod auth;
pub mod bus;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod error;
pub mod failpoint;
mod headers;
pub mod hub;
pub mod json;
pub mod limits;
mod maps;
mod pages;
pub mod presence;
mod profile;
pub mod rates;
pub mod sabotage;
pub mod serve;
mod settings;
pub mod socket;
pub mod state;
pub mod store;

pub use config::Config;
pub use state::{App, AppState};

use clock::{Clock, Randomness};
use error::ApiError;
use store::StoreError;

/// Why the server ended without being told to.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The data directory could not be opened.
    #[error("cannot open the data directory")]
    Store(#[from] StoreError),
    /// What was to be listened on has no address.
    #[error("cannot accept connections")]
    Accept(#[from] std::io::Error),
}

/// Serves on `listener` until `shutdown` completes, then lets what is under way end.
///
/// # Errors
/// The data directory cannot be opened, or connections cannot be accepted.
pub async fn run(
    listener: TcpListener,
    config: Config,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), RunError> {
    // With port 0 the system has chosen one; links are made from it.
    let config = Config { listen: listener.local_addr()?, ..config };
    let app = App::open(config, Clock::System, Randomness::System).await?;
    run_app(listener, app, shutdown).await
}

/// [`run`], with a state that the caller has made: tests bring their own clock and randomness.
///
/// # Errors
/// None by now: what fails with one connection ends that one.
pub async fn run_app(
    listener: TcpListener,
    app: AppState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), RunError> {
    app.tasks.spawn(auth::connected::watch(app.clone()));
    let told_to_leave = async {
        shutdown.await;
        // Load balancers look at this now and then, and send requests until they have.
        app.drain.unready();
        tokio::time::sleep(Duration::from_millis(app.config.drain_delay_ms)).await;
    };
    serve::accept(listener, router(&app), &app, told_to_leave).await;
    serve::drain::leave(&app).await;
    Ok(())
}

/// Every address that the server answers on. One line a room of the house.
fn router(app: &AppState) -> Router {
    let body_bytes_max = usize::try_from(app.config.limits.body_bytes).unwrap_or(usize::MAX);
    Router::new()
        .merge(serve::health::routes())
        .merge(api::routes())
        .merge(socket::routes())
        .merge(auth::forms::routes())
        .merge(auth::sessions::routes())
        .merge(auth::invites::routes())
        .merge(profile::routes())
        .merge(pages::routes())
        .merge(settings::routes())
        .fallback(pages::fallback)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(body_bytes_max))
        .layer(from_fn_with_state(app.clone(), serve::body::within_time))
        // From the outside in: headers, then errors, then floods, then the gate against other sites, then the routes.
        .layer(from_fn_with_state(app.clone(), auth::origin::guard))
        .layer(from_fn_with_state(app.clone(), rates::by_address))
        .layer(from_fn_with_state(app.clone(), error::report))
        .layer(from_fn_with_state(app.clone(), headers::secure))
        .with_state(app.clone())
}

async fn method_not_allowed() -> ApiError {
    ApiError::from(ErrorCode::Malformed)
        .status(StatusCode::METHOD_NOT_ALLOWED)
        .message("This address does not take that method. Its description is in docs/protocol.md.")
}
