//! What the first picture does without: parts of the program that the browser loads when they are first asked for.
//!
//! The build cuts the program at the functions in this file (`cargo leptos build --split`): what only they need is in
//! files of its own. Each draws into an element that the page keeps for it, and fails where the part cannot be
//! loaded, for instance because the network is gone. That is said in words, and can be tried again.

use std::{any::Any, cell::Cell, pin::Pin, time::Duration};

use leptos::{html, mount::mount_to_renderer, prelude::*, wasm_split::wasm_split};
use protocol::{
    Seq, UserRef,
    markup::{self, Node},
};
use web_sys::{Element, MouseEvent};

use crate::{
    actions::{Actions, Allowed, DeleteDialog, RefusedActions},
    adding::AddForm,
    address::Address,
    completion::{Completion, EmojiNames, OfferedList},
    composer::EditMessage,
    diagnostics::Diagnostics,
    edits::EarlierTexts,
    erased::{effect, on, redrawn},
    message::Handle,
    new_room::NewRoomDialog,
    parting::PartingDialog,
    picker::{self, EmojiPicker, Picking},
    platform,
    replies::ReplyBar,
    rows::RowKey,
    session::Session,
    shortcuts::Shortcuts,
    shown::ShownRoom,
    switcher::Switcher,
    time::Times,
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

/// A part that is drawn. Dropping it takes it away.
pub(crate) type Drawn = Box<dyn Any>;

/// The diagnostics. What they do ends with the page that keeps `drawn`.
#[wasm_split(diagnostics, wasm_split_path = ::leptos::wasm_split, fallible)]
pub(crate) fn diagnostics(
    host: Element,
    session: Session,
    drawn: StoredValue<Option<Drawn>, LocalStorage>,
) -> Result<(), NotLoaded> {
    let part = mount_to_renderer(&host, move || view! { <Diagnostics session/> });
    // Where the page has been left meanwhile, the part goes at once.
    drop(drawn.try_set_value(Some(Box::new(part))));
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

/// What appears in a room when somebody does something there.
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and it is moved once")]
pub(crate) enum Tool {
    /// The toolbar of a message that is there.
    Actions { message: Seq, key: RowKey, author: UserRef, text: String, allowed: Allowed },
    /// What to do with what was refused.
    Refused { key: RowKey, handle: Handle, may_edit: bool },
    /// The editor of a message.
    Edit { handle: Handle, text: String },
    /// The question whether to delete one.
    Delete,
    /// What a message said before.
    Earlier { message: Seq, is_open: RwSignal<bool> },
    /// The form that brings somebody into the room.
    AddMember,
    /// The question whether somebody is to be out of it.
    Part(Address),
    /// What is being answered.
    Reply,
    /// What finishes that which is being written.
    Offered(Completion),
    /// All emoji, a part of its own.
    Picker(Picking),
}

/// Where a tool is drawn, as soon as its part of the program is there.
#[component]
pub(crate) fn Later(room: ShownRoom, tool: Tool) -> impl IntoView {
    let session = expect_context::<Session>();
    let times = expect_context::<Times>();
    let host = NodeRef::<html::Div>::new();
    let is_picker = matches!(tool, Tool::Picker(_));
    let tool = StoredValue::new_local(Some(tool));
    let drawn = StoredValue::new_local(None::<Drawn>);
    let has_failed = RwSignal::new(false);
    let draw = move || {
        platform::spawn(async move {
            let part: Part = if is_picker { Box::pin(picker()) } else { Box::pin(tools()) };
            let part = part.await;
            // The place, and the signals around it, may be gone by the time that this part is there.
            let host = host.try_get_untracked().flatten().filter(|host| host.is_connected());
            let Some(host) = host else { return };
            let Ok(draw) = part else {
                has_failed.set(true);
                return;
            };
            has_failed.set(false);
            if let Some(tool) = tool.try_update_value(Option::take).flatten() {
                drawn.set_value(draw(host.into(), session, times, room, tool));
            }
        });
    };
    effect(move || {
        if host.get().is_some() {
            draw();
        }
    });
    let again = move |event: MouseEvent| {
        platform::keep_focus(&event);
        draw();
    };
    view! {
        <div class="later" node_ref=host></div>
        {redrawn(move || has_failed.get().then(|| view! {
            <p class="notice later__missing" role="alert">
                "This part of Parlor could not be loaded. "
                <button class="button button--small" type="button" on:click=on(again)>"Try again"</button>
            </p>
        }))}
    }
}

/// A part on its way.
type Part = Pin<Box<dyn Future<Output = Result<Drawer, NotLoaded>>>>;

/// Draws a tool.
type Drawer = fn(Element, Session, Times, ShownRoom, Tool) -> Option<Drawn>;

#[wasm_split(tools, wasm_split_path = ::leptos::wasm_split, fallible)]
fn tools() -> Result<Drawer, NotLoaded> {
    Ok(draw)
}

#[wasm_split(picker, wasm_split_path = ::leptos::wasm_split, fallible)]
fn picker() -> Result<Drawer, NotLoaded> {
    Ok(draw_picker)
}

/// Loads what stands around messages when the browser has nothing else to do, so that it is there when a network is
/// not. Where that fails, it is tried again when it is asked for.
pub(crate) fn prepare_tools() {
    let prepare = || platform::spawn(async { _ = tools().await });
    if request_idle_callback_with_handle(prepare).is_err() {
        // Not every browser tells when it is idle.
        set_timeout(prepare, Duration::from_secs(2));
    }
}

fn draw_picker(host: Element, session: Session, _: Times, room: ShownRoom, tool: Tool) -> Option<Drawn> {
    let Tool::Picker(picking) = tool else { return None };
    Some(Box::new(mount_to_renderer(&host, move || view! { <EmojiPicker session room picking/> })))
}

fn draw(host: Element, session: Session, times: Times, room: ShownRoom, tool: Tool) -> Option<Drawn> {
    let around = move || {
        provide_context(session);
        provide_context(times);
    };
    Some(match tool {
        Tool::Actions { message, key, author, text, allowed } => Box::new(mount_to_renderer(&host, move || {
            around();
            view! { <Actions room message key author text allowed/> }
        })),
        Tool::Refused { key, handle, may_edit } => Box::new(mount_to_renderer(&host, move || {
            around();
            view! { <RefusedActions room key handle may_edit/> }
        })),
        Tool::Edit { handle, text } => Box::new(mount_to_renderer(&host, move || {
            around();
            view! { <EditMessage room handle text/> }
        })),
        Tool::Delete => Box::new(mount_to_renderer(&host, move || {
            around();
            view! { <DeleteDialog room/> }
        })),
        Tool::AddMember => Box::new(mount_to_renderer(&host, move || {
            around();
            view! { <AddForm room/> }
        })),
        Tool::Part(address) => Box::new(mount_to_renderer(&host, move || {
            around();
            view! { <PartingDialog room address/> }
        })),
        Tool::Reply => Box::new(mount_to_renderer(&host, move || view! { <ReplyBar room/> })),
        Tool::Earlier { message, is_open } => Box::new(mount_to_renderer(&host, move || {
            around();
            view! { <EarlierTexts room message is_open/> }
        })),
        Tool::Offered(completion) => Box::new(mount_to_renderer(&host, move || view! { <OfferedList completion/> })),
        Tool::Picker(_) => return None,
    })
}

/// Offers what finishes that which is being written. Where this cannot be loaded, nothing is.
pub(crate) fn offer(completion: Completion) {
    platform::spawn(async move { _ = offer_in_tools(completion).await });
}

#[wasm_split(tools, wasm_split_path = ::leptos::wasm_split, fallible)]
fn offer_in_tools(completion: Completion) -> Result<(), NotLoaded> {
    completion.offer();
    Ok(())
}

/// The same of emoji, whose names are with the picker.
pub(crate) fn offer_emoji(completion: Completion) {
    platform::spawn(async move {
        if let Ok(names) = emoji_names().await {
            _ = offer_emoji_in_tools(completion, names).await;
        }
    });
}

/// Loads the names of emoji: one is begun.
pub(crate) fn prepare_emoji() {
    platform::spawn(async { _ = emoji_names().await });
}

#[wasm_split(picker, wasm_split_path = ::leptos::wasm_split, fallible)]
fn emoji_names() -> Result<EmojiNames, NotLoaded> {
    Ok(EmojiNames { named: picker::named, matching: picker::matching })
}

#[wasm_split(tools, wasm_split_path = ::leptos::wasm_split, fallible)]
fn offer_emoji_in_tools(completion: Completion, names: EmojiNames) -> Result<(), NotLoaded> {
    completion.offer_emoji(&names);
    Ok(())
}

/// Reads the markup of a text.
type Parser = fn(&str) -> Vec<Node>;

thread_local! {
    static PARSER: Cell<Option<Parser>> = const { Cell::new(None) };
    /// Told when the parser has come.
    static CAME: ArcRwSignal<u32> = ArcRwSignal::new(0);
}

/// The markup of a text that the server has not read yet; nothing as long as the parser is not there. What was worked
/// out from this is worked out again when it comes.
pub(crate) fn markup(text: &str) -> Vec<Node> {
    prepare_markup(text);
    match PARSER.get() {
        Some(parse) => parse(text),
        None => {
            CAME.with(Track::track);
            Vec::new()
        }
    }
}

/// Loads the parser as soon as somebody writes what needs it. Where that fails the text is shown as it was written.
pub(crate) fn prepare_markup(text: &str) {
    if PARSER.get().is_none() && !markup::is_plain(text) {
        platform::spawn(async {
            // Of several that waited for it, the first tells of it.
            if let Ok(parse) = parser().await
                && PARSER.replace(Some(parse)).is_none()
            {
                CAME.with(Notify::notify);
            }
        });
    }
}

#[wasm_split(markup, wasm_split_path = ::leptos::wasm_split, fallible)]
fn parser() -> Result<Parser, NotLoaded> {
    Ok(markup::parse)
}
