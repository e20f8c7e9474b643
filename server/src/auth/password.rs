//! Passwords: which ones are allowed, and argon2id off the async threads.
//!
//! A hash takes some 20 ms and 19 MiB, so that guessing is slow. That cost must not become a weapon: as many
//! hashes run at once as there are cores, a bounded number waits, and the rest is told to come again.

use std::{
    collections::HashSet,
    sync::{Arc, LazyLock},
};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version,
    password_hash::{self, phc::PasswordHash},
};
use protocol::{Username, account::check_password};
use tokio::sync::Semaphore;

use super::AuthError;
use crate::{clock::Randomness, limits::Limits};

/// Memory of one hash, in KiB (OWASP Password Storage Cheat Sheet, argon2id, second row).
const MEMORY_KIB: u32 = 19_456;
/// Passes over it.
const PASSES: u32 = 2;
/// Lanes: more would only let one hash take several cores.
const LANES: u32 = 1;

/// A hash of nothing that anyone knows, with our parameters: what an unknown account's password is checked
/// against, so that the answer takes as long as for a known one.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$cGFybG9yLW5vYm9keQ$9pYFd2kC5ulxOH0Yp5u4rDBVUtSFQVUJnVNqVKCn0S8";

/// The passwords that are tried first, in lower case, one a line.
static COMMON: LazyLock<HashSet<&str>> = LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

/// Hashes and checks passwords.
#[derive(Clone, Debug)]
pub struct Passwords {
    random: Randomness,
    /// Who may wait, those included whose turn it is.
    places: Arc<Semaphore>,
    /// Who may hash.
    cores: Arc<Semaphore>,
}

impl Passwords {
    /// As many hashes at once as there are cores, and as many waiting as the limits say.
    #[must_use]
    pub fn new(random: Randomness, limits: &Limits) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let waiting = limits.hashes_waiting as usize;
        Self { random, places: Arc::new(Semaphore::new(cores + waiting)), cores: Arc::new(Semaphore::new(cores)) }
    }

    /// The PHC string of a password, with a fresh salt.
    ///
    /// # Errors
    /// `Busy` when too many wait already.
    pub async fn hash(&self, password: String) -> Result<String, AuthError> {
        let salt = self.random.bytes::<16>();
        self.run(move || hash(&password, &salt)).await
    }

    /// Whether the password belongs to the hash; with no hash, the same work and `false`.
    ///
    /// # Errors
    /// `Busy` when too many wait already.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, AuthError> {
        self.run(move || {
            let is_known = hash.is_some();
            let matches = verify(&password, hash.as_deref().unwrap_or(NOBODY))?;
            Ok(is_known && matches)
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, password_hash::Error> + Send + 'static,
    ) -> Result<T, AuthError> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| AuthError::Busy)?;
        let core = self.cores.clone().acquire_owned().await.expect("the semaphore is never closed");
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            // Held to the end of the work, also when the caller has gone.
            drop((core, place));
            result
        });
        match done.await {
            Ok(result) => result.map_err(|error| AuthError::Internal(Arc::new(error))),
            Err(error) => Err(AuthError::Internal(Arc::new(error))),
        }
    }
}

/// Whether a new password is allowed: its length, and that it is neither common nor the name itself.
///
/// # Errors
/// `password_too_short`, `password_too_long`, `password_common`.
pub fn check_new(username: &Username, password: &str) -> Result<(), AuthError> {
    check_password(password)?;
    let folded = password.to_lowercase();
    let mut chars = folded.chars();
    let first = chars.next();
    let is_one_character = chars.all(|char| Some(char) == first);
    if is_one_character || folded == username.folded() || COMMON.contains(folded.as_str()) {
        return Err(AuthError::PasswordCommon);
    }
    Ok(())
}

/// The PHC string of a password; takes its time.
pub(crate) fn hash(password: &str, salt: &[u8; 16]) -> Result<String, password_hash::Error> {
    Ok(argon2().hash_password_with_salt(password.as_bytes(), salt)?.to_string())
}

fn verify(password: &str, hash: &str) -> Result<bool, password_hash::Error> {
    let hash = PasswordHash::new(hash)?;
    match argon2().verify_password(password.as_bytes(), &hash) {
        Ok(()) => Ok(true),
        Err(password_hash::Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(error),
    }
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("the parameters are within argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_nobody_costs_what_others_cost() {
        let nobody = PasswordHash::new(NOBODY).unwrap();
        let somebody = hash("nine odd teapots", &[7; 16]).unwrap();
        let somebody = PasswordHash::new(&somebody).unwrap();

        assert_eq!(nobody.algorithm, somebody.algorithm);
        assert_eq!(nobody.params, somebody.params);
        assert!(!verify("nine odd teapots", NOBODY).unwrap());
    }

    #[test]
    fn the_list_of_common_passwords_is_one_that_can_match() {
        assert!(COMMON.len() > 1_000);
        for password in COMMON.iter() {
            assert!(check_password(password).is_ok(), "{password} is refused for its length already");
            assert_eq!(*password, password.to_lowercase());
        }
    }

    #[tokio::test]
    async fn one_more_than_may_wait_is_told_to_come_again() {
        let limits = Limits { hashes_waiting: 3, ..Limits::default() };
        let passwords = Passwords::new(Randomness::seeded(1), &limits);
        let places = passwords.places.available_permits();

        let hashes = (0..=places).map(|_| passwords.hash("nine odd teapots".to_owned()));
        let done = futures::future::join_all(hashes).await;

        assert_eq!(done.iter().filter(|hash| matches!(hash, Err(AuthError::Busy))).count(), 1);
        assert_eq!(done.iter().filter(|hash| hash.is_ok()).count(), places);
    }
}
