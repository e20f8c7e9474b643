//! Links inside: followed without loading the page, as long as nothing says otherwise. What the server draws is gone to
//! once it can be reached: a page that stays is worth more than one that says that there is no connection.

use std::cell::Cell;

use client::Probe;
use leptos::prelude::*;
use wasm_bindgen::{JsCast as _, JsValue, prelude::Closure};
use web_sys::{Element, HtmlAnchorElement, HtmlFormElement, MouseEvent, SubmitEvent};

use super::{kept, over, probe, spawn};
use crate::{address::Address, connection::ConnectionView, place::Place, session::Session};

/// The address of the page, as path, query and fragment.
pub(crate) fn current_address() -> String {
    let location = window().location();
    let part = |read: Result<String, JsValue>| read.unwrap_or_default();
    part(location.pathname()) + &part(location.search()) + &part(location.hash())
}

/// Puts an address into the history of the tab, unless it is the one that is open.
pub(crate) fn push_address(to: &str) {
    kept::flush();
    over::close();
    if to != current_address() {
        kept::forget();
        over::push(Some(to), false);
    }
}

/// From here on links and the history change `address`, for as long as the page lives.
pub(crate) fn follow_links(session: Session, address: Address) {
    let on_click = Closure::<dyn Fn(MouseEvent)>::new(move |event: MouseEvent| match followed(&event) {
        Some(Way::Here(to)) => {
            event.prevent_default();
            address.go(&to);
        }
        Some(Way::Server(to)) if is_cut_off(session) => {
            event.prevent_default();
            once_reached(
                session,
                Box::new(move || {
                    over::close();
                    _ = window().location().assign(&to);
                }),
            );
        }
        // Who comes back finds the page without what was open.
        Some(Way::Server(_)) => _ = over::close(),
        None => {}
    });
    _ = window().add_event_listener_with_callback("click", on_click.as_ref().unchecked_ref());
    on_click.forget();
    let on_submit = Closure::<dyn Fn(SubmitEvent)>::new(move |event: SubmitEvent| {
        let form = event.target().and_then(|target| target.dyn_into::<HtmlFormElement>().ok());
        let form = form.filter(|form| !event.default_prevented() && form.method() != "dialog");
        if let Some(form) = form.filter(|_| is_cut_off(session) && !IS_REACHED.get()) {
            event.prevent_default();
            once_reached(session, Box::new(move || ask_again(&form)));
        }
    });
    _ = window().add_event_listener_with_callback("submit", on_submit.as_ref().unchecked_ref());
    on_submit.forget();
    super::listen(&window(), "popstate", move || {
        // Not the path: one has what is no ASCII encoded, the other as it is.
        let place = Place::of_path(&window().location().pathname().unwrap_or_default());
        if !over::went_back(place == address.place_untracked()) {
            over::close();
            kept::forget();
            address.arrive(&current_address());
        }
    });
    over::follow();
}

/// Submits a form without asking anybody, after `before`: once the server can be reached, if it may be out of reach.
pub(crate) fn submit(session: Session, form: HtmlFormElement, before: Box<dyn FnOnce()>) {
    let go = move || {
        before();
        _ = form.submit();
    };
    if is_cut_off(session) {
        once_reached(session, Box::new(go));
    } else {
        go();
    }
}

/// Submits a form as a press on its button does: what there is to be asked first may have changed while it waited.
fn ask_again(form: &HtmlFormElement) {
    IS_REACHED.set(true);
    _ = form.request_submit();
    IS_REACHED.set(false);
}

/// Whether the server may be out of reach.
fn is_cut_off(session: Session) -> bool {
    !matches!(session.connection.get_untracked(), ConnectionView::Opening | ConnectionView::Connected)
}

thread_local! {
    /// Counts what was to be done once the server is reached.
    static ASKED: Cell<u32> = const { Cell::new(0) };

    /// A form is being submitted of which is known that it arrives.
    static IS_REACHED: Cell<bool> = const { Cell::new(false) };
}

const ASKING: &str = "The server is being looked for …";
const UNREACHED: &str = "This needs the server, which cannot be reached. Try again when you are connected.";

/// Does it if the server answers: where only sockets do not get through, pages still come. Else says why not. What was
/// asked for before, or on a page that was left meanwhile, is not done.
fn once_reached(session: Session, go: Box<dyn FnOnce()>) {
    let (asked, here) = (ASKED.get() + 1, window().location().pathname());
    ASKED.set(asked);
    session.complaint.set(Some(ASKING.to_owned()));
    spawn(async move {
        let answer = probe().await;
        let is_meant = ASKED.get() == asked && window().location().pathname() == here;
        let is_reached = answer != Probe::Unreachable;
        session.complaint.update(|complaint| {
            if complaint.as_deref() == Some(ASKING) && ASKED.get() == asked {
                *complaint = (is_meant && !is_reached).then(|| UNREACHED.to_owned());
            }
        });
        if is_meant && is_reached {
            go();
        }
    });
}

/// Where a link leads.
enum Way {
    /// To a page that is drawn here.
    Here(String),
    /// To one that the server draws.
    Server(String),
}

/// Where a click leads, if it is on a link to a page of this server and asks for nothing else, such as another tab.
fn followed(event: &MouseEvent) -> Option<Way> {
    let has_modifier = event.meta_key() || event.alt_key() || event.ctrl_key() || event.shift_key();
    if event.default_prevented() || event.button() != 0 || has_modifier {
        return None;
    }
    let link =
        event.target()?.dyn_into::<Element>().ok()?.closest("a[href]:not([href='']):not([href^='#'])").ok()??;
    let link = link.dyn_into::<HtmlAnchorElement>().ok()?;
    let is_external = link.rel().split_ascii_whitespace().any(|word| word == "external");
    let is_plain = link.target().is_empty() && !link.has_attribute("download");
    let is_ours = window().location().origin().is_ok_and(|origin| origin == link.origin());
    let to = link.pathname() + &link.search() + &link.hash();
    (is_plain && is_ours).then_some(if is_external { Way::Server(to) } else { Way::Here(to) })
}
