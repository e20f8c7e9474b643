use protocol::{ClientId, Username};

use super::*;

const MINUTE_MS: i64 = 60_000;

fn user(id: u64) -> UserRef {
    UserRef { id: UserId(id), name: Username::parse(&format!("user{id}")).unwrap() }
}

fn line(seq: u64, author: u64, at: i64) -> Line {
    Line {
        key: Key::Line(Seq(seq)),
        seq: Some(Seq(seq)),
        at: UnixMs(at),
        actor: user(author),
        content: Content::Message(Body::text(format!("text {seq}"))),
        quote: None,
        reactions: Vec::new(),
        status: Status::Stored,
        change: None,
    }
}

/// UTC.
fn civil(at: UnixMs) -> Civil {
    crate::platform::civil(at, None)
}

fn continued(rows: &[(RowKey, RowView)]) -> Vec<bool> {
    rows.iter().map(|(_, row)| row.is_continued).collect()
}

#[test]
fn messages_group_by_author_day_and_time() {
    let lines = vec![
        line(1, 1, 0),
        line(2, 1, 6 * MINUTE_MS),
        line(3, 2, 7 * MINUTE_MS),
        line(4, 2, 14 * MINUTE_MS),
        line(5, 2, 24 * 60 * MINUTE_MS),
    ];

    let rows = lay_out(lines, Marks::default(), civil);

    assert_eq!(continued(&rows), [false, true, false, false, false]);
    assert_eq!(rows.iter().map(|(_, row)| row.opens_day).collect::<Vec<_>>(), [true, false, false, false, true]);
}

#[test]
fn the_new_line_ends_a_group() {
    let marks = Marks { first_new: Some(Seq(2)), target: None };

    let rows = lay_out(vec![line(1, 1, 0), line(2, 1, 1), line(3, 1, 2)], marks, civil);

    assert_eq!(continued(&rows), [false, false, true]);
    assert!(rows[1].1.is_first_new);
}

#[test]
fn the_first_unread_line_is_anothers_after_the_cursor() {
    let lines = [line(1, 2, 0), line(2, 1, 0), line(3, 2, 0)];

    assert_eq!(first_unread(&lines, Seq(1), UserId(1)), Some(Seq(3)));
    assert_eq!(first_unread(&lines, Seq(3), UserId(1)), None);
}

#[test]
fn a_message_keeps_its_row_from_queued_to_stored() {
    let owner = Owner::new();
    owner.with(|| {
        let key = Key::Own(ClientId::new(UnixMs(1), &[1; 10]));
        let queued = Line { key, seq: None, status: Status::Queued, ..line(9, 1, 0) };
        let stored = Line { key, seq: Some(Seq(9)), status: Status::Stored, ..queued.clone() };
        let drawn = RwSignal::new(Vec::new());
        update(drawn, lay_out(vec![line(1, 2, 0), queued], Marks::default(), civil));
        let before = drawn.get_untracked();

        update(drawn, lay_out(vec![line(1, 2, 0), stored], Marks::default(), civil));

        let after = drawn.get_untracked();
        assert_eq!(after.len(), 2);
        // The signal that was made for the queued message now shows the stored one.
        assert_eq!(before[1].view.get_untracked().status, Status::Stored);
        assert_eq!(before[1].view.get_untracked().seq, Some(Seq(9)));
    });
}
