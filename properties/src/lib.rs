//! What must hold of whatever comes from outside, as functions of bytes: they panic where it does not.
//!
//! There is one definition of that, and two who call it: `tests/replay.rs` in the suite, with the inputs of
//! `fuzz/corpus` and what mutations make of them; and libFuzzer, for as long as one lets it (`fuzz/`, which needs a nightly
//! compiler). Nothing here is part of the server. What is expected is never computed with what is being tested: frames and
//! HTML have small readers of their own here.

mod agreement;
mod binary;
mod config;
mod frames;
mod html;
mod line;
mod markup;
mod rfc6455;
mod text;

pub use binary::fuzz_binary;
pub use config::fuzz_config;
pub use frames::fuzz_frames;
pub use markup::fuzz_markup;
pub use text::fuzz_text;
