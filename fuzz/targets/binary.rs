//! See `properties::fuzz_binary`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| properties::fuzz_binary(data));
