//! What waits to be sent, in the browser's storage: it survives a reload, and a tab that is closed.
//!
//! `localStorage` writes before it returns, so nothing is sent that is not kept. An entry each, under its user: two
//! tabs write different keys and never overwrite each other's.

use client::OutboxEntry;
use protocol::{ClientId, UserId, json};

use super::local;

fn prefix(user: UserId) -> String {
    format!("parlor.outbox.{user}.")
}

/// Keeps an entry. A full storage loses the safety, not the message: it is still sent from memory.
pub(super) fn save(entry: &OutboxEntry) {
    if let (Some(storage), Ok(json)) = (local(), serde_json::to_string(entry)) {
        _ = storage.set_item(&format!("{}{}", prefix(entry.user), entry.client_id()), &json);
    }
}

/// Drops an entry.
pub(super) fn remove(user: UserId, client_id: ClientId) {
    if let Some(storage) = local() {
        _ = storage.remove_item(&format!("{}{client_id}", prefix(user)));
    }
}

/// What is kept for this user. What cannot be read was written by another version, and is left alone.
pub(super) fn load(user: UserId) -> Vec<OutboxEntry> {
    let Some(storage) = local() else { return Vec::new() };
    let prefix = prefix(user);
    let count = storage.length().unwrap_or(0);
    let keys = (0..count).filter_map(|index| storage.key(index).ok().flatten()).filter(|key| key.starts_with(&prefix));
    keys.filter_map(|key| json::read(&storage.get_item(&key).ok().flatten()?)).collect()
}
