//! The server's side: a page as text. Nothing happens in it afterwards, so most functions do nothing.

use client::{Output, Probe};
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use leptos::prelude::*;
use protocol::{ClientId, RoomId, UnixMs, UserId};
use web_sys::HtmlFormElement;

use crate::{
    address::Address, diagnostics::Echoed, initial::Initial, scroll::Anchor, session::Session, theme::Theme,
    time::Civil,
};

mod shell;

pub use shell::Assets;
use shell::Document;

/// Renders a page in its reader's theme. `path` is the path and the query of its address; `nonce` allows the page's own
/// scripts.
#[must_use]
pub fn render(initial: Initial, theme: Theme, assets: &Assets, path: &str, nonce: &str) -> String {
    let owner = Owner::new();
    let html = owner.with(|| {
        let address = Address::new(path);
        let (assets, nonce) = (assets.clone(), nonce.to_owned());
        provide_context(theme);
        view! { <Document initial theme address assets nonce/> }.to_html()
    });
    owner.cleanup();
    html
}

/// Draws one element, which the browser keeps as it is.
pub(crate) fn as_served<V: IntoView>(draw: impl FnOnce() -> V) -> impl IntoView {
    draw()
}

/// Draws a part; the browser draws it anew when something that `draw` reads has changed.
pub(crate) fn redrawn<V: RenderHtml + 'static>(draw: impl FnMut() -> V + Send + 'static) -> impl IntoView {
    draw
}

/// Whether this is a time zone that times can be written in.
#[must_use]
pub fn is_known_zone(name: &str) -> bool {
    TimeZone::get(name).is_ok()
}

/// The midnight with which this day ends in a zone, or one so many days later.
pub(crate) fn midnight(at: UnixMs, zone: Option<&str>, days_later: u8) -> UnixMs {
    let zone = zone.and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
    let local = Timestamp::from_millisecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone);
    let midnight = local.checked_add((1 + i64::from(days_later)).days()).and_then(|day| day.start_of_day());
    midnight.map_or(at, |midnight| UnixMs(midnight.timestamp().as_millisecond()))
}

/// The zones that people live in, by name.
pub(crate) fn zones() -> Vec<String> {
    // `Europe/Berlin` and `UTC`; not `posix/Europe/Berlin` or `localtime`, which databases have for programs.
    let names = jiff::tz::db().available().map(|zone| zone.as_str().to_owned());
    names.filter(|name| name.starts_with(|first: char| first.is_ascii_uppercase()) && name != "Factory").collect()
}

pub(crate) fn civil(at: UnixMs, zone: Option<&str>) -> Civil {
    let zone = zone.and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
    let local = Timestamp::from_millisecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone);
    let number = |value: i8| value.unsigned_abs();
    Civil {
        year: local.year(),
        month: number(local.month()),
        day: number(local.day()),
        weekday: number(local.weekday().to_monday_zero_offset()),
        hour: number(local.hour()),
        minute: number(local.minute()),
    }
}

pub(crate) fn own_zone() -> Option<String> {
    None
}

pub(crate) fn remember_zone(_name: Option<&str>) {}

pub(crate) fn remember_room(_user: UserId, _id: RoomId) {}

pub(crate) fn recent_rooms(_user: UserId) -> Vec<RoomId> {
    Vec::new()
}

pub(crate) fn note_place(_anchor: Option<&Anchor>) {}

pub(crate) fn set_title(_title: &str) {}

pub(crate) fn set_theme(_theme: Theme) {}

pub(crate) fn set_badge(_unread: u32) {}

pub(crate) fn has_focus() -> bool {
    false
}

pub(crate) fn has_focus_in_row() -> bool {
    false
}

pub(crate) fn take_focus(_composer: &web_sys::HtmlElement) {}

pub(crate) fn keep_focus(_pressed: &web_sys::MouseEvent) {}

pub(crate) fn hold_focus(_buttons: &web_sys::Element) {}

pub(crate) fn is_typing() -> bool {
    false
}

pub(crate) fn has_open_dialog() -> bool {
    false
}

pub(crate) fn reload() {}

pub(crate) fn follow_links(_session: Session, _address: Address) {}

pub(crate) fn submit(_session: Session, _form: HtmlFormElement, _before: Box<dyn FnOnce()>) {}

pub(crate) fn origin() -> String {
    String::new()
}

pub(crate) fn focus(_id: &str) {}

pub(crate) fn copy(_text: String, _then: impl FnOnce(bool) + 'static) {}

pub(crate) fn encoded(text: &str) -> String {
    text.to_owned()
}

pub(crate) fn read(_path: String, _then: impl FnOnce(Option<String>) + 'static) {}

pub(crate) fn push_address(_to: &str) {}

pub(crate) fn open_dialog(_dialog: &web_sys::HtmlDialogElement) {}

pub(crate) fn close_over() -> bool {
    false
}

/// A page is drawn once: nothing comes later.
pub(crate) fn later(_action: impl FnOnce() + 'static) {}

pub(crate) fn draft(_user: UserId, _room: RoomId) -> String {
    String::new()
}

pub(crate) fn keep_draft(_user: UserId, _room: RoomId, _text: &str) {}

pub(crate) fn reloaded_for() -> Option<String> {
    None
}

pub(crate) fn monotonic() -> client::Instant {
    client::Instant::default()
}

/// What time passes is told by the page's own data.
pub(crate) fn now() -> UnixMs {
    UnixMs::default()
}

pub(crate) fn seed() -> u64 {
    0
}

/// Commands are made in the browser only.
pub(crate) fn new_client_id() -> ClientId {
    ClientId::new(UnixMs::default(), &[0; 10])
}

pub(crate) fn connect(_session: Session) {}

pub(crate) fn monotonic_us() -> u64 {
    0
}

pub(crate) async fn probe() -> Probe {
    Probe::Unreachable
}

/// Nothing is measured here.
pub(crate) struct Echo;

impl Echo {
    pub(crate) fn open(_hears: impl Fn(Echoed) + Copy + 'static) -> Self {
        Self
    }

    pub(crate) fn send_text(&self, _text: &str) {}

    pub(crate) fn send_bytes(&self, _bytes: &[u8]) {}
}

pub(crate) struct Ticking;

impl Ticking {
    pub(crate) fn every(_ms: u32, _action: impl FnMut() + 'static) -> Self {
        Self
    }
}

pub(crate) fn every_second(_action: impl FnMut() + 'static) {}

pub(crate) fn perform(_session: Session, _output: Output) {}

pub(crate) fn spawn(_task: impl Future<Output = ()> + 'static) {}

/// A text in small letters.
pub(crate) fn lower_case(text: &str) -> String {
    text.to_lowercase()
}
