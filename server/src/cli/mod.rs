//! The command line: reads settings, then serves or looks after accounts.

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::config::{
    Config,
    layers::{self, SettingsError},
};

mod log;
mod serve;
mod user;

/// Parlor: a chat with rooms and presence that you host yourself.
///
/// Every setting is a flag (--public-url), an environment variable (PARLOR_PUBLIC_URL) and a key of the TOML
/// file that --config names (public_url = "..."). A flag counts before the environment, the environment before
/// the file, the file before the default.
#[derive(Debug, Parser)]
#[command(name = "parlor", version, subcommand_required = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the server
    Serve(Serve),
    /// Show the settings that hold, as a TOML file
    Config(Serve),
    /// Look after accounts; works beside a running server too
    #[command(subcommand_required = true, arg_required_else_help = true)]
    User(User),
}

#[derive(Debug, Args)]
struct Serve {
    #[command(flatten)]
    file: File,
    #[command(flatten)]
    config: Config,
}

#[derive(Debug, Args)]
struct User {
    #[command(subcommand)]
    command: user::UserCommand,
}

/// Where the settings' file is.
#[derive(Debug, Args)]
struct File {
    /// File with settings, in TOML
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Runs the program with these arguments and says how it ended.
pub fn main(args: impl Iterator<Item = OsString>, variables: impl Iterator<Item = (OsString, OsString)>) -> ExitCode {
    let cli = match parse(args.collect(), variables) {
        Ok(cli) => cli,
        Err(Unusable::Arguments(error)) => error.exit(),
        Err(Unusable::Settings(error)) => return fail(&error),
    };
    let done = match cli.command {
        Command::Serve(serve) => serve::serve(serve.config),
        Command::Config(serve) => show(&serve.config),
        Command::User(user) => user::run(user.command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(error.as_ref()),
    }
}

enum Unusable {
    Arguments(clap::Error),
    Settings(SettingsError),
}

/// Reads the arguments twice: first to learn where the file is, then with the file's values as defaults.
fn parse(args: Vec<OsString>, variables: impl Iterator<Item = (OsString, OsString)>) -> Result<Cli, Unusable> {
    layers::check_environment(variables).map_err(Unusable::Settings)?;
    let command = with_environment(Cli::command());
    let first = command.clone().try_get_matches_from(&args).map_err(Unusable::Arguments)?;
    let matches = match file_of(&first) {
        None => first,
        Some(file) => {
            let pairs = layers::read_file(&file).map_err(Unusable::Settings)?;
            with_file(command, &pairs).try_get_matches_from(&args).map_err(Unusable::Arguments)?
        }
    };
    Cli::from_arg_matches(&matches).map_err(Unusable::Arguments)
}

/// Walks down to the command that was chosen.
fn file_of(matches: &clap::ArgMatches) -> Option<PathBuf> {
    let mut matches = matches;
    while let Some((_, below)) = matches.subcommand() {
        matches = below;
    }
    matches.try_get_one::<PathBuf>("config").ok().flatten().cloned()
}

fn with_environment(command: clap::Command) -> clap::Command {
    layers::with_environment(command).mut_subcommands(with_environment)
}

fn with_file(command: clap::Command, pairs: &[(String, String)]) -> clap::Command {
    layers::with_file(command, pairs).mut_subcommands(|below| with_file(below, pairs))
}

fn show(config: &Config) -> Result<(), Box<dyn std::error::Error>> {
    print(&toml::to_string(config)?);
    Ok(())
}

/// Says something to whoever called the program.
fn print(text: &str) {
    use std::io::Write as _;
    // Whoever reads may have gone (`parlor user list | head`); that is no failure of ours.
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Says why it did not work, with all causes.
fn fail(error: &dyn std::error::Error) -> ExitCode {
    use std::io::Write as _;
    let mut text = format!("parlor: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    let _ = writeln!(std::io::stderr(), "{text}");
    ExitCode::FAILURE
}
