//! Accounts, their sessions and the invitations to make one.

use std::fmt;

use async_trait::async_trait;
pub use protocol::{InviteId, SessionId, invites::Invite};
use protocol::{UnixMs, UserId, UserRef, Username, sessions::SessionInfo};
use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::config::Registration;

/// What an account may do on the whole server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// May do everything that anybody may. Exactly one account is the owner.
    Owner,
    /// Everybody else.
    Member,
}

/// One account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Id and name, as others see them.
    pub user: UserRef,
    /// What it may do.
    pub role: Role,
    /// When it was made.
    pub created_at: UnixMs,
    /// Since when nobody can log in to it, if so.
    pub disabled_at: Option<UnixMs>,
}

/// SHA-256 of a secret token. Only this is stored, so a copy of the database opens no session.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenHash(pub [u8; 32]);

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(..)")
    }
}

/// A live session and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its number.
    pub id: SessionId,
    /// Who is logged in.
    pub user: UserRef,
    /// What they may do on the whole server.
    pub role: Role,
    /// When it was last noted as used.
    pub seen_at: UnixMs,
}

/// A session to be opened.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Of its token.
    pub token: TokenHash,
    /// With what it is opened, in a few words.
    pub device: String,
    /// Sessions that the user may have afterwards; the longest unused ones end.
    pub per_user_max: u32,
}

/// An account to be made.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Its name.
    pub username: Username,
    /// PHC string of the password.
    pub password_hash: String,
    /// What lets it in, unless it is the first account: that one needs nothing.
    pub admission: Admission,
    /// Its first session.
    pub session: NewSession,
}

/// What came of a sign-up.
#[derive(Clone, Debug)]
pub struct SignedUp {
    /// The account's first session.
    pub session: Session,
}

/// What lets a new account in.
#[derive(Clone, Copy, Debug)]
pub enum Admission {
    /// Everyone may join.
    Open,
    /// The invitation with this token, if one was shown.
    Invite(Option<TokenHash>),
    /// Nobody may join.
    Closed,
}

/// Name and password hash, for checking a log-in.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Whose they are.
    pub user: UserRef,
    /// PHC string of the password.
    pub password_hash: String,
    /// Nobody can log in to a disabled account.
    pub is_disabled: bool,
}

/// Which sessions live: used not too long ago, and opened not too long ago.
#[derive(Clone, Copy, Debug)]
pub struct Lifetime {
    /// The present time.
    pub now: UnixMs,
    /// Sessions last used before this have ended.
    pub seen_after: UnixMs,
    /// Sessions opened before this have ended.
    pub created_after: UnixMs,
}

/// An invitation to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewInvite {
    /// Of its token.
    pub token: TokenHash,
    /// Who makes it.
    pub created_by: UserId,
    /// Accounts that may be made with it.
    pub uses_max: u32,
    /// Until when.
    pub expires_at: UnixMs,
    /// Invitations that may be usable at the same time.
    pub invites_max: u32,
}

/// Why an account was not made.
#[derive(Debug, thiserror::Error)]
pub enum SignUpError {
    /// Another account has this name, perhaps in other case.
    #[error("the username is taken")]
    UsernameTaken,
    /// Nobody may sign up.
    #[error("registration is closed")]
    RegistrationClosed,
    /// No invitation was shown.
    #[error("an invitation is needed")]
    InviteNeeded,
    /// There is no such invitation.
    #[error("the invitation is unknown")]
    InviteUnknown,
    /// The invitation's time is over.
    #[error("the invitation has expired")]
    InviteExpired,
    /// The invitation was used as often as it may be.
    #[error("the invitation is used up")]
    InviteUsedUp,
    /// What can always go wrong.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Accounts, sessions and invitations. Every change is one transaction; when a method returns, it is on disk.
///
/// # Errors
/// Every method: [`StoreError`].
#[async_trait]
pub trait AccountStore: Send + Sync + 'static {
    /// Makes an account with its first session. The first of all owns the server, also when many arrive at
    /// once; everyone joins the room `general`.
    ///
    /// # Errors
    /// Every case of [`SignUpError`]; then nothing has changed, and an invitation is not used.
    async fn sign_up(&self, new: NewAccount, now: UnixMs) -> Result<SignedUp, SignUpError>;

    /// How many accounts there are.
    async fn accounts_count(&self) -> Result<u64, StoreError>;

    /// Accounts in the order in which they were made, after `after`, at most `limit`.
    async fn accounts(&self, after: UserId, limit: u32) -> Result<Vec<Account>, StoreError>;

    /// The account with this name, in any case.
    async fn account(&self, username: &Username) -> Result<Option<Account>, StoreError>;

    /// What a log-in is checked against.
    async fn credentials(&self, username: &Username) -> Result<Option<Credentials>, StoreError>;

    /// Opens a session after a successful check of `credentials`. `None` when the account was disabled or its
    /// password changed in between.
    async fn open_session(&self, of: &Credentials, new: NewSession, now: UnixMs)
    -> Result<Option<Session>, StoreError>;

    /// The live session with this token.
    async fn session(&self, token: TokenHash, life: Lifetime) -> Result<Option<Session>, StoreError>;

    /// Of these sessions, those that live.
    async fn live_sessions(&self, ids: &[SessionId], life: Lifetime) -> Result<Vec<SessionId>, StoreError>;

    /// Notes that these sessions are used.
    async fn touch_sessions(&self, ids: &[SessionId], now: UnixMs) -> Result<(), StoreError>;

    /// Ends one session.
    async fn end_session(&self, id: SessionId) -> Result<(), StoreError>;

    /// The live sessions of a user, last used first, at most `limit`. None is marked as the current one.
    async fn sessions_of(&self, user: UserId, life: Lifetime, limit: u32) -> Result<Vec<SessionInfo>, StoreError>;

    /// Ends one session of this user. `false` when they have none with this number.
    async fn end_session_of(&self, user: UserId, id: SessionId) -> Result<bool, StoreError>;

    /// Ends all sessions of this user but one.
    async fn end_sessions_but(&self, user: UserId, except: SessionId) -> Result<(), StoreError>;

    /// Removes what has ended by itself: sessions, and invitations that expired.
    async fn forget_expired(&self, life: Lifetime) -> Result<(), StoreError>;

    /// Changes a password and ends all sessions of the account but one.
    async fn set_password(
        &self,
        user: UserId,
        password_hash: String,
        except: Option<SessionId>,
    ) -> Result<(), StoreError>;

    /// Disables an account and ends all its sessions, or enables it again.
    async fn set_disabled(&self, user: UserId, disabled_at: Option<UnixMs>) -> Result<(), StoreError>;

    /// Makes this account the owner; who was it before becomes a member and is returned.
    async fn make_owner(&self, user: UserId) -> Result<Option<UserRef>, StoreError>;

    /// Disables the account of a member and ends all its sessions. `false` where it is the owner's, or nobody's: the
    /// owner's account is never disabled this way, however requests cross.
    async fn disable_member(&self, user: UserId, now: UnixMs) -> Result<bool, StoreError>;

    /// Makes `to` the owner in place of `from`. `false`, and nothing changes, where `from` is not the owner, or `to` is
    /// nobody or disabled.
    async fn hand_over(&self, from: UserId, to: UserId) -> Result<bool, StoreError>;

    /// Who may sign up, as the owner has decided; `None` where nobody has.
    async fn registration(&self) -> Result<Option<Registration>, StoreError>;

    /// Decides who may sign up.
    async fn set_registration(&self, mode: Registration) -> Result<(), StoreError>;

    /// Makes an invitation. `None` when there are too many already.
    async fn create_invite(&self, new: NewInvite, now: UnixMs) -> Result<Option<Invite>, StoreError>;

    /// Whether an invitation can be used now, without using it.
    ///
    /// # Errors
    /// The cases of [`SignUpError`] that concern invitations.
    async fn check_invite(&self, token: TokenHash, now: UnixMs) -> Result<(), SignUpError>;

    /// The invitations that can still be used, newest first.
    async fn invites(&self, now: UnixMs) -> Result<Vec<Invite>, StoreError>;

    /// Makes an invitation useless. `false` when there is none with this number.
    async fn revoke_invite(&self, id: InviteId) -> Result<bool, StoreError>;
}
