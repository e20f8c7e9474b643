//! Accounts as other people and programs see them, and the rules for names and passwords.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    error::{ErrorCode, Invalid},
    from_json,
    id::UserId,
    json::{Document, FromJson},
    limits::{PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN, USERNAME_CHARS_MAX},
    mentions::EVERYONE,
};

/// Who did something: enough to show it without a look-up.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UserRef {
    /// The account.
    pub id: UserId,
    /// Its name.
    pub name: Username,
}

from_json!(UserRef { id, name });

/// A user name: 1 to 32 ASCII letters, digits, `.`, `-` and `_`, starting with a letter or digit.
///
/// ASCII keeps look-alikes from other scripts out; names that differ in case only are the same name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Username(String);

impl Username {
    /// Checks the rules above.
    ///
    /// # Errors
    /// `username_invalid`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let mut chars = text.chars();
        let starts_well = chars.next().is_some_and(|c| c.is_ascii_alphanumeric());
        let goes_on_well = chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
        if starts_well && goes_on_well && text.len() <= USERNAME_CHARS_MAX {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new(ErrorCode::UsernameInvalid, ErrorCode::UsernameInvalid.message()))
        }
    }

    /// Checks a name that somebody wants for a new account: `@room` and `@here` mean everyone in a room, so nobody is called
    /// so. Accounts that are called so keep their names.
    ///
    /// # Errors
    /// `username_taken`.
    pub fn check_new(&self) -> Result<(), Invalid> {
        if EVERYONE.contains(&self.folded().as_str()) {
            let message =
                format!("@{self} means everyone in a room, so nobody can be called so. Choose another username.");
            return Err(Invalid::new(ErrorCode::UsernameTaken, message));
        }
        Ok(())
    }

    /// The form that is compared: lower case.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// The name as it was chosen.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromJson for Username {
    fn from_json(json: &Document) -> Option<Self> {
        Self::parse(json.as_str()?).ok()
    }
}

impl TryFrom<String> for Username {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<Username> for String {
    fn from(name: Username) -> Self {
        name.0
    }
}

/// Checks a new password's length; the server also refuses common ones.
///
/// # Errors
/// `password_too_short`, `password_too_long`.
pub fn check_password(password: &str) -> Result<(), Invalid> {
    let code = match password.chars().count() {
        0..PASSWORD_CHARS_MIN => ErrorCode::PasswordTooShort,
        PASSWORD_CHARS_MIN..=PASSWORD_CHARS_MAX => return Ok(()),
        _ => ErrorCode::PasswordTooLong,
    };
    Err(Invalid::new(code, code.message()))
}
