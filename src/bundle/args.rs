//! The command line.

use super::check::args::Check;
use super::simulate::args::{Simulate, parse_program};
use super::{Backrun, Blockhash, Policy};
use crate::bytes::base58;
use crate::cli::Files;
use crate::dex::flash::Protocol;
use crate::ids::{JITO_TIP_ACCOUNTS, Key};
use clap::ValueEnum;
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

    /// Carry the pending transaction behind which an opportunity pays
    ///
    /// An opportunity whose cause is pending pays behind a transaction that is not executed yet. mev-parse
    /// --txns writes such transactions into the stream; where one is there, is in no block and can still
    /// land, the bundle is that transaction and ours behind it, which has the tip: they land together or
    /// not at all, and ours never stands before it. `auto` makes the bundle without it where the stream
    /// does not hold it or it stands in a block; `only` refuses such opportunities, as no_trigger and
    /// trigger_landed; `never` carries none. A transaction whose blockhash is known to be too old is
    /// refused as trigger_expired, one with which the bundle would break a rule of a block engine
    /// (mev-bundle check) as trigger_unfit.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = BackrunArg::Auto)]
    pub(super) backrun: BackrunArg,

    /// Put the cycles of a plan into one bundle
    ///
    /// Those that mev-arb --plan found one on what the other leaves: up to five transactions, of one payer,
    /// in the order of the plan, the whole tip in the last. Each covers its own costs by its own swaps, and
    /// together they cover the tip. What cannot be made ends the plan before it; the rest is refused as
    /// broken_plan. --max-tip-lamports is a limit for the sum.
    #[arg(long, conflicts_with = "nonce_account")]
    pub(super) join_plans: bool,

    /// Pass over a payer that could be left with fewer than N lamports
    ///
    /// Its balance in the account files less what its open bundles could spend: fees, tips and the rent of
    /// accounts that --create-atas names. A bundle is open until the stream has passed the last slot of its
    /// blockhash. When no payer is left the opportunity is refused as min_balance, or as no_balance where
    /// the files do not hold a payer's account with its lamports.
    #[arg(long, value_name = "N")]
    pub(super) min_balance: Option<u64>,

    /// Use the durable nonce of account KEY instead of a blockhash
    ///
    /// Its state comes from --accounts. The authority is a payer, or the key pair in FILE, which then signs
    /// too: such a transaction has two signatures, and the opportunity must have counted them. Each nonce is
    /// for one bundle; give several. When all are used, opportunities are refused as no_nonce. Such a bundle
    /// does not grow old and says no last valid slot: mev-send --expiry ends what waits for it.
    #[arg(long, value_name = "KEY[=FILE]", value_parser = parse_nonce, conflicts_with = "blockhash")]
    pub(super) nonce_account: Vec<(Key, Option<PathBuf>)>,

    /// Borrow what goes into each cycle: kamino, save, marginfi or jupiter
    ///
    /// Borrowed before the first swap and repaid behind the last, in the same transaction. RESERVE is the
    /// account of the lender's reserve of wrapped SOL (marginfi: its bank); without it the only one in the
    /// account files. Fee, vaults and market come from its bytes. marginfi lends to an account of the payer
    /// without balances, which must be in the files too; jupiter needs its account flashloan_admin. The fee
    /// is the lender's, to the lamport, whatever the opportunity counted: the last swap must give it too.
    /// Compute units of the loan are the opportunity's to count (mev-arb --cu-base), or measured.
    #[arg(long, value_name = "LENDER[=RESERVE]", value_parser = parse_flash)]
    pub(super) flash: Option<(Protocol, Option<Key>)>,

    /// Ask for the compute units that a run on this machine used, and PERCENT more
    ///
    /// Each bundle is run on the local Solana VM, made of the account files and --program, before it is
    /// signed, and made again with those limits: the priority fee follows, and net and the least that the
    /// last swap must give with it. What does not run, for lack of a program or because it fails, keeps the
    /// opportunity's units and is counted as unmeasured.
    #[arg(
        long, value_name = "PERCENT", num_args = 0..=1, require_equals = true,
        default_missing_value = "10", value_parser = clap::value_parser!(u32).range(0..=1000)
    )]
    pub(super) measure: Option<u32>,

    /// Load the program ID from the ELF file FILE, for --measure
    ///
    /// As solana program dump writes it. May be repeated. The system programs, SPL Token, Token-2022,
    /// Associated Token Account, Memo and Lookup Table are there without it.
    #[arg(long, value_name = "ID=FILE", value_parser = parse_program, requires = "measure")]
    pub(super) program: Vec<(Key, PathBuf)>,

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

/// When a pending transaction is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum BackrunArg {
    /// Where the stream holds it
    Auto,
    /// Always; all else is refused
    Only,
    /// Never
    Never,
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
            backrun: match self.backrun {
                BackrunArg::Auto => Backrun::Auto,
                BackrunArg::Only => Backrun::Only,
                BackrunArg::Never => Backrun::Never,
            },
            join_plans: self.join_plans,
            margin_percent: self.measure.unwrap_or(Policy::DEFAULT.margin_percent),
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

fn parse_nonce(text: &str) -> Result<(Key, Option<PathBuf>), String> {
    match text.split_once('=') {
        Some((_, "")) => Err("not KEY=FILE: there is no file".to_owned()),
        Some((key, file)) => Ok((parse_key(key)?, Some(PathBuf::from(file)))),
        None => Ok((parse_key(text)?, None)),
    }
}

fn parse_flash(text: &str) -> Result<(Protocol, Option<Key>), String> {
    let (name, reserve) = match text.split_once('=') {
        Some((name, key)) => (name, Some(parse_key(key)?)),
        None => (text, None),
    };
    let known = Protocol::ALL.iter().find(|(known, _)| *known == name);
    let (_, protocol) = known.ok_or("lenders are kamino, save, marginfi and jupiter")?;
    if *protocol == Protocol::Jupiter && reserve.is_some() {
        return Err("jupiter has one reserve a token: name none".to_owned());
    }
    Ok((*protocol, reserve))
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
        assert_eq!(parse_nonce(&other), Ok((hash, None)));
        let with_file = parse_nonce(&format!("{other}=a=b.json"));
        assert_eq!(with_file, Ok((hash, Some(PathBuf::from("a=b.json")))));
        assert_eq!(parse_flash("kamino"), Ok((Protocol::Kamino, None)));
        let named = parse_flash(&format!("marginfi={other}"));
        assert_eq!(named, Ok((Protocol::Marginfi, Some(hash))));
        for bad in ["", "=", &format!("{other}="), "x", "x=y"] {
            assert!(parse_nonce(bad).is_err(), "{bad}");
        }
        for bad in ["", "solend", "save=", "save=x", &format!("jupiter={other}")] {
            assert!(parse_flash(bad).is_err(), "{bad}");
        }
    }
}
