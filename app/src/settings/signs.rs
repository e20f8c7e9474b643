//! Signs that only the settings use: the program that the rooms load does not carry them.

use leptos::prelude::*;

/// Which sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Glyph {
    Back,
    Device,
    Door,
    Key,
    Letter,
    Onward,
    Overview,
    People,
    Person,
    Pulse,
}

/// A sign, drawn with lines of the text's colour; always beside a word.
#[component]
pub(super) fn PageGlyph(glyph: Glyph) -> impl IntoView {
    let lines = match glyph {
        Glyph::Back => "M20 12H5M11 6l-6 6 6 6",
        Glyph::Device => "M5 5h14v10H5ZM2.5 19h19",
        Glyph::Door => "M6 20.500V4h12v16.500M3.500 20.500h17M14.500 12h.01",
        Glyph::Key => "M8 9a4.500 4.500 0 1 0 0 9 4.500 4.500 0 0 0 0-9ZM11.200 10.300L19.500 3M16 6l3 3.500",
        Glyph::Letter => "M3.500 6h17v12h-17ZM4 7l8 6.500L20 7",
        Glyph::Onward => "M9 6l6 6-6 6",
        Glyph::Overview => "M4 4h6v6H4ZM14 4h6v6h-6ZM4 14h6v6H4ZM14 14h6v6h-6Z",
        Glyph::People => {
            "M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7ZM2.500 20a6.500 6.500 0 0 1 13 0M16 4.300a3.500 3.500 0 0 1 0 6.400M18 14a6.500 6.500 0 0 1 3.500 6"
        }
        Glyph::Person => "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.500 20.500a7.500 7.500 0 0 1 15 0",
        Glyph::Pulse => "M3 12h4l3-7 4 14 3-7h4",
    };
    view! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <path d=lines/>
        </svg>
    }
}
