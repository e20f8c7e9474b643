//! The browser's side: clock, randomness, storage, and the page around the app.

use leptos::prelude::*;
use protocol::{ClientId, RoomId, UnixMs, UserId, json};
use wasm_bindgen::{JsCast as _, JsValue, prelude::Closure};

use crate::{
    address::Address,
    frame::Inhabited,
    initial::{Initial, Inside},
    theme::{THEME_COOKIE, Theme},
    time::{Civil, Times},
};

mod badge;
mod echo;
mod focus;
mod kept;
mod links;
mod outbox;
mod over;
mod redrawn;
mod served;
mod socket;
mod transport;

pub(crate) use badge::set_badge;
pub(crate) use echo::{Echo, Ticking};
pub(crate) use focus::{has_focus, has_focus_in_row, has_open_dialog, hold_focus, is_typing, keep_focus, take_focus};
pub(crate) use kept::note_place;
pub(crate) use links::{follow_links, push_address, submit};
pub(crate) use over::{close as close_over, open_dialog};
pub(crate) use redrawn::{Redrawn, redrawn};
pub(crate) use served::as_served;
pub(crate) use transport::{connect, every_second, perform, probe, read, spawn};

/// Takes over the page that the server rendered.
pub fn start() {
    std::panic::set_hook(Box::new(|panic| {
        web_sys::console::error_1(&panic.to_string().into());
        if let Some(notice) = document().get_element_by_id("crashed") {
            _ = notice.remove_attribute("hidden");
        }
    }));
    let data = document().get_element_by_id("initial").and_then(|element| element.text_content()).unwrap_or_default();
    let initial: Initial<Inside> =
        json::read(&data).expect("the server writes what it knows into every page that starts the program");
    leptos::mount::hydrate_body(move || {
        let address = Address::new(&links::current_address());
        Times::provide(&initial);
        provide_context(current_theme());
        view! { <Inhabited inside=initial.page address/> }
    });
}

/// Milliseconds since the page was opened; never goes back.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "milliseconds since the page was opened")]
pub(crate) fn monotonic() -> client::Instant {
    client::Instant(clock_ms() as u64)
}

/// Milliseconds since the page was opened. It is asked for at every frame: where the clock is is asked once.
fn clock_ms() -> f64 {
    thread_local! {
        static CLOCK: Option<web_sys::Performance> = window().performance();
    }
    CLOCK.with(|clock| clock.as_ref().map_or(0.0, web_sys::Performance::now))
}

/// As [`monotonic`], in microseconds, as far as the browser tells them.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "microseconds since the page was opened")]
pub(crate) fn monotonic_us() -> u64 {
    (clock_ms() * 1_000.0) as u64
}

/// The time of this device.
pub(crate) fn now() -> UnixMs {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the browser's clock")]
    let now = js_sys::Date::now();
    #[expect(clippy::cast_possible_truncation, reason = "an integral number of milliseconds, below 2^53")]
    UnixMs(now as i64)
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if let Ok(crypto) = window().crypto() {
        _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    bytes
}

/// For the jitter of reconnecting.
pub(crate) fn seed() -> u64 {
    u64::from_le_bytes(random())
}

/// The id of a new command.
pub(crate) fn new_client_id() -> ClientId {
    ClientId::new(now(), &random())
}

/// What calendar and clock show in a zone; without one, in UTC.
pub(crate) fn civil(at: UnixMs, zone: Option<&str>) -> Civil {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are below 2^53")]
    let date = js_sys::Date::new(&JsValue::from_f64(at.0 as f64));
    // What is read below is always UTC: of a moment that shows there what the zone shows now.
    let shown = zone.and_then(|zone| as_if_utc(&date, zone)).unwrap_or(date);
    let small = |number: u32| u8::try_from(number).unwrap_or(0);
    Civil {
        year: i16::try_from(shown.get_utc_full_year()).unwrap_or(0),
        month: small(shown.get_utc_month() + 1),
        day: small(shown.get_utc_date()),
        weekday: small((shown.get_utc_day() + 6) % 7),
        hour: small(shown.get_utc_hours()),
        minute: small(shown.get_utc_minutes()),
    }
}

/// The moment at which UTC shows what a zone shows at `date`.
fn as_if_utc(date: &js_sys::Date, zone: &str) -> Option<js_sys::Date> {
    thread_local! {
        static OWN: Option<String> = own_zone();
    }
    if OWN.with(|own| own.as_deref() == Some(zone)) {
        let offset_ms = date.get_timezone_offset() * 60_000.0;
        return Some(js_sys::Date::new(&JsValue::from_f64(date.get_time() - offset_ms)));
    }
    // Of all locales, Swedish writes dates as ISO 8601 does: `2026-11-21 03:30:00`.
    let options = js_sys::Object::new();
    js_sys::Reflect::set(&options, &"timeZone".into(), &zone.into()).ok()?;
    // Called this way, because a zone that the browser does not know makes it throw.
    let write = js_sys::Reflect::get(date, &"toLocaleString".into()).ok()?.dyn_into::<js_sys::Function>().ok()?;
    let text = write.call2(date, &"sv-SE".into(), &options).ok()?.as_string()?;
    let parsed = js_sys::Date::new(&JsValue::from_str(&format!("{}Z", text.replace(' ', "T"))));
    (!parsed.get_time().is_nan()).then_some(parsed)
}

/// The zone of this device.
pub(crate) fn own_zone() -> Option<String> {
    let format = js_sys::Intl::DateTimeFormat::new(&js_sys::Array::new(), &js_sys::Object::new());
    js_sys::Reflect::get(&format.resolved_options(), &"timeZone".into()).ok()?.as_string()
}

/// The theme that the server drew the page in.
fn current_theme() -> Theme {
    Theme::read(document().document_element().and_then(|root| root.get_attribute("data-theme")).as_deref())
}

/// Shows the page in another theme, and asks the server for it from now on.
pub(crate) fn set_theme(theme: Theme) {
    set_cookie(THEME_COOKIE, theme.word().unwrap_or_default());
    if let Some(root) = document().document_element() {
        _ = match theme.word() {
            Some(word) => root.set_attribute("data-theme", word),
            None => root.remove_attribute("data-theme"),
        };
    }
    if let Ok(Some(meta)) = document().query_selector("meta[name=color-scheme]") {
        _ = meta.set_attribute("content", theme.color_scheme());
    }
}

/// A text as a part of an address, or of a cookie.
pub(crate) fn encoded(text: &str) -> String {
    js_sys::encode_uri_component(text).into()
}

/// Tells the server the zone with the next request.
pub(crate) fn remember_zone(name: Option<&str>) {
    if let Some(name) = name {
        set_cookie("zone", &encoded(name));
    }
}

/// Tells the server where `/` should lead, and the room switcher where one has been.
pub(crate) fn remember_room(user: UserId, id: RoomId) {
    set_cookie("room", &id.to_string());
    let mut rooms = recent_rooms(user);
    rooms.retain(|room| *room != id);
    rooms.insert(0, id);
    rooms.truncate(RECENT_MAX);
    let list: Vec<String> = rooms.iter().map(RoomId::to_string).collect();
    if let Some(storage) = local() {
        _ = storage.set_item(&recent_key(user), &list.join(" "));
    }
}

/// Rooms remembered as visited.
const RECENT_MAX: usize = 20;

fn recent_key(user: UserId) -> String {
    format!("parlor.recent.{user}")
}

/// Where one was last, the latest first.
pub(crate) fn recent_rooms(user: UserId) -> Vec<RoomId> {
    let list = local().and_then(|storage| storage.get_item(&recent_key(user)).ok().flatten()).unwrap_or_default();
    list.split(' ').filter_map(|id| id.parse().ok().map(RoomId)).collect()
}

fn set_cookie(name: &str, value: &str) {
    if let Ok(document) = document().dyn_into::<web_sys::HtmlDocument>() {
        _ = document.set_cookie(&format!("{name}={value}; path=/; max-age=31536000; samesite=lax"));
    }
}

/// The text that the tab and the history show.
pub(crate) fn set_title(title: &str) {
    document().set_title(title);
}

/// The server's address, as links begin with it.
pub(crate) fn origin() -> String {
    window().location().origin().unwrap_or_default()
}

/// Gives the focus to an element.
pub(crate) fn focus(id: &str) {
    if let Some(element) = document().get_element_by_id(id)
        && let Some(element) = element.dyn_ref::<web_sys::HtmlElement>()
    {
        _ = element.focus();
    }
}

/// Puts a text into the clipboard, where the browser lets pages do so; `then` hears whether it did.
pub(crate) fn copy(text: String, then: impl FnOnce(bool) + 'static) {
    // Pages that came without encryption have none.
    let clipboard = js_sys::Reflect::get(&window().navigator(), &"clipboard".into()).unwrap_or_default();
    let Some(clipboard) = clipboard.dyn_ref::<web_sys::Clipboard>() else {
        then(false);
        return;
    };
    let written = wasm_bindgen_futures::JsFuture::from(clipboard.write_text(&text));
    leptos::task::spawn_local(async move { then(written.await.is_ok()) });
}

/// Loads the page again.
pub(crate) fn reload() {
    _ = window().location().reload();
}

/// Does this once what runs now has ended.
pub(crate) fn later(action: impl FnOnce() + 'static) {
    queue_microtask(action);
}

fn local() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

fn draft_key(user: UserId, room: RoomId) -> String {
    format!("parlor.draft.{user}.{room}")
}

/// What was being written in a room.
pub(crate) fn draft(user: UserId, room: RoomId) -> String {
    local().and_then(|storage| storage.get_item(&draft_key(user, room)).ok().flatten()).unwrap_or_default()
}

/// Keeps what is being written; a full storage is no reason to stop writing.
pub(crate) fn keep_draft(user: UserId, room: RoomId, text: &str) {
    if let Some(storage) = local() {
        let key = draft_key(user, room);
        _ = if text.is_empty() { storage.remove_item(&key) } else { storage.set_item(&key, text) };
    }
}

const RELOADED_FOR: &str = "parlor.reloaded_for";

/// The build of the server for which this tab was loaded again.
pub(crate) fn reloaded_for() -> Option<String> {
    window().session_storage().ok().flatten()?.get_item(RELOADED_FOR).ok().flatten()
}

fn note_reload(build: &str) {
    if let Ok(Some(storage)) = window().session_storage() {
        _ = storage.set_item(RELOADED_FOR, build);
    }
}

/// Hears an event for as long as the page lives.
fn listen(target: &web_sys::EventTarget, name: &str, action: impl Fn() + 'static) {
    let closure = Closure::<dyn Fn()>::new(action);
    _ = target.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
    closure.forget();
}

/// A text in small letters; the browser has the tables for it.
pub(crate) fn lower_case(text: &str) -> String {
    js_sys::JsString::from(text).to_lower_case().into()
}
