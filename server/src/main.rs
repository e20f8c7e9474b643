//! The program `parlor`: see [`server::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    server::cli::main(std::env::args_os(), std::env::vars_os())
}
