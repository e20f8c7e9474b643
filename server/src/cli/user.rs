//! `parlor user ...`: looks after accounts in the data directory, also while a server runs on it.
//!
//! The running server notices ended sessions within seconds (`auth::connected`).

use std::{
    error::Error,
    io::{BufRead as _, IsTerminal as _},
    path::PathBuf,
    sync::Arc,
};

use clap::{Args, Subcommand};
use protocol::{UserId, Username};

use super::{File, print};
use crate::store::Store as _;
use crate::{
    auth::password::{check_new, hash},
    clock::{Clock, Randomness},
    store::{
        AccountStore as _, NoFollowers,
        accounts::{Account, Role},
        sqlite::SqliteStore,
    },
};

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// List all accounts
    List(Data),
    /// Set a new password and log the account out everywhere
    ///
    /// Asks for the password, or reads it from standard input where that is no terminal.
    ResetPassword {
        #[command(flatten)]
        who: Who,
        /// Make up a password and print it
        #[arg(long)]
        generate: bool,
    },
    /// Let nobody log in to the account any more, and log it out everywhere
    Disable(Who),
    /// Let its user log in to a disabled account again
    Enable(Who),
    /// Make the account the server's owner, in place of the one before
    Promote(Who),
}

#[derive(Debug, Args)]
pub(super) struct Data {
    #[command(flatten)]
    file: File,
    /// Directory of the server
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Who {
    #[command(flatten)]
    data: Data,
    /// Name of the account
    name: String,
}

/// Accounts read at once.
const PAGE: u32 = 500;

/// Carries out one command.
pub(super) fn run(command: UserCommand) -> Result<(), Box<dyn Error>> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let data = match &command {
            UserCommand::List(data) => data,
            UserCommand::ResetPassword { who, .. }
            | UserCommand::Disable(who)
            | UserCommand::Enable(who)
            | UserCommand::Promote(who) => &who.data,
        };
        if !data.data.join(crate::store::sqlite::FILE_NAME).exists() {
            return Err(format!("there is no Parlor in {}; name its directory with --data", data.data.display()).into());
        }
        let store = SqliteStore::open(&data.data, Arc::new(NoFollowers)).await?;
        let done = carry_out(&store, &command).await;
        store.close().await;
        done
    })
}

async fn carry_out(store: &SqliteStore, command: &UserCommand) -> Result<(), Box<dyn Error>> {
    match command {
        UserCommand::List(_) => list(store).await,
        UserCommand::ResetPassword { who, generate } => {
            let account = find(store, &who.name).await?;
            let name = &account.user.name;
            let password = if *generate { Randomness::System.token() } else { read_password(name)? };
            check_new(name, &password)
                .map_err(|error| crate::error::ApiError::from(error).body().message.to_string())?;
            store.set_password(account.user.id, hash(&password, &Randomness::System.bytes())?, None).await?;
            let shown = if *generate { format!("The new password of {name} is {password}\n") } else { String::new() };
            print(&format!("{shown}{name} has a new password and is logged out everywhere.\n"));
            Ok(())
        }
        UserCommand::Disable(who) => {
            let account = find(store, &who.name).await?;
            store.set_disabled(account.user.id, Some(Clock::System.now())).await?;
            print(&format!("{} is disabled and logged out everywhere.\n", account.user.name));
            Ok(())
        }
        UserCommand::Enable(who) => {
            let account = find(store, &who.name).await?;
            store.set_disabled(account.user.id, None).await?;
            print(&format!("{} can log in again.\n", account.user.name));
            Ok(())
        }
        UserCommand::Promote(who) => {
            let account = find(store, &who.name).await?;
            if account.disabled_at.is_some() {
                return Err(format!("{} is disabled; enable the account first", account.user.name).into());
            }
            let before = store.make_owner(account.user.id).await?;
            let before = before.map_or_else(String::new, |user| format!(" {} is a member.", user.name));
            print(&format!("{} owns this server.{before}\n", account.user.name));
            Ok(())
        }
    }
}

async fn list(store: &SqliteStore) -> Result<(), Box<dyn Error>> {
    let mut after = UserId(0);
    loop {
        let page = store.accounts(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.user.id;
        let lines: String = page.iter().map(line_of).collect();
        print(&lines);
    }
}

fn line_of(account: &Account) -> String {
    let role = match account.role {
        Role::Owner => "owner",
        Role::Member => "member",
    };
    let disabled = if account.disabled_at.is_some() { "  disabled" } else { "" };
    format!("{:>6}  {:<32}  {role}{disabled}\n", account.user.id.0, account.user.name.as_str())
}

async fn find(store: &SqliteStore, name: &str) -> Result<Account, Box<dyn Error>> {
    let unknown = || format!("there is no account named {name:?}");
    let username = Username::parse(name).map_err(|_| unknown())?;
    Ok(store.account(&username).await?.ok_or_else(unknown)?)
}

fn read_password(name: &Username) -> Result<String, Box<dyn Error>> {
    if std::io::stdin().is_terminal() {
        let password = rpassword::prompt_password(format!("New password of {name}: "))?;
        if rpassword::prompt_password("Once more: ")? != password {
            return Err("the two are not the same".into());
        }
        return Ok(password);
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
