//! The list of all shortcuts, for who asks for it with `?`.

use leptos::{html, prelude::*};

/// What there is, by where it works. On a Mac, Ctrl is Cmd.
const SHORTCUTS: [(&str, &[(&str, &str)]); 3] = [
    (
        "Everywhere",
        &[
            ("Ctrl K", "Switch rooms"),
            ("Alt ↓", "Next room"),
            ("Alt ↑", "Previous room"),
            ("Alt Shift ↓", "Next unread room"),
            ("Alt Shift ↑", "Previous unread room"),
            ("Shift Escape", "Mark all as read"),
            ("?", "This list, where nothing is being typed"),
        ],
    ),
    (
        "While writing",
        &[
            ("Enter", "Send"),
            ("Shift Enter", "Break the line"),
            ("Escape", "Leave a message as it was, or unanswered"),
            ("@", "Name somebody"),
            (":", "Write an emoji by its name"),
            ("↑", "Edit your last message, where nothing is written yet"),
        ],
    ),
    (
        "Among messages",
        &[
            ("↑ ↓", "From message to message"),
            ("PgUp PgDn", "Scroll"),
            ("Home", "Up"),
            ("End", "Down"),
            ("Tab", "On to a message's actions"),
        ],
    ),
];

/// The dialog. It opens whenever `asked` changes.
#[component]
pub(crate) fn Shortcuts(asked: ReadSignal<u32>) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        asked.track();
        if let Some(dialog) = dialog.get().filter(|dialog| !dialog.open()) {
            _ = dialog.show_modal();
        }
    });
    let close = move |_| {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    let groups = SHORTCUTS.map(|(place, keys)| {
        let keys = keys.iter().map(|(keys, meaning)| {
            view! { <div class="shortcuts__line"><dt>{keys_of(keys)}</dt><dd>{*meaning}</dd></div> }
        });
        view! {
            <h3 class="shortcuts__place">{place}</h3>
            <dl>{keys.collect_view()}</dl>
        }
    });
    view! {
        <dialog class="dialog shortcuts" node_ref=dialog aria-labelledby="shortcuts-title">
            // Focused, so that a screen that is too low for all of it shows the beginning.
            <h2 class="dialog__title" id="shortcuts-title" tabindex="-1" autofocus>
                "Keyboard shortcuts"
            </h2>
            {groups.collect_view()}
            <form method="dialog" class="dialog__buttons">
                <a class="button" href="/diagnostics" on:click=close>"Diagnostics of the connection"</a>
                <button class="button" type="submit">"Close"</button>
            </form>
        </dialog>
    }
}

fn keys_of(keys: &'static str) -> impl IntoView {
    keys.split(' ').map(|key| view! { <kbd>{key}</kbd> " " }).collect_view()
}
