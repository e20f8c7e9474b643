//! See `properties::fuzz_text`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| properties::fuzz_text(data));
