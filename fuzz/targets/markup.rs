//! See `properties::fuzz_markup`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| properties::fuzz_markup(data));
