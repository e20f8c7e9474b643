//! Finishing what one writes: names after `@` and emoji after `:`, offered in a list above the composer.

use leptos::{html, prelude::*};
use protocol::{
    UserId,
    limits::USERNAME_CHARS_MAX,
    mentions::{EVERYONE, places},
};
use wasm_bindgen::JsCast as _;
use web_sys::{Event, HtmlDocument, HtmlTextAreaElement, InputEvent};

use crate::{
    erased::{live, memo, redrawn},
    later::{self, Later, Tool},
    platform,
    profile::display_name,
    shown::ShownRoom,
};

/// What is offered at once.
pub(crate) const OFFERED_MAX: usize = 8;
/// Fewer letters mean no emoji: `:D` is a face already.
const EMOJI_LETTERS_MIN: usize = 2;
/// The id of the list, and the beginning of the ids of what is in it.
pub(crate) const LIST: &str = "offered";

/// What can be finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Name,
    Emoji,
}

impl Kind {
    /// What the list of them is called.
    fn title(self) -> &'static str {
        match self {
            Self::Name => "Names",
            Self::Emoji => "Emoji",
        }
    }

    fn count(self, count: usize) -> String {
        match (self, count) {
            (Self::Name, 1) => "1 name matches. Enter takes it.".to_owned(),
            (Self::Emoji, 1) => "1 emoji matches. Enter takes it.".to_owned(),
            (Self::Name, _) => format!("{count} names match. Up and down choose, Enter takes one."),
            (Self::Emoji, _) => format!("{count} emoji match. Up and down choose, Enter takes one."),
        }
    }
}

/// What was begun before the caret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Begun<'a> {
    kind: Kind,
    /// Where its sign stands, in bytes.
    start: usize,
    word: &'a str,
}

impl<'a> Begun<'a> {
    fn read(before: &'a str) -> Option<Self> {
        let is_letter = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '+');
        let start = before.rfind(|c| !is_letter(c))?;
        let text = &before[..start];
        let (kind, word) = match &before[start..] {
            sign if sign.starts_with('@') => (Kind::Name, &sign[1..]),
            sign if sign.starts_with(':') => (Kind::Emoji, &sign[1..]),
            _ => return None,
        };
        let is_begun = match kind {
            Kind::Name => {
                // As the server reads it: with a letter after it, this `@` must be found.
                let probe = format!("{text}@x");
                !word.contains('+')
                    && word.chars().count() <= USERNAME_CHARS_MAX
                    && places(&probe).any(|place| place.start == start)
            }
            Kind::Emoji => word.chars().count() >= EMOJI_LETTERS_MIN && may_begin_emoji(text),
        };
        is_begun.then_some(Self { kind, start, word })
    }

    /// An emoji whose name was closed, `:tada:`.
    fn closed(before: &'a str) -> Option<Self> {
        Self::read(before.strip_suffix(':')?).filter(|begun| begun.kind == Kind::Emoji)
    }
}

/// Whether a colon after this text may begin the name of an emoji: not in `12:30`, `std::mem` or code.
fn may_begin_emoji(text: &str) -> bool {
    text.chars().next_back().is_none_or(|c| c.is_whitespace() || matches!(c, '(' | '"'))
        && text.matches('`').count().is_multiple_of(2)
}

/// Something that is offered.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Offered {
    /// What is written in place of what was begun.
    pub(crate) text: String,
    /// What else is said of it.
    pub(crate) about: Option<String>,
}

/// What finds emoji by their names, for a user's skin tone.
pub(crate) struct EmojiNames {
    /// The one that is called this.
    pub(crate) named: fn(&str, UserId) -> Option<String>,
    /// Those that may be meant by how it begins.
    pub(crate) matching: fn(&str, UserId) -> Vec<Offered>,
}

/// What is offered, and for what.
#[derive(Clone)]
struct Offers {
    kind: Kind,
    /// How many, in words.
    count: String,
    /// Takes a key that is meant for the list. Whether it was. Here, because it is with what draws them.
    takes: fn(Completion, &str) -> bool,
    /// What stood before the caret.
    before: String,
    /// Where in that the sign stands, in bytes.
    start: usize,
    all: Vec<Offered>,
}

/// What finishes that which is being written in a composer. Copies are the same.
#[derive(Clone, Copy)]
pub(crate) struct Completion {
    room: ShownRoom,
    me: UserId,
    input: NodeRef<html::Textarea>,
    offers: RwSignal<Option<Offers>>,
    is_open: Memo<bool>,
    chosen: RwSignal<usize>,
    /// The last change was the colon that may close the name of an emoji.
    closes: StoredValue<bool>,
}

impl Completion {
    pub(crate) fn new(room: ShownRoom, me: UserId, input: NodeRef<html::Textarea>) -> Self {
        let offers = RwSignal::new(None);
        let is_open = memo(move || offers.with(Option::is_some));
        Self { room, me, input, offers, is_open, chosen: RwSignal::new(0), closes: StoredValue::new(false) }
    }

    pub(crate) fn is_open(self) -> bool {
        self.is_open.get()
    }

    /// The option that Enter takes, for `aria-activedescendant`.
    pub(crate) fn active(self) -> Option<String> {
        self.is_open().then(|| format!("{LIST}-{}", self.chosen.get()))
    }

    pub(crate) fn close(self) {
        // A composer that goes from the page loses the focus after its signals are gone.
        if self.offers.try_with_untracked(Option::is_some).unwrap_or(false) {
            self.offers.set(None);
        }
    }

    /// The text has changed. Who takes something back does not want it again.
    pub(crate) fn look(self, change: &Event) {
        let change = change.dyn_ref::<InputEvent>();
        let is_undone = change.is_some_and(|change| change.input_type().starts_with("history"));
        self.closes.set_value(change.and_then(InputEvent::data).is_some_and(|typed| typed.ends_with(':')));
        let may_begin = |input: HtmlTextAreaElement| input.value().contains(['@', ':']);
        if !is_undone && self.input.get_untracked().is_some_and(may_begin) {
            later::offer(self);
        } else {
            self.close();
        }
    }

    /// Offers what may be meant.
    pub(crate) fn offer(self) {
        let before = self.before_caret().unwrap_or_default();
        match Begun::closed(&before).or_else(|| Begun::read(&before)) {
            Some(Begun { kind: Kind::Name, start, word }) => {
                let names = self.names(&platform::lower_case(word));
                self.show(Kind::Name, &before, start, names);
            }
            Some(Begun { kind: Kind::Emoji, .. }) => later::offer_emoji(self),
            None => {
                if before.strip_suffix(':').is_some_and(may_begin_emoji) {
                    later::prepare_emoji();
                }
                self.close();
            }
        }
    }

    /// Offers emoji as [`Self::offer`] does names; one whose name is closed is written at once.
    pub(crate) fn offer_emoji(self, names: &EmojiNames) {
        let before = self.before_caret().unwrap_or_default();
        if let Some(Begun { start, word, .. }) = Begun::closed(&before) {
            self.close();
            if self.closes.try_get_value() == Some(true)
                && let Some(emoji) = (names.named)(&platform::lower_case(word), self.me)
            {
                self.write(start, &before, &emoji);
            }
        } else if let Some(Begun { kind: Kind::Emoji, start, word }) = Begun::read(&before) {
            self.show(Kind::Emoji, &before, start, (names.matching)(&platform::lower_case(word), self.me));
        }
    }

    fn show(self, kind: Kind, before: &str, start: usize, all: Vec<Offered>) {
        if all.is_empty() {
            self.close();
        } else if self.offers.try_get_untracked().is_some() {
            self.chosen.set(0);
            let (count, takes) = (kind.count(all.len()), Self::takes_when_open as fn(Self, &str) -> bool);
            self.offers.set(Some(Offers { kind, count, takes, before: before.to_owned(), start, all }));
        }
    }

    /// What stands before the caret of who is writing.
    fn before_caret(self) -> Option<String> {
        let input = self.input.try_get_untracked().flatten()?;
        if !input.matches(":focus").unwrap_or(false) {
            return None;
        }
        let caret = input.selection_start().ok()??;
        let units: Vec<u16> = input.value().encode_utf16().take(caret as usize).collect();
        Some(String::from_utf16_lossy(&units))
    }

    /// User names, which are what is written, by how they or a word of what their users are called begin.
    fn names(self, begun: &str) -> Vec<Offered> {
        let room = self.room;
        let (members, names) = (room.members.read_untracked(), room.names.read_untracked());
        let people = members.iter().filter(|member| member.user.id != self.me).filter_map(|member| {
            let called = display_name(&names, member.user.id).cloned();
            let is_meant = member.user.name.folded().starts_with(begun)
                || called
                    .as_ref()
                    .is_some_and(|called| platform::lower_case(called).split(' ').any(|word| word.starts_with(begun)));
            is_meant.then(|| Offered { text: format!("@{}", member.user.name), about: called })
        });
        let everyone = EVERYONE.iter().filter(|name| name.starts_with(begun));
        people.chain(everyone.map(|name| Offered { text: format!("@{name}"), about: None })).take(OFFERED_MAX).collect()
    }

    /// Takes a key that is meant for the list. Whether it was.
    pub(crate) fn takes(self, key: &str) -> bool {
        let takes = self.offers.with_untracked(|offers| offers.as_ref().map(|offers| offers.takes));
        takes.is_some_and(|takes| takes(self, key))
    }

    fn takes_when_open(self, key: &str) -> bool {
        let count = self.offers.with_untracked(|offers| offers.as_ref().map_or(0, |offers| offers.all.len()));
        match key {
            "ArrowDown" => self.chosen.update(|chosen| *chosen = (*chosen + 1) % count),
            "ArrowUp" => self.chosen.update(|chosen| *chosen = (*chosen + count - 1) % count),
            "Enter" | "Tab" => return self.take(self.chosen.get_untracked()),
            "Escape" => self.close(),
            _ => return false,
        }
        true
    }

    /// Writes what is offered into the text. Whether it was offered for what stands there: the caret may have been moved
    /// away since.
    fn take(self, index: usize) -> bool {
        let offers = self.offers.get_untracked();
        self.close();
        let Some(Offers { before, start, all, .. }) = offers else { return false };
        let Some(offered) = all.get(index).filter(|_| self.before_caret().as_ref() == Some(&before)) else {
            return false;
        };
        let value = self.input.get_untracked().map(|input| input.value()).unwrap_or_default();
        // The space behind it is written, or the one that is there.
        let end = if value[before.len()..].starts_with(' ') { before.clone() + " " } else { before.clone() };
        self.write(start, &end, &format!("{} ", offered.text));
        true
    }

    /// Writes in place of what stands in the text up to the end of `before` from `start` on, in bytes.
    fn write(self, start: usize, before: &str, text: &str) {
        let Some(input) = self.input.get_untracked() else { return };
        let units = |text: &str| u32::try_from(text.encode_utf16().count()).unwrap_or(0);
        _ = input.set_selection_range(units(&before[..start]), units(before));
        write(&input, text);
    }
}

/// Writes at the caret of a field, as if it had been typed: it can be undone, and who listens hears of it.
pub(crate) fn write(field: &HtmlTextAreaElement, text: &str) {
    _ = field.focus();
    if let Ok(document) = document().dyn_into::<HtmlDocument>() {
        _ = document.exec_command_with_show_ui_and_value("insertText", false, text);
    }
}

/// Where it is offered, and said to be. The composer keeps the focus and says which one is chosen.
#[component]
pub(crate) fn Offer(completion: Completion) -> impl IntoView {
    let count = move || completion.offers.with(|offers| offers.as_ref().map(|offers| offers.count.clone()));
    view! {
        <p class="visually-hidden" role="status" aria-label="Suggestions">{live(count)}</p>
        {redrawn(move || completion.is_open().then(|| view! { <Later room=completion.room tool=Tool::Offered(completion)/> }))}
    }
}

/// What is offered.
#[component]
pub(crate) fn OfferedList(completion: Completion) -> impl IntoView {
    let Completion { offers, chosen, .. } = completion;
    let title = move || offers.with(|offers| offers.as_ref().map(|offers| offers.kind.title()));
    let options = move || {
        let all = offers.get().map(|offers| offers.all).unwrap_or_default();
        let options = all.into_iter().enumerate().map(|(index, Offered { text, about })| {
            view! {
                <li
                    class="offered__one"
                    role="option"
                    id=format!("{LIST}-{index}")
                    aria-selected=live(move || (chosen.get() == index).to_string())
                    on:pointerdown=move |event| {
                        // The composer keeps the focus.
                        event.prevent_default();
                        completion.take(index);
                    }
                >
                    {text.trim_start_matches('@').to_owned()} " "
                    <bdi class="offered__about">{about}</bdi>
                </li>
            }
        });
        options.collect::<Vec<_>>()
    };
    view! { <ul class="offered" role="listbox" id=LIST aria-label=title>{options}</ul> }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(before: &str) -> Option<(Kind, &str)> {
        Begun::read(before).map(|begun| (begun.kind, begun.word))
    }

    #[test]
    fn names_and_emoji_begin_where_they_would_be_read_as_such() {
        assert_eq!(begun("hi @bo"), Some((Kind::Name, "bo")));
        assert_eq!(begun("@"), Some((Kind::Name, "")));
        assert_eq!(begun("mail@bo"), None);
        assert_eq!(begun("@bo and"), None);
        assert_eq!(begun("so :ta"), Some((Kind::Emoji, "ta")));
        assert_eq!(begun(":+1"), Some((Kind::Emoji, "+1")));
        assert_eq!(begun("(:heart"), Some((Kind::Emoji, "heart")));
    }

    #[test]
    fn times_paths_faces_and_code_are_no_emoji() {
        for text in ["at 12:30", "std::mem", "https://x", ":D", ":t", ":-)", "`:tada", "```\n:tada", "word:tada"] {
            assert_eq!(begun(text), None, "{text}");
        }
        assert_eq!(begun("`code` :tada"), Some((Kind::Emoji, "tada")));
    }

    #[test]
    fn a_second_colon_closes_the_name_of_an_emoji() {
        let closed = |before| Begun::closed(before).map(|begun| (begun.start, begun.word));

        assert_eq!(closed("so :tada:"), Some((3, "tada")));
        assert_eq!(closed("so :tada"), None);
        assert_eq!(closed("`:tada:"), None);
        assert_eq!(closed("12:30:"), None);
        assert_eq!(closed("@bob:"), None);
    }
}
