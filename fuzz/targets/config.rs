//! See `properties::fuzz_config`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| properties::fuzz_config(data));
