//! Replies: the quote above an answer, and what is being answered above the composer.

use leptos::{either::Either, prelude::*};
use protocol::{Quote, Quoted};

use crate::{
    erased::{live, on},
    icons::{Icon, Sign},
    shown::ShownRoom,
};

/// What a message answers: leads there.
#[component]
pub(crate) fn QuoteLine(room: ShownRoom, quote: Quote) -> impl IntoView {
    let message = quote.message;
    let said = match quote.content {
        Quoted::Text { author, excerpt } => {
            Either::Left(view! { <b class="quote__author">{live(move || room.called(&author))}</b> " " {excerpt} })
        }
        Quoted::Deleted => Either::Right("A message that was deleted"),
        Quoted::Hidden => Either::Right("An earlier message"),
    };
    view! {
        <a class="quote" href=live(move || room.link(message))>
            <span class="visually-hidden">"In reply to "</span>
            <span class="quote__text">{said}</span>
        </a>
    }
}

/// What is being answered; Escape in the composer cancels it too.
#[component]
pub(crate) fn ReplyBar(room: ShownRoom) -> impl IntoView {
    let answering = room.doing.answering;
    move || {
        answering.get().map(|answered| {
            view! {
                <div class="reply-bar" role="group" aria-label="Reply">
                    <p class="reply-bar__text">
                        "Replying to " <b>{room.called(&answered.author)}</b> " " {answered.excerpt}
                    </p>
                    <button
                        class="icon-button"
                        type="button"
                        aria-label="Cancel reply"
                        title="Cancel reply (Escape)"
                        on:click=on(move |_| answering.set(None))
                    >
                        <Icon sign=Sign::Close/>
                    </button>
                </div>
            }
        })
    }
}
