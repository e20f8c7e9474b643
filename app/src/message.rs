//! A row of the timeline: a message from queued to stored, or a notice, with what stands above it.

use client::{Content, PendingChange, Status};
use leptos::{
    either::{Either, EitherOf3},
    html,
    prelude::*,
};
use protocol::{Body, ClientId, Command, Seq, UnixMs, messages::DeleteMessage};

use crate::{
    avatar::Avatar,
    composer::EditMessage,
    icons::{Icon, Sign},
    notice::NoticeLine,
    place::Place,
    rows::{Row, RowKey, RowView},
    session::Session,
    shown::ShownRoom,
    time::{self, Times},
    unread::MarkUnread,
};

/// A row.
#[component]
pub(crate) fn RowLine(room: ShownRoom, row: Row) -> impl IntoView {
    let key = row.key;
    let view = RwSignal::from(row.view);
    let times = expect_context::<Times>();
    let id = Memo::new(move |_| view.with(|view| view.element_id(key)));
    let seq = Memo::new(move |_| view.with(|view| view.seq));
    let at = Memo::new(move |_| view.with(|view| view.at));
    let opens_day = Memo::new(move |_| view.with(|view| view.opens_day));
    let is_first_new = Memo::new(move |_| view.with(|view| view.is_first_new));
    let is_target = Memo::new(move |_| view.with(|view| view.is_target));
    let is_continued = Memo::new(move |_| view.with(|view| view.is_continued));
    let is_notice = Memo::new(move |_| view.with(|view| matches!(view.content, Content::Notice(_))));
    view! {
        <div
            class="row"
            class:row--continued=is_continued
            class:row--target=is_target
            id=id
            data-seq=move || seq.get().map(|seq| seq.to_string())
            data-start=move || is_first_new.get().then_some("")
        >
            {move || {
                opens_day.get()
                    .then(|| {
                        view! {
                            <p class="day"><time datetime=time::machine(at.get_untracked())>{move || times.day(at.get())}</time></p>
                        }
                    })
            }}
            {move || is_first_new.get().then(|| view! { <p class="new-line"><span>"New"</span></p> })}
            {move || {
                if is_notice.get() {
                    Either::Left(view! { <NoticeLine view/> })
                } else {
                    Either::Right(view! { <Message room key view/> })
                }
            }}
        </div>
    }
}

/// A message. The same component draws it queued, sent, stored, refused and deleted.
#[component]
fn Message(room: ShownRoom, key: RowKey, view: RwSignal<RowView>) -> impl IntoView {
    let times = expect_context::<Times>();
    let session = expect_context::<Session>();
    let author = view.with_untracked(|view| view.author.clone());
    let name = author.name.to_string();
    let at = Memo::new(move |_| view.with(|view| view.at));
    let text = Memo::new(move |_| view.with(|view| text_of(&view.content)));
    let edited_at = Memo::new(move |_| view.with(|view| edited_at_of(&view.content)));
    let status = Memo::new(move |_| view.with(|view| status_of(view).clone()));
    let handle = Memo::new(move |_| view.with(|view| Handle::of(key, view)));
    let edits = RwSignal::new(false);
    let is_mine = author.id == session.me().user.id;
    let may_delete = Memo::new(move |_| is_mine || session.moderates(room));
    let label = {
        let name = name.clone();
        move || format!("{name}, {}", times.clock(at.get()))
    };
    let seq = Memo::new(move |_| view.with(|view| view.seq));
    let link = move || {
        let path = room.name.with(|name| Place::room_path(room.id, name.as_deref().unwrap_or_default()));
        seq.get().map(|seq| format!("{path}?at={seq}"))
    };
    let state = move || status.with(state_word);
    let body = move || match (text.get(), handle.get()) {
        (Some(text), Some(handle)) if edits.get() => {
            EitherOf3::A(view! { <EditMessage room handle text on_done=move || edits.set(false)/> })
        }
        (Some(text), _) => EitherOf3::B(view! { <p class="message__text" dir="auto">{text}</p> }),
        (None, _) => {
            EitherOf3::C(view! { <p class="message__text message__text--deleted">"This message was deleted."</p> })
        }
    };
    let below = move || match (status.get(), handle.get()) {
        (Status::Refused(error), Some(handle)) => {
            let allowed = Allowed { edit: text.with(Option::is_some), delete: true, unread: false };
            EitherOf3::A(view! {
                <div class="message__refusal">
                    <p class="notice notice--refused">{format!("Not sent. {}", error.message)}</p>
                    <Actions room handle allowed edits/>
                </div>
            })
        }
        (Status::Stored, Some(handle)) if !edits.get() => {
            let is_there = text.with(Option::is_some);
            let allowed = Allowed {
                edit: is_mine && is_there,
                delete: may_delete.get() && is_there,
                unread: !is_mine && is_there,
            };
            EitherOf3::B((allowed != Allowed::default()).then(|| view! { <Actions room handle allowed edits/> }))
        }
        (Status::Queued | Status::Sent | Status::Stored, _) | (Status::Refused(_), None) => EitherOf3::C(()),
    };
    view! {
        <article class="message" class:message--pending=move || state().is_some() aria-label=label>
            <Avatar name=name.clone()/>
            <p class="message__head">
                <span class="message__author">{name}</span>
                <a class="message__link" href=link title="Link to this message">
                    <time class="message__time" datetime=move || time::machine(at.get()) title=move || times.full(at.get())>
                        {move || times.clock(at.get())}
                    </time>
                </a>
            </p>
            <div class="message__body">
                {body}
                {move || {
                    edited_at.get()
                        .map(|at| view! { <span class="message__edited" title=move || times.full(at)>"edited"</span> })
                }}
                {move || state().map(|word| view! { <span class="message__state">{word}</span> })}
            </div>
            {below}
        </article>
    }
}

/// By what a message, or a change to it that was refused, is spoken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handle {
    /// It is on the server.
    Stored(Seq),
    /// It is only here, refused.
    Refused(ClientId),
}

impl Handle {
    fn of(key: RowKey, view: &RowView) -> Option<Self> {
        match (&view.change, &view.status, key) {
            (Some(PendingChange { client_id, status: Status::Refused(_), .. }), _, _) => {
                Some(Self::Refused(*client_id))
            }
            (_, Status::Refused(_), RowKey::Own(client_id)) => Some(Self::Refused(client_id)),
            _ => view.seq.map(Self::Stored),
        }
    }
}

/// What the viewer may do with a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Allowed {
    edit: bool,
    delete: bool,
    /// Only what others have said is ever unread.
    unread: bool,
}

#[component]
fn Actions(room: ShownRoom, handle: Handle, allowed: Allowed, edits: RwSignal<bool>) -> impl IntoView {
    let session = expect_context::<Session>();
    let dialog = NodeRef::<html::Dialog>::new();
    let is_refused = matches!(handle, Handle::Refused(_));
    let ask = move |_| match handle {
        Handle::Refused(client_id) => session.discard(client_id),
        Handle::Stored(_) => {
            if let Some(dialog) = dialog.get_untracked() {
                _ = dialog.show_modal();
            }
        }
    };
    let delete = move |_| {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
        if let Handle::Stored(message) = handle {
            session
                .run(|client_id| Command::DeleteMessage(DeleteMessage { client_id, room: room.id, message }), |_| {});
        }
    };
    let edit_button = allowed.edit.then(|| {
        view! {
            <button class="actions__button" type="button" aria-label="Edit" title="Edit" on:click=move |_| edits.set(true)>
                <Icon sign=Sign::Edit/>
                {is_refused.then_some("Edit")}
            </button>
        }
    });
    let delete_button = allowed.delete.then(|| {
        view! {
            <button class="actions__button" type="button" aria-label="Delete" title="Delete" on:click=ask>
                <Icon sign=Sign::Delete/>
                {is_refused.then_some("Delete")}
            </button>
        }
    });
    let unread_button = match handle {
        Handle::Stored(message) => allowed.unread.then(|| view! { <MarkUnread room message/> }),
        Handle::Refused(_) => None,
    };
    let question = (allowed.delete && !is_refused).then(|| {
        view! {
            <dialog class="dialog" node_ref=dialog aria-label="Delete message">
                <h2 class="dialog__title">"Delete this message?"</h2>
                <p>"It goes for everybody in the room and cannot be brought back."</p>
                <form method="dialog" class="dialog__buttons">
                    <button class="button" type="submit">"Keep"</button>
                    <button class="button button--danger" type="button" on:click=delete>"Delete message"</button>
                </form>
            </dialog>
        }
    });
    view! {
        <div class="actions" class:actions--shown=is_refused role="toolbar" aria-label="Message actions">
            {unread_button}
            {edit_button}
            {delete_button}
        </div>
        {question}
    }
}

fn text_of(content: &Content) -> Option<String> {
    match content {
        Content::Message(Body::Text { text, .. }) => Some(text.clone()),
        Content::Message(Body::Deleted) | Content::Notice(_) => None,
    }
}

fn edited_at_of(content: &Content) -> Option<UnixMs> {
    match content {
        Content::Message(Body::Text { edited_at, .. }) => *edited_at,
        Content::Message(Body::Deleted) | Content::Notice(_) => None,
    }
}

/// How far a message, or the latest change to it, has come.
fn status_of(view: &RowView) -> &Status {
    view.change.as_ref().map_or(&view.status, |change| &change.status)
}

/// How far it has come, in a word; nothing once it is where it should be.
fn state_word(status: &Status) -> Option<&'static str> {
    match status {
        Status::Queued => Some("queued"),
        Status::Sent => Some("sent"),
        Status::Stored | Status::Refused(_) => None,
    }
}
