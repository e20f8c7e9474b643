//! The messages of a room, and staying at one's place among them.

use std::time::Duration;

use client::Instant;
use leptos::{ev, html, prelude::*};
use protocol::Seq;

use crate::{
    actions,
    address::Address,
    erased::{effect, lets_go, live, memo, on, redrawn},
    icons::{Icon, Sign},
    later::{Later, Tool},
    message::RowLine,
    platform,
    scroll::{self, Anchor},
    session::Session,
    shown::ShownRoom,
};

/// Distance from an end at which more is loaded, in pixels.
const LOAD_AHEAD_PX: i32 = 1_200;

/// Nobody scrolls farther than this in one picture, in windows.
const LEAP_WINDOWS: i32 = 3;

/// Who asked for the end goes there if it comes within this time.
const END_WITHIN: Duration = Duration::from_secs(3);

/// The timeline.
#[component]
pub(crate) fn TimelineView(room: ShownRoom) -> impl IntoView {
    let session = expect_context::<Session>();
    let address = expect_context::<Address>();
    let log = NodeRef::<html::Div>::new();
    let asks = memo(move || room.doing.deleting.get().is_some());
    let is_away = RwSignal::new(false);
    // Where the reader is; what changes around that place must not move it.
    let place = StoredValue::new(Place::default());

    // Where the reader wants to be, while the rows of that place are on their way.
    let wanted = StoredValue::new(None::<Anchor>);
    // The message that a link led to from within the room.
    let followed = StoredValue::new(None::<Seq>);
    // Rows have changed since the reader was last put in their place: until then they are where they were in what
    // was this high.
    let unsettled = StoredValue::new(None::<i32>);
    let height = StoredValue::new(0);
    // Until when the reader wants the end, whose rows may be on their way.
    let wants_end = StoredValue::new(None::<Instant>);

    let look = move || {
        // The page may be another one by the time that a frame is drawn.
        let Some(log) = log.try_get_untracked().flatten() else { return };
        let unseen = unsettled.get_value();
        let seen = unseen.unwrap_or_else(|| log.scroll_height());
        height.set_value(seen);
        // Where fewer rows stand in the page than before, the browser moves who was at the end up to the new one.
        let was_at_end = place.with_value(|place| place.at_end);
        let at_end = (scroll::is_at_end(&log, seen) || was_at_end && scroll::is_at_end(&log, log.scroll_height()))
            && room.edges.get_untracked().at_end;
        let stays_at_end = at_end || wants_end.get_value().is_some_and(|until| platform::monotonic() < until);
        let top = log.scroll_top();
        let before = place.with_value(|place| place.anchor.clone().map(|anchor| (anchor, place.top)));
        let anchor = match (before, unseen) {
            // Who is at the end is kept there, whatever is on top.
            _ if stays_at_end => None,
            // What was on top is not back in its place yet: it has gone only as far as the reader has scrolled. Who leapt
            // farther is where they want to be.
            (Some((anchor, was)), Some(height)) if (top - was).abs() <= LEAP_WINDOWS * log.client_height() => {
                // Where the rows are less high than before, the browser itself has moved who was below their end.
                let is_moved = log.scroll_height() < height && scroll::below(&log) <= 0;
                let scrolled = if is_moved { 0 } else { top - was };
                Some(Anchor { offset_px: anchor.offset_px - scrolled, ..anchor })
            }
            _ => scroll::anchor(&log),
        };
        if is_away.get_untracked() == at_end {
            is_away.set(!at_end);
            session.follow(room.id, at_end);
        }
        room.follow(at_end);
        if at_end && unseen.is_none() && log.scroll_top() > 0 {
            room.fits(scroll::fitting(&log, seen));
        }
        platform::note_place(anchor.as_ref());
        place.set_value(Place { at_end: stays_at_end, anchor, top });
        // Rows that are not in their place were seen by nobody.
        if unseen.is_none()
            && let Some(seq) = scroll::last_visible(&log)
            && room.may_read()
            && platform::has_focus()
        {
            session.read(room.id, seq);
        }
        let edges = room.edges.get_untracked();
        // Who goes along with the end has above what fits; the rest is there for who goes up. Loading it makes room for it
        // by letting go of the end, as for who goes up.
        let has_enough = at_end && log.scroll_top() > 0;
        if !edges.at_start && !has_enough && log.scroll_top() < LOAD_AHEAD_PX {
            session.load_older(room);
        }
        if !edges.at_end && scroll::below(&log) < LOAD_AHEAD_PX {
            session.load_newer(room.id);
        }
    };
    let scrolled = move || {
        // Who goes up has changed their mind.
        let top = log.try_get_untracked().flatten().map(|log| log.scroll_top());
        if unsettled.with_value(Option::is_none) && top.is_some_and(|top| place.with_value(|place| top < place.top)) {
            wants_end.set_value(None);
        }
        look();
    };
    let settle = move || {
        let Some(log) = log.try_get_untracked().flatten() else { return };
        unsettled.set_value(None);
        let is_there = wanted.with_value(|wanted| {
            wanted.as_ref().is_some_and(|wanted| scroll::reach(&log, wanted, room.edges.get_untracked().at_start))
        });
        if is_there {
            // Who followed a link here goes on from there by keys.
            if let Some(line) = followed.get_value() {
                scroll::focus(&log, line, room.edges.get_untracked().at_start);
            }
            followed.set_value(None);
            wanted.set_value(None);
        } else {
            place.with_value(|place| match &place.anchor {
                Some(anchor) if !place.at_end => _ = scroll::restore(&log, anchor),
                Some(_) | None => scroll::to_end(&log),
            });
        }
        if room.edges.get_untracked().at_end {
            wants_end.set_value(None);
        }
        look();
    };

    Effect::new(move |before: Option<()>| {
        lets_go();
        room.rows.track();
        let is_first = before.is_none();
        // Nothing was seen of it yet where rows change before the first picture.
        unsettled.set_value(Some(height.get_value()).filter(|height| !is_first && *height != 0));
        // Before the next picture, after the rows stand in the page.
        request_animation_frame(move || {
            if !is_first {
                settle();
            } else if let Some(log) = log.try_get_untracked().flatten() {
                wanted.set_value(scroll::begin(&log, address.at()));
                look();
            }
        });
    });
    Effect::new(move |before: Option<()>| {
        lets_go();
        room.to_end.track();
        wanted.set_value(None);
        followed.set_value(None);
        wants_end.set_value(before.map(|()| platform::monotonic() + END_WITHIN));
        place.set_value(Place { at_end: true, ..Place::default() });
        request_animation_frame(settle);
    });
    // A link to a message of this room was followed, or the history gone through.
    Effect::new(move |before: Option<()>| {
        lets_go();
        address.arrivals.track();
        let Some(log) = log.get_untracked().filter(|_| before.is_some()) else { return };
        wants_end.set_value(None);
        let at = address.at();
        match (scroll::wanted(&log, at), at) {
            (Some(anchor), Some(seq)) => {
                wanted.set_value(Some(anchor));
                followed.set_value(scroll::is_named(&log).then_some(seq));
                session.go_to(room, seq);
                request_animation_frame(settle);
            }
            // Nothing was noted: it was the end.
            _ => session.jump_to_present(room.id),
        }
    });
    let walk = move |event: ev::KeyboardEvent| {
        if let Some(log) = log.get_untracked() {
            actions::walk(&log, &event);
        }
    };
    on_cleanup(move || room.follow(false));
    // In an effect, because there is no window on the server.
    effect(move || {
        let on_focus = window_event_listener(ev::focus, move |_| look());
        on_cleanup(move || on_focus.remove());
    });
    // The window, a banner above, the composer below: whatever takes room away, the reader stays where they are.
    effect(move || {
        if let Some(log) = log.get() {
            let observer = scroll::on_resize(&log, settle);
            on_cleanup(move || drop(observer));
        }
    });

    let beginning = move || {
        room.edges.get().at_start.then(|| {
            view! {
                <div class="timeline__beginning">
                    <p class="timeline__title">{live(move || room.name.get().unwrap_or_default())}</p>
                    <p>"This is where the room begins."</p>
                </div>
            }
        })
    };
    view! {
        <div class="timeline">
            <div
                class="timeline__log"
                id="timeline"
                role="log"
                aria-live="off"
                aria-label="Messages"
                tabindex="0"
                node_ref=log
                on:scroll=on(move |_| scrolled())
                on:keydown=on(walk)
            >
                <div class="timeline__top">{beginning}</div>
                <For each=move || room.rows.get() key=|row| row.key let(row)>
                    <RowLine room row/>
                </For>
                {redrawn(move || {
                    room.has_no_messages.get()
                        .then(|| view! { <p class="empty">"Nobody has said anything yet. Write the first message below."</p> })
                })}
            </div>
            {redrawn(move || is_away.get().then(|| view! { <JumpButton room/> }))}
            {redrawn(move || asks.get().then(|| view! { <Later room tool=Tool::Delete/> }))}
        </div>
    }
}

#[component]
fn JumpButton(room: ShownRoom) -> impl IntoView {
    let session = expect_context::<Session>();
    view! {
        <button class="jump" type="button" on:click=on(move |_| session.jump_to_present(room.id))>
            <Icon sign=Sign::Down/>
            "Jump to present"
            {redrawn(move || match room.unread.get() {
                0 => None,
                count => Some(view! { <span class="jump__count">{format!(" · {} new", protocol::unread::label(count))}</span> }),
            })}
        </button>
    }
}

/// Where a reader is in a timeline.
#[derive(Clone, Default)]
struct Place {
    at_end: bool,
    anchor: Option<Anchor>,
    /// How far the log was scrolled then, in pixels.
    top: i32,
}
