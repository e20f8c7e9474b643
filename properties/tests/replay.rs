//! The inputs of `fuzz/corpus`, as they are and as mutations make them, through the functions that libFuzzer calls too.
//!
//! `FUZZ_SEED` and `FUZZ_CASES` choose other mutations and more of them. What fails is shrunk and printed as a literal: to
//! be kept, put its bytes into a file of the corpus.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

use std::{env, fs, path::PathBuf};

use proptest::{
    prelude::*,
    sample::Index,
    test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner},
};

#[path = "replay/mutation.rs"]
mod mutation;

use mutation::{Mutation, mutations};

/// Bytes of one input: small enough that a few hundred of them are read in no time.
const INPUT_BYTES_MAX: u64 = 8 * 1024;

/// What a corpus lies in, from here.
fn folder(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// All inputs in some folders, by name.
fn corpus(folders: &[&str]) -> Vec<(String, Vec<u8>)> {
    let mut inputs = Vec::new();
    for path in folders {
        for file in fs::read_dir(folder(path)).unwrap() {
            let file = file.unwrap();
            assert!(file.metadata().unwrap().len() <= INPUT_BYTES_MAX, "{:?} is large", file.path());
            inputs.push((format!("{path}/{}", file.file_name().display()), fs::read(file.path()).unwrap()));
        }
    }
    inputs.sort();
    assert!(inputs.len() >= 10, "{folders:?} have {} inputs", inputs.len());
    inputs
}

fn number(variable: &str, or: u32) -> u32 {
    env::var(variable).map_or(or, |text| text.parse().unwrap())
}

/// Each input as it is, and so many mutated ones.
fn replay(folders: &[&str], dictionary: &'static [&'static str], cases: u32, property: fn(&[u8])) {
    let inputs = corpus(folders);
    let fail: Vec<&String> = inputs
        .iter()
        .filter(|(_, input)| std::panic::catch_unwind(|| property(input)).is_err())
        .map(|(name, _)| name)
        .collect();
    assert!(fail.is_empty(), "these fail, in this order, for what is said above: {fail:#?}");

    let mut seed = [0; 32];
    seed[..4].copy_from_slice(&number("FUZZ_SEED", 0).to_le_bytes());
    let config = Config { cases: number("FUZZ_CASES", cases), failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let mutated = |(index, mutations): &(Index, Vec<Mutation>)| {
        let mut bytes = index.get(&inputs).1.clone();
        for mutation in mutations {
            mutation.apply(&mut bytes, &inputs, dictionary);
        }
        bytes
    };
    let ran = runner.run(&(any::<Index>(), mutations()), |case| {
        property(&mutated(&case));
        Ok(())
    });

    match ran {
        Ok(()) => {}
        Err(TestError::Fail(reason, case)) => {
            let (input, literal) = (&case.0.get(&inputs).0, mutated(&case));
            panic!("{reason}\nb\"{}\"\n{input}, mutated by {:?}", literal.escape_ascii(), case.1);
        }
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}

/// What means something in JSON, and to the protocol.
const WORDS: &[&str] = &[
    "null",
    "true",
    "-1",
    "-0",
    "0",
    "1.0",
    "1e2",
    "1e999",
    "9007199254740993",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "{}",
    "[]",
    "{\"public\":null}",
    "[[[[[[[[",
    "\"\\ud83d\\ude00\"",
    "\\ud800",
    "\\u0000",
    "\u{7f}\u{7f}\u{7f}",
    "\u{200b}",
    "\"type\":\"unknown\",",
    "\"type\":0,",
    "\"id\":9,",
    "\"room\":",
    "\"recount\":false,",
    "\"mentions\":{},",
    "\"redacted\":true,",
    "\"markup\":[{\"type\":\"break\"}],",
    "\"tomorrow\":[],",
    "\"room:1\"",
    "\"inbox:+1\"",
];

#[test]
fn text_frames_keep_their_properties() {
    replay(&["fuzz/corpus/text", "protocol/tests/golden/v1"], WORDS, 4_000, properties::fuzz_text);
}

#[test]
fn binary_frames_keep_their_properties() {
    replay(&["fuzz/corpus/binary"], &["\0", "\u{ff}", "{\"id\":1}", "\u{2}"], 2_000, properties::fuzz_binary);
}

/// Heads of frames, in Latin-1 below U+0100: see [`Mutation`].
const HEADS: &[&str] = &[
    "\u{81}\u{80}\0\0\0\0",
    "\u{82}\u{80}\0\0\0\0",
    "\u{01}\u{81}\0\0\0\0a",
    "\u{80}\u{81}\0\0\0\0b",
    "\u{80}\u{80}\0\0\0\0",
    "\u{89}\u{84}\0\0\0\0ping",
    "\u{8a}\u{80}\0\0\0\0",
    "\u{88}\u{80}\0\0\0\0",
    "\u{88}\u{82}\0\0\0\0\u{03}\u{e8}",
    "\u{88}\u{82}\0\0\0\0\u{03}\u{ed}",
    "\u{88}\u{81}\0\0\0\0\u{03}",
    "\u{81}\u{fe}\0\u{7e}\0\0\0\0",
    "\u{81}\u{ff}\0\0\0\0\0\0\0\u{05}\0\0\0\0hello",
    "\u{82}\u{ff}\0\0\0\0\0\u{02}\0\u{01}\0\0\0\0",
    "\u{82}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\0\0\0\0",
    "\u{c1}\u{80}\0\0\0\0",
    "\u{83}\u{80}\0\0\0\0",
    "\u{81}\u{02}hi",
    "\u{81}\u{82}\0\0\0\0\u{c3}\u{bc}",
    "\u{01}\u{81}\0\0\0\0\u{c3}",
];

#[test]
fn any_bytes_of_a_peer_keep_the_properties_of_frames() {
    replay(&["fuzz/corpus/frames"], HEADS, 2_000, properties::fuzz_frames);
}

/// What means something in Markdown, and what might in a page.
const SIGNS: &[&str] = &[
    "*",
    "**",
    "_",
    "~~",
    "`",
    "```",
    "```rust\n",
    "~~~\n",
    "> ",
    "- ",
    "1. ",
    "10) ",
    "# ",
    "---\n",
    "===\n",
    "| a | b |\n|---|---|\n",
    "|",
    "\n",
    "\n\n",
    "\r\n",
    "\t",
    "    ",
    "\\",
    "[",
    "](",
    "]",
    "[x]: ",
    "![",
    "<",
    ">",
    "<b>",
    "<!--",
    "</p>",
    "<script>",
    "&amp;",
    "&#106;",
    "&copy;",
    "https://a.example/",
    "http://",
    "mailto:a@b.example",
    "javascript:alert(1)",
    "data:text/html,",
    "\"",
    "'",
    "@room",
    "@bob",
    "\u{200d}",
    "\u{202e}",
    "\u{fffd}",
    "ü",
    "漢",
    "🎉",
    "\u{85}",
    "\u{2028}",
];

#[test]
fn any_text_keeps_the_properties_of_markup() {
    replay(&["fuzz/corpus/markup"], SIGNS, 3_000, properties::fuzz_markup);
}

const SETTINGS: &[&str] = &[
    "\n%%\n",
    "listen = ",
    "public_url = ",
    "trusted_proxies = ",
    "registration = ",
    "log_level = ",
    "sockets = ",
    "ring_bytes = ",
    "PARLOR_LISTEN=",
    "PARLOR_CONFIG=",
    "PARLOR_SOCKETS=",
    "PARLOR_",
    "--sockets=",
    "--ring-bytes=",
    "--trusted-proxies=",
    "--public-url=",
    "[limits]\n",
    "\"\"\"",
    "'",
    "[]",
    "[\"::1\", \"10.0.0.0/8\"]",
    "true",
    "nan",
    "1.0",
    "0x10",
    "-1",
    "0",
    "9223372036854775807",
    "18446744073709551615",
    "1979-05-27T07:32:00Z",
    "https://",
    ":443",
    "http://[::1]:80",
    "[::1]:3000",
    "info,server=debug",
];

#[test]
fn any_settings_keep_their_properties() {
    replay(&["fuzz/corpus/config"], SETTINGS, 400, properties::fuzz_config);
}
