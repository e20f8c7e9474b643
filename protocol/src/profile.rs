//! What people say of themselves: a name by which the others call them, and a status, for a while or until they clear it.
//!
//! The user name stays who they are: mentions and logging in go by it, and it stands beside the other name, which may look
//! like anybody's.
//!
//! It belongs to an account, not to a room, and is told beside the presence in each room that its user is in: the
//! latest holds, and nothing of it is in a log.

use serde::{Deserialize, Serialize};

use crate::{
    error::{ErrorCode, Invalid},
    from_json,
    id::{UnixMs, UserId},
    limits::{DISPLAY_NAME_CHARS_MAX, STATUS_AGE_MS_MAX, STATUS_CHARS_MAX},
    reactions::check_emoji,
};

/// Combining marks on one letter: with more, a text covers what stands above and below it. Vietnamese needs two.
const MARKS_MAX: usize = 4;

/// Tags behind a black flag: a region has at most six, and one ends it.
const TAGS_MAX: usize = 7;

/// What somebody is up to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// One emoji.
    pub emoji: String,
    /// In a few words.
    pub text: String,
    /// When it ends by itself; none where it stays until it is cleared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<UnixMs>,
}

from_json!(Status { emoji, text, until });

impl Status {
    /// Checks one that is to be set now: one emoji; 1 to 80 characters on one line; an end that lies ahead, within a year.
    ///
    /// # Errors
    /// `invalid`, `too_large`.
    pub fn check(&self, now: UnixMs) -> Result<(), Invalid> {
        check_emoji(&self.emoji)
            .map_err(|_| Invalid::new(ErrorCode::Invalid, "A status has one emoji. Choose one, or leave it out."))?;
        if self.text.trim().is_empty() {
            return Err(Invalid::new(ErrorCode::Invalid, "Say in a few words what your status is, or clear it."));
        }
        if self.text.chars().count() > STATUS_CHARS_MAX {
            return Err(Invalid::new(
                ErrorCode::TooLarge,
                format!("A status has at most {STATUS_CHARS_MAX} characters. Shorten it."),
            ));
        }
        if !is_plain_line(&self.text) {
            return Err(Invalid::new(
                ErrorCode::Invalid,
                "A status is one line without spaces around it and without invisible characters.",
            ));
        }
        if self.until.is_some_and(|until| until <= now || until.0 - now.0 > STATUS_AGE_MS_MAX) {
            return Err(Invalid::new(ErrorCode::Invalid, "A status ends within a year from now. Choose such a time."));
        }
        Ok(())
    }

    /// Whether it has ended by then.
    #[must_use]
    pub fn is_over(&self, now: UnixMs) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

/// Set one's status, in place of the one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetStatus {
    /// See [`Status::check`].
    pub emoji: String,
    /// See [`Status::check`].
    pub text: String,
    /// See [`Status::check`].
    #[serde(default)]
    pub until: Option<UnixMs>,
}

impl From<SetStatus> for Status {
    fn from(wanted: SetStatus) -> Self {
        Self { emoji: wanted.emoji, text: wanted.text, until: wanted.until }
    }
}

/// Set one's display name, in place of the one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetDisplayName {
    /// See [`check_display_name`].
    pub name: String,
}

/// Checks a display name: 1 to 60 characters of any script on one line, with a letter or digit among them. No `@`, which
/// stands before user names: what follows it is always one.
///
/// # Errors
/// `invalid`, `too_large`.
pub fn check_display_name(name: &str) -> Result<(), Invalid> {
    if name.chars().count() > DISPLAY_NAME_CHARS_MAX {
        return Err(Invalid::new(
            ErrorCode::TooLarge,
            format!("A display name has at most {DISPLAY_NAME_CHARS_MAX} characters. Shorten it."),
        ));
    }
    if !is_plain_line(name) {
        return Err(Invalid::new(
            ErrorCode::Invalid,
            "A display name is one line without spaces around it and without invisible characters.",
        ));
    }
    if !name.chars().any(char::is_alphanumeric) || name.contains(['@', '＠', '﹫']) {
        return Err(Invalid::new(ErrorCode::Invalid, "A display name has a letter or a digit in it, and no @."));
    }
    Ok(())
}

/// What one user says of themselves; without anything but the user: nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserProfile {
    /// Who.
    pub user: UserId,
    /// By what the others call them, where that is not the user name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What they are up to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
}

from_json!(UserProfile { user, name, status });

/// Whether a text is one line that shows what it says: no control characters, nothing that turns the direction of
/// what stands around it, nothing invisible but what joins letters and emoji, no heaps of combining marks.
fn is_plain_line(text: &str) -> bool {
    let (mut marks, mut tags, mut before) = (0, 0, ' ');
    text.trim() == text
        && text.chars().all(|c| {
            marks = if is_mark(c) { marks + 1 } else { 0 };
            tags = if is_tag(c) { tags + 1 } else { 0 };
            let goes_with_it = !is_joined_on(c) || may_be_joined(before, c);
            before = c;
            marks <= MARKS_MAX && tags <= TAGS_MAX && goes_with_it && !c.is_control() && !is_hidden(c)
        })
}

/// Combining marks: the blocks of Unicode that are called so, and those of single scripts that stand above and below any
/// number of others.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}'..='\u{5c2}'
        | '\u{5c4}'..='\u{5c7}' | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{6d6}'..='\u{6dc}'
        | '\u{6df}'..='\u{6e4}' | '\u{6e7}'..='\u{6e8}' | '\u{6ea}'..='\u{6ed}' | '\u{711}' | '\u{730}'..='\u{74a}'
        | '\u{900}'..='\u{902}' | '\u{93a}' | '\u{93c}' | '\u{941}'..='\u{948}' | '\u{94d}' | '\u{951}'..='\u{957}'
        | '\u{e31}' | '\u{e34}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}' | '\u{eb1}' | '\u{eb4}'..='\u{ebc}'
        | '\u{ec8}'..='\u{ece}' | '\u{f71}'..='\u{f84}' | '\u{f8d}'..='\u{fbc}' | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{a66f}'..='\u{a67d}' | '\u{fe20}'..='\u{fe2f}')
}

/// What has no looks of its own and changes those of what it stands behind: joiners, variation selectors, and the tags
/// of flags.
fn is_joined_on(c: char) -> bool {
    is_variation(c) || is_tag(c) || matches!(c, '\u{200c}' | '\u{200d}')
}

fn is_variation(c: char) -> bool {
    is_mongolian_variation(c) || matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Those of Mongolian letters, and the separator of its vowels.
fn is_mongolian_variation(c: char) -> bool {
    matches!(c, '\u{180b}'..='\u{180f}')
}

fn is_tag(c: char) -> bool {
    matches!(c, '\u{e0020}'..='\u{e007f}')
}

/// Whether such a character has something to change there: else a text could carry any number of them unseen.
fn may_be_joined(before: char, c: char) -> bool {
    if is_tag(c) {
        // England is a black flag with `gbeng` behind it.
        before == '\u{1f3f4}' || (is_tag(before) && before != '\u{e007f}')
    } else if is_mongolian_variation(c) {
        matches!(before, '\u{1820}'..='\u{18aa}')
    } else if is_variation(c) {
        !is_joined_on(before) && (!before.is_ascii() || matches!(before, '0'..='9' | '#' | '*'))
    } else {
        // Letters of scripts that join, and pictures: `❤️‍🔥` has a variation before its joiner.
        !before.is_ascii() && (!is_joined_on(before) || is_variation(before))
    }
}

/// Embeddings, overrides and isolates of the direction (UAX #9), line and paragraph ends, and what has no width or
/// looks like a space without being one.
fn is_hidden(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffc}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e001f}' | '\u{e0080}'..='\u{e00ff}' | '\u{e01f0}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_700_000_000_000);

    fn status(text: &str) -> Status {
        Status { emoji: "🌴".to_owned(), text: text.to_owned(), until: None }
    }

    fn code(status: &Status) -> Option<ErrorCode> {
        status.check(NOW).err().map(|error| error.code)
    }

    #[test]
    fn any_script_makes_a_status() {
        for text in ["On holiday", "在开会", "در جلسه‌ام", "Đang họp", "לא כאן", "👩‍💻 & co", "x"]
        {
            assert_eq!(code(&status(text)), None, "{text}");
        }
    }

    #[test]
    fn hostile_texts_are_refused() {
        for text in [
            "",
            " ",
            "two\nlines",
            "a\u{0}b",
            " around ",
            "abc\u{202e}cba",
            "\u{2066}isolated",
            "a\u{200b}b",
            "\u{3164}",
            "line\u{2028}end",
            "ca\u{301}\u{301}\u{301}\u{301}\u{301}t",
        ] {
            assert_eq!(code(&status(text)), Some(ErrorCode::Invalid), "{text:?}");
        }
        for emoji in ["", "x", "🌴🌴", "<b>"] {
            assert_eq!(
                code(&Status { emoji: emoji.to_owned(), ..status("fine") }),
                Some(ErrorCode::Invalid),
                "{emoji}"
            );
        }
    }

    #[test]
    fn what_is_not_seen_joins_something_or_is_refused() {
        let england = "Up \u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}!";
        for text in [
            england,
            "❤️\u{200d}🔥",
            "ᠮᠣᠩᠭᠣᠯ\u{180b} ᠪᠠᠷ\u{180e}ᠠ",
            "葛\u{e0100}城",
            "1️⃣ first",
            "می\u{200c}خواهم",
            "അന\u{d4d}\u{200d}വര\u{d4d}\u{200d}",
        ] {
            assert_eq!(check_display_name(&format!("A {text}")), Ok(()), "{text:?}");
        }
        for text in [
            "Ada\u{200d}",
            "A\u{200c}da",
            "Ada\u{fe0f}",
            "Ada\u{e0041}\u{e0042}",
            "Ada \u{1f3f4}\u{e0067}\u{e007f}\u{e0067}",
            &format!("Ada \u{1f3f4}{}", "\u{e0067}".repeat(TAGS_MAX + 1)),
            "Ada\u{180e}Lovelace",
            "Ada 葛\u{e0100}\u{e0101}",
            "Ada é\u{200d}\u{200d}",
            "Ada\u{e0001}",
            "Ada\u{1d173}",
        ] {
            assert_eq!(check_display_name(text).err().map(|error| error.code), Some(ErrorCode::Invalid), "{text:?}");
        }
    }

    #[test]
    fn marks_of_any_script_are_heaped_so_high_and_no_higher() {
        for (letter, mark) in [("a", '\u{301}'), ("ก", '\u{e47}'), ("א", '\u{5b0}'), ("ب", '\u{64e}'), ("к", '\u{489}')]
        {
            let heap = |marks: usize| format!("{letter}{}", String::from(mark).repeat(marks));
            assert_eq!(check_display_name(&heap(MARKS_MAX)), Ok(()), "{mark:?}");
            assert!(check_display_name(&heap(MARKS_MAX + 1)).is_err(), "{mark:?}");
        }
    }

    #[test]
    fn what_is_told_later_takes_the_place_of_what_was_told_before() {
        let room = crate::RoomId(1);
        let says = |user, text| UserProfile { user: UserId(user), name: None, status: Some(status(text)) };
        let news = |profiles| crate::RoomPresence { whole: false, profiles, ..crate::RoomPresence::unknown(room) };
        let mut known = crate::RoomPresence::unknown(room);

        known.update(news(vec![says(2, "b"), says(7, "g")]));
        known.update(news(vec![says(1, "a"), UserProfile { user: UserId(2), name: None, status: None }, says(7, "G")]));

        let text = |user| Some(known.profile(UserId(user))?.status.as_ref()?.text.as_str());
        assert_eq!([1, 2, 3, 7].map(text), [Some("a"), None, None, Some("G")]);
        known.update(crate::RoomPresence::unknown(room));
        assert!(known.profile(UserId(7)).is_none(), "the whole picture takes the place of all");
    }

    #[test]
    fn a_display_name_may_be_of_any_script_and_shows_what_it_says() {
        for name in ["Ada", "Zoë O’Hara-Müller", "山田 太郎", "محمد", "Đặng Thị Hà", "J. R. R. 2nd", "🌴 Ada"]
        {
            assert_eq!(check_display_name(name), Ok(()), "{name}");
        }
        for name in [
            "",
            " ",
            "Ada\nBob",
            " Ada",
            "Ada\u{202e}",
            "\u{2067}Ada",
            "\u{3164}",
            "\u{200b}",
            "A\u{200b}da",
            "🌴",
            "...",
            "Ada @bob",
            "Ada ＠bob",
            "a\u{0}",
            "Z\u{301}\u{301}\u{301}\u{301}\u{301}algo",
        ] {
            assert_eq!(check_display_name(name).err().map(|error| error.code), Some(ErrorCode::Invalid), "{name:?}");
        }
    }

    #[test]
    fn a_display_name_has_at_most_60_characters() {
        assert_eq!(check_display_name(&"ß".repeat(DISPLAY_NAME_CHARS_MAX)), Ok(()));
        let error = check_display_name(&"ß".repeat(DISPLAY_NAME_CHARS_MAX + 1)).unwrap_err();
        assert_eq!(error.code, ErrorCode::TooLarge);
    }

    #[test]
    fn a_status_has_at_most_80_characters() {
        assert_eq!(code(&status(&"ä".repeat(STATUS_CHARS_MAX))), None);
        assert_eq!(code(&status(&"ä".repeat(STATUS_CHARS_MAX + 1))), Some(ErrorCode::TooLarge));
    }

    #[test]
    fn a_status_ends_ahead_and_within_a_year() {
        let until = |ms| Status { until: Some(UnixMs(NOW.0 + ms)), ..status("fine") };
        assert_eq!(code(&until(1)), None);
        assert_eq!(code(&until(STATUS_AGE_MS_MAX)), None);
        for ms in [0, -1, STATUS_AGE_MS_MAX + 1] {
            assert_eq!(code(&until(ms)), Some(ErrorCode::Invalid), "{ms}");
        }
        assert!(until(0).is_over(NOW) && !until(1).is_over(NOW) && !status("stays").is_over(NOW));
    }
}
