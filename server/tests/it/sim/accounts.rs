//! Accounts of the simulated store: people sign up, for the contract. Sessions and invitations there are none.

use async_trait::async_trait;
use protocol::{UnixMs, UserId, UserRef, Username, sessions::SessionInfo};
use server::{
    config::Registration,
    store::{
        AccountStore, Store, StoreError,
        accounts::{
            Account, Credentials, Invite, InviteId, Lifetime, NewAccount, NewInvite, NewSession, Role, Session,
            SessionId, SignUpError, SignedUp, TokenHash,
        },
    },
};

use super::store::SimStore;

#[async_trait]
impl Store for SimStore {
    async fn close(&self) {
        self.closing.cancel();
    }
}

#[async_trait]
impl AccountStore for SimStore {
    async fn sign_up(&self, new: NewAccount, now: UnixMs) -> Result<SignedUp, SignUpError> {
        let made = self.disk.write(
            |tables| tables.sign_up(new.username, now),
            |(_, records): &(UserRef, Vec<_>)| self.sink.committed(records),
        );
        let (user, _) = made.await?;
        let role = if user.id == UserId(1) { Role::Owner } else { Role::Member };
        Ok(SignedUp { session: Session { id: SessionId(user.id.0), user, role, seen_at: now } })
    }

    async fn accounts_count(&self) -> Result<u64, StoreError> {
        Ok(self.disk.read().await?.users.len() as u64)
    }

    async fn forget_expired(&self, life: Lifetime) -> Result<(), StoreError> {
        let forget = |tables: &mut super::tables::Tables| {
            for profile in tables.profiles.values_mut() {
                profile.end(life.now);
            }
        };
        self.disk.write(forget, |()| {}).await
    }

    async fn accounts(&self, _: UserId, _: u32) -> Result<Vec<Account>, StoreError> {
        Ok(Vec::new())
    }

    async fn account(&self, _: &Username) -> Result<Option<Account>, StoreError> {
        Ok(None)
    }

    async fn credentials(&self, _: &Username) -> Result<Option<Credentials>, StoreError> {
        Ok(None)
    }

    async fn open_session(&self, _: &Credentials, _: NewSession, _: UnixMs) -> Result<Option<Session>, StoreError> {
        Ok(None)
    }

    async fn session(&self, _: TokenHash, _: Lifetime) -> Result<Option<Session>, StoreError> {
        Ok(None)
    }

    async fn live_sessions(&self, ids: &[SessionId], _: Lifetime) -> Result<Vec<SessionId>, StoreError> {
        Ok(ids.to_vec())
    }

    async fn touch_sessions(&self, _: &[SessionId], _: UnixMs) -> Result<(), StoreError> {
        Ok(())
    }

    async fn end_session(&self, _: SessionId) -> Result<(), StoreError> {
        Ok(())
    }

    async fn sessions_of(&self, _: UserId, _: Lifetime, _: u32) -> Result<Vec<SessionInfo>, StoreError> {
        Ok(Vec::new())
    }

    async fn end_session_of(&self, _: UserId, _: SessionId) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn end_sessions_but(&self, _: UserId, _: SessionId) -> Result<(), StoreError> {
        Ok(())
    }

    async fn set_password(&self, _: UserId, _: String, _: Option<SessionId>) -> Result<(), StoreError> {
        Ok(())
    }

    async fn set_disabled(&self, _: UserId, _: Option<UnixMs>) -> Result<(), StoreError> {
        Ok(())
    }

    async fn make_owner(&self, _: UserId) -> Result<Option<UserRef>, StoreError> {
        Ok(None)
    }

    async fn disable_member(&self, _: UserId, _: UnixMs) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn hand_over(&self, _: UserId, _: UserId) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn registration(&self) -> Result<Option<Registration>, StoreError> {
        Ok(None)
    }

    async fn set_registration(&self, _: Registration) -> Result<(), StoreError> {
        Ok(())
    }

    async fn create_invite(&self, _: NewInvite, _: UnixMs) -> Result<Option<Invite>, StoreError> {
        Ok(None)
    }

    async fn check_invite(&self, _: TokenHash, _: UnixMs) -> Result<(), SignUpError> {
        Err(SignUpError::InviteUnknown)
    }

    async fn invites(&self, _: UnixMs) -> Result<Vec<Invite>, StoreError> {
        Ok(Vec::new())
    }

    async fn revoke_invite(&self, _: InviteId) -> Result<bool, StoreError> {
        Ok(false)
    }
}
