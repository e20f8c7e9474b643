//! Mentions: names in a message that mean somebody, and finishing a name while one writes it.

use leptos::{html, prelude::*};
use protocol::{
    Mentions, UserId,
    limits::USERNAME_CHARS_MAX,
    mentions::{EVERYONE, Meant, places},
};

use crate::{
    erased::{live, memo, redrawn},
    later::{self, Later, Tool},
    platform,
    profile::display_name,
    shown::ShownRoom,
};

/// Names offered at once.
const OFFERED_MAX: usize = 8;
/// The id of the list of names, and the beginning of the ids of what is in it.
pub(crate) const LIST: &str = "names";

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

/// A name that is offered.
#[derive(Clone, PartialEq, Eq)]
struct Offered {
    /// What is written.
    name: String,
    /// By what its user is called, where that is something else.
    called: Option<String>,
}

/// Names that finish what is being written, offered in a composer.
#[derive(Clone, Copy)]
pub(crate) struct Completion {
    room: ShownRoom,
    me: UserId,
    input: NodeRef<html::Textarea>,
    names: RwSignal<Vec<Offered>>,
    is_open: Memo<bool>,
    chosen: RwSignal<usize>,
}

impl Completion {
    pub(crate) fn new(room: ShownRoom, me: UserId, input: NodeRef<html::Textarea>) -> Self {
        let names = RwSignal::<Vec<Offered>>::default();
        let is_open = memo(move || names.with(|names| !names.is_empty()));
        Self { room, me, input, names, is_open, chosen: RwSignal::new(0) }
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
        if self.names.try_with_untracked(|names| !names.is_empty()).unwrap_or(false) {
            self.names.set(Vec::new());
        }
    }

    /// The text has changed.
    pub(crate) fn look(self) {
        if self.input.get_untracked().is_some_and(|input| input.value().contains('@')) {
            later::offer_names(self);
        } else {
            self.close();
        }
    }

    /// Offers the names that may be meant.
    pub(crate) fn offer(self) {
        let names = self.begun().map(|begun| self.matching(&begun)).unwrap_or_default();
        // The composer may be gone by the time that this part is there.
        if self.names.try_with_untracked(|before| *before != names).unwrap_or(false) {
            self.chosen.set(0);
            self.names.set(names);
        }
    }

    /// What stands between the last `@` and the caret, if a name may be meant.
    fn begun(self) -> Option<String> {
        let before = self.before_caret()?;
        let (_, begun) = before.rsplit_once('@')?;
        let at = before.len() - begun.len() - 1;
        let is_name = begun.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'));
        // As the server reads it: with a letter after it, this `@` must be found.
        let probe = format!("{}@x", &before[..at]);
        let is_start = places(&probe).any(|place| place.start == at);
        (is_name && is_start && begun.chars().count() <= USERNAME_CHARS_MAX).then(|| platform::lower_case(begun))
    }

    fn before_caret(self) -> Option<String> {
        let input = self.input.try_get_untracked().flatten()?;
        let caret = input.selection_start().ok()??;
        let units: Vec<u16> = input.value().encode_utf16().take(caret as usize).collect();
        Some(String::from_utf16_lossy(&units))
    }

    /// User names, which are what is written, by how they or a word of what their users are called begin.
    fn matching(self, begun: &str) -> Vec<Offered> {
        let room = self.room;
        let (members, names) = (room.members.read_untracked(), room.names.read_untracked());
        let people = members.iter().filter(|member| member.user.id != self.me).filter_map(|member| {
            let called = display_name(&names, member.user.id).cloned();
            let is_meant = member.user.name.folded().starts_with(begun)
                || called
                    .as_ref()
                    .is_some_and(|called| platform::lower_case(called).split(' ').any(|word| word.starts_with(begun)));
            is_meant.then(|| Offered { name: member.user.name.to_string(), called })
        });
        let everyone = EVERYONE.iter().filter(|name| name.starts_with(begun));
        people
            .chain(everyone.map(|name| Offered { name: (*name).to_owned(), called: None }))
            .take(OFFERED_MAX)
            .collect()
    }

    /// Takes a key that is meant for the list. Whether it was.
    pub(crate) fn takes(self, key: &str) -> bool {
        let count = self.names.with_untracked(Vec::len);
        if count == 0 {
            return false;
        }
        match key {
            "ArrowDown" => self.chosen.update(|chosen| *chosen = (*chosen + 1) % count),
            "ArrowUp" => self.chosen.update(|chosen| *chosen = (*chosen + count - 1) % count),
            // The caret may have been moved away from the name since.
            "Enter" | "Tab" if self.begun().is_none_or(|begun| !self.fits(&begun)) => {
                self.close();
                return false;
            }
            "Enter" | "Tab" => self.take(self.chosen.get_untracked()),
            "Escape" => self.close(),
            _ => return false,
        }
        true
    }

    /// Whether the chosen name finishes this.
    fn fits(self, begun: &str) -> bool {
        let chosen = self.chosen.get_untracked();
        let matching = self.matching(begun);
        self.names.with_untracked(|names| names.get(chosen).is_some_and(|chosen| matching.contains(chosen)))
    }

    /// Writes the name into the text.
    fn take(self, index: usize) {
        let name = self.names.with_untracked(|names| names.get(index).map(|offered| offered.name.clone()));
        let (Some(name), Some(before), Some(input)) = (name, self.before_caret(), self.input.get_untracked()) else {
            return;
        };
        let Some((start, _)) = before.rsplit_once('@') else { return };
        let value = input.value();
        let after = value.strip_prefix(&before).unwrap_or_default();
        let written = format!("{start}@{name} ");
        let caret = u32::try_from(written.encode_utf16().count()).unwrap_or(0);
        input.set_value(&(written + after.trim_start_matches(' ')));
        _ = input.set_selection_range(caret, caret);
        _ = input.focus();
        self.close();
        platform::keep_draft(self.me, self.room.id, &input.value());
    }
}

/// Where names are offered, and said to be. The composer keeps the focus and says which one is chosen.
#[component]
pub(crate) fn Offer(completion: Completion) -> impl IntoView {
    view! {
        <p class="visually-hidden" role="status" aria-label="Names">
            {live(move || match completion.names.with(Vec::len) {
                0 => String::new(),
                1 => "1 name matches. Enter takes it.".to_owned(),
                count => format!("{count} names match. Up and down choose, Enter takes one."),
            })}
        </p>
        {redrawn(move || completion.is_open().then(|| view! { <Later room=completion.room tool=Tool::Names(completion)/> }))}
    }
}

/// The names that are offered.
#[component]
pub(crate) fn Names(completion: Completion) -> impl IntoView {
    let Completion { names, chosen, .. } = completion;
    let options = move || {
        let options = names.get().into_iter().enumerate().map(|(index, Offered { name, called })| {
            view! {
                <li
                    class="names__name"
                    role="option"
                    id=format!("{LIST}-{index}")
                    aria-selected=live(move || (chosen.get() == index).to_string())
                    on:pointerdown=move |event| {
                        // The composer keeps the focus.
                        event.prevent_default();
                        completion.take(index);
                    }
                >
                    {name} " "
                    <bdi class="names__called">{called}</bdi>
                </li>
            }
        });
        options.collect::<Vec<_>>()
    };
    view! { <ul class="names" role="listbox" id=LIST aria-label="Names">{options}</ul> }
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
