use std::collections::BTreeSet;

use protocol::reactions::check_emoji;

use super::list::{Emoji, List, RECENT, TONES};
use crate::reactions::QUICK;

fn all() -> Vec<Emoji> {
    List::read(&[]).groups.into_iter().flat_map(|group| group.emoji).collect()
}

/// The first emoji that are found by these words.
fn found(typed: &str) -> Vec<String> {
    List::read(&[]).find(typed).into_iter().take(3).map(|emoji| emoji.toned("")).collect()
}

#[test]
fn every_emoji_of_the_list_may_be_a_reaction_in_every_tone() {
    for emoji in all() {
        for (_, tone) in TONES {
            let toned = emoji.toned(tone);
            assert_eq!(check_emoji(&toned), Ok(()), "{toned} {}", emoji.name);
            assert!(!toned.contains(['~', '^', ' ']), "{toned} {}", emoji.name);
        }
    }
}

#[test]
fn the_list_has_nine_groups_and_each_emoji_once_by_name_and_sign() {
    let groups: Vec<&str> = List::read(&[]).groups.iter().map(|group| group.name).collect();
    let names: BTreeSet<&str> = all().iter().map(|emoji| emoji.name).collect();
    let signs: BTreeSet<&str> = all().iter().map(|emoji| emoji.pattern).collect();

    assert_eq!((groups.first(), groups.len()), (Some(&"Smileys"), 9));
    assert!(all().len() > 1_900, "{}", all().len());
    assert_eq!((names.len(), signs.len()), (all().len(), all().len()));
}

#[test]
fn what_is_a_click_away_is_in_the_list_as_the_same_sign() {
    let signs: BTreeSet<String> = all().iter().map(|emoji| emoji.toned("")).collect();
    for emoji in QUICK {
        assert!(signs.contains(emoji), "{emoji}");
    }
}

#[test]
fn emoji_are_found_by_name_short_name_and_what_people_think_of() {
    assert_eq!(found("tada")[0], "🎉");
    assert_eq!(found("heart")[0], "❤️");
    assert_eq!(found(":+1:")[0], "👍");
    assert_eq!(found("woman_dancing")[0], "💃");
    assert_eq!(found("thumbs d")[0], "👎");
    assert_eq!(found("ROCKET".to_lowercase().as_str())[0], "🚀");
    assert_eq!(found("hilarious")[0], "🤣");
    assert!(found("germany").contains(&"🇩🇪".to_owned()));
    assert_eq!(found("no such emoji"), Vec::<String>::new());
}

#[test]
fn all_words_have_to_fit() {
    assert_eq!(found("cat joy")[0], "😹");
    assert!(found("cat rocket").is_empty());
}

#[test]
fn a_tone_is_put_where_it_belongs() {
    let named = |name| List::read(&[]).named(name).unwrap();
    assert_eq!(named("thumbs up").toned("\u{1f3fd}"), "👍🏽");
    assert_eq!(named("index pointing up").toned(""), "☝️");
    assert_eq!(named("index pointing up").toned("\u{1f3fd}"), "☝🏽");
    assert_eq!(named("woman astronaut").toned("\u{1f3ff}"), "👩🏿‍🚀");
    assert_eq!(named("red heart").toned("\u{1f3ff}"), "❤️");
}

#[test]
fn what_was_used_last_stands_first_and_is_found_once() {
    let recent = ["🚀", "👍~", "gone"].map(str::to_owned);
    let list = List::read(&recent);

    assert_eq!(list.groups[0].name, RECENT);
    assert_eq!(list.groups[0].emoji.iter().map(|emoji| emoji.name).collect::<Vec<_>>(), ["rocket", "thumbs up"]);
    assert_eq!(list.find("rocket").iter().filter(|emoji| emoji.name == "rocket").count(), 1);
}
