//! The few signs that stand for words; always beside a word or on a button that has a name.

use leptos::prelude::*;

/// Which sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    Add,
    Close,
    Compass,
    Dark,
    Delete,
    Down,
    Edit,
    Hash,
    Light,
    Link,
    Lock,
    LogOut,
    Members,
    Menu,
    Muted,
    Reply,
    Retry,
    Search,
    Send,
    Settings,
    Smile,
    System,
    Unread,
}

/// A sign, drawn with lines of the text's colour.
#[component]
pub(crate) fn Icon(sign: Sign) -> impl IntoView {
    let lines = match sign {
        Sign::Add => "M12 5v14M5 12h14",
        Sign::Close => "M6 6l12 12M18 6L6 18",
        Sign::Compass => "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM15.5 8.5l-2 5-5 2 2-5Z",
        Sign::Dark => "M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5Z",
        Sign::Delete => "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
        Sign::Down => "M12 5v14M6 13l6 6 6-6",
        Sign::Edit => "M4 20l1-5L16 4l4 4L9 19ZM13.5 6.5l4 4",
        Sign::Hash => "M9.5 4l-2 16M16.5 4l-2 16M4.5 9h16M3.5 15h16",
        Sign::Light => {
            "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM12 2.5V5M12 19v2.5M2.5 12H5M19 12h2.5M5.3 5.3L7 7M17 17l1.7 1.7M5.3 18.7L7 17M17 7l1.7-1.7"
        }
        Sign::Link => {
            "M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-5.700-5.700L12 7M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 5.700 5.700L12 17"
        }
        Sign::Lock => "M6 11h12v9H6ZM8.5 11V7.5a3.5 3.5 0 0 1 7 0V11",
        Sign::LogOut => "M10 4H5v16h5M10 12h10M16 8l4 4-4 4",
        Sign::Members => {
            "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 20a6.5 6.5 0 0 1 13 0M16 4.3a3.5 3.5 0 0 1 0 6.4M18 14a6.5 6.5 0 0 1 3.5 6"
        }
        Sign::Menu => "M4 7h16M4 12h16M4 17h10",
        Sign::Muted => "M10.5 20h3M4 4l16 16M8 6.2A6 6 0 0 1 18 11v4l1 2M16 17H5l1.5-3v-4",
        Sign::Reply => "M10 6l-6 6 6 6M4 12h9a7 7 0 0 1 7 7",
        Sign::Retry => "M19 12a7 7 0 1 1-2.2-5.1M19 4v4h-4",
        Sign::Search => "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM15.5 15.5L20 20",
        Sign::Settings => "M4 7h9M19 7h1M4 17h1M11 17h9M16 4v6M8 14v6",
        Sign::Send => "M5 12L3.5 4.5 21 12 3.5 19.5ZM5 12h7",
        Sign::Smile => {
            "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM8.500 14.500a4.500 4.500 0 0 0 7 0M9 9.500h.01M15 9.500h.01"
        }
        Sign::System => "M12 3.5a8.5 8.5 0 1 0 0 17ZM12 3.5a8.5 8.5 0 0 1 0 17M12 7v10M9 8v8M6.5 9v6",
        Sign::Unread => "M13 6H4v14h16v-9M4 9l8 6 3.5-2.6M19 3a3 3 0 1 0 0 6 3 3 0 0 0 0-6Z",
    };
    view! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <path d=lines/>
        </svg>
    }
}

/// Parlor's sign: two people's words, leaning towards each other.
#[component]
pub(crate) fn BrandMark() -> impl IntoView {
    view! {
        <svg class="brand__mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
            <path class="brand__back" d="M10 4h12a7 7 0 0 1 7 7v4a7 7 0 0 1-7 7h-1v5l-6-5h-5a7 7 0 0 1-7-7v-4a7 7 0 0 1 7-7Z"/>
            <path class="brand__front" d="M10.500 13.500h.01M16 13.500h.01M21.500 13.500h.01"/>
        </svg>
    }
}
