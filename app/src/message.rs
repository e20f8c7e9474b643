//! A row of the timeline: a message from queued to stored, or a notice, with what stands above it.

use client::{Content, PendingChange, Status};
use leptos::{
    either::{Either, EitherOf3},
    ev::FocusEvent,
    prelude::*,
};
use protocol::{Body, ClientId, Mentions, Seq, UnixMs, markup::Node};
use wasm_bindgen::JsCast as _;

use crate::{
    actions::{Actions, Allowed, RefusedActions},
    avatar::Avatar,
    composer::{COMPOSER, EditMessage},
    edits::EditedMark,
    later,
    markup::Drawing,
    notice::NoticeLine,
    platform,
    reactions::Chips,
    replies::QuoteLine,
    rows::{Row, RowKey, RowView},
    session::Session,
    shown::ShownRoom,
    time::{self, Times},
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
    let me = expect_context::<Session>().me().user.id;
    let author = view.with_untracked(|view| view.author.clone());
    let is_mine = author.id == me;
    let name = author.name.to_string();
    let at = Memo::new(move |_| view.with(|view| view.at));
    let edited_at = Memo::new(move |_| view.with(|view| edited_at_of(&view.content)));
    let quote = Memo::new(move |_| view.with(|view| view.quote.clone()));
    let state = Memo::new(move |_| view.with(|view| state_word(status_of(view))));
    let names_me = Memo::new(move |_| !is_mine && view.with(|view| mentions_of(&view.content).names(me)));
    let hand = Hand::new();
    let label = {
        let name = name.clone();
        move || {
            let naming = if names_me.get() { ", mentions you" } else { "" };
            format!("{name}, {}{naming}", times.clock(at.get()))
        }
    };
    let seq = Memo::new(move |_| view.with(|view| view.seq));
    let link = move || seq.get().map(|seq| room.link(seq));
    view! {
        <article
            class="message"
            class:message--pending=move || state.get().is_some()
            class:message--names-me=names_me
            aria-label=label
            tabindex="-1"
            on:pointerenter=move |_| hand.points.set(true)
            on:pointerleave=move |_| hand.points.set(false)
            on:focusin=move |_| hand.holds.set(true)
            on:focusout=move |event| hand.holds.set(stays_inside(&event))
        >
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
                {move || quote.get().map(|quote| view! { <QuoteLine room quote/> })}
                <Words room key view/>
                {move || edited_at.get().map(|edited_at| view! { <EditedMark room view edited_at/> })}
                {move || state.get().map(|word| view! { <span class="message__state">{word}</span> })}
                <Chips room view/>
            </div>
            <Below room key view hand/>
        </article>
    }
}

/// Whether the reader has a hand on a message: points at it, or has the focus in it. A tap gives it the focus.
#[derive(Clone, Copy)]
struct Hand {
    points: RwSignal<bool>,
    holds: RwSignal<bool>,
}

impl Hand {
    fn new() -> Self {
        Self { points: RwSignal::new(false), holds: RwSignal::new(false) }
    }
}

/// Whether the focus goes to something else inside of the same message.
fn stays_inside(event: &FocusEvent) -> bool {
    let message = event.current_target().and_then(|target| target.dyn_into::<web_sys::Node>().ok());
    let next = event.related_target().and_then(|target| target.dyn_into::<web_sys::Node>().ok());
    message.is_some_and(|message| message.contains(next.as_ref()))
}

/// What a message says: its text, the editor for it, or that it is gone.
#[component]
fn Words(room: ShownRoom, key: RowKey, view: RwSignal<RowView>) -> impl IntoView {
    let text = Memo::new(move |_| view.with(|view| text_of(&view.content)));
    let mentions = Memo::new(move |_| view.with(|view| mentions_of(&view.content)));
    let markup = Memo::new(move |_| view.with(markup_of));
    let me = expect_context::<Session>().me().user.id;
    let handle = Memo::new(move |_| view.with(|view| Handle::of(key, view)));
    let edits = Memo::new(move |_| room.doing.editing.get() == Some(key));
    let done = move || {
        room.doing.editing.set(None);
        platform::focus(COMPOSER);
    };
    move || match (text.get(), handle.get()) {
        (Some(text), Some(handle)) if edits.get() => {
            EitherOf3::A(view! { <EditMessage room handle text on_done=done/> })
        }
        (Some(text), _) => {
            let drawing = Drawing { mentions: &mentions.get(), me };
            let nodes = markup.get();
            EitherOf3::B(if nodes.is_empty() {
                Either::Left(view! { <p class="message__text" dir="auto">{drawing.letters(&text)}</p> })
            } else {
                Either::Right(view! { <div class="message__text markup" dir="auto">{drawing.all(&nodes)}</div> })
            })
        }
        (None, _) => {
            EitherOf3::C(view! { <p class="message__text message__text--deleted">"This message was deleted."</p> })
        }
    }
}

/// Why a message was refused, or what can be done with it.
#[component]
fn Below(room: ShownRoom, key: RowKey, view: RwSignal<RowView>, hand: Hand) -> impl IntoView {
    let session = expect_context::<Session>();
    let is_mine = view.with_untracked(|view| view.author.id) == session.me().user.id;
    let text = Memo::new(move |_| view.with(|view| text_of(&view.content)));
    let status = Memo::new(move |_| view.with(|view| status_of(view).clone()));
    let handle = Memo::new(move |_| view.with(|view| Handle::of(key, view)));
    let is_at_hand = Memo::new(move |_| hand.points.get() || hand.holds.get());
    move || match (status.get(), handle.get()) {
        (Status::Refused(error), Some(handle)) => {
            let may_edit = text.with(Option::is_some);
            EitherOf3::A(view! {
                <div class="message__refusal">
                    <p class="notice notice--refused">{format!("Not sent. {}", error.message)}</p>
                    <RefusedActions room key handle may_edit/>
                </div>
            })
        }
        (Status::Stored, Some(Handle::Stored(message))) if is_at_hand.get() => {
            let is_edited = room.doing.editing.get() == Some(key);
            EitherOf3::B(text.get().filter(|_| !is_edited).map(|text| {
                let allowed = Allowed { edit: is_mine, delete: is_mine || session.moderates(room), unread: !is_mine };
                let author = view.with_untracked(|view| view.author.clone());
                view! { <Actions room message key author text allowed/> }
            }))
        }
        (Status::Queued | Status::Sent | Status::Stored, _) | (Status::Refused(_), None) => EitherOf3::C(()),
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

/// What the text looks like. What the server has not read yet is read here, as soon as the parser is there.
fn markup_of(view: &RowView) -> Vec<Node> {
    let is_stored = view.seq.is_some() && view.change.is_none();
    match &view.content {
        Content::Message(Body::Text { text, .. }) if !is_stored => later::markup(text),
        Content::Message(Body::Text { markup, .. }) => markup.clone(),
        Content::Message(Body::Deleted) | Content::Notice(_) => Vec::new(),
    }
}

fn mentions_of(content: &Content) -> Mentions {
    match content {
        Content::Message(Body::Text { mentions, .. }) => mentions.clone(),
        Content::Message(Body::Deleted) | Content::Notice(_) => Mentions::default(),
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
