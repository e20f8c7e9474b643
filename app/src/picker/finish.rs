//! Emoji that are written by what they are called between colons, without the picker.

use protocol::UserId;

use super::{kept, list::List};
use crate::completion::{OFFERED_MAX, Offered};

thread_local! {
    static ALL: List = List::read(&[]);
}

/// Emoji that may be meant, the best first.
pub(crate) fn matching(begun: &str, me: UserId) -> Vec<Offered> {
    let tone = kept::tone(me);
    let offered = ALL.with(|list| list.find(begun)).into_iter().take(OFFERED_MAX);
    offered.map(|emoji| Offered { text: emoji.toned(tone), about: Some(emoji.short_name()) }).collect()
}

/// The emoji that is called this, written between colons; noted as used.
pub(crate) fn named(name: &str, me: UserId) -> Option<String> {
    let emoji = ALL.with(|list| list.find(name)).into_iter().find(|emoji| emoji.is_called(name))?;
    kept::note(me, emoji);
    Some(emoji.toned(kept::tone(me)))
}
