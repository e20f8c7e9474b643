//! Who is in a room and what it is about; the ways to bring people in, to put them out, and to leave.

use leptos::prelude::*;
use protocol::{UserRef, members::Member};

use crate::{
    address::Address,
    avatar::Avatar,
    erased::{live, memo, on, redrawn},
    frame::MEMBERS_PANEL,
    icons::{Icon, Sign},
    later::{Later, Tool},
    mute::MuteButton,
    presence::{Company, PresenceDot, ViewingSwitch, aside, presence_of, words},
    profile::{full_name, status_of},
    session::Session,
    shown::ShownRoom,
    time::Times,
};

/// The column of a room's members.
#[component]
pub(crate) fn Members(room: ShownRoom) -> impl IntoView {
    let session = expect_context::<Session>();
    let address = expect_context::<Address>();
    let count = move || room.member_count.get();
    let topic = memo(move || room.topic());
    let asks = memo(move || room.doing.parting.get().is_some());
    let may_add = memo(move || session.moderates(room) && !room.everyone.get());
    let more = memo(move || {
        let listed = room.members.with(Vec::len);
        usize::try_from(count()).unwrap_or(usize::MAX).saturating_sub(listed)
    });
    view! {
        <aside class="frame__members panel" id=MEMBERS_PANEL popover tabindex="-1" aria-label="Members">
            <div class="members">
                <div class="members__head">
                    <h2 class="members__title">"Members " <span class="members__count">{live(count)}</span></h2>
                    <button
                        class="icon-button panel__close"
                        type="button"
                        popovertarget=MEMBERS_PANEL
                        popovertargetaction="hide"
                        aria-label="Close members"
                    >
                        <Icon sign=Sign::Close/>
                    </button>
                </div>
                <p class="members__topic" hidden=live(move || topic.with(String::is_empty))>{topic}</p>
                <Company room may_remove=may_add/>
                <p class="members__more" hidden=live(move || more.get() == 0)>{live(move || format!("and {} more", more.get()))}</p>
                <div class="members__actions">
                    <AddButton room may_add/>
                    <MuteButton room/>
                    <LeaveButton room/>
                    <p class="members__more" hidden=live(move || !room.everyone.get())>
                        "Everyone who has an account is in this room."
                    </p>
                    <ViewingSwitch/>
                </div>
            </div>
            {redrawn(move || asks.get().then(|| view! { <Later room tool=Tool::Part(address)/> }))}
        </aside>
    }
}

/// One member: who, whether they are there, and what may be done about them.
#[component]
pub(crate) fn MemberRow(room: ShownRoom, member: Member, may_remove: Memo<bool>) -> impl IntoView {
    let session = expect_context::<Session>();
    let times = expect_context::<Times>();
    let presence = presence_of(room, &member);
    let UserRef { id, name } = member.user;
    let status = status_of(room, id);
    let is_me = id == session.me().user.id;
    let is_creator = move || room.creator.get() == Some(id);
    let shown = name.to_string();
    let display = memo(move || room.display_name(id));
    let named = shown.clone();
    let called = shown.clone();
    let handle = format!("@{shown}");
    let label = move || {
        status.with(|status| format!("{}{}", full_name(display.get(), &named), words(presence.get(), status, times)))
    };
    let remove_label = format!("Remove {shown}");
    let on_remove = move |_| room.doing.parting.set(Some(id));
    view! {
        <li class="member" aria-label=live(label)>
            <span class="member__face">
                <Avatar name=shown.clone()/>
                <PresenceDot presence/>
            </span>
            <span class="member__who">
                <span class="member__title">
                    <bdi class="member__name">{live(move || display.get().unwrap_or_else(|| called.clone()))}</bdi>
                    <span class="member__notes">
                        {is_me.then(|| view! { <span class="member__note">"you"</span> })}
                        <span class="member__note" hidden=live(move || !is_creator())>"creator"</span>
                    </span>
                </span>
                <span class="member__presence">{live(move || {
                    let handle = display.with(|display| display.is_some().then_some(handle.as_str()));
                    status.with(|status| aside(handle, status, presence.get(), times))
                })}</span>
            </span>
            {redrawn(move || {
                (may_remove.get() && !is_me)
                    .then(|| {
                        view! {
                            <button class="icon-button member__remove" type="button" aria-label=remove_label.clone() on:click=on(on_remove)>
                                <Icon sign=Sign::Close/>
                            </button>
                        }
                    })
            })}
        </li>
    }
}

/// Opens and closes the form that brings somebody in.
#[component]
fn AddButton(room: ShownRoom, may_add: Memo<bool>) -> impl IntoView {
    let is_open = RwSignal::new(false);
    view! {
        <button
            class="members__action"
            type="button"
            hidden=live(move || !may_add.get())
            aria-expanded=live(move || is_open.get().to_string())
            on:click=on(move |_| is_open.update(|is_open| *is_open = !*is_open))
        >
            <Icon sign=Sign::Add/>
            "Add someone"
        </button>
        {redrawn(move || is_open.get().then(|| view! { <Later room tool=Tool::AddMember/> }))}
    }
}

#[component]
fn LeaveButton(room: ShownRoom) -> impl IntoView {
    let me = expect_context::<Session>().me().user.id;
    view! {
        <button
            class="members__action members__action--leave"
            type="button"
            hidden=live(move || room.everyone.get())
            on:click=on(move |_| room.doing.parting.set(Some(me)))
        >
            <Icon sign=Sign::LogOut/>
            "Leave room"
        </button>
    }
}
