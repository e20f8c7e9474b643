//! Effects, handlers, memos and changing parts of one type each.
//!
//! What leptos makes of a closure is compiled once for each closure, with all of the element around it; a quarter of the
//! program that the browser loads were such copies. Behind a pointer they are compiled once for all.

use leptos::prelude::{Effect, Memo};

pub(crate) use crate::platform::redrawn;

/// Runs when something that it reads has changed, in the browser only.
pub(crate) fn effect(run: impl FnMut() + 'static) {
    start(Box::new(run));
}

fn start(mut run: Box<dyn FnMut()>) {
    Effect::new(move |_: Option<()>| run());
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
    Memo::new(move |_| work_out())
}

/// What an attribute or a text says, told anew when something that it reads has changed.
pub(crate) fn live<T: 'static>(say: impl FnMut() -> T + Send + 'static) -> Box<dyn FnMut() -> T + Send> {
    Box::new(say)
}
