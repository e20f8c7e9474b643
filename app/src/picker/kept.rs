//! What the picker remembers on this device: the emoji used last, and the skin tone.

use leptos::prelude::*;
use protocol::UserId;

use super::list::{Emoji, TONES};

/// Emoji that are remembered: two lines of them.
const RECENT_MAX: usize = 16;

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

fn read(key: &str) -> String {
    storage().and_then(|storage| storage.get_item(key).ok().flatten()).unwrap_or_default()
}

/// A full storage is no reason not to go on.
fn write(key: &str, text: &str) {
    if let Some(storage) = storage() {
        _ = storage.set_item(key, text);
    }
}

fn recent_key(user: UserId) -> String {
    format!("parlor.emoji.{user}")
}

fn tone_key(user: UserId) -> String {
    format!("parlor.skin_tone.{user}")
}

/// The patterns of what was used last, the latest first.
pub(super) fn recent(user: UserId) -> Vec<String> {
    read(&recent_key(user)).split(' ').take(RECENT_MAX).map(str::to_owned).collect()
}

/// This was used.
pub(super) fn note(user: UserId, emoji: Emoji) {
    let mut all = recent(user);
    all.retain(|pattern| pattern != emoji.pattern && !pattern.is_empty());
    all.insert(0, emoji.pattern.to_owned());
    all.truncate(RECENT_MAX);
    write(&recent_key(user), &all.join(" "));
}

/// The skin tone that was chosen.
pub(super) fn tone(user: UserId) -> &'static str {
    let kept = read(&tone_key(user));
    TONES.iter().find(|(_, tone)| *tone == kept).map_or("", |(_, tone)| tone)
}

/// This skin tone was chosen.
pub(super) fn keep_tone(user: UserId, tone: &str) {
    write(&tone_key(user), tone);
}
