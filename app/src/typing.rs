//! Who is writing: a line above the composer, in words.
//!
//! It is a status that screen readers can be asked for, but it is not read out by itself: it changes many times a
//! minute and says nothing that the message will not say, which is read out when it comes.

use leptos::prelude::*;
use protocol::UserRef;

use crate::{erased::live, shown::ShownRoom};

/// The line. It keeps its place when it is empty, so that nothing moves.
#[component]
pub(crate) fn TypingLine(room: ShownRoom) -> impl IntoView {
    view! { <p class="typing" role="status" aria-label="Typing" aria-live="off">{live(move || room.typing.get())}</p> }
}

/// These others are writing.
pub(crate) fn sentence(users: &[UserRef]) -> String {
    match users {
        [] => String::new(),
        [one] => format!("{} is typing", one.name),
        [one, other] => format!("{} and {} are typing", one.name, other.name),
        _ => "Several people are typing".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use protocol::{UserId, Username};

    use super::*;

    #[test]
    fn up_to_two_are_named() {
        let users = ["Ada", "Bob", "Cy"].map(|name| UserRef { id: UserId(1), name: Username::parse(name).unwrap() });

        assert_eq!(sentence(&users[..0]), "");
        assert_eq!(sentence(&users[..1]), "Ada is typing");
        assert_eq!(sentence(&users[..2]), "Ada and Bob are typing");
        assert_eq!(sentence(&users), "Several people are typing");
    }
}
