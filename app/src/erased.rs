//! Effects, handlers, memos and changing parts of one type each.
//!
//! What leptos makes of a closure is compiled once for each closure, with all of the element around it; a quarter of the
//! program that the browser loads were such copies. Behind a pointer they are compiled once for all.
//!
//! What is made here also lets go of what it reads when it goes. Leptos leaves it on the lists of who is to be told, up
//! to the next change: what a row reads of its room would keep the remains of all rows that were ever drawn.

use leptos::{
    prelude::{ArcMemo, Effect, Memo, on_cleanup},
    reactive::graph::{AnySubscriber, Observer, ToAnySubscriber as _},
};

pub(crate) use crate::platform::redrawn;

/// Runs when something that it reads has changed, in the browser only.
pub(crate) fn effect(run: impl FnMut() + 'static) {
    start(Box::new(run));
}

fn start(mut run: Box<dyn FnMut()>) {
    Effect::new(move |_: Option<()>| {
        lets_go();
        run();
    });
}

/// A handler of an event.
pub(crate) fn on<E: 'static>(handle: impl FnMut(E) + 'static) -> Box<dyn FnMut(E)> {
    Box::new(handle)
}

/// A value that is worked out from others when they change, and told on only when it differs.
pub(crate) fn memo<T: PartialEq + Send + Sync + 'static>(work_out: impl Fn() -> T + Send + Sync + 'static) -> Memo<T> {
    memo_of(Box::new(work_out))
}

fn memo_of<T: PartialEq + Send + Sync + 'static>(work_out: Box<dyn Fn() -> T + Send + Sync>) -> Memo<T> {
    let memo = ArcMemo::new(move |_| work_out());
    lets_go_of_sources(memo.to_any_subscriber());
    memo.into()
}

/// What an attribute or a text says, told anew when something that it reads has changed.
pub(crate) fn live<T: 'static>(mut say: impl FnMut() -> T + Send + 'static) -> Box<dyn FnMut() -> T + Send> {
    Box::new(move || {
        lets_go();
        say()
    })
}

/// Sees to it that what is being worked out lets go of what it reads when it is worked out anew, or goes.
pub(crate) fn lets_go() {
    if let Some(observer) = Observer::get() {
        lets_go_of_sources(observer);
    }
}

fn lets_go_of_sources(subscriber: AnySubscriber) {
    if let Some(sources) = subscriber.1.upgrade() {
        on_cleanup(move || sources.clear_sources(&subscriber));
    }
}
