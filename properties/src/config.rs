//! Configuration: a file, variables and flags that mean the same, and errors that name what they are about.

use std::{ffi::OsString, path::Path};

use clap::{Args as _, Command, FromArgMatches as _};
use server::{
    Config,
    config::layers::{SettingsError, check_environment, read_text, with_file},
};

/// Between the file, the variables and the flags.
const BETWEEN: &str = "\n%%\n";
const FILE: &str = "parlor.toml";
const PREFIX: &str = "PARLOR_";

/// A file's text, then variables and then flags, one a line. Each is taken, and then the settings that come of it are written
/// as a file and read as the same; or it is refused in words that name the key. What the file may say, variables and
/// flags may, and it means the same.
///
/// # Panics
/// It does not hold.
pub fn fuzz_config(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut parts = text.splitn(3, BETWEEN);
    file(parts.next().unwrap_or_default());
    for line in parts.next().unwrap_or_default().lines() {
        if let Some((name, value)) = line.split_once('=') {
            variable(name, value);
        }
    }
    let flags: Vec<String> = parts.next().unwrap_or_default().lines().map(str::to_owned).collect();
    match settings(&[], &flags) {
        Ok(config) => is_written_as_it_is_read(&config),
        Err(words) => assert!(!words.is_empty()),
    }
}

fn file(text: &str) {
    let pairs = match read_text(Path::new(FILE), text) {
        Ok(pairs) => pairs,
        Err(error) => return names_its_place(&error),
    };
    let config = settings(&pairs, &[]).unwrap_or_else(|words| panic!("its values were checked: {words}"));
    is_written_as_it_is_read(&config);
    let flags: Vec<String> =
        pairs.iter().filter(|(_, value)| !value.is_empty()).map(|(key, value)| flag(key, value)).collect();
    assert_eq!(settings(&[], &flags).as_ref(), Ok(&config), "flags mean something else");
    // No list can only be said in a file.
    for (key, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
        let name = format!("{PREFIX}{}", key.to_ascii_uppercase());
        checked(&name, &value).unwrap_or_else(|error| panic!("{key} may stand in the file: {error}"));
    }
}

fn variable(name: &str, value: &str) {
    let result = checked(name, value);
    if let Err(error) = &result {
        names_its_place(error);
        assert!(error.to_string().contains(name), "{error} is about {name}");
    }
    let Some(key) = name.strip_prefix(PREFIX) else {
        return assert!(result.is_ok(), "{name} is none of ours");
    };
    match result {
        Err(SettingsError::UnknownVariable { .. }) => {
            let is_flag = settings(&[], &[flag(&key.to_ascii_lowercase(), value)]).is_ok();
            assert!(!is_flag || key.chars().any(|c| !c.is_ascii_uppercase() && c != '_'), "there is such a flag");
        }
        Ok(()) | Err(_) if name == "PARLOR_CONFIG" => {}
        Ok(()) | Err(_) => {
            let as_flag = settings(&[], &[flag(&key.to_ascii_lowercase(), value)]);
            assert_eq!(result.is_ok(), as_flag.is_ok(), "{name}: {as_flag:?}");
        }
    }
}

fn checked(name: &str, value: &str) -> Result<(), SettingsError> {
    check_environment([(OsString::from(name), OsString::from(value))].into_iter())
}

fn flag(key: &str, value: &str) -> String {
    format!("--{}={value}", key.replace('_', "-"))
}

/// What holds with these lines of a file and these flags.
fn settings(pairs: &[(String, String)], flags: &[String]) -> Result<Config, String> {
    let command = with_file(Config::augment_args(Command::new("parlor")), pairs);
    let arguments = [String::from("parlor")].into_iter().chain(flags.iter().cloned());
    let matches = command.try_get_matches_from(arguments).map_err(|error| error.to_string())?;
    Config::from_arg_matches(&matches).map_err(|error| error.to_string())
}

/// As `parlor config` shows them.
fn is_written_as_it_is_read(config: &Config) {
    let text = toml::to_string(config).unwrap_or_else(|error| panic!("it cannot be shown: {error}"));
    let pairs = read_text(Path::new(FILE), &text).unwrap_or_else(|error| panic!("{error} in what is shown: {text}"));
    assert_eq!(settings(&pairs, &[]).as_ref(), Ok(config), "what is shown means something else: {text}");
}

fn names_its_place(error: &SettingsError) {
    let words = error.to_string();
    match error {
        SettingsError::UnknownKey { key, .. } => assert!(words.contains(key) && words.contains(FILE), "{words}"),
        SettingsError::WrongValue { key, reason, .. } => {
            assert!(words.contains(key) && words.contains(FILE) && !reason.is_empty(), "{words}");
        }
        SettingsError::NotToml { source, .. } => {
            assert!(words.contains(FILE) && !source.message().is_empty(), "{words}")
        }
        SettingsError::WrongVariable { name, reason } => {
            assert!(words.contains(name) && !reason.is_empty(), "{words}");
        }
        SettingsError::UnknownVariable { name, .. } => assert!(words.contains(name), "{words}"),
        SettingsError::Unreadable { .. } => panic!("nothing is read: {words}"),
    }
}
