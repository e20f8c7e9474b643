//! Flags, environment and file: the same settings, in this order.

use std::process::{Command, Output};

use tempfile::TempDir;

struct Settings {
    directory: TempDir,
}

impl Settings {
    fn with_file(text: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("parlor.toml"), text).unwrap();
        Self { directory }
    }

    fn show(&self, flags: &[&str], variables: &[(&str, &str)]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_parlor"))
            .args(["config", "--config", "parlor.toml"])
            .args(flags)
            .envs(variables.iter().copied())
            .current_dir(self.directory.path())
            .output()
            .unwrap()
    }

    #[track_caller]
    fn shown(&self, flags: &[&str], variables: &[(&str, &str)]) -> toml::Table {
        let output = self.show(flags, variables);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().parse().unwrap()
    }

    #[track_caller]
    fn refused(&self, flags: &[&str], variables: &[(&str, &str)]) -> String {
        let output = self.show(flags, variables);
        assert!(!output.status.success(), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    }
}

#[test]
fn a_flag_comes_before_the_environment_and_that_before_the_file_and_that_before_the_default() {
    let settings = Settings::with_file("listen = \"127.0.0.1:1\"\nregistration = \"closed\"\nsockets_per_user = 3\n");
    let environment = [("PARLOR_LISTEN", "127.0.0.1:2"), ("PARLOR_REGISTRATION", "invite")];

    let shown = settings.shown(&["--listen", "127.0.0.1:3"], &environment);

    assert_eq!(shown["listen"].as_str(), Some("127.0.0.1:3"));
    assert_eq!(shown["registration"].as_str(), Some("invite"));
    assert_eq!(shown["sockets_per_user"].as_integer(), Some(3));
    assert_eq!(shown["log_level"].as_str(), Some("info"));
}

#[test]
fn the_three_ways_mean_the_same() {
    let flags = Settings::with_file("").shown(
        &[
            "--public-url=https://Chat.example.org:443",
            "--trusted-proxies=127.0.0.1,10.0.0.0/8",
            "--body-bytes=1000",
            "--log-format=json",
        ],
        &[],
    );
    let environment = Settings::with_file("").shown(
        &[],
        &[
            ("PARLOR_PUBLIC_URL", "https://chat.example.org"),
            ("PARLOR_TRUSTED_PROXIES", "127.0.0.1,10.0.0.0/8"),
            ("PARLOR_BODY_BYTES", "1000"),
            ("PARLOR_LOG_FORMAT", "json"),
        ],
    );
    let file = Settings::with_file(
        "public_url = 'https://chat.example.org'\ntrusted_proxies = ['127.0.0.1', '10.0.0.0/8']\nbody_bytes = 1000\nlog_format = 'json'\n",
    )
    .shown(&[], &[]);

    assert_eq!(flags, environment);
    assert_eq!(flags, file);
    assert_eq!(flags["trusted_proxies"].as_array().map(Vec::len), Some(2));
}

#[test]
fn what_is_shown_can_be_used_as_a_file() {
    let shown = Settings::with_file("").show(&["--posts-burst", "7"], &[]).stdout;

    let again = Settings::with_file(&String::from_utf8(shown.clone()).unwrap()).show(&[], &[]).stdout;

    assert_eq!(String::from_utf8(shown), String::from_utf8(again));
}

#[test]
fn the_largest_number_is_the_largest_that_a_file_can_say() {
    let (most, more) = ("9223372036854775807", "9223372036854775808");
    for setting in ["drain-delay-ms", "ring-bytes"] {
        let most = Settings::with_file("").show(&[&format!("--{setting}={most}")], &[]);
        assert!(most.status.success(), "{most:?}");
        assert!(Settings::with_file(&String::from_utf8(most.stdout).unwrap()).show(&[], &[]).status.success());

        let refused = Settings::with_file("").refused(&[&format!("--{setting}={more}")], &[]);
        assert!(refused.contains(setting) && refused.contains(more), "{refused}");
    }
}

#[test]
fn an_empty_variable_is_no_list_and_is_named() {
    let refused = Settings::with_file("").refused(&[], &[("PARLOR_TRUSTED_PROXIES", "")]);

    assert!(refused.contains("`PARLOR_TRUSTED_PROXIES`"), "{refused}");
}

#[test]
fn an_unknown_key_or_variable_is_named() {
    let in_file = Settings::with_file("lissten = 'x'").refused(&[], &[]);
    let nested = Settings::with_file("[limits]\nsockets_per_user = 3").refused(&[], &[]);
    let near = Settings::with_file("publicurl = 'x'").refused(&[], &[]);
    let variable = Settings::with_file("").refused(&[], &[("PARLOR_LISTN", "x")]);
    let flag = Settings::with_file("").refused(&["--lissten", "x"], &[]);

    assert!(in_file.contains("parlor.toml") && in_file.contains("`lissten`"), "{in_file}");
    assert!(nested.contains("`limits`"), "{nested}");
    assert!(near.contains("did you mean `public_url`?"), "{near}");
    assert!(variable.contains("`PARLOR_LISTN`"), "{variable}");
    assert!(flag.contains("--lissten") && flag.contains("--listen"), "{flag}");
}

#[test]
fn a_wrong_value_is_named_with_its_setting() {
    for (key, value) in [
        ("listen", "'nowhere'"),
        ("registration", "'anyone'"),
        ("public_url", "'chat.example.org'"),
        ("public_url", "'https://chat.example.org/path'"),
        ("public_url", "'https://:443'"),
        ("trusted_proxies", "['10.0.0.0/99']"),
        ("sockets_per_user", "0"),
        ("sockets_per_user", "-1"),
        ("sockets_per_user", "'many'"),
        ("posts_burst", "1.5"),
        ("log_format", "'xml'"),
        ("data", "{ a = 1 }"),
    ] {
        let refused = Settings::with_file(&format!("{key} = {value}")).refused(&[], &[]);
        assert!(refused.contains("parlor.toml") && refused.contains(&format!("`{key}`")), "{key} = {value}: {refused}");
    }
    let variable = Settings::with_file("").refused(&[], &[("PARLOR_REGISTRATION", "anyone")]);
    assert!(variable.contains("anyone") && variable.contains("`PARLOR_REGISTRATION`"), "{variable}");
}

#[test]
fn a_file_that_is_not_there_or_not_toml_is_named() {
    let missing = Settings::with_file("").refused(&["--config", "other.toml"], &[]);
    let broken = Settings::with_file("listen = ").refused(&[], &[]);

    assert!(missing.contains("other.toml") || missing.contains("cannot be used multiple times"), "{missing}");
    assert!(broken.contains("parlor.toml"), "{broken}");
}

#[test]
fn help_names_every_setting_in_each_of_its_ways() {
    let output = Command::new(env!("CARGO_BIN_EXE_parlor")).args(["serve", "--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();

    let shown = Settings::with_file("").shown(&["--public-url=http://a.test", "--registration=open"], &[]);
    for key in shown.keys() {
        assert!(help.contains(&format!("--{}", key.replace('_', "-"))), "{key} has no flag");
        assert!(help.contains(&format!("PARLOR_{}", key.to_uppercase())), "{key} has no variable");
    }
}
