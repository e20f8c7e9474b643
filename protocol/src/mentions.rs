//! Mentions: members who are named in a message with `@`, and everyone by `@room` or `@here`.
//!
//! The text stays as it was written. Beside it stands who is meant, resolved by the server when the message is posted
//! or edited: a name that is given to somebody else later does not move, and who is no member is not called.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::{
    account::{UserRef, Username},
    error::{ErrorCode, Invalid},
    from_json,
    id::UserId,
    limits::{MENTIONS_MAX, USERNAME_CHARS_MAX},
    markup::Node,
    sorted,
};

/// The names that stand for everyone in the room.
pub const EVERYONE: [&str; 2] = ["room", "here"];

/// Who is named in a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mentions {
    /// Members, by their numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<UserRef>,
    /// Everyone in the room.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub everyone: bool,
}

from_json!(Mentions { users or Vec::new(), everyone or false });

impl Mentions {
    /// Whether nobody is named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && !self.everyone
    }

    /// Whether this user is named.
    #[must_use]
    pub fn names(&self, user: UserId) -> bool {
        self.everyone || self.users.iter().any(|named| named.id == user)
    }

    /// Who is meant by the names in a text, of those in the room.
    #[must_use]
    pub fn of<'a>(text: &str, members: impl IntoIterator<Item = &'a UserRef>) -> Self {
        Self::among(&names(text), members)
    }

    /// Who is meant by these names, of those in the room.
    #[must_use]
    pub fn among<'a>(names: &[String], members: impl IntoIterator<Item = &'a UserRef>) -> Self {
        let meant = members.into_iter().filter(|member| names.contains(&member.name.folded()));
        let users = sorted(meant.map(|member| (member.id, member.clone()))).into_iter().map(|(_, user)| user).collect();
        Self { users, everyone: EVERYONE.iter().any(|name| names.iter().any(|named| named == name)) }
    }

    /// Checks how many are named.
    ///
    /// # Errors
    /// `too_large` above [`MENTIONS_MAX`].
    pub fn check(&self) -> Result<(), Invalid> {
        if self.users.len() > MENTIONS_MAX {
            let message =
                format!("This names more than {MENTIONS_MAX} people. Write @room to reach everyone, or name fewer.");
            return Err(Invalid::new(ErrorCode::TooLarge, message));
        }
        Ok(())
    }

    /// What a place that [`places`] found stands for here.
    #[must_use]
    pub fn meant_by(&self, name: &str) -> Option<Meant> {
        let folded = name.to_ascii_lowercase();
        if let Some(user) = self.users.iter().find(|user| user.name.folded() == folded) {
            return Some(Meant::User(user.id));
        }
        (self.everyone && EVERYONE.contains(&folded.as_str())).then_some(Meant::Everyone)
    }
}

/// Whom a name in a text means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meant {
    /// A member.
    User(UserId),
    /// Everyone in the room.
    Everyone,
}

/// The names in a text that follow an `@`, in lower case, each once.
#[must_use]
pub fn names(text: &str) -> Vec<String> {
    let mut names: Vec<String> =
        places(text).map(|place| text[place.start + 1..place.end].to_ascii_lowercase()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The names in a message, as [`names`]: not those in code, which only look so, and not those in a quote of somebody else's
/// words, who have been called already.
#[must_use]
pub fn names_in(text: &str, markup: &[Node]) -> Vec<String> {
    if markup.is_empty() {
        return names(text);
    }
    let mut said = String::new();
    gather(markup, &mut said);
    names(&said)
}

/// What the author says in their own words. Something that joins no words stands where there is something else.
fn gather(nodes: &[Node], said: &mut String) {
    for node in nodes {
        match node {
            Node::Text { text } => said.push_str(text),
            Node::Link { children, .. } | Node::List { children, .. } => gather_apart(children, said),
            Node::Emphasis(of) | Node::Strong(of) | Node::Strikethrough(of) => gather(&of.children, said),
            Node::Paragraph(of)
            | Node::Heading(of)
            | Node::Item(of)
            | Node::Table(of)
            | Node::Head(of)
            | Node::Row(of)
            | Node::Cell(of) => gather_apart(&of.children, said),
            // Code joins the word that it stands in.
            Node::Code { .. } => said.push('/'),
            Node::CodeBlock { .. } | Node::Quote(_) | Node::Break | Node::Rule | Node::Unknown => said.push('\n'),
        }
    }
}

fn gather_apart(nodes: &[Node], said: &mut String) {
    said.push('\n');
    gather(nodes, said);
    said.push('\n');
}

/// Where in a text somebody may be named: the `@` and the name after it. An `@` inside a word, as in an address of mail,
/// names nobody, and a name does not end with the point of the sentence.
pub fn places(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices('@').filter_map(|(start, _)| {
        let joins_word = |c: char| c.is_alphanumeric() || matches!(c, '@' | '_' | '.' | '-' | '/');
        if text[..start].chars().next_back().is_some_and(joins_word) {
            return None;
        }
        let after = &text[start + 1..];
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let run = &after[..after.find(|c| !is_part(c)).unwrap_or(after.len())];
        let name = run.trim_end_matches(['.', '-', '_']);
        // Somebody's name may end so all the same.
        let name = if run.len() <= USERNAME_CHARS_MAX && run.ends_with(['-', '_']) { run } else { name };
        Username::parse(name).ok().map(|_| start..start + 1 + name.len())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markup;

    fn user(id: u64, name: &str) -> UserRef {
        UserRef { id: UserId(id), name: Username::parse(name).expect("a name") }
    }

    fn found(text: &str) -> Vec<&str> {
        places(text).map(|place| &text[place]).collect()
    }

    #[test]
    fn names_are_found_where_words_begin() {
        assert_eq!(
            found("@ada and (@bob), @C-3.po. @x_ @@y a@b.c ü@z @ @. @-q /@r"),
            ["@ada", "@bob", "@C-3.po", "@x_"]
        );
        assert_eq!(found("ask @bob"), ["@bob"]);
        assert_eq!(found(&format!("@{}", "n".repeat(33))), Vec::<&str>::new());
        assert_eq!(found("@größe"), ["@gr"]);
    }

    #[test]
    fn names_in_code_and_in_quotes_call_nobody() {
        let found = |text: &str| names_in(text, &markup::parse(text));

        assert_eq!(found("`@ada` and ``@bob``"), Vec::<String>::new());
        assert_eq!(found("```\n@ada\n```\n\n    @bob"), Vec::<String>::new());
        assert_eq!(found("> @ada said\n> > @room\n\n@cleo, what?"), ["cleo"]);
        assert_eq!(found("a`b`@ada"), Vec::<String>::new(), "in the middle of a word");
        assert_eq!(
            found("**@ada** _@bob_ [@cleo](https://example.org/)\n- @dan\n\n| @eve |\n|---|\n| @fay |").len(),
            6
        );
        assert_eq!(found("me@**ada**.org"), Vec::<String>::new());
        assert_eq!(found("@ada\n@bob"), ["ada", "bob"]);
    }

    #[test]
    fn members_are_meant_whatever_the_case_and_each_once() {
        let members = [user(2, "Bob"), user(1, "ada"), user(3, "cleo")];

        let mentions = Mentions::of("@bob @BOB @nobody, and @Ada.", &members);

        assert_eq!(mentions, Mentions { users: vec![user(1, "ada"), user(2, "Bob")], everyone: false });
        assert!(mentions.names(UserId(2)) && !mentions.names(UserId(3)));
        assert_eq!(mentions.meant_by("bOb"), Some(Meant::User(UserId(2))));
        assert_eq!(mentions.meant_by("nobody"), None);
        for text in ["@room: lunch", "@HERE"] {
            assert!(Mentions::of(text, &members).names(UserId(3)), "{text}");
        }
    }

    #[test]
    fn fifty_may_be_named_and_no_more() {
        let named = |count: u64| Mentions { users: (0..count).map(|id| user(id, "ada")).collect(), everyone: false };

        assert_eq!(named(50).check(), Ok(()));
        assert_eq!(named(51).check().unwrap_err().code, ErrorCode::TooLarge);
    }
}
