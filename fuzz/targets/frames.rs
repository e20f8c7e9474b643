//! See `properties::fuzz_frames`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| properties::fuzz_frames(data));
