//! Reactions: an emoji that somebody puts under a message.

use serde::{Deserialize, Serialize};

use crate::{
    account::UserRef,
    error::{ErrorCode, Invalid},
    from_json,
    id::{ClientId, RoomId, Seq},
    limits::EMOJI_BYTES_MAX,
};

/// Put an emoji under a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddReaction {
    /// Makes a retry recognisable.
    pub client_id: ClientId,
    /// Where.
    pub room: RoomId,
    /// The `seq` of the event that posted the message.
    pub message: Seq,
    /// Which; see [`check_emoji`].
    pub emoji: String,
}

from_json!(AddReaction { client_id, room, message, emoji });

/// Take an emoji back that one has put under a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoveReaction {
    /// Makes a retry recognisable.
    pub client_id: ClientId,
    /// Where.
    pub room: RoomId,
    /// The `seq` of the event that posted the message.
    pub message: Seq,
    /// Which.
    pub emoji: String,
}

from_json!(RemoveReaction { client_id, room, message, emoji });

/// The actor has put an emoji under a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReactionAdded {
    /// The `seq` of the event that posted the message.
    pub message: Seq,
    /// Which.
    pub emoji: String,
}

from_json!(ReactionAdded { message, emoji });

/// The actor has taken an emoji back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReactionRemoved {
    /// The `seq` of the event that posted the message.
    pub message: Seq,
    /// Which.
    pub emoji: String,
}

from_json!(ReactionRemoved { message, emoji });

/// An emoji under a message, and who put it there. A message has them in the order in which they came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    /// Which.
    pub emoji: String,
    /// Who.
    pub user: UserRef,
}

from_json!(Reaction { emoji, user });

/// The same emoji of several people: in order of the first that is still there, with who put it there.
#[must_use]
pub fn by_emoji(reactions: &[Reaction]) -> Vec<(&str, Vec<&UserRef>)> {
    let mut groups: Vec<(&str, Vec<&UserRef>)> = Vec::new();
    for Reaction { emoji, user } in reactions {
        match groups.iter_mut().find(|(other, _)| other == emoji) {
            Some((_, users)) => users.push(user),
            None => groups.push((emoji, vec![user])),
        }
    }
    groups
}

/// Checks that this is one emoji, of at most [`EMOJI_BYTES_MAX`] bytes.
///
/// By the grammar of a *possible emoji* (UTS #51, ED-17a): what is in the blocks of pictures, with a skin tone, a
/// variation selector or tags, several of them joined; two regional indicators; a keycap. It needs no table that
/// grows with each version of Unicode, and lets no word and no sign of punctuation through.
///
/// # Errors
/// `invalid`, `too_large`.
pub fn check_emoji(emoji: &str) -> Result<(), Invalid> {
    if emoji.len() > EMOJI_BYTES_MAX {
        return Err(Invalid::new(
            ErrorCode::TooLarge,
            format!("An emoji has at most {EMOJI_BYTES_MAX} bytes. Choose one of them."),
        ));
    }
    let chars: Vec<char> = emoji.chars().collect();
    if is_keycap(&chars) || is_flag(&chars) || is_joined(&chars) {
        Ok(())
    } else {
        Err(Invalid::new(ErrorCode::Invalid, "A reaction is one emoji. Choose one."))
    }
}

const JOINER: char = '\u{200d}';
const AS_PICTURE: char = '\u{fe0f}';

fn is_keycap(chars: &[char]) -> bool {
    matches!(chars, ['0'..='9' | '#' | '*', AS_PICTURE, '\u{20e3}'])
}

fn is_flag(chars: &[char]) -> bool {
    let is_indicator = |c: &char| ('\u{1f1e6}'..='\u{1f1ff}').contains(c);
    chars.len() == 2 && chars.iter().all(is_indicator)
}

fn is_joined(chars: &[char]) -> bool {
    chars.split(|c| *c == JOINER).all(is_element)
}

fn is_element(chars: &[char]) -> bool {
    let Some((base, rest)) = chars.split_first() else { return false };
    is_picture(*base)
        && match rest {
            [] | [AS_PICTURE] | ['\u{1f3fb}'..='\u{1f3ff}'] => true,
            [tags @ .., '\u{e007f}'] => tags.iter().all(|c| ('\u{e0020}'..='\u{e007e}').contains(c)),
            _ => false,
        }
}

/// The blocks that emoji are in, without the regional indicators, which count only in pairs.
fn is_picture(c: char) -> bool {
    matches!(
        c,
        '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{24c2}' | '\u{3030}' | '\u{303d}'
            | '\u{3297}' | '\u{3299}' | '\u{2194}'..='\u{21aa}' | '\u{231a}'..='\u{23ff}' | '\u{25aa}'..='\u{25fe}'
            | '\u{2600}'..='\u{27bf}' | '\u{2934}' | '\u{2935}' | '\u{2b05}'..='\u{2b55}' | '\u{1f004}'
            | '\u{1f0cf}' | '\u{1f170}'..='\u{1f19a}' | '\u{1f201}'..='\u{1f251}' | '\u{1f300}'..='\u{1faff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emoji_of_every_kind_are_emoji() {
        for emoji in [
            "👍",
            "👍🏽",
            "❤",
            "❤️",
            "🎉",
            "😮",
            "🙏",
            "1️⃣",
            "#️⃣",
            "🇩🇪",
            "🏳️‍🌈",
            "👩‍💻",
            "👩🏽‍🚀",
            "👨‍👩‍👧‍👦",
            "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
            "☕",
            "⭐",
            "✅",
            "™️",
            "🫠",
        ] {
            assert_eq!(check_emoji(emoji), Ok(()), "{emoji}");
        }
    }

    #[test]
    fn what_is_no_emoji_or_more_than_one_is_refused() {
        for text in [
            "",
            " ",
            "a",
            "+1",
            ":+1:",
            "ok",
            "1",
            "é",
            "👍👍",
            "👍 ",
            "👍a",
            "🇩",
            "🇩🇪🇩",
            "\u{200d}",
            "👍\u{200d}",
            "\u{fe0f}",
            "\u{20e3}",
            "<b>",
            "漢",
            "\u{202e}",
            "\0",
            "\u{1f3fb}\u{1f3fb}\u{1f3fb}",
        ] {
            assert_eq!(check_emoji(text).map_err(|error| error.code), Err(ErrorCode::Invalid), "{text:?}");
        }
    }

    #[test]
    fn an_emoji_is_as_long_as_the_limit_and_no_longer() {
        let family = ["👨🏽", "👩🏽", "👧🏽", "👦🏽"].join("\u{200d}");
        assert_eq!((family.len(), check_emoji(&family)), (41, Ok(())));
        let longest = format!("{family}\u{200d}👦🏽\u{200d}✔\u{200d}✔");
        assert_eq!((longest.len(), check_emoji(&longest)), (EMOJI_BYTES_MAX, Ok(())));
        let longer = format!("{family}\u{200d}👦🏽\u{200d}✔\u{200d}👦");
        assert_eq!(longer.len(), EMOJI_BYTES_MAX + 1);
        assert_eq!(check_emoji(&longer).unwrap_err().code, ErrorCode::TooLarge);
    }

    #[test]
    fn the_same_emoji_of_several_people_are_one_group() {
        let user = |id: u64| UserRef {
            id: crate::UserId(id),
            name: crate::Username::parse(&format!("user{id}")).expect("a name"),
        };
        let reaction = |emoji: &str, id| Reaction { emoji: emoji.to_owned(), user: user(id) };
        let reactions = [reaction("👍", 2), reaction("🎉", 1), reaction("👍", 1)];

        let groups = by_emoji(&reactions);

        assert_eq!(groups, [("👍", vec![&user(2), &user(1)]), ("🎉", vec![&user(1)])]);
    }
}
