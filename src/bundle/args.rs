//! The command line.

use super::check::args::Check;
use super::simulate::args::Simulate;
use super::{Blockhash, Policy};
use crate::bytes::base58;
use crate::cli::Files;
use crate::ids::{JITO_TIP_ACCOUNTS, Key};
use std::path::PathBuf;

/// The options of the tool.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) task: Option<Task>,

    #[command(flatten)]
    pub(super) files: Files,

    /// Take pools and mints from the accounts in FILE
    ///
    /// JSON: a line {"pubkey","account"[,"slot"]} for each account, or replies of an RPC server to
    /// getProgramAccounts or getMultipleAccounts (the latter after its request), data in base64.
    /// May be repeated. The same files that mev-parse was given hold all that is needed: the pools
    /// with their fee configurations, and the mints.
    #[arg(long, value_name = "FILE")]
    pub(super) accounts: Vec<PathBuf>,

    /// Look up accounts in the address lookup tables in FILE
    ///
    /// In the forms of --accounts; accounts that are no lookup tables are passed over. May be repeated. A
    /// table that was extended in the last 32 slots is not used.
    #[arg(long, value_name = "FILE")]
    pub(super) alt: Vec<PathBuf>,

    /// Sign with the key pair in FILE, which pays and owns the token accounts
    ///
    /// A JSON array of 64 bytes, as solana-keygen writes it. Refused unless only its owner can read
    /// it. Given several times, the payers take turns, a bundle each. Without it, bundles are made for --payer and left unsigned; without both, every
    /// opportunity is refused as no_payer.
    #[arg(long, value_name = "FILE", conflicts_with = "payer")]
    pub(super) keypair: Vec<PathBuf>,

    /// Make unsigned bundles for the public key KEY
    ///
    /// The transactions are whole but for the signature, whose 64 bytes are zero.
    #[arg(long, value_name = "KEY", value_parser = parse_key)]
    pub(super) payer: Option<Key>,

    /// Use this blockhash instead of the newest one in the stream
    ///
    /// With @SLOT, the slot it ends, an opportunity more than 150 slots later is refused as
    /// blockhash_too_old; without, its age is not checked. The default is the blockhash of the
    /// newest complete slot record; while there is none, bundles are left unsigned.
    #[arg(long, value_name = "KEY[@SLOT]", value_parser = parse_blockhash)]
    pub(super) blockhash: Option<Blockhash>,

    /// Pay tips to this one of the eight Jito tip accounts
    ///
    /// `auto` chooses one by the state hash of the opportunity, which spreads the write locks and
    /// is the same in every run.
    #[arg(long, value_name = "auto|KEY", default_value = "auto", value_parser = parse_tip_account)]
    pub(super) tip_account: TipAccount,

    /// Refuse an opportunity whose tip is above N lamports
    ///
    /// Counted as tip_over_limit. Whatever the limit, a tip that exceeds what is left after all
    /// other costs is refused as tip_beyond_profit.
    #[arg(long, value_name = "N")]
    pub(super) max_tip_lamports: Option<u64>,

    /// Refuse an opportunity that the stream's complete slots have left N slots behind
    ///
    /// Counted as stale.
    #[arg(long, value_name = "N", default_value_t = Policy::AGE_MAX_SLOTS)]
    pub(super) max_age: u64,

    /// Create the payer's token accounts that do not exist, first in each transaction
    ///
    /// An idempotent instruction a mint, about 20000 compute units and, for an account that is
    /// made, its rent: neither is part of the opportunity's costs.
    #[arg(long)]
    pub(super) create_atas: bool,
}

/// What to do instead of building.
#[derive(clap::Subcommand, Clone, Debug)]
pub(super) enum Task {
    /// Checks bundles by the rules of a block engine
    ///
    /// Reads bundles, and the slots between them, and shows a row for each rule that a bundle breaks: at
    /// most five transactions, their sizes, signatures, duplicates and account locks, the age of their
    /// blockhashes, the tip and how its account is locked, lookup tables, and who may not be run before.
    /// Status 1 when a rule is broken. What the stream and the files do not tell is counted under
    /// --stats as unchecked, and said. Nobody is asked.
    Check(Check),
    /// Runs bundles before they cost, and passes on those that do not lose
    ///
    /// Each bundle's transactions run one after the other on a Solana VM in this process, made of the
    /// account files and programs that are named, and everything is put back; or a server simulates them
    /// (--rpc). What leaves has a verdict, the compute units that each transaction used, and what the
    /// payer gains in lamports, wrapped ones and the rent of its own token accounts included. A bundle
    /// that fails, or after which the payer has less, is refused unless --allow-loss; one that cannot be
    /// simulated, for lack of a program, a lookup table or the payer's account, always. --stats counts
    /// each under its name. The clock is the bundle's: its slot and when it was received. The age of
    /// blockhashes is not checked here. With --check the status is 1 when any bundle was refused; it is
    /// 6 when a server answered for none.
    Simulate(Simulate),
}

/// Which tip account is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TipAccount {
    /// Chosen by the opportunity.
    Auto,
    /// Always this one.
    Fixed(Key),
}

impl Args {
    /// What the user allows.
    pub(super) fn policy(&self) -> Policy {
        Policy {
            tip_max_lamports: self.max_tip_lamports,
            age_max_slots: self.max_age,
            tip_account: match self.tip_account {
                TipAccount::Auto => None,
                TipAccount::Fixed(key) => Some(key),
            },
            create_token_accounts: self.create_atas,
        }
    }
}

fn parse_key(text: &str) -> Result<Key, String> {
    base58::key(text).ok_or_else(|| "not a base58 key of 32 bytes".to_owned())
}

fn parse_blockhash(text: &str) -> Result<Blockhash, String> {
    let (hash, slot) = match text.split_once('@') {
        Some((hash, slot)) => {
            let slot = slot.parse().map_err(|_| format!("{slot:?} is no slot number"))?;
            (hash, Some(slot))
        }
        None => (text, None),
    };
    let hash = base58::key(hash).ok_or("not a base58 hash of 32 bytes, or one with @SLOT")?;
    Ok(Blockhash { hash, slot })
}

fn parse_tip_account(text: &str) -> Result<TipAccount, String> {
    if text == "auto" {
        return Ok(TipAccount::Auto);
    }
    let key = parse_key(text)?;
    if JITO_TIP_ACCOUNTS.contains(&key) {
        return Ok(TipAccount::Fixed(key));
    }
    let all = JITO_TIP_ACCOUNTS.map(|key| base58::Key(&key).to_string()).join(", ");
    Err(format!("not a Jito tip account; those are {all}"))
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]
mod tests {
    use super::*;

    const TIP: &str = "Cw8CFyM9FkoMi7K7Crf6HNQqf4uEMzpKw6QNghXLvLkY";

    #[test]
    fn values_are_read_or_refused() {
        assert_eq!(parse_tip_account("auto"), Ok(TipAccount::Auto));
        assert_eq!(parse_tip_account(TIP), Ok(TipAccount::Fixed(JITO_TIP_ACCOUNTS[2])));
        let other = base58::Key(&[7; 32]).to_string();
        assert!(parse_tip_account(&other).unwrap_err().contains(TIP));
        let hash = [7; 32];
        assert_eq!(parse_blockhash(&other), Ok(Blockhash { hash, slot: None }));
        let with = format!("{other}@18446744073709551615");
        assert_eq!(parse_blockhash(&with), Ok(Blockhash { hash, slot: Some(u64::MAX) }));
        for bad in ["", "@", "@5", &format!("{other}@"), &format!("{other}@-1"), "x@1"] {
            assert!(parse_blockhash(bad).is_err(), "{bad}");
        }
    }
}
