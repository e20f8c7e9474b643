//! Parts that delivery and durability rest on are taken away, one at a time: then the stories go wrong, and in these words.
//!
//! Splice, lag and removal are the server's own. What the store owes is taken from the simulated one: that shows what this oracle
//! notices; the same is taken from SQLite in `server/tests/it/faults.rs` and `server/src/store/sqlite/writer/tests.rs`.

use server::sabotage::Without;

use super::{ALL_THERE, Telling, story::story, told};

/// Stories in which a missing part has to show.
const STORIES: u64 = 200;

/// How a story goes wrong without a part.
fn what_goes_wrong(without: Without) -> String {
    let telling = Telling { without, ..ALL_THERE };
    let mut seeds = 0..STORIES;
    let wrong = seeds.find_map(|seed| told(seed, &story(seed), telling).err());
    wrong.unwrap_or_else(|| panic!("{without:?} is not noticed"))
}

#[test]
fn a_splice_that_is_missing_is_noticed() {
    let wrong = what_goes_wrong(Without::SPLICE);

    assert!(wrong.contains("comes") || wrong.contains("is live at"), "{wrong}");
}

#[test]
fn a_ring_that_does_not_say_who_is_behind_is_noticed() {
    let wrong = what_goes_wrong(Without::LAG);

    assert!(wrong.contains("comes"), "{wrong}");
}

#[test]
fn a_removal_that_ends_nothing_is_noticed() {
    let wrong = what_goes_wrong(Without::REMOVAL);

    assert!(wrong.contains("after they were put out"), "{wrong}");
}

#[test]
fn a_log_that_takes_a_command_twice_is_noticed() {
    let wrong = what_goes_wrong(Without::UNIQUE_INDEX);

    assert!(wrong.contains("times") || wrong.contains("and is in the log"), "{wrong}");
}

#[test]
fn telling_what_is_not_on_disk_is_noticed() {
    let wrong = what_goes_wrong(Without::SYNC);

    assert!(wrong.contains("not on disk") || wrong.contains("is not in the log"), "{wrong}");
}
