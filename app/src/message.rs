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
    attributes::{Values, attributes},
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

/// A row. Many come at once in a lively room, so each has as few effects as it can.
#[component]
pub(crate) fn RowLine(room: ShownRoom, row: Row) -> impl IntoView {
    let key = row.key;
    let view = RwSignal::from(row.view);
    let times = expect_context::<Times>();
    let is_notice = view.with_untracked(|view| matches!(view.content, Content::Notice(_)));
    let above = move || {
        let (opens_day, is_first_new, at) = view.with(|view| (view.opens_day, view.is_first_new, view.at));
        let day =
            opens_day.then(|| view! { <p class="day"><time datetime=time::machine(at)>{times.day(at)}</time></p> });
        let new = is_first_new.then(|| view! { <p class="new-line"><span>"New"</span></p> });
        (day.is_some() || new.is_some()).then_some((day, new))
    };
    view! {
        <div {..attributes(move || view.with(|view| row_attributes(view, key)))}>
            {redrawn(above)}
            {if is_notice {
                Either::Left(view! { <NoticeLine room view/> })
            } else {
                Either::Right(view! { <Message room key view/> })
            }}
        </div>
    }
}

fn row_attributes(view: &RowView, key: RowKey) -> Values {
    let continued = if view.is_continued { " row--continued" } else { "" };
    let target = if view.is_target { " row--target" } else { "" };
    vec![
        ("class", Some(format!("row{continued}{target}"))),
        ("id", Some(view.element_id(key))),
        ("data-seq", view.seq.map(|seq| seq.to_string())),
        ("data-start", view.is_first_new.then(String::new)),
    ]
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
    let state = move || view.with(|view| state_word(status_of(view)));
    let hand = RwSignal::new(Hand::default());
    // One that is being deleted has its quote back if that is refused.
    let has_quote = view.with_untracked(|view| view.quote.is_some() || view.change.is_some());
    let quote = move || {
        let quote = memo(move || view.with(|view| view.quote.clone()));
        redrawn(move || quote.get().map(|quote| view! { <QuoteLine room quote/> }))
    };
    let label = {
        let name = name.clone();
        move || {
            let (is_pending, names_me, at) = view.with(|view| {
                let names_me = !is_mine && mentions_of(&view.content).is_some_and(|mentions| mentions.names(me));
                (state_word(status_of(view)).is_some(), names_me, view.at)
            });
            let pending = if is_pending { " message--pending" } else { "" };
            let (naming, named) = if names_me { (" message--names-me", ", mentions you") } else { ("", "") };
            vec![
                ("class", Some(format!("message{pending}{naming}"))),
                ("aria-label", Some(format!("{}, {}{named}", full_name(display.get(), &name), times.clock(at)))),
            ]
        }
    };
    let when = move || vec![("datetime", Some(time::machine(at()))), ("title", Some(times.full(at())))];
    let link = move || view.with(|view| view.seq.map(|seq| room.link(seq)));
    view! {
        <article
            {..attributes(label)}
            tabindex="-1"
            on:pointerenter=on(move |_| hand.update(|hand| hand.points = true))
            on:pointerleave=on(move |_| hand.update(|hand| hand.points = false))
            on:focusin=on(move |_| hand.update(|hand| hand.holds = true))
            on:focusout=on(move |event| hand.update(|hand| hand.holds = stays_inside(&event)))
        >
            <Avatar name=name.clone()/>
            <p class="message__head">
                {redrawn(move || {
                    let name = name.clone();
                    match display.get() {
                        Some(display) => Either::Left(view! {
                            <bdi class="message__author">{display}</bdi>
                            <span class="message__handle">"@" {name}</span>
                        }),
                        None => Either::Right(view! { <span class="message__author">{name}</span> }),
                    }
                })}
                <a class="message__link" href=live(link) title="Link to this message">
                    <time class="message__time" {..attributes(when)}>{live(move || times.clock(at()))}</time>
                </a>
            </p>
            <div class="message__body">
                {has_quote.then(quote)}
                <Words room key view/>
                {redrawn(move || state().map(|word| view! { <span class="message__state">{word}</span> }))}
                <Chips room view/>
            </div>
            <Below room key view hand/>
        </article>
    }
}

/// Whether the reader has a hand on a message: points at it, or has the focus in it. A tap gives it the focus.
#[derive(Clone, Copy, Default)]
struct Hand {
    points: bool,
    holds: bool,
}

/// Whether the focus goes to something else inside of the same message.
fn stays_inside(event: &FocusEvent) -> bool {
    let message = event.current_target().and_then(|target| target.dyn_into::<web_sys::Node>().ok());
    let next = event.related_target().and_then(|target| target.dyn_into::<web_sys::Node>().ok());
    message.is_some_and(|message| message.contains(next.as_ref()))
}

/// What a message says: its text, the editor for it, or that it is gone; and that it was edited.
#[component]
fn Words(room: ShownRoom, key: RowKey, view: RwSignal<RowView>) -> impl IntoView {
    let me = expect_context::<Session>().me().user.id;
    let words = memo(move || {
        let is_edited = room.doing.editing.get() == Some(key);
        view.with(|view| {
            // By what it is changed, while it is.
            let edited = is_edited.then(|| Handle::of(key, view)).flatten();
            (said(view, me), edited, edited_at_of(&view.content))
        })
    });
    redrawn(move || {
        let (said, edited, edited_at) = words.get();
        let text = match (said, edited) {
            (Some(said), Some(handle)) => {
                EitherOf3::A(view! { <Later room tool=Tool::Edit { handle, text: said.text }/> })
            }
            (Some(said), None) => EitherOf3::B(said),
            (None, _) => {
                EitherOf3::C(view! { <p class="message__text message__text--deleted">"This message was deleted."</p> })
            }
        };
        (text, edited_at.map(|edited_at| view! { <EditedMark room view edited_at/> }))
    })
}

/// What stands below a message.
#[derive(Clone, PartialEq)]
enum Foot {
    Nothing,
    /// Why it was refused, and what can be done about it.
    Refused {
        reason: String,
        handle: Handle,
        may_edit: bool,
    },
    /// What can be done with it: it is at hand.
    Actions {
        message: Seq,
        text: String,
    },
}

fn foot(key: RowKey, view: &RowView, is_at_hand: bool) -> Foot {
    let handle = Handle::of(key, view);
    match (status_of(view), handle) {
        (Status::Refused(error), Some(handle)) => Foot::Refused {
            reason: format!("Not sent. {}", error.message),
            handle,
            may_edit: text_of(&view.content).is_some(),
        },
        (Status::Stored, Some(Handle::Stored(message))) if is_at_hand => {
            text_of(&view.content).map_or(Foot::Nothing, |text| Foot::Actions { message, text: text.to_owned() })
        }
        (Status::Queued | Status::Sent | Status::Stored, _) | (Status::Refused(_), None) => Foot::Nothing,
    }
}

/// Why a message was refused, or what can be done with it.
#[component]
fn Below(room: ShownRoom, key: RowKey, view: RwSignal<RowView>, hand: RwSignal<Hand>) -> impl IntoView {
    let session = expect_context::<Session>();
    let Doing { deleting, picking, editing, .. } = room.doing;
    let foot = memo(move || {
        let Hand { points, holds } = hand.get();
        let (deleting, picking) = (deleting.get(), picking.get());
        let is_edited = editing.get() == Some(key);
        view.with(|view| {
            // A question about it, or what it is asked for, takes the focus away for a while, and gives it back.
            let is_asked = view.seq.is_some() && (deleting == view.seq || picking == view.seq.map(Picking::Reaction));
            foot(key, view, (points || holds || is_asked) && !is_edited)
        })
    });
    redrawn(move || match foot.get() {
        Foot::Refused { reason, handle, may_edit } => EitherOf3::A(view! {
            <div class="message__refusal">
                <p class="notice notice--refused">{reason}</p>
                <Later room tool=Tool::Refused { key, handle, may_edit }/>
            </div>
        }),
        Foot::Actions { message, text } => {
            let author = view.with_untracked(|view| view.author.clone());
            let is_mine = author.id == session.me().user.id;
            let allowed = Allowed { edit: is_mine, delete: is_mine || session.moderates(room), unread: !is_mine };
            EitherOf3::B(view! { <Later room tool=Tool::Actions { message, key, author, text, allowed }/> })
        }
        Foot::Nothing => EitherOf3::C(()),
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

fn text_of(content: &Content) -> Option<&str> {
    match content {
        Content::Message(Body::Text { text, .. }) => Some(text),
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

fn mentions_of(content: &Content) -> Option<&Mentions> {
    match content {
        Content::Message(Body::Text { mentions, .. }) => Some(mentions),
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
