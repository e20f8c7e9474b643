//! The sync engine: what a client of Parlor does, without doing any of it itself.
//!
//! [`Engine::step`] takes what happened (a frame, an answer, an intent of the user, the passing of time) and says
//! what is to be done about it. Sockets, HTTP, storage, timers, the clock and randomness belong to the transport:
//! the browser's in `app`, the native one behind the feature `native`, a simulated one in the tests. So every
//! order in which things can go wrong can be tried in a test.
//!
//! Invariants:
//! - State changes only by `protocol`'s reducers, event by event; what waits is laid over it when it is shown.
//! - At most one subscription per stream, one request per thing and one command per room is on its way.
//! - A command is on this device's disk before it is sent, and stays there until the server's is known to have it.

mod backoff;
mod engine;
mod fetch;
mod follow;
mod input;
mod journal;
mod link;
mod list;
mod open_room;
mod outbox;
mod output;
mod presence;
mod reading;
mod round_trips;
mod time;
mod view;

#[cfg(feature = "native")]
pub mod native;

pub use backoff::{BACKOFF_MS_MAX, BACKOFF_MS_MIN};
pub use engine::{ANSWER_MS_MAX, Engine, Faults, OPEN_ROOMS_MAX};
pub use fetch::{Answer, At, Fetch, FetchFailure, FetchId, PAGE_ENTRIES, Page, SUMMARIES_MAX};
pub use follow::BEHIND_MS_MAX;
pub use input::{ConnectionId, Input, Intent, Probe, Start};
pub use journal::{Counts, HAPPENINGS_MAX, Happening, Journal, Loss, TIMED_MESSAGES_MAX, Timed, What};
pub use link::{CONNECT_MS_MAX, Connection, Reason};
pub use outbox::OutboxEntry;
pub use output::{Change, Output, PROBE_PATH};
pub use presence::{AWAY_AFTER_MS, HIDDEN_AFTER_MS, TYPING_INTERVAL_MS};
pub use reading::READ_CURSOR_INTERVAL_MS;
pub use round_trips::{Fate, ROUND_TRIP_MS_MAX, ROUND_TRIPS_WINDOW, RoundTrips, Summary, loss_percent, percentile};
pub use time::Instant;
pub use view::{Content, Key, Line, PendingChange, RoomState, RoomView, Status};
