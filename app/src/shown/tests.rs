use super::*;

const ME: UserId = UserId(1);

fn cursor(version: u64, seq: u64) -> ReadCursor {
    ReadCursor { version, seq: Seq(seq) }
}

/// A room that was entered with everything in it read.
fn room() -> ShownRoom {
    let room = ShownRoom::new(RoomId(1));
    room.enter(None);
    room.mark(&[], cursor(0, 9), None, ME);
    room
}

#[test]
fn what_was_marked_as_unread_is_not_read_by_looking() {
    let owner = Owner::new();
    owner.with(|| {
        let room = room();
        assert!(room.may_read());

        room.mark(&[], cursor(1, 4), None, ME);
        room.mark(&[], cursor(1, 4), None, ME);

        assert!(!room.may_read());
        room.enter(None);
        room.mark(&[], cursor(1, 4), None, ME);
        assert!(room.may_read(), "until one comes back to it");
    });
}

#[test]
fn what_was_marked_as_unread_is_released_when_everything_is_marked_as_read() {
    let owner = Owner::new();
    owner.with(|| {
        let room = room();
        room.mark(&[], cursor(1, 4), None, ME);

        room.mark(&[], cursor(1, 9), None, ME);

        assert!(room.may_read());
        room.mark(&[], cursor(2, 4), None, ME);
        assert!(!room.may_read(), "and held when it is marked again");
    });
}
