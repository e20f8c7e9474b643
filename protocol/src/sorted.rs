//! Sorted lists of what comes.

use litemap::LiteMap;

/// Sorts by key; of the same key the last counts. For what comes nearly in order, as everything on the wire does: putting
/// each in its place is then as quick as sorting, and a fraction of the program that the browser has to load.
pub fn sorted<K: Ord, V>(items: impl IntoIterator<Item = (K, V)>) -> LiteMap<K, V> {
    let mut sorted = LiteMap::new_vec();
    for (key, value) in items {
        sorted.insert(key, value);
    }
    sorted
}
