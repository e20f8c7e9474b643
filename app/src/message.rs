//! A row of the timeline: a message from queued to stored, or a notice, with what stands above it.

use client::{Content, PendingChange, Status};
use leptos::{
    either::{Either, EitherOf3},
    ev::FocusEvent,
    prelude::*,
};
use protocol::{Body, ClientId, Mentions, Seq, UnixMs, UserId};
use wasm_bindgen::JsCast as _;

use crate::{
    actions::{Allowed, Doing},
    avatar::Avatar,
    edits::EditedMark,
    erased::{live, memo, on, redrawn},
    later::{self, Later, Tool},
    markup::Said,
    notice::NoticeLine,
    picker::Picking,
    profile::full_name,
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
    let is_notice = memo(move || view.with(|view| matches!(view.content, Content::Notice(_))));
    view! {
        <div
            class="row"
            class:row--continued=live(move || view.with(|view| view.is_continued))
            class:row--target=live(move || view.with(|view| view.is_target))
            id=live(move || view.with(|view| view.element_id(key)))
            data-seq=live(move || view.with(|view| view.seq.map(|seq| seq.to_string())))
            data-start=live(move || view.with(|view| view.is_first_new.then_some("")))
        >
            {redrawn(move || {
                let (opens_day, at) = view.with(|view| (view.opens_day, view.at));
                opens_day.then(|| view! { <p class="day"><time datetime=time::machine(at)>{times.day(at)}</time></p> })
            })}
            {redrawn(move || view.with(|view| view.is_first_new).then(|| view! { <p class="new-line"><span>"New"</span></p> }))}
            {redrawn(move || {
                if is_notice.get() {
                    Either::Left(view! { <NoticeLine view/> })
                } else {
                    Either::Right(view! { <Message room key view/> })
                }
            })}
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
    let display = memo(move || room.display_name(author.id));
    let at = move || view.with(|view| view.at);
    let edited_at = memo(move || view.with(|view| edited_at_of(&view.content)));
    let quote = memo(move || view.with(|view| view.quote.clone()));
    let state = move || view.with(|view| state_word(status_of(view)));
    let names_me = move || !is_mine && view.with(|view| mentions_of(&view.content).names(me));
    let hand = Hand::new();
    let label = {
        let name = name.clone();
        move || {
            let naming = if names_me() { ", mentions you" } else { "" };
            format!("{}, {}{naming}", full_name(display.get(), &name), times.clock(at()))
        }
    };
    let link = move || view.with(|view| view.seq.map(|seq| room.link(seq)));
    view! {
        <article
            class="message"
            class:message--pending=live(move || state().is_some())
            class:message--names-me=live(names_me)
            aria-label=live(label)
            tabindex="-1"
            on:pointerenter=on(move |_| hand.points.set(true))
            on:pointerleave=on(move |_| hand.points.set(false))
            on:focusin=on(move |_| hand.holds.set(true))
            on:focusout=on(move |event| hand.holds.set(stays_inside(&event)))
        >
            <Avatar name=name.clone()/>
            <p class="message__head">
                {move || {
                    let name = name.clone();
                    match display.get() {
                        Some(display) => Either::Left(view! {
                            <bdi class="message__author">{display}</bdi>
                            <span class="message__handle">"@" {name}</span>
                        }),
                        None => Either::Right(view! { <span class="message__author">{name}</span> }),
                    }
                }}
                <a class="message__link" href=live(link) title="Link to this message">
                    <time class="message__time" datetime=live(move || time::machine(at())) title=live(move || times.full(at()))>
                        {live(move || times.clock(at()))}
                    </time>
                </a>
            </p>
            <div class="message__body">
                {redrawn(move || quote.get().map(|quote| view! { <QuoteLine room quote/> }))}
                <Words room key view/>
                {redrawn(move || edited_at.get().map(|edited_at| view! { <EditedMark room view edited_at/> }))}
                {redrawn(move || state().map(|word| view! { <span class="message__state">{word}</span> }))}
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
    let me = expect_context::<Session>().me().user.id;
    let said = memo(move || view.with(|view| said(view, me)));
    // By what it is changed, while it is.
    let edited =
        memo(move || view.with(|view| Handle::of(key, view)).filter(|_| room.doing.editing.get() == Some(key)));
    redrawn(move || match (said.get(), edited.get()) {
        (Some(said), Some(handle)) => EitherOf3::A(view! { <Later room tool=Tool::Edit { handle, text: said.text }/> }),
        (Some(said), None) => EitherOf3::B(said),
        (None, _) => {
            EitherOf3::C(view! { <p class="message__text message__text--deleted">"This message was deleted."</p> })
        }
    })
}

/// Why a message was refused, or what can be done with it.
#[component]
fn Below(room: ShownRoom, key: RowKey, view: RwSignal<RowView>, hand: Hand) -> impl IntoView {
    let session = expect_context::<Session>();
    let is_mine = view.with_untracked(|view| view.author.id) == session.me().user.id;
    let text = memo(move || view.with(|view| text_of(&view.content)));
    let status = memo(move || view.with(|view| status_of(view).clone()));
    let handle = memo(move || view.with(|view| Handle::of(key, view)));
    // A question about it, or what it is asked for, takes the focus away for a while, and gives it back.
    let Doing { deleting, picking, .. } = room.doing;
    let is_asked = move || {
        let seq = view.with(|view| view.seq);
        seq.is_some() && (deleting.get() == seq || picking.get() == seq.map(Picking::Reaction))
    };
    let is_at_hand = memo(move || hand.points.get() || hand.holds.get() || is_asked());
    redrawn(move || match (status.get(), handle.get()) {
        (Status::Refused(error), Some(handle)) => {
            let may_edit = text.with(Option::is_some);
            EitherOf3::A(view! {
                <div class="message__refusal">
                    <p class="notice notice--refused">{format!("Not sent. {}", error.message)}</p>
                    <Later room tool=Tool::Refused { key, handle, may_edit }/>
                </div>
            })
        }
        (Status::Stored, Some(Handle::Stored(message))) if is_at_hand.get() => {
            let is_edited = room.doing.editing.get() == Some(key);
            EitherOf3::B(text.get().filter(|_| !is_edited).map(|text| {
                let allowed = Allowed { edit: is_mine, delete: is_mine || session.moderates(room), unread: !is_mine };
                let author = view.with_untracked(|view| view.author.clone());
                view! { <Later room tool=Tool::Actions { message, key, author, text, allowed }/> }
            }))
        }
        (Status::Queued | Status::Sent | Status::Stored, _) | (Status::Refused(_), None) => EitherOf3::C(()),
    })
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

/// What a message says. What the server has not read yet is read here, as soon as the parser is there.
fn said(view: &RowView, me: UserId) -> Option<Said> {
    let is_stored = view.seq.is_some() && view.change.is_none();
    match &view.content {
        Content::Message(Body::Text { text, markup, mentions, .. }) => Some(Said {
            text: text.clone(),
            nodes: if is_stored { markup.clone() } else { later::markup(text) },
            mentions: mentions.clone(),
            me,
        }),
        Content::Message(Body::Deleted) | Content::Notice(_) => None,
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
