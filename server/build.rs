//! Migrations and the built front end are embedded at compile time: new or changed ones rebuild the crate.

fn main() {
    println!("cargo::rerun-if-changed=../migrations/sqlite");
    // Without it, a server can be built before its front end; cargo would take a missing folder for a changed one.
    let made = std::fs::create_dir_all("../target/site");
    if made.is_ok() {
        println!("cargo::rerun-if-changed=../target/site");
    }
}
