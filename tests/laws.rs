//! The laws of the command line, each over all commands.

use clap::{Arg, Command};
use mev::cli::command;
use std::collections::BTreeMap;

/// Every option of every command and subcommand, with the name of what it belongs to.
fn options() -> Vec<(String, Arg)> {
    fn walk(path: &str, command: &Command, found: &mut Vec<(String, Arg)>) {
        found.extend(command.get_arguments().map(|arg| (path.to_owned(), arg.clone())));
        for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
            walk(&format!("{path} {}", sub.get_name()), sub, found);
        }
    }
    let mut found = Vec::new();
    for tool in mev::TOOLS {
        let mut command = command(tool);
        command.build();
        walk(tool.name, &command, &mut found);
    }
    assert!(found.len() > 80, "the options were not found");
    found
}

#[test]
fn clap_accepts_every_command() {
    for tool in mev::TOOLS {
        command(tool).debug_assert();
    }
}

#[test]
fn every_option_has_a_long_name_a_line_and_a_long_help() {
    for (path, arg) in options() {
        let id = arg.get_id().as_str();
        if ["help", "version"].contains(&id) {
            continue;
        }
        assert!(arg.is_positional() || arg.get_long().is_some(), "{path} {id}: no long name");
        let line = arg.get_help().map(ToString::to_string).unwrap_or_default();
        assert!((8..=80).contains(&line.len()), "{path} {id}: help line {line:?}");
        assert!(!line.ends_with('.'), "{path} {id}: help line ends with a full stop");
        let long = arg.get_long_help().map(ToString::to_string).unwrap_or_default();
        assert!(long.len() > line.len(), "{path} {id}: no long help");
    }
}

#[test]
fn long_names_are_lower_case_words() {
    for (path, arg) in options() {
        if let Some(long) = arg.get_long() {
            let fine =
                long.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            assert!(fine && !long.starts_with('-'), "{path} --{long}");
        }
    }
}

#[test]
fn a_short_letter_means_one_thing() {
    let mut meaning: BTreeMap<char, String> = BTreeMap::new();
    for (path, arg) in options() {
        if let (Some(short), Some(long)) = (arg.get_short(), arg.get_long()) {
            let first = meaning.entry(short).or_insert_with(|| long.to_owned());
            assert_eq!(first, long, "{path}: -{short} means --{first} elsewhere");
        }
    }
}

#[test]
fn no_option_takes_a_secret() {
    for (path, arg) in options() {
        let long = arg.get_long().unwrap_or_default();
        for word in ["private", "secret", "seed-phrase", "mnemonic", "password", "auth-token"] {
            assert!(!long.contains(word), "{path} --{long}");
        }
        if long.contains("keypair") || long.contains("auth") {
            let value = arg.get_value_names().unwrap().first().unwrap();
            assert_eq!(value.as_str(), "FILE", "{path} --{long}");
        }
    }
}

#[test]
fn no_environment_variable_sets_an_option() {
    for tool in mev::TOOLS {
        let help = command(tool).render_long_help().to_string();
        assert!(!help.contains("[env:"), "{}", tool.name);
    }
}
