//! Makes the list of the emoji picker, `app/src/picker/emoji.txt`, from the package `emojibase-data`: what Unicode lists, with
//! the names and keywords of CLDR and the short names of GitHub, once each and without skin tones.
//!
//! The list is kept in the tree, so that a build needs neither the package nor a network. Run this again when Unicode has
//! new emoji: `npm pack emojibase-data`, unpack it, `cargo xtask emoji package`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::workspace;

const LIST: &str = "app/src/picker/emoji.txt";
/// The groups of Unicode, by their numbers. Number 2 holds parts of emoji: nobody looks for those.
const GROUPS: [(u64, &str); 9] = [
    (0, "Smileys"),
    (1, "People"),
    (3, "Animals and nature"),
    (4, "Food and drink"),
    (5, "Travel and places"),
    (6, "Activities"),
    (7, "Objects"),
    (8, "Symbols"),
    (9, "Flags"),
];
const AS_PICTURE: char = '\u{fe0f}';
const LIGHT_SKIN: char = '\u{1f3fb}';

/// Writes the list from an unpacked `emojibase-data`.
///
/// # Errors
/// It is not there, or is not made as expected.
pub(crate) fn write_list(package: &Path) -> Result<bool> {
    let read = |path: &str| -> Result<Value> {
        let path = package.join(path);
        let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        Ok(serde_json::from_str(&text)?)
    };
    let (data, short) = (read("en/data.json")?, read("en/shortcodes/github.json")?);
    let all = data.as_array().context("en/data.json is no list")?;
    let mut list = String::new();
    for (number, name) in GROUPS {
        list += &format!("{name}\n");
        let mut group: Vec<&Value> = all.iter().filter(|emoji| emoji["group"].as_u64() == Some(number)).collect();
        group.sort_by_key(|emoji| emoji["order"].as_u64());
        for emoji in group {
            list += &line(emoji, &short).with_context(|| format!("{emoji}"))?;
        }
    }
    fs::write(workspace::root().join(LIST), list)?;
    Ok(true)
}

/// The emoji, its name, its short names, and what else it is found by.
fn line(emoji: &Value, short: &Value) -> Result<String> {
    let name = emoji["label"].as_str().context("no label")?;
    let code = emoji["hexcode"].as_str().context("no hexcode")?;
    let short = texts(&short[code]);
    let words_of = |text: &str| -> Vec<String> {
        let pieces =
            text.split([' ', '_']).map(|word| word.trim_matches([':', ',', '(', ')', '“', '”']).to_lowercase());
        pieces.filter(|word| !word.is_empty()).collect()
    };
    let known: BTreeSet<String> = [name].into_iter().chain(short.iter().copied()).flat_map(words_of).collect();
    let more: BTreeSet<String> = texts(&emoji["tags"]).into_iter().flat_map(words_of).collect();
    let more: Vec<&str> = more.difference(&known).map(String::as_str).collect();
    Ok(format!("{}\t{name}\t{}\t{}\n", pattern(emoji)?, short.join(" "), more.join(" ")))
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(texts) => texts.iter().filter_map(Value::as_str).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    }
}

/// The emoji, with `~` where a skin tone may be put in, and `^` where one takes the place of the sign that asks for a
/// picture.
fn pattern(emoji: &Value) -> Result<String> {
    let full = emoji["emoji"].as_str().context("no emoji")?;
    // The package asks for a picture where that is what everyone shows anyway, which Unicode's own list does not.
    let is_picture_already =
        emoji["type"].as_u64() == Some(1) && emoji["text"].as_str().is_some_and(|text| !text.is_empty());
    let plain = if is_picture_already { full.replace(AS_PICTURE, "") } else { full.to_owned() };
    let skins = emoji["skins"].as_array().into_iter().flatten();
    let mut light = skins.filter_map(|skin| skin["emoji"].as_str()).filter(|skin| skin.contains(LIGHT_SKIN));
    let Some(light) = light.next() else { return Ok(plain) };
    let patterns = ["~", "^"].map(|mark| light.replace(LIGHT_SKIN, mark));
    Ok(patterns.into_iter().find(|pattern| untoned(pattern) == plain).unwrap_or(plain))
}

fn untoned(pattern: &str) -> String {
    pattern.replace('~', "").replace('^', &AS_PICTURE.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_has_each_word_once() {
        let emoji = json!({
            "label": "thumbs up", "hexcode": "1F44D", "emoji": "👍\u{fe0f}", "text": "👍\u{fe0e}", "type": 1,
            "tags": ["+1", "good", "thumb", "up", "Yes"], "skins": [{ "emoji": "👍🏻" }, { "emoji": "👍🏼" }],
        });

        let line = line(&emoji, &json!({ "1F44D": ["+1", "thumbsup"] })).unwrap();

        assert_eq!(line, "👍~\tthumbs up\t+1 thumbsup\tgood thumb yes\n");
    }

    #[test]
    fn a_tone_takes_the_place_of_the_sign_that_asks_for_a_picture() {
        let pattern = |emoji: &str, light: &str| {
            pattern(&json!({ "emoji": emoji, "type": 0, "text": "", "skins": [{ "emoji": light }] })).unwrap()
        };

        assert_eq!(pattern("☝\u{fe0f}", "☝🏻"), "☝^");
        assert_eq!(pattern("👩\u{200d}🚀", "👩🏻\u{200d}🚀"), "👩~\u{200d}🚀");
        // Two people are another emoji when they have a tone each.
        assert_eq!(pattern("👭", "👩🏻\u{200d}🤝\u{200d}👩🏼"), "👭");
    }
}
