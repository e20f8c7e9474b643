//! What the icon says: that something is unread.

use leptos::prelude::*;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;

const ICON: &str = "/favicon.svg";
const ICON_UNREAD: &str = "/favicon-unread.svg";

/// Shows on the tab that something is unread, and on an installed app's icon how much.
pub(crate) fn set_badge(unread: u32) {
    if let Ok(Some(icon)) = document().query_selector("link[rel=icon]") {
        _ = icon.set_attribute("href", if unread == 0 { ICON } else { ICON_UNREAD });
    }
    // Zero takes the badge away. Not every browser has it.
    let navigator = JsValue::from(window().navigator());
    let badge = js_sys::Reflect::get(&navigator, &"setAppBadge".into()).ok();
    let Some(badge) = badge.and_then(|badge| badge.dyn_into::<js_sys::Function>().ok()) else { return };
    if let Ok(told) = badge.call1(&navigator, &unread.into())
        && let Ok(told) = told.dyn_into::<js_sys::Promise>()
    {
        // Where the system has no badges that is said, and there is nothing to be done about it.
        leptos::task::spawn_local(async move { _ = JsFuture::from(told).await });
    }
}
