//! Who is writing: a line above the composer, in words.
//!
//! It is a status that screen readers can be asked for, but it is not read out by itself: it changes many times a
//! minute and says nothing that the message will not say, which is read out when it comes.

use leptos::prelude::*;

use crate::{erased::live, shown::ShownRoom};

/// The line. It keeps its place when it is empty, so that nothing moves.
#[component]
pub(crate) fn TypingLine(room: ShownRoom) -> impl IntoView {
    view! { <p class="typing" role="status" aria-label="Typing" aria-live="off">{live(move || room.typing.get())}</p> }
}

/// These others are writing.
pub(crate) fn sentence(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("{one} is typing"),
        [one, other] => format!("{one} and {other} are typing"),
        _ => "Several people are typing".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn up_to_two_are_named() {
        let names = ["Ada", "Bob", "Cy"].map(str::to_owned);

        assert_eq!(sentence(&names[..0]), "");
        assert_eq!(sentence(&names[..1]), "Ada is typing");
        assert_eq!(sentence(&names[..2]), "Ada and Bob are typing");
        assert_eq!(sentence(&names), "Several people are typing");
    }
}
