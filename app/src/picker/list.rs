//! The list of emoji, and finding one in it.

/// Made by `cargo xtask emoji`: the name of a group, then a line for each emoji of it, in four parts.
const LIST: &str = include_str!("emoji.txt");
/// The name of the group of those that were used last.
pub(super) const RECENT: &str = "Used last";
/// Skin tones, by name.
pub(super) const TONES: [(&str, &str); 6] = [
    ("No tone", ""),
    ("Light", "\u{1f3fb}"),
    ("Medium light", "\u{1f3fc}"),
    ("Medium", "\u{1f3fd}"),
    ("Medium dark", "\u{1f3fe}"),
    ("Dark", "\u{1f3ff}"),
];

/// An emoji and its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Emoji {
    /// With `~` where a skin tone may stand, and `^` where one stands in place of the sign that asks for a picture.
    pub(super) pattern: &'static str,
    pub(super) name: &'static str,
    /// What it is called between colons, in several ways.
    short: &'static str,
    /// What else it is found by.
    more: &'static str,
}

impl Emoji {
    fn read(line: &'static str) -> Option<Self> {
        let mut parts = line.split('\t');
        Some(Self { pattern: parts.next()?, name: parts.next()?, short: parts.next()?, more: parts.next()? })
    }

    /// In a skin tone, where it has any; `""` is none.
    pub(super) fn toned(self, tone: &str) -> String {
        let as_picture = if tone.is_empty() { "\u{fe0f}" } else { tone };
        self.pattern.replace('~', tone).replace('^', as_picture)
    }

    /// Whether this is what it is called between colons.
    pub(super) fn is_called(self, name: &str) -> bool {
        self.short.split(' ').any(|short| short == name)
    }

    /// What it is called between colons.
    pub(super) fn short_name(self) -> String {
        self.short
            .split(' ')
            .next()
            .filter(|short| !short.is_empty())
            .map_or_else(String::new, |short| format!(":{short}:"))
    }

    /// How well words fit: the lower, the better. All of them have to.
    fn fit(self, words: &str) -> Option<u8> {
        if self.name == words || self.is_called(words) {
            return Some(0);
        }
        words.split(' ').map(|word| self.fit_one(word)).try_fold(1, |worst, fit| Some(worst.max(fit?)))
    }

    fn fit_one(self, word: &str) -> Option<u8> {
        let (mut in_name, mut in_short, mut in_more) =
            (words_of(self.name), words_of(self.short), self.more.split(' '));
        if begins(self.name, word) {
            Some(1)
        } else if in_name.clone().any(|known| known.eq_ignore_ascii_case(word)) {
            Some(2)
        } else if in_short.clone().any(|known| known == word) || in_more.clone().any(|known| known == word) {
            Some(3)
        } else if in_name.any(|known| begins(known, word)) || in_short.any(|known| known.starts_with(word)) {
            Some(4)
        } else {
            in_more.any(|known| known.starts_with(word)).then_some(5)
        }
    }
}

fn words_of(text: &'static str) -> impl Iterator<Item = &'static str> + Clone {
    text.split([' ', '_', '-', ':', ',']).filter(|word| !word.is_empty())
}

/// Whether a name begins with what was typed: countries and months have capitals.
fn begins(name: &str, typed: &str) -> bool {
    name.get(..typed.len()).is_some_and(|start| start.eq_ignore_ascii_case(typed))
}

/// Emoji of one kind.
pub(super) struct Group {
    pub(super) name: &'static str,
    pub(super) emoji: Vec<Emoji>,
}

/// All emoji, in their groups; first those that were used last, if there are any.
pub(super) struct List {
    pub(super) groups: Vec<Group>,
}

impl List {
    /// `recent` are patterns, the latest first.
    pub(super) fn read(recent: &[String]) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        for line in LIST.lines() {
            match (Emoji::read(line), groups.last_mut()) {
                (Some(emoji), Some(group)) => group.emoji.push(emoji),
                (Some(_), None) => {}
                (None, _) => groups.push(Group { name: line, emoji: Vec::new() }),
            }
        }
        let mut list = Self { groups };
        let known = |pattern: &String| list.all().find(|emoji| emoji.pattern == pattern);
        let recent: Vec<Emoji> = recent.iter().filter_map(known).collect();
        if !recent.is_empty() {
            list.groups.insert(0, Group { name: RECENT, emoji: recent });
        }
        list
    }

    fn all(&self) -> impl Iterator<Item = Emoji> {
        self.groups.iter().filter(|group| group.name != RECENT).flat_map(|group| group.emoji.iter().copied())
    }

    /// The emoji of this name.
    pub(super) fn named(&self, name: &str) -> Option<Emoji> {
        self.all().find(|emoji| emoji.name == name)
    }

    /// What fits words in small letters, the best first.
    pub(super) fn find(&self, typed: &str) -> Vec<Emoji> {
        let words: Vec<&str> = typed.split([' ', ':', '_']).filter(|word| !word.is_empty()).collect();
        // As it was typed, for `woman_dancing`, which is one word.
        let whole = typed.trim().trim_matches(':');
        let words = words.join(" ");
        let fit = |emoji: Emoji| Some((if emoji.is_called(whole) { 0 } else { emoji.fit(&words)? }, emoji));
        let mut found: Vec<(u8, Emoji)> = self.all().filter_map(fit).collect();
        // Stable: what fits as well stays in the order of Unicode, where the better known comes first.
        found.sort_by_key(|(fit, _)| *fit);
        found.into_iter().map(|(_, emoji)| emoji).collect()
    }
}
