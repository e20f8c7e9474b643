//! Whether the server can be reached: quiet while it can, a banner with the next try while it cannot.

use client::{Connection, Engine, Instant, Reason};
use leptos::{either::EitherOf5, prelude::*};

use crate::{
    diagnostics,
    erased::{memo, on, redrawn},
    icons::{Icon, Sign},
    session::Session,
};

/// How the connection is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum ConnectionView {
    /// The page has just been opened: what it shows is as fresh as the page, so nothing needs to be said.
    #[default]
    Opening,
    /// Messages come and go.
    Connected,
    /// A try is being made.
    Trying,
    /// The next try is then, in seconds from now.
    Waiting {
        /// In seconds.
        next_try_s: u64,
    },
    /// A newer server was deployed, and this page does not understand it.
    Outdated,
}

impl ConnectionView {
    /// What the engine says about it.
    pub(crate) fn of(engine: &Engine, now: Instant) -> Self {
        if engine.is_outdated() {
            return Self::Outdated;
        }
        match engine.connection() {
            Connection::Online => Self::Connected,
            Connection::Connecting | Connection::LoggedOut => Self::Trying,
            Connection::Waiting { until, reason: Reason::Lost | Reason::Busy | Reason::Offline } => {
                let wait_ms = u64::try_from((until - now).as_millis()).unwrap_or(u64::MAX);
                Self::Waiting { next_try_s: wait_ms.div_ceil(1000) }
            }
        }
    }
}

/// The status, which screen readers hear when it changes.
#[component]
pub(crate) fn ConnectionStatus() -> impl IntoView {
    let session = expect_context::<Session>();
    // The seconds count down without the rest being written, and read out, again.
    let kind = memo(move || match session.connection.get() {
        ConnectionView::Waiting { .. } => ConnectionView::Waiting { next_try_s: 0 },
        other @ (ConnectionView::Opening
        | ConnectionView::Connected
        | ConnectionView::Trying
        | ConnectionView::Outdated) => other,
    });
    let seconds = move || match session.connection.get() {
        ConnectionView::Waiting { next_try_s } => next_try_s.to_string(),
        ConnectionView::Opening | ConnectionView::Connected | ConnectionView::Trying | ConnectionView::Outdated => {
            String::new()
        }
    };
    let is_banner = move || match kind.get() {
        ConnectionView::Opening | ConnectionView::Connected => false,
        ConnectionView::Trying | ConnectionView::Waiting { .. } | ConnectionView::Outdated => true,
    };
    view! {
        <div class="connection" class:connection--banner=is_banner role="status" aria-label="Connection">
            {redrawn(move || match kind.get() {
                ConnectionView::Opening => EitherOf5::A(()),
                ConnectionView::Connected => EitherOf5::B(view! { <span class="visually-hidden">"Connected"</span> }),
                ConnectionView::Trying => {
                    EitherOf5::C(view! {
                        <p class="connection__text">"Not connected. Trying to reach the server …"</p>
                        <a class="connection__more" href="/diagnostics">{diagnostics::TITLE}</a>
                    })
                }
                ConnectionView::Waiting { .. } => {
                    EitherOf5::D(view! {
                        <p class="connection__text">
                            "Not connected. What you write is kept and sent later. Next try in "
                            <span class="connection__seconds" aria-live="off">{seconds}</span> " s."
                        </p>
                        <a class="connection__more" href="/diagnostics">{diagnostics::TITLE}</a>
                        <button class="button button--small" type="button" on:click=on(move |_| session.wake())>
                            <Icon sign=Sign::Retry/> "Try now"
                        </button>
                    })
                }
                ConnectionView::Outdated => {
                    EitherOf5::E(view! {
                        <p class="connection__text">
                            "This server was updated, and this page is too old for it. Reload the page to go on."
                        </p>
                        <button class="button button--small" type="button" on:click=on(move |_| crate::platform::reload())>
                            "Reload"
                        </button>
                    })
                }
            })}
        </div>
    }
}
