//! The world a generator trades in: tokens, pools at near-equal prices, wallets, validators.
//!
//! ```text
//! tokens   WSOL, USDC, and others
//! pairs    WSOL/USDC; each other token against WSOL and against USDC
//! pools    of each pair, several, taking turns between the venues
//! ```
//!
//! So every pair has cycles of two hops, and every token closes one of three with WSOL and USDC. A
//! pool's start price is the pair's price, off by an even draw within the spread; what happens
//! afterwards is the traffic's. Nothing else ties the pools together.
//!
//! Integers only; prices are micro-dollars for a whole token.

use crate::dex;
use crate::ids::{Key, TOKEN, USDC, WSOL};
use crate::keys;

use super::pools::{Blueprint, Draw};
use super::rng::Rng;
use super::share::Share;

/// How large a world is.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// Tokens, WSOL and USDC among them; at least 2.
    pub tokens: u32,
    /// Pools of each pair, 1 to 9.
    pub pools_per_pair: u32,
    /// Wallets that trade; at least 1.
    pub wallets: u32,
    /// How far at most a pool's start price is off the pair's, either way; at most 10 %.
    pub spread: Share,
}

/// A token.
#[derive(Clone, Debug)]
pub struct Token {
    /// Its mint, of the SPL Token program.
    pub mint: Key,
    /// Decimals.
    pub decimals: u8,
    /// Price of a whole token, micro-dollars.
    pub micro_usd: u64,
}

impl Token {
    /// `count` tokens of `seed`, WSOL and USDC first: at least these two.
    pub fn draw_all(seed: u64, count: u32) -> Vec<Self> {
        let mut rng = Rng::of(seed, "tokens");
        let mut tokens = vec![
            Self { mint: WSOL, decimals: 9, micro_usd: rng.between(120 * USD, 180 * USD) },
            Self { mint: USDC, decimals: 6, micro_usd: USD },
        ];
        for _ in 2..count {
            let decimals = rng.pick(&DECIMALS).copied().unwrap_or(6);
            let micro_usd = rng.log_between(USD / 100, 50 * USD);
            tokens.push(Self { mint: rng.key(), decimals, micro_usd });
        }
        tokens
    }

    /// Raw units that are worth `micro_usd`.
    pub fn raw(&self, micro_usd: u64) -> u64 {
        let unit = 10u128.pow(u32::from(self.decimals));
        let raw = u128::from(micro_usd) * unit / u128::from(self.micro_usd.max(1));
        u64::try_from(raw).unwrap_or(u64::MAX)
    }
}

/// Somebody who signs.
pub struct Signer {
    /// The address.
    pub key: Key,
    seed: [u8; 32],
    signer: keys::Signer,
}

impl Signer {
    /// A signer drawn from `rng`: reproducible, so never one that holds money.
    pub fn draw(rng: &mut Rng) -> Self {
        let seed = rng.key();
        let signer = keys::Signer::from_seed(&seed);
        Self { key: signer.public(), seed, signer }
    }

    /// The key pair as Solana key files hold it: a JSON array of seed and public key.
    pub fn key_file(&self) -> String {
        let numbers: Vec<String> =
            self.seed.iter().chain(&self.key).map(ToString::to_string).collect();
        format!("[{}]\n", numbers.join(","))
    }

    /// The signature over `message`.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.signer.sign(message)
    }
}

/// Who trades: a signer and its token account for each of the world's tokens.
pub struct Wallet {
    /// The owner.
    pub signer: Signer,
    /// Its token accounts: mint and address.
    pub accounts: Vec<(Key, Key)>,
}

impl Wallet {
    /// The token account for `mint`; the zero key for a mint the world does not have.
    pub fn account(&self, mint: &Key) -> Key {
        let found = self.accounts.iter().find(|(known, _)| known == mint);
        found.map_or([0; 32], |(_, account)| *account)
    }
}

/// Everything there is at the start.
pub struct World {
    /// Tokens; WSOL first, USDC second.
    pub tokens: Vec<Token>,
    /// Pools.
    pub pools: Vec<Blueprint>,
    /// Who trades.
    pub wallets: Vec<Wallet>,
    /// Who votes: an identity and its vote account.
    pub validators: Vec<(Signer, Key)>,
}

/// Validators that vote.
const VALIDATORS: usize = 16;
/// Decimals that tokens have.
const DECIMALS: [u8; 3] = [6, 9, 5];
/// A whole dollar in micro-dollars.
pub const USD: u64 = 1_000_000;

impl World {
    /// The world of `seed`.
    pub fn new(seed: u64, scale: &Scale) -> Self {
        let mut rng = Rng::of(seed, "world");
        let tokens = Token::draw_all(seed, scale.tokens);
        let config = rng.key();
        let mut pools = Vec::new();
        for (at, [base, quote]) in pairs(&tokens).into_iter().enumerate() {
            for round in 0..scale.pools_per_pair as usize {
                let spread = u64::from(scale.spread.ppm());
                let draw =
                    Draw { base, quote, config, off_ppm: rng.between(0, 2 * spread), spread };
                pools.push(draw.blueprint(&mut rng, at + round, round / 3));
            }
        }
        let wallets = (0..scale.wallets).map(|_| wallet(&mut rng, &tokens)).collect();
        let validators = (0..VALIDATORS).map(|_| (Signer::draw(&mut rng), rng.key())).collect();
        Self { tokens, pools, wallets, validators }
    }
}

/// Every pair that has pools: base first.
fn pairs(tokens: &[Token]) -> Vec<[&Token; 2]> {
    let Some(([wsol, usdc], others)) = tokens.split_first_chunk() else { return Vec::new() };
    let mut pairs = vec![[wsol, usdc]];
    pairs.extend(others.iter().flat_map(|token| [[token, wsol], [token, usdc]]));
    pairs
}

fn wallet(rng: &mut Rng, tokens: &[Token]) -> Wallet {
    let signer = Signer::draw(rng);
    let account = |token: &Token| dex::associated_token(&signer.key, &token.mint, &TOKEN);
    let accounts = tokens.iter().map(|token| (token.mint, account(token))).collect();
    Wallet { signer, accounts }
}
