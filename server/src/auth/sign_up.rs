//! Making an account, whatever the request looks like.

use std::net::IpAddr;

use protocol::Username;

use super::{AuthError, device::Device, log_in::LoggedIn, password::check_new, token};
use crate::{
    config::Registration,
    state::AppState,
    store::accounts::{Admission, NewAccount, SignUpError},
};

/// What somebody fills in.
#[derive(Debug)]
pub struct SignUp {
    /// The wanted name.
    pub username: String,
    /// The wanted password.
    pub password: String,
    /// The token of an invitation, if there is one.
    pub invite: Option<String>,
    /// With what they sign up.
    pub device: Device,
}

/// Makes an account and opens its first session.
///
/// # Errors
/// Every case of [`AuthError`] but `WrongLogin`; then nothing has changed.
pub async fn sign_up(app: &AppState, form: SignUp, from: IpAddr) -> Result<LoggedIn, AuthError> {
    app.throttle.sign_up(from)?;
    // Before the name is looked at: who may not come in does not learn which names are taken.
    let admission = admit(app, form.invite.as_deref()).await?;
    let username = Username::parse(&form.username)?;
    username.check_new()?;
    check_new(&username, &form.password)?;
    if app.store.account(&username).await?.is_some() {
        return Err(SignUpError::UsernameTaken.into());
    }

    let password_hash = app.passwords.hash(form.password).await?;
    let (token, session) = token::draw(app, form.device);
    let new = NewAccount { username, password_hash, admission, session };
    let (store, now) = (app.store.clone(), app.clock.now());
    // On its own task: a client that hangs up does not stop half-way what is to be told after the commit.
    let done = app.tasks.spawn(async move { store.sign_up(new, now).await }).await;
    let signed_up = done.map_err(|error| AuthError::Internal(std::sync::Arc::new(error)))??;
    tracing::info!(user = %signed_up.session.user.id, "signed up");
    Ok(LoggedIn { session: signed_up.session, token })
}

/// Whether somebody may make an account now, with this invitation or without one.
///
/// # Errors
/// Why they may not, or `Internal`.
pub async fn admit(app: &AppState, invite: Option<&str>) -> Result<Admission, AuthError> {
    let registration = app.config.registration(app.store.registration().await?);
    let admission = admission(registration, invite)?;
    check_admission(app, admission).await?;
    Ok(admission)
}

fn admission(registration: Registration, invite: Option<&str>) -> Result<Admission, AuthError> {
    let invite = invite.map(str::trim).filter(|invite| !invite.is_empty());
    Ok(match registration {
        Registration::Open => Admission::Open,
        Registration::Closed => Admission::Closed,
        Registration::Invite => match invite {
            Some(token) => Admission::Invite(Some(token::hash(token).ok_or(SignUpError::InviteUnknown)?)),
            None => Admission::Invite(None),
        },
    })
}

/// The same as the store checks in its transaction, before the work of hashing.
async fn check_admission(app: &AppState, admission: Admission) -> Result<(), AuthError> {
    let refusal = match admission {
        Admission::Open => return Ok(()),
        Admission::Invite(Some(token)) => match app.store.check_invite(token, app.clock.now()).await {
            Ok(()) => return Ok(()),
            Err(refusal) => refusal,
        },
        Admission::Invite(None) => SignUpError::InviteNeeded,
        Admission::Closed => SignUpError::RegistrationClosed,
    };
    // The first account needs nothing.
    if app.store.accounts_count().await? == 0 { Ok(()) } else { Err(refusal.into()) }
}
