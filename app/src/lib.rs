//! Parlor's pages: rendered on the server, brought to life in the browser, from the same components.
//!
//! What a page shows comes from [`Initial`], which the server fills and the browser reads back from the page, so
//! that nothing is fetched twice. What differs between the two places is in `platform`, and nowhere else.
//! Nothing here knows SQL, and no component sets HTML from text.
#![recursion_limit = "256"]
#![expect(unreachable_pub, reason = "the component macro makes the functions that it writes public")]

mod account;
mod actions;
mod adding;
mod address;
#[cfg(not(target_arch = "wasm32"))]
mod app;
mod attributes;
#[cfg(not(target_arch = "wasm32"))]
mod auth;
mod avatar;
mod completion;
mod composer;
mod connection;
mod diagnostics;
mod directory;
mod doorstep;
mod edits;
mod erased;
#[cfg(not(target_arch = "wasm32"))]
mod failure;
mod frame;
mod hydration;
mod icons;
mod initial;
mod keys;
mod later;
mod markup;
mod members;
mod mentions;
mod message;
mod mute;
mod neighbours;
mod new_room;
mod news;
mod notice;
mod overlays;
mod pace;
mod parting;
mod picker;
mod place;
mod platform;
mod presence;
mod profile;
mod reactions;
mod replies;
mod room;
mod rooms;
mod rows;
mod scroll;
mod session;
#[cfg(not(target_arch = "wasm32"))]
mod settings;
mod shortcuts;
mod shown;
#[cfg(not(target_arch = "wasm32"))]
mod style;
mod switcher;
mod theme;
mod time;
mod timeline;
mod title;
mod typing;
mod unread;

pub use initial::settings as settings_pages;
pub use initial::{AuthForm, Failure, Form, Initial, Inside, Me, Open, Page, Registration};
#[doc(hidden)]
pub use markup::message_html;
pub use place::Place;
pub use theme::{THEME_COOKIE, Theme};

#[cfg(target_arch = "wasm32")]
pub use platform::start;
#[cfg(not(target_arch = "wasm32"))]
pub use platform::{Assets, is_known_zone, render};
