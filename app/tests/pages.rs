//! Pages as the server sends them, read as text.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use app::{Assets, AuthForm, Failure, Form, Initial, Inside, Me, Open, Page, Registration, Theme, render};
use protocol::{
    Body, ClientId, Entry, EntryKind, Epoch, ErrorBody, ErrorCode, HistoryPage, InboxSnapshot, Position, PresenceState,
    Quote, Reaction, ReadCursor, RoomId, RoomPresence, RoomSnapshot, RoomSummary, Seq, UnixMs, UserId, UserPresence,
    UserRef, Username,
    members::Member,
    rooms::{RoomRef, Visibility},
    snapshot::{DirectoryEntry, Doorstep},
};

const HOSTILE: &str = "</textarea></script><script>alert(1)</script><img src=x onerror=alert(2)>\"' onload='x";

fn user(id: u64, name: &str) -> UserRef {
    UserRef { id: UserId(id), name: Username::parse(name).unwrap() }
}

fn message(seq: u64, author: &UserRef, text: &str) -> Entry {
    Entry {
        seq: Seq(seq),
        at: UnixMs(1_760_000_000_000),
        actor: author.clone(),
        kind: EntryKind::Message {
            client_id: Some(ClientId::new(UnixMs(1_760_000_000_000), &[u8::try_from(seq).unwrap(); 10])),
            ordinal: seq,
            body: Body::text(text.to_owned()),
            quote: Some(Quote::of(Seq(1), author.clone(), text)),
            reactions: vec![Reaction { emoji: text.to_owned(), user: author.clone() }],
        },
    }
}

fn room(name: &str, entries: Vec<Entry>) -> RoomSnapshot {
    let ada = user(1, "ada");
    let json = serde_json::json!({
        "info": {
            "id": 7, "name": name, "visibility": "private", "history": "everything", "creator": ada, "everyone": false,
            "topic": "",
        },
        "epoch": 1, "members": [], "member_count": 2, "cursor": { "version": 0, "seq": 0 }, "first_unread": 2, "unread": 1,
        "window": { "as_of": 9, "entries": [], "at_start": true, "at_end": true },
    });
    let snapshot: RoomSnapshot = serde_json::from_value(json).unwrap();
    let members = vec![Member { user: ada, since: Seq(1) }, Member { user: user(2, "bob"), since: Seq(1) }];
    RoomSnapshot { members, window: HistoryPage { entries, ..snapshot.window.clone() }, ..snapshot }
}

fn inside(open: Open) -> Page {
    let summary = RoomSummary {
        room: RoomRef { id: RoomId(7), name: HOSTILE.to_owned(), visibility: Visibility::Private },
        head: Position { epoch: Epoch(1), seq: Seq(9) },
        messages: 3,
        cursor: ReadCursor::default(),
        since: Seq(1),
        unread: 3,
        mentions: 1,
        muted: false,
    };
    let inbox = InboxSnapshot { position: Position { epoch: Epoch(1), seq: Seq(1) }, rooms: vec![summary] };
    Page::Inside(Inside {
        me: Me { user: user(1, "ada"), owner: true, called: None },
        inbox,
        open,
        presence: Some(Box::new(presence())),
        shows_viewing: true,
    })
}

fn presence() -> RoomPresence {
    let of = |id, state| UserPresence { user: UserId(id), state, here: false, last_seen: None };
    let ada = UserPresence { here: true, ..of(1, PresenceState::Online) };
    let bob = UserPresence { last_seen: Some(UnixMs(1_760_000_000_000)), ..of(2, PresenceState::Offline) };
    RoomPresence { users: vec![ada, bob], online: 1, ..RoomPresence::unknown(RoomId(7)) }
}

fn auth(form: Form) -> AuthForm {
    AuthForm {
        form,
        username: HOSTILE.to_owned(),
        invite: Some(HOSTILE.to_owned()),
        next: Some("/rooms/7".to_owned()),
        registration: Registration::Open,
        first: false,
        error: Some(ErrorBody { message: HOSTILE.into(), ..ErrorBody::new(ErrorCode::Invalid) }),
    }
}

fn page(page: Page, path: &str) -> String {
    let initial =
        Initial { build: "b".to_owned(), now: UnixMs(1_760_000_100_000), zone: None, is_zone_chosen: false, page };
    let assets = Assets {
        style: Some("/pkg/h/parlor.css".to_owned()),
        fonts: vec!["/fonts/f.woff2".to_owned()],
        script: Some("/pkg/h/parlor.js".to_owned()),
        imports: vec!["/pkg/h/loader.js".to_owned()],
        wasm: Some("/pkg/h/parlor.wasm".to_owned()),
        reload_port: None,
    };
    render(initial, Theme::Dark, &assets, path, "the-nonce")
}

fn every_page() -> Vec<String> {
    let entries = vec![message(1, &user(1, "ada"), HOSTILE), message(2, &user(2, "bob"), HOSTILE)];
    let doorstep =
        Doorstep { id: RoomId(7), name: HOSTILE.to_owned(), visibility: Visibility::Public, member_count: 3 };
    let listed = DirectoryEntry {
        room: RoomRef { id: RoomId(8), name: HOSTILE.to_owned(), visibility: Visibility::Public },
        member_count: 1,
        joined: false,
    };
    let error = ErrorBody { message: HOSTILE.into(), ..ErrorBody::new(ErrorCode::Internal) };
    vec![
        page(inside(Open::Room(room(HOSTILE, entries))), "/rooms/7-x"),
        page(inside(Open::Doorstep(doorstep)), "/rooms/7-x"),
        page(
            inside(Open::Directory {
                rooms: vec![listed],
                name: HOSTILE.to_owned(),
                more: Some("/rooms?after=x".to_owned()),
            }),
            "/rooms",
        ),
        page(inside(Open::Diagnostics), "/diagnostics"),
        page(inside(Open::Missing), "/rooms/7-x"),
        page(Page::Auth(auth(Form::LogIn)), "/login"),
        page(Page::Auth(auth(Form::SignUp)), "/signup"),
        page(Page::Failure(Failure { status: 500, error }), "/"),
    ]
}

#[test]
fn no_text_becomes_an_element_or_an_attribute_on_any_page() {
    for html in every_page() {
        assert!(!html.contains("<script>alert"), "a script came through: {html}");
        assert!(!html.contains("<img"), "an image came through: {html}");
        assert!(!html.contains("</textarea></script>"), "the text closes an element: {html}");
    }
}

#[test]
fn every_textarea_is_empty() {
    for html in every_page() {
        for after in html.split("<textarea").skip(1) {
            let (_, rest) = after.split_once('>').unwrap();
            assert!(rest.starts_with("</textarea>"), "a textarea has children: {rest}");
        }
    }
}

#[test]
fn every_script_has_the_nonce_or_is_data_and_nothing_has_a_style_attribute() {
    for html in every_page() {
        for after in html.split("<script").skip(1) {
            let (attributes, _) = after.split_once('>').unwrap();
            assert!(
                attributes.contains("nonce=\"the-nonce\"") || attributes.contains("application/json"),
                "a script without nonce: {attributes}"
            );
        }
        assert!(!html.contains(" style="), "an inline style: {html}");
    }
}

#[test]
fn every_page_is_drawn_in_the_theme_of_its_reader() {
    for html in every_page() {
        assert!(html.contains("<html lang=\"en\" data-theme=\"dark\">"), "{html}");
        assert!(html.contains("<meta name=\"color-scheme\" content=\"dark\""), "{html}");
    }
}

#[test]
fn forms_are_not_hydrated_and_rooms_are() {
    let form = page(Page::Auth(auth(Form::LogIn)), "/login");
    let room = page(inside(Open::Room(room("general", vec![]))), "/rooms/7-general");

    assert!(!form.contains("hydrate()"));
    assert!(form.contains("rel=\"prefetch\" href=\"/pkg/h/parlor.wasm\""), "{form}");
    assert!(room.contains("hydrate()"));
    assert!(room.contains("rel=\"preload\""), "{room}");
}

#[test]
fn the_room_page_has_its_messages_and_the_new_line_before_any_program_runs() {
    let entries = vec![message(1, &user(1, "ada"), "first"), message(2, &user(2, "bob"), "second")];

    let html = page(inside(Open::Room(room("general", entries))), "/rooms/7-general");

    let (before, after) = html.split_once("class=\"new-line\"").expect("the New line is there");
    assert!(before.contains("first") && after.contains("second"));
    assert!(html.contains("aria-label=\"bob, 08:53\""), "{html}");
}

#[test]
fn the_first_picture_says_who_is_there() {
    let html = page(inside(Open::Room(room("general", vec![]))), "/rooms/7-general");

    assert!(html.contains("aria-label=\"ada, online, in this room\""), "{html}");
    assert!(html.contains("aria-label=\"bob, offline, last seen at 08:53\""), "{html}");
    assert!(html.contains("presence--online") && html.contains("presence--offline"));
}

#[test]
fn the_data_in_the_page_is_what_the_page_was_made_from() {
    let entries = vec![message(1, &user(1, "ada"), HOSTILE)];
    let made_from = inside(Open::Room(room("general", entries)));

    let html = page(made_from.clone(), "/rooms/7-general");

    let (_, rest) = html.split_once("id=\"initial\">").unwrap();
    let (json, _) = rest.split_once("</script>").unwrap();
    let initial: Initial<Inside> = protocol::json::read(json).unwrap();
    assert_eq!(Page::Inside(initial.page), made_from);
}
