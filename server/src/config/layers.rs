//! How flags, environment and file are laid over each other.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use clap::{Arg, Args as _, Command};

use super::Config;

/// What every variable of ours starts with.
const PREFIX: &str = "PARLOR_";

/// A variable that is not a setting but says where the settings are.
const CONFIG_FILE: &str = "config";

/// A setting that cannot be used, named.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file is not there or cannot be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("{} is not valid TOML", path.display())]
    NotToml {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// The file has a key that is no setting.
    #[error("{}: unknown key `{key}`{hint}", path.display())]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
        /// The setting that was probably meant.
        hint: String,
    },
    /// The file has a value that the setting does not take.
    #[error("{}: `{key}`: {reason}", path.display())]
    WrongValue {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
        /// What is wrong with the value.
        reason: String,
    },
    /// A variable has a value that the setting does not take.
    #[error("environment variable `{name}`: {reason}")]
    WrongVariable {
        /// The variable.
        name: String,
        /// What is wrong with the value.
        reason: String,
    },
    /// A variable with our prefix that is no setting.
    #[error("unknown environment variable `{name}`{hint}")]
    UnknownVariable {
        /// The variable.
        name: String,
        /// The setting that was probably meant.
        hint: String,
    },
}

/// Gives every setting of a command the variable that belongs to its name.
#[must_use]
pub fn with_environment(command: Command) -> Command {
    command.mut_args(|arg| {
        if arg.get_id() == "help" || arg.get_id() == "version" || arg.get_long().is_none() {
            return arg;
        }
        let variable = variable_of(arg.get_id().as_str());
        arg.env(variable).hide_env_values(true)
    })
}

/// Refuses variables that look like settings and are none, so that a slip of the pen is not ignored, and
/// values that the setting does not take.
///
/// # Errors
/// [`SettingsError::UnknownVariable`], [`SettingsError::WrongVariable`].
pub fn check_environment(variables: impl Iterator<Item = (OsString, OsString)>) -> Result<(), SettingsError> {
    let settings = settings();
    for (name, value) in variables {
        let name = name.to_string_lossy().into_owned();
        let Some(rest) = name.strip_prefix(PREFIX) else { continue };
        let key = rest.to_ascii_lowercase();
        if name == variable_of(CONFIG_FILE) {
            continue;
        }
        match settings.get_arguments().find(|arg| arg.get_id() == key.as_str() && variable_of(&key) == name) {
            Some(arg) => {
                probe(arg, &value.to_string_lossy()).map_err(|reason| SettingsError::WrongVariable { name, reason })?;
            }
            None => {
                let hint = hint(&settings, &key, variable_of);
                return Err(SettingsError::UnknownVariable { name, hint });
            }
        }
    }
    Ok(())
}

/// The file's settings as pairs of key and text, each checked by the setting's own parser.
///
/// # Errors
/// Every other case of [`SettingsError`].
pub fn read_file(path: &Path) -> Result<Vec<(String, String)>, SettingsError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| SettingsError::Unreadable { path: path.to_owned(), source })?;
    read_text(path, &text)
}

/// [`read_file`], of a text that stands in that file.
///
/// # Errors
/// The same, but that it can be read.
pub fn read_text(path: &Path, text: &str) -> Result<Vec<(String, String)>, SettingsError> {
    let path_buf = || path.to_owned();
    let table: toml::Table =
        text.parse().map_err(|source| SettingsError::NotToml { path: path_buf(), source: Box::new(source) })?;

    let settings = settings();
    let mut pairs = Vec::new();
    for (key, value) in table {
        let Some(arg) = settings.get_arguments().find(|arg| arg.get_id() == key.as_str()) else {
            let hint = hint(&settings, &key, str::to_owned);
            return Err(SettingsError::UnknownKey { path: path_buf(), key, hint });
        };
        let wrong = |reason: String| SettingsError::WrongValue { path: path_buf(), key: key.clone(), reason };
        let text = text_of(&value).ok_or_else(|| wrong(format!("a {} is not possible here", value.type_str())))?;
        // No list is a list too.
        if !text.is_empty() || arg.get_value_delimiter().is_none() {
            probe(arg, &text).map_err(wrong)?;
        }
        pairs.push((key, text));
    }
    Ok(pairs)
}

/// Makes the file's values the defaults of those settings that the command has.
#[must_use]
pub fn with_file(mut command: Command, pairs: &[(String, String)]) -> Command {
    for (key, text) in pairs {
        if command.get_arguments().any(|arg| arg.get_id() == key.as_str()) {
            command = command.mut_arg(key, |arg| {
                if arg.get_value_delimiter().is_some() {
                    arg.default_values(
                        text.split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>(),
                    )
                } else {
                    arg.default_value(text.clone())
                }
            });
        }
    }
    command
}

/// Has the flag's own parser read a value, so that all ways take exactly the same.
fn probe(arg: &Arg, text: &str) -> Result<(), String> {
    let flag = format!("--{}={text}", arg.get_long().unwrap_or_default());
    let parsed = Command::new("probe").arg(arg.clone()).try_get_matches_from(["probe", flag.as_str()]);
    parsed.map(drop).map_err(|error| reason_of(&error))
}

/// All settings, with no variables: a probe that reads nothing but what it is given.
fn settings() -> Command {
    Config::augment_args(Command::new("settings"))
}

fn variable_of(key: &str) -> String {
    format!("{PREFIX}{}", key.to_ascii_uppercase())
}

/// The nearest setting, if one is near.
fn hint(settings: &Command, key: &str, show: impl Fn(&str) -> String) -> String {
    settings
        .get_arguments()
        .map(|arg| arg.get_id().as_str())
        .find(|id| id.replace('_', "") == key.replace(['_', '-'], "") || id.contains(key) || key.contains(id))
        .map_or_else(String::new, |id| format!("; did you mean `{}`?", show(id)))
}

/// A TOML value as one would write it after a flag; lists are separated by commas.
fn text_of(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Float(number) => Some(number.to_string()),
        toml::Value::Boolean(truth) => Some(truth.to_string()),
        toml::Value::Array(items) => items.iter().map(text_of).collect::<Option<Vec<_>>>().map(|items| items.join(",")),
        toml::Value::Datetime(_) | toml::Value::Table(_) => None,
    }
}

/// The first line of clap's explanation, which names the value and what is wrong with it.
fn reason_of(error: &clap::Error) -> String {
    let text = error.to_string();
    let lines: Vec<_> =
        text.lines().take_while(|line| !line.is_empty() || line.contains("possible values")).map(str::trim).collect();
    lines.join(" ").trim_start_matches("error: ").to_owned()
}
