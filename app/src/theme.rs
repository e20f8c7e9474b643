//! Light, dark, or as the system has it. The choice is kept in a cookie, so that the server draws the first picture
//! with it.

use leptos::prelude::*;

use crate::{
    erased::{on, redrawn},
    icons::{Icon, Sign},
    platform,
};

/// The cookie that the choice is kept in.
pub const THEME_COOKIE: &str = "theme";

/// How the pages look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system has it.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Theme {
    /// Reads the cookie, or the attribute of the page.
    #[must_use]
    pub fn read(word: Option<&str>) -> Self {
        match word {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            Some(_) | None => Self::System,
        }
    }

    /// What the cookie and `data-theme` say; nothing where the system decides.
    #[must_use]
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::System => None,
            Self::Light => Some("light"),
            Self::Dark => Some("dark"),
        }
    }

    /// What the page is made for, before its styles are there.
    pub(crate) fn color_scheme(self) -> &'static str {
        self.word().unwrap_or("light dark")
    }

    fn next(self) -> Self {
        match self {
            Self::System => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::System,
        }
    }
}

/// Goes from one to the next.
#[component]
pub(crate) fn ThemeButton() -> impl IntoView {
    let theme = RwSignal::new(expect_context::<Theme>());
    let change = move |_| {
        theme.update(|theme| *theme = theme.next());
        platform::set_theme(theme.get_untracked());
    };
    let sign = move || match theme.get() {
        Theme::System => Sign::System,
        Theme::Light => Sign::Light,
        Theme::Dark => Sign::Dark,
    };
    let label = move || format!("Theme: {}", theme.get().word().unwrap_or("system"));
    view! {
        <button class="icon-button" type="button" aria-label=label title="Light, dark, or as the system has it" on:click=on(change)>
            {redrawn(move || view! { <Icon sign=sign()/> })}
        </button>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_theme_is_read_as_it_was_written_and_leads_to_the_next() {
        let mut seen = vec![Theme::System];
        for _ in 0..3 {
            let theme = *seen.last().unwrap();
            assert_eq!(Theme::read(theme.word()), theme);
            seen.push(theme.next());
        }
        assert_eq!(seen, [Theme::System, Theme::Light, Theme::Dark, Theme::System]);
        assert_eq!(Theme::read(Some("\"><script>")), Theme::System);
    }
}
