use protocol::{ReadCursor, Seq};

use super::*;
use crate::oracle::room::{
    self,
    tests::{log_of, user, view},
};

/// Three rooms: somebody is in two of them.
fn rooms() -> Vec<Room> {
    [(1, 1), (2, 1), (3, 2)].map(|(number, creator)| room::fold(&log_of(number, creator)).unwrap()).into()
}

/// All as it is.
fn shown(rooms: &[Room]) -> Shown {
    let theirs = &rooms[..2];
    let list: Vec<_> = theirs.iter().map(summary).collect();
    Shown {
        who: "ada".to_owned(),
        user: user(1).id,
        views: theirs.iter().map(|room| (room.info().id, view(room))).collect(),
        told: list.clone(),
        list,
    }
}

fn summary(room: &Room) -> RoomSummary {
    let info = room.info();
    let room_ref = protocol::rooms::RoomRef { id: info.id, name: info.name.clone(), visibility: info.visibility };
    let cursor = ReadCursor { seq: Seq(1), ..ReadCursor::default() };
    let (head, since) = (room.position(), Seq(1));
    RoomSummary { room: room_ref, head, messages: 2, cursor, since, unread: 0, mentions: 0, muted: false }
}

#[test]
fn whoever_is_shown_their_rooms_is_shown_nothing_else() {
    let rooms = rooms();

    assert_eq!(shown(&rooms).differences(&rooms), Vec::<String>::new());
}

#[test]
fn rooms_that_are_missing_too_many_or_miscounted_are_noticed() {
    type Change = fn(&mut Shown, &Room);
    let rooms = rooms();
    let changes: [(&str, Change); 10] = [
        ("none open", |shown, _| shown.views.clear()),
        ("one not open", |shown, _| drop(shown.views.pop())),
        ("no list", |shown, _| shown.list.clear()),
        ("no list, and told of none", |shown, _| {
            shown.list.clear();
            shown.told.clear();
        }),
        ("a short list", |shown, _| drop(shown.list.pop())),
        ("told of one less", |shown, _| drop(shown.told.pop())),
        ("a room twice", |shown, _| shown.list.push(shown.list[0].clone())),
        ("another's room", |shown, other| {
            shown.list.push(summary(other));
            shown.told.push(summary(other));
        }),
        ("told of another head", |shown, _| shown.told[1].head.seq = Seq(1)),
        ("miscounted by both", |shown, _| {
            shown.list[1].unread = 1;
            shown.told[1].unread = 1;
        }),
    ];

    for (what, change) in changes {
        let mut shown = shown(&rooms);
        change(&mut shown, &rooms[2]);
        assert!(!shown.differences(&rooms).is_empty(), "{what}");
    }
}
