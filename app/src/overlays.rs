//! What opens over the page when it is asked for: the room switcher and the list of shortcuts.
//!
//! Each is loaded when it is asked for first, and drawn into an empty element that waits for it. All that one needs is
//! handed to it; it looks for no context.

use leptos::prelude::*;
use web_sys::Element;

use crate::{address::Address, later, session::Session};

/// The element that the room switcher is drawn into.
const SWITCHER: &str = "switcher";
/// The element that the list of shortcuts is drawn into.
const SHORTCUTS: &str = "shortcuts";

/// The overlays of a page. Copies are the same overlays.
#[derive(Clone, Copy)]
pub(crate) struct Overlays {
    session: Session,
    address: Address,
    /// How often each was asked for.
    switcher: RwSignal<u32>,
    shortcuts: RwSignal<u32>,
}

impl Overlays {
    pub(crate) fn new(session: Session, address: Address) -> Self {
        Self { session, address, switcher: RwSignal::new(0), shortcuts: RwSignal::new(0) }
    }

    /// Opens the room switcher; where it is open, closes it.
    pub(crate) fn switch_rooms(self) {
        self.switcher.update(|asked| *asked += 1);
        if let Some(host) = empty(SWITCHER) {
            later::load(self.session, later::switcher(host, self.session, self.address, self.switcher.read_only()));
        }
    }

    /// Opens the list of shortcuts.
    pub(crate) fn show_shortcuts(self) {
        self.shortcuts.update(|asked| *asked += 1);
        if let Some(host) = empty(SHORTCUTS) {
            later::load(self.session, later::shortcuts(host, self.shortcuts.read_only()));
        }
    }
}

/// An element that one is drawn into, if it is not yet.
fn empty(host: &str) -> Option<Element> {
    document().get_element_by_id(host).filter(|host| host.child_element_count() == 0)
}

/// Where they are drawn.
#[component]
pub(crate) fn OverlayHosts() -> impl IntoView {
    view! {
        <div id=SWITCHER></div>
        <div id=SHORTCUTS></div>
    }
}
