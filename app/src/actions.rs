//! What one can do with a message, beside it: react, answer, copy its link, mark it as unread, edit, delete.
//!
//! The toolbar stands in the page only while the message is pointed at, tapped or in focus: a room has hundreds of
//! messages, and one hand. Its buttons are in the plain order of Tab, right after the message.

use leptos::{ev::KeyboardEvent, html, prelude::*};
use protocol::{Body, Command, Seq, UserId, UserRef, messages::DeleteMessage, replies};
use wasm_bindgen::JsCast as _;

use crate::{
    composer::COMPOSER,
    icons::{Icon, Sign},
    message::Handle,
    picker::Picking,
    platform,
    reactions::QuickRow,
    rows::RowKey,
    session::Session,
    shown::ShownRoom,
    unread::MarkUnread,
};

/// What the reader is about to do in a room. Copies are the same.
#[derive(Clone, Copy)]
pub(crate) struct Doing {
    /// Changing the text of this message.
    pub(crate) editing: RwSignal<Option<RowKey>>,
    /// Answering this one.
    pub(crate) answering: RwSignal<Option<Answering>>,
    /// Asked whether to delete this one.
    pub(crate) deleting: RwSignal<Option<Seq>>,
    /// Looking for an emoji.
    pub(crate) picking: RwSignal<Option<Picking>>,
    /// Asked whether to leave, or to put this member out.
    pub(crate) parting: RwSignal<Option<UserId>>,
}

/// A message that is being answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answering {
    pub(crate) message: Seq,
    pub(crate) author: UserRef,
    pub(crate) excerpt: String,
}

impl Doing {
    pub(crate) fn nothing() -> Self {
        Self {
            editing: RwSignal::new(None),
            answering: RwSignal::new(None),
            deleting: RwSignal::new(None),
            picking: RwSignal::new(None),
            parting: RwSignal::new(None),
        }
    }

    /// Whether something is being done to a message.
    pub(crate) fn is_busy(self) -> bool {
        let (editing, deleting) = (self.editing.get_untracked(), self.deleting.get_untracked());
        editing.is_some() || deleting.is_some() || self.picking.with_untracked(Option::is_some)
    }

    /// What was asked and not answered when the reader left is not asked again when they are back.
    pub(crate) fn forget_questions(self) {
        self.deleting.set(None);
        self.picking.set(None);
        self.parting.set(None);
    }
}

/// What the viewer may do with a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Allowed {
    pub(crate) edit: bool,
    pub(crate) delete: bool,
    /// Only what others have said is ever unread.
    pub(crate) unread: bool,
}

/// The toolbar of a message that is there.
#[component]
pub(crate) fn Actions(
    room: ShownRoom,
    message: Seq,
    key: RowKey,
    author: UserRef,
    text: String,
    allowed: Allowed,
) -> impl IntoView {
    let session = expect_context::<Session>();
    let picks = RwSignal::new(false);
    let is_copied = RwSignal::new(false);
    let doing = room.doing;
    let answered = StoredValue::new(Answering { message, author, excerpt: replies::excerpt(&text) });
    let copy = move |_| {
        let link = platform::origin() + &room.link(message);
        platform::copy(link.clone(), move |copied| {
            if copied {
                _ = is_copied.try_set(true);
            } else {
                session.complaint.set(Some(format!("The browser does not let Parlor copy. Copy it from here: {link}")));
            }
        });
    };
    view! {
        <div class="actions__place">
            <div class="actions" role="toolbar" aria-label="Message actions">
                {move || picks.get().then(|| view! { <QuickRow room message on_done=move || picks.set(false)/> })}
                <ActionButton
                    name="Add reaction"
                    sign=Sign::Smile
                    expanded=Signal::derive(move || Some(picks.get()))
                    action=move || picks.update(|picks| *picks = !*picks)
                />
                <ActionButton
                    name="Reply"
                    sign=Sign::Reply
                    action=move || {
                        doing.editing.set(None);
                        doing.answering.set(Some(answered.get_value()));
                    }
                />
                <span class="actions__said" role="status">{move || is_copied.get().then_some("Link copied")}</span>
                <button class="actions__button" type="button" aria-label="Copy link" title="Copy link" on:click=copy>
                    <Icon sign=Sign::Link/>
                </button>
                {allowed.unread.then(|| view! { <MarkUnread room message/> })}
                {allowed.edit.then(|| view! { <ActionButton name="Edit" sign=Sign::Edit action=move || doing.editing.set(Some(key))/> })}
                {allowed.delete.then(|| view! { <ActionButton name="Delete" sign=Sign::Delete action=move || doing.deleting.set(Some(message))/> })}
            </div>
        </div>
    }
}

#[component]
fn ActionButton(
    name: &'static str,
    sign: Sign,
    #[prop(optional, into)] expanded: Signal<Option<bool>>,
    action: impl Fn() + 'static,
) -> impl IntoView {
    view! {
        <button
            class="actions__button"
            type="button"
            aria-label=name
            title=name
            aria-expanded=move || expanded.get().map(|is_open| is_open.to_string())
            on:click=move |_| action()
        >
            <Icon sign/>
        </button>
    }
}

/// What to do with a message, or a change to one, that was refused; always shown, in words.
#[component]
pub(crate) fn RefusedActions(room: ShownRoom, key: RowKey, handle: Handle, may_edit: bool) -> impl IntoView {
    let session = expect_context::<Session>();
    let discard = move |_| {
        if let Handle::Refused(client_id) = handle {
            session.discard(client_id);
        }
    };
    view! {
        <div class="actions actions--shown" role="toolbar" aria-label="Message actions">
            {may_edit.then(|| view! {
                <button class="actions__button" type="button" on:click=move |_| room.doing.editing.set(Some(key))>
                    <Icon sign=Sign::Edit/> "Edit"
                </button>
            })}
            <button class="actions__button" type="button" on:click=discard>
                <Icon sign=Sign::Delete/> "Delete"
            </button>
        </div>
    }
}

/// Asks before a message is deleted: one dialog for all messages of a room.
#[component]
pub(crate) fn DeleteDialog(room: ShownRoom) -> impl IntoView {
    let session = expect_context::<Session>();
    let dialog = NodeRef::<html::Dialog>::new();
    let deleting = room.doing.deleting;
    Effect::new(move |_| {
        if let Some(dialog) = dialog.get() {
            _ = dialog.show_modal();
        }
    });
    let delete = move |_| {
        let message = deleting.get_untracked();
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
        // What had the focus goes with the message.
        platform::focus(COMPOSER);
        if let Some(message) = message {
            session
                .run(|client_id| Command::DeleteMessage(DeleteMessage { client_id, room: room.id, message }), |_| {});
        }
    };
    view! {
        <dialog class="dialog" node_ref=dialog aria-label="Delete message" on:close=move |_| deleting.set(None)>
            <h2 class="dialog__title">"Delete this message?"</h2>
            <p>"It goes for everybody in the room and cannot be brought back."</p>
            <form method="dialog" class="dialog__buttons">
                <button class="button" type="submit">"Keep"</button>
                <button class="button button--danger" type="button" on:click=delete>"Delete message"</button>
            </form>
        </dialog>
    }
}

/// Up and down in the log go from message to message; on the log itself, they enter it at the last one.
pub(crate) fn walk(log: &web_sys::Element, event: &KeyboardEvent) {
    let is_up = match event.key().as_str() {
        "ArrowUp" => true,
        "ArrowDown" => false,
        _ => return,
    };
    let Some(target) = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok()) else { return };
    let is_log = target == *log;
    if event.alt_key() || event.ctrl_key() || event.meta_key() || !(is_log || target.class_list().contains("message")) {
        return;
    }
    let Ok(messages) = log.query_selector_all(".message") else { return };
    let all: Vec<web_sys::HtmlElement> =
        (0..messages.length()).filter_map(|index| messages.item(index)?.dyn_into().ok()).collect();
    let here = all.iter().position(|message| **message == target);
    let next = match here {
        None => all.last(),
        Some(here) if is_up => here.checked_sub(1).and_then(|index| all.get(index)),
        Some(here) => all.get(here + 1),
    };
    if let Some(next) = next {
        event.prevent_default();
        _ = next.focus();
    }
}

/// The newest message of the reader in a room that can be edited.
pub(crate) fn last_own(room: ShownRoom, me: &UserRef) -> Option<RowKey> {
    room.rows.with_untracked(|rows| {
        let own = rows.iter().rev().find(|row| {
            row.view.with_untracked(|view| {
                let is_text = matches!(view.content, client::Content::Message(Body::Text { .. }));
                is_text && view.author.id == me.id && view.seq.is_some()
            })
        });
        own.map(|row| row.key)
    })
}
