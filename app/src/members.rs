//! Who is in a room; bringing people in, putting them out, leaving.

use leptos::{either::Either, ev::SubmitEvent, html, prelude::*};
use protocol::{
    Command, UserRef, Username,
    limits::USERNAME_CHARS_MAX,
    members::{AddMember, LeaveRoom, Member, RemoveMember},
};

use crate::{
    address::Address,
    avatar::Avatar,
    frame::MEMBERS_PANEL,
    icons::{Icon, Sign},
    mute::MuteButton,
    presence::{Company, PresenceDot, ViewingSwitch, note, presence_of, words},
    session::Session,
    shown::ShownRoom,
    time::Times,
};

/// The column of a room's members.
#[component]
pub(crate) fn Members(room: ShownRoom) -> impl IntoView {
    let session = expect_context::<Session>();
    let count = move || room.member_count.get();
    let may_add = Memo::new(move |_| session.moderates(room) && !room.everyone.get());
    let more = Memo::new(move |_| {
        let listed = room.members.with(Vec::len);
        usize::try_from(count()).unwrap_or(usize::MAX).saturating_sub(listed)
    });
    view! {
        <aside class="frame__members panel" id=MEMBERS_PANEL popover aria-label="Members">
            <div class="members">
                <div class="members__head">
                    <h2 class="members__title">"Members " <span class="members__count">{count}</span></h2>
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
                <Company room may_remove=may_add/>
                {move || (more.get() > 0).then(|| view! { <p class="members__more">{format!("and {} more", more.get())}</p> })}
                {move || may_add.get().then(|| view! { <AddForm room/> })}
                <MuteButton room/>
                {move || {
                    if room.everyone.get() {
                        Either::Left(view! { <p class="members__more">"Everyone is in this room."</p> })
                    } else {
                        Either::Right(view! { <LeaveButton room/> })
                    }
                }}
                <ViewingSwitch/>
            </div>
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
    let is_me = id == session.me().user.id;
    let is_creator = move || room.creator.get() == Some(id);
    let shown = name.to_string();
    let named = shown.clone();
    let label = move || format!("{named}{}", words(presence.get(), times));
    let remove_label = format!("Remove {shown}");
    let remove = StoredValue::new(name);
    let on_remove = move |_| {
        session.run(
            |client_id| Command::RemoveMember(RemoveMember { client_id, room: room.id, username: remove.get_value() }),
            move |result| session.complain(result),
        );
    };
    view! {
        <li class="member" aria-label=label>
            <span class="member__face">
                <Avatar name=shown.clone()/>
                <PresenceDot presence/>
            </span>
            <span class="member__who">
                <span class="member__title">
                    <span class="member__name">{shown}</span>
                    {is_me.then(|| view! { <span class="member__note">"you"</span> })}
                    {move || is_creator().then(|| view! { <span class="member__note">"creator"</span> })}
                </span>
                <span class="member__presence">{move || note(presence.get(), times)}</span>
            </span>
            {move || {
                (may_remove.get() && !is_me)
                    .then(|| {
                        view! {
                            <button class="icon-button member__remove" type="button" aria-label=remove_label.clone() on:click=on_remove>
                                <Icon sign=Sign::Close/>
                            </button>
                        }
                    })
            }}
        </li>
    }
}

#[component]
fn AddForm(room: ShownRoom) -> impl IntoView {
    let session = expect_context::<Session>();
    let input = NodeRef::<html::Input>::new();
    let said = RwSignal::new(None::<Said>);
    let add = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(input) = input.get_untracked() else { return };
        let typed = input.value();
        let username = match Username::parse(typed.trim()) {
            Ok(username) => username,
            Err(invalid) => {
                said.set(Some(Said::Refused(invalid.to_string())));
                return;
            }
        };
        let name = username.to_string();
        session.run(
            |client_id| Command::AddMember(AddMember { client_id, room: room.id, username }),
            move |result| match result {
                Ok(_) => {
                    input.set_value("");
                    said.set(Some(Said::Done(format!("{name} is in."))));
                }
                Err(error) => said.set(Some(Said::Refused(error.message.into_owned()))),
            },
        );
    };
    view! {
        <form class="members__add" on:submit=add>
            <label for="add-member">"Add by username"</label>
            <div class="members__add-row">
                <input
                    id="add-member"
                    type="text"
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                    maxlength=USERNAME_CHARS_MAX.to_string()
                    node_ref=input
                />
                <button class="button" type="submit">"Add"</button>
            </div>
            <div role="status">
                {move || match said.get() {
                    Some(Said::Done(sentence)) => Some(Either::Left(view! { <p class="notice">{sentence}</p> })),
                    Some(Said::Refused(sentence)) => {
                        Some(Either::Right(view! { <p class="notice notice--refused">{sentence}</p> }))
                    }
                    None => None,
                }}
            </div>
        </form>
    }
}

/// What came of adding someone.
#[derive(Clone)]
enum Said {
    Done(String),
    Refused(String),
}

#[component]
fn LeaveButton(room: ShownRoom) -> impl IntoView {
    let session = expect_context::<Session>();
    let address = expect_context::<Address>();
    let leave = move |_| {
        session.run(
            |client_id| Command::LeaveRoom(LeaveRoom { client_id, room: room.id }),
            move |result| match result {
                Ok(_) => address.go(&session.elsewhere(room.id)),
                Err(error) => session.complain(Err(error)),
            },
        );
    };
    view! { <button class="members__leave" type="button" on:click=leave>"Leave room"</button> }
}
