//! What the first picture does without: parts of the program that the browser loads when they are first asked for.
//!
//! The build cuts the program at the functions in this file (`cargo leptos build --split`): what only they need is in
//! files of its own. Each draws into an element that the page keeps for it, and fails where the part cannot be
//! loaded, for instance because the network is gone.

use std::cell::Cell;

use leptos::{mount::mount_to_renderer, prelude::*, wasm_split::wasm_split};
use protocol::markup::{self, Node};
use web_sys::Element;

use crate::{
    address::Address, new_room::NewRoomDialog, platform, session::Session, shortcuts::Shortcuts, switcher::Switcher,
};

/// A part of the program could not be loaded.
pub(crate) struct NotLoaded;

impl From<leptos::wasm_split::SplitLoaderError> for NotLoaded {
    fn from(_: leptos::wasm_split::SplitLoaderError) -> Self {
        Self
    }
}

/// Loads a part; says so where that fails.
pub(crate) fn load(session: Session, part: impl Future<Output = Result<(), NotLoaded>> + 'static) {
    platform::spawn(async move {
        if part.await.is_err() {
            session
                .complaint
                .set(Some("This part of Parlor could not be loaded. Try again when you are connected.".to_owned()));
        }
    });
}

/// The dialog that makes a room.
#[wasm_split(dialogs, wasm_split_path = ::leptos::wasm_split, fallible)]
pub(crate) fn new_room(
    host: Element,
    session: Session,
    address: Address,
    asked: RwSignal<u32>,
) -> Result<(), NotLoaded> {
    if host.child_element_count() == 0 {
        mount_to_renderer(&host, move || view! { <NewRoomDialog session address asked/> }).forget();
    }
    Ok(())
}

/// The room switcher.
#[wasm_split(moving, wasm_split_path = ::leptos::wasm_split, fallible)]
pub(crate) fn switcher(
    host: Element,
    session: Session,
    address: Address,
    asked: ReadSignal<u32>,
) -> Result<(), NotLoaded> {
    if host.child_element_count() == 0 {
        mount_to_renderer(&host, move || view! { <Switcher session address asked/> }).forget();
    }
    Ok(())
}

/// The list of shortcuts.
#[wasm_split(shortcuts, wasm_split_path = ::leptos::wasm_split, fallible)]
pub(crate) fn shortcuts(host: Element, asked: ReadSignal<u32>) -> Result<(), NotLoaded> {
    if host.child_element_count() == 0 {
        mount_to_renderer(&host, move || view! { <Shortcuts asked/> }).forget();
    }
    Ok(())
}

/// Reads the markup of a text.
type Parser = fn(&str) -> Vec<Node>;

thread_local! {
    static PARSER: Cell<Option<Parser>> = const { Cell::new(None) };
}

/// The markup of a text that the server has not read yet; nothing as long as the parser is not there.
pub(crate) fn markup(text: &str) -> Vec<Node> {
    PARSER.get().map(|parse| parse(text)).unwrap_or_default()
}

/// Loads the parser as soon as somebody writes what needs it. Where that fails the text is shown as it was written.
pub(crate) fn prepare_markup(text: &str) {
    if PARSER.get().is_none() && !markup::is_plain(text) {
        platform::spawn(async {
            if let Ok(parse) = parser().await {
                PARSER.set(Some(parse));
            }
        });
    }
}

#[wasm_split(markup, wasm_split_path = ::leptos::wasm_split, fallible)]
fn parser() -> Result<Parser, NotLoaded> {
    Ok(markup::parse)
}
