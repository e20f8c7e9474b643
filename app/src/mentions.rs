//! Mentions: names in a message that mean somebody.

use protocol::{
    Mentions, UserId,
    mentions::{Meant, places},
};

/// Whether somebody is meant.
pub(crate) fn means(meant: Meant, me: UserId) -> bool {
    match meant {
        Meant::User(user) => user == me,
        Meant::Everyone => true,
    }
}

/// A text in pieces: those that name somebody, and what is between them.
pub(crate) fn pieces(text: &str, mentions: &Mentions) -> Vec<(String, Option<Meant>)> {
    let mut pieces = Vec::new();
    let mut done = 0;
    for place in places(text) {
        if let Some(meant) = mentions.meant_by(&text[place.start + 1..place.end]) {
            pieces.push((text[done..place.start].to_owned(), None));
            pieces.push((text[place.clone()].to_owned(), Some(meant)));
            done = place.end;
        }
    }
    pieces.push((text[done..].to_owned(), None));
    pieces.retain(|(piece, _)| !piece.is_empty());
    pieces
}

#[cfg(test)]
mod tests {
    use protocol::{UserRef, Username};

    use super::*;

    #[test]
    fn a_text_in_pieces_is_the_text_and_marks_only_who_is_meant() {
        let bob = UserRef { id: UserId(2), name: Username::parse("bob").unwrap() };
        let mentions = Mentions { users: vec![bob], everyone: false };
        let text = "@Bob, ask @eve or bob@x.org and @bob.";

        let pieces = pieces(text, &mentions);

        assert_eq!(pieces.iter().map(|(piece, _)| piece.as_str()).collect::<String>(), text);
        let marked: Vec<&str> =
            pieces.iter().filter(|(_, meant)| meant.is_some()).map(|(piece, _)| piece.as_str()).collect();
        assert_eq!(marked, ["@Bob", "@bob"]);
    }
}
