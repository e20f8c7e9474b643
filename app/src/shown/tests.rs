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

fn line(seq: u64) -> Line {
    let author = protocol::UserRef { id: UserId(2), name: protocol::Username::parse("bob").unwrap() };
    Line {
        key: client::Key::Line(Seq(seq)),
        seq: Some(Seq(seq)),
        at: protocol::UnixMs(0),
        actor: author,
        content: client::Content::Message(protocol::Body::text("hi".to_owned())),
        quote: None,
        reactions: Vec::new(),
        status: client::Status::Stored,
        change: None,
    }
}

fn lines(count: u64) -> Vec<Line> {
    (1..=count).map(line).collect()
}

/// Of somebody who goes along with the end, and has all rows that are drawn for them.
fn full() -> Drawn {
    Drawn { follows: true, newest: Seq(FOLLOWED_ROWS_MAX as u64), ..Drawn::default() }
}

#[test]
fn who_goes_along_with_the_end_has_a_bounded_number_of_rows() {
    let mut drawn = full();

    assert_eq!(drawn.hide(&lines(200), false), 0);
    assert_eq!(drawn.hide(&lines(201), false), 201 - FOLLOWED_ROWS, "one more, and the first go together");
    assert_eq!(drawn.hide(&lines(240), false), 201 - FOLLOWED_ROWS, "then rows are only added");
}

#[test]
fn of_very_many_new_lines_who_goes_along_sees_the_last() {
    let mut drawn = Drawn { follows: true, newest: Seq(100), ..Drawn::default() };

    assert_eq!(drawn.hide(&lines(100 + NEW_ROWS_MAX as u64), false), 0);
    assert_eq!(drawn.hide(&lines(400), false), 400 - NEW_ROWS_MAX);
}

#[test]
fn of_very_many_new_lines_as_many_are_drawn_as_fill_the_window_twice() {
    let drawn = |fits: usize| {
        let mut drawn = Drawn { follows: true, newest: Seq(100), fits, ..Drawn::default() };
        400 - drawn.hide(&lines(400), false)
    };

    assert_eq!(drawn(11), 22);
    assert_eq!(drawn(1), NEW_ROWS_MIN);
    assert_eq!(drawn(30), 60, "in a high window more than usual");
    assert_eq!(drawn(100), FOLLOWED_ROWS);
}

#[test]
fn nothing_above_is_taken_away_from_who_has_left_the_end() {
    let mut drawn = full();
    drawn.hide(&lines(201), false);
    drawn.follows = false;

    assert_eq!(drawn.hide(&lines(400), false), 101, "what comes is added below");
    assert_eq!(drawn.hide(&lines(400)[30..], false), 71, "and what the window lets go of was hidden");
}

#[test]
fn what_is_hidden_is_drawn_bit_by_bit_when_the_reader_goes_up() {
    let mut drawn = full();
    drawn.hide(&lines(201), false);
    drawn.follows = false;

    drawn.asks_for_older = OLDER_ROWS;
    assert_eq!(drawn.hide(&lines(201), false), 101 - OLDER_ROWS);
    assert_eq!(drawn.hide(&lines(201), false), 101 - OLDER_ROWS);
    for _ in 0..2 {
        drawn.asks_for_older = OLDER_ROWS;
        drawn.hide(&lines(201), false);
    }
    assert_eq!(drawn.hidden, 0);
}

#[test]
fn older_lines_that_were_waited_for_are_drawn_when_they_come() {
    let mut drawn = Drawn::default();
    let window = &lines(200)[100..];
    drawn.hide(window, false);

    drawn.awaits_older = true;
    assert_eq!(drawn.hide(window, false), 0, "they are not here yet");
    assert_eq!(drawn.hide(&lines(200)[40..], false), 60 - OLDER_ROWS);
    assert_eq!(drawn.hide(&lines(200), false), 100 - OLDER_ROWS, "and what nobody waits for is not");
}

#[test]
fn nothing_goes_while_somebody_is_busy_with_a_message() {
    let mut drawn = full();

    assert_eq!(drawn.hide(&lines(300), true), 0);
    assert_eq!(drawn.hide(&lines(301), false), 201);
}

#[test]
fn another_window_is_drawn_whole_also_beside_a_message_that_waits() {
    let mut drawn = full();
    drawn.hide(&lines(300), false);
    drawn.follows = false;
    let mut older = lines(60);
    older.push(Line {
        key: client::Key::Own(protocol::ClientId::new(protocol::UnixMs(0), &[0; 10])),
        seq: None,
        ..line(61)
    });

    assert_eq!(drawn.hide(&older, false), 0);
}

#[test]
fn what_comes_is_not_read_along_where_something_was_just_marked_as_unread() {
    let owner = Owner::new();
    owner.with(|| {
        let room = room();

        assert!(room.may_read_on_from(cursor(0, 12)));
        assert!(!room.may_read_on_from(cursor(1, 4)), "here or elsewhere, and not shown yet");
    });
}
