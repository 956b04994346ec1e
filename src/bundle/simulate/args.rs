//! The command line of `mev-bundle simulate`.

use crate::bytes::base58;
use crate::cli::{Files, parse_duration};
use crate::ids::Key;
use std::path::PathBuf;
use std::time::Duration;

/// The options of the subcommand.
#[derive(clap::Args, Clone, Debug)]
pub(in crate::bundle) struct Simulate {
    #[command(flatten)]
    pub(super) files: Files,

    /// Take the accounts that the transactions use from FILE
    ///
    /// As mev-parse and mev-bundle read it, with the balance in `lamports`; an account that is not in
    /// any file is taken as not existing, but for programs that come along and tip accounts. A program's
    /// account needs that of its code. May be repeated; the last state of an account counts.
    #[arg(long, value_name = "FILE", conflicts_with = "rpc")]
    pub(super) accounts: Vec<PathBuf>,

    /// Load the program ID from the ELF file FILE
    ///
    /// As solana program dump writes it. May be repeated. The system programs, SPL Token, Token-2022,
    /// Associated Token Account, Memo and Lookup Table are there without it.
    #[arg(long, value_name = "ID=FILE", value_parser = parse_program, conflicts_with = "rpc")]
    pub(super) program: Vec<(Key, PathBuf)>,

    /// Ask the server whose URL is in FILE instead
    ///
    /// By simulateBundle; where that is not known, by simulateTransaction for each transaction, which
    /// says nothing of several in sequence. One line, http or https; it may hold a token: the file must
    /// be readable by its owner only, and no message shows the URL.
    #[arg(long, value_name = "FILE")]
    pub(super) rpc: Option<PathBuf>,

    /// Give up on an answer after TIME
    ///
    /// Its bundle is then refused as no_answer.
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "5s")]
    pub(super) timeout: Duration,

    /// Count what KEY and its token accounts gain
    ///
    /// May be repeated. The default is whoever pays for the last transaction of the bundle, which is
    /// the one with the tip.
    #[arg(long, value_name = "KEY", value_parser = parse_key)]
    pub(super) owner: Vec<Key>,

    /// Pass on bundles that lose or fail, too
    ///
    /// With their verdicts. What could not be simulated is refused all the same.
    #[arg(long)]
    pub(super) allow_loss: bool,

    /// Print what became of each bundle on standard error
    ///
    /// Verdict, fault, and for each transaction its compute units, logs and changes of balances; those
    /// of refused bundles too.
    #[arg(long)]
    pub(super) logs: bool,
}

fn parse_key(text: &str) -> Result<Key, String> {
    base58::key(text).ok_or_else(|| "not a base58 key of 32 bytes".to_owned())
}

pub(in crate::bundle) fn parse_program(text: &str) -> Result<(Key, PathBuf), String> {
    let (id, file) = text.split_once('=').ok_or("not ID=FILE")?;
    if file.is_empty() {
        return Err("not ID=FILE: there is no file".to_owned());
    }
    Ok((parse_key(id)?, PathBuf::from(file)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_an_id_and_a_file() {
        let id = base58::Key(&[7; 32]).to_string();
        let parsed = parse_program(&format!("{id}=a=b.so"));
        assert_eq!(parsed, Ok(([7; 32], PathBuf::from("a=b.so"))));
        for bad in ["", &id, "=x.so", &format!("{id}="), "x=y.so"] {
            assert!(parse_program(bad).is_err(), "{bad}");
        }
    }
}
