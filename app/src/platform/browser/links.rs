//! Links inside: followed without loading the page, as long as nothing says otherwise.

use leptos::prelude::*;
use wasm_bindgen::{JsCast as _, JsValue, prelude::Closure};
use web_sys::{Element, HtmlAnchorElement, MouseEvent};

use super::kept;
use crate::address::Address;

/// The address of the page, as path, query and fragment.
pub(crate) fn current_address() -> String {
    let location = window().location();
    let part = |read: Result<String, JsValue>| read.unwrap_or_default();
    part(location.pathname()) + &part(location.search()) + &part(location.hash())
}

/// Puts an address into the history of the tab, unless it is the one that is open.
pub(crate) fn push_address(to: &str) {
    kept::flush();
    if to != current_address()
        && let Ok(history) = window().history()
    {
        _ = history.push_state_with_url(&JsValue::NULL, "", Some(to));
    }
}

/// From here on links and the history change `address`, for as long as the page lives.
pub(crate) fn follow_links(address: Address) {
    let on_click = Closure::<dyn Fn(MouseEvent)>::new(move |event: MouseEvent| {
        if let Some(to) = followed(&event) {
            event.prevent_default();
            address.go(&to);
        }
    });
    _ = window().add_event_listener_with_callback("click", on_click.as_ref().unchecked_ref());
    on_click.forget();
    super::listen(&window(), "popstate", move || {
        kept::drop_waiting();
        address.arrive(&current_address());
    });
}

/// Where a click leads, if it is on a link to a page inside and asks for nothing else, such as another tab.
fn followed(event: &MouseEvent) -> Option<String> {
    let has_modifier = event.meta_key() || event.alt_key() || event.ctrl_key() || event.shift_key();
    if event.default_prevented() || event.button() != 0 || has_modifier {
        return None;
    }
    let link = event.target()?.dyn_into::<Element>().ok()?.closest("a[href]:not([href=''])").ok()??;
    let link = link.dyn_into::<HtmlAnchorElement>().ok()?;
    let is_external = link.rel().split_ascii_whitespace().any(|word| word == "external");
    let is_plain = link.target().is_empty() && !link.has_attribute("download") && !is_external;
    let is_ours = window().location().origin().is_ok_and(|origin| origin == link.origin());
    (is_plain && is_ours).then(|| link.pathname() + &link.search() + &link.hash())
}
