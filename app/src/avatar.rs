//! A picture for every name: the same name gives the same one, everywhere and without a request.

use leptos::prelude::*;

/// Colours in `style/avatar.css`.
const COLOURS: u32 = 10;
/// Figures behind the letter.
const FIGURES: u32 = 5;

/// The picture of a user. Their name stands beside it, so it says nothing to a screen reader.
#[component]
pub(crate) fn Avatar(#[prop(into)] name: String) -> impl IntoView {
    let hash = hash(&name);
    let letter = name.chars().next().unwrap_or('?').to_ascii_uppercase().to_string();
    let class = format!("avatar avatar--{}", hash % COLOURS);
    let turn = format!("rotate({} 20 20)", (hash >> 12) % 4 * 90);
    let figure = match (hash >> 8) % FIGURES {
        0 => "M0 40 40 0V40Z",
        1 => "M0 20A20 20 0 0 0 40 20V40H0Z",
        2 => "M40 0V40H0A40 40 0 0 1 40 0Z",
        3 => "M0 26Q10 16 20 26T40 26V40H0Z",
        _ => "M20 0H40V40H20A20 20 0 0 1 20 0Z",
    };
    view! {
        <svg class=class viewBox="0 0 40 40" aria-hidden="true" focusable="false">
            <rect class="avatar__ground" width="40" height="40"/>
            <path class="avatar__figure" transform=turn d=figure/>
            <text class="avatar__letter" x="20" y="20" dy="0.35em" text-anchor="middle">{letter}</text>
        </svg>
    }
}

/// FNV-1a, 32 bits: spreads short names well, and is the same on every platform.
fn hash(name: &str) -> u32 {
    name.to_ascii_lowercase().bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
