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
//! Addresses are derived as the programs derive them, so a run of the real programs over the
//! accounts accepts them. Integers only; prices are micro-dollars for a whole token.

use crate::dex;
use crate::ids::{
    Key, ORCA_WHIRLPOOL, RAYDIUM_AMM_V4, RAYDIUM_AMM_V4_AUTHORITY, RAYDIUM_CPMM, TOKEN, USDC, WSOL,
};
use crate::math::root::isqrt;
use crate::math::wide::{U256, to_u128};
use crate::record::Tick;
use ed25519_dalek::{Signer as _, SigningKey};
use solana_sdk::pubkey::Pubkey;

use super::positions::{self, Positions};
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

/// A pool as it is at the start.
#[derive(Clone, Debug)]
pub struct Blueprint {
    /// Its account.
    pub address: Key,
    /// Its tokens a and b.
    pub tokens: [Token; 2],
    /// Its token accounts.
    pub vaults: [Key; 2],
    /// What they hold beyond what is owed to others.
    pub reserves: [u64; 2],
    /// What is particular to its venue.
    pub venue: Site,
}

/// What is particular to a venue.
#[derive(Clone, Debug)]
pub enum Site {
    /// Raydium AMM v4.
    AmmV4(AmmV4),
    /// Raydium CPMM.
    Cpmm(Cpmm),
    /// Orca Whirlpool.
    Whirlpool(Whirlpool),
}

/// The accounts around a Raydium AMM v4 pool. Those of the order book hold nothing; instructions
/// with tag 9 still name them.
#[derive(Clone, Debug)]
pub struct AmmV4 {
    /// The order book's account.
    pub market: Key,
    /// Bids, asks, event queue, coin vault, pc vault and signer of the order book.
    pub book: [Key; 6],
    /// The pool's orders.
    pub open_orders: Key,
    /// The pool's plan of orders.
    pub target_orders: Key,
    /// The mint of its shares.
    pub lp_mint: Key,
    /// Raw units in the vaults that are owed to the program's owner.
    pub owed: [u64; 2],
}

/// The accounts around a Raydium CPMM pool.
#[derive(Clone, Debug)]
pub struct Cpmm {
    /// Which fee configuration, with its account.
    pub config: (&'static CpmmConfig, Key),
    /// The price history.
    pub observation: Key,
    /// The mint of its shares.
    pub lp_mint: Key,
    /// Raw units in the vaults that are owed to the protocol.
    pub owed: [u64; 2],
    /// Bumps of the pool's and the authority's addresses.
    pub bumps: [u8; 2],
}

/// A fee configuration of Raydium CPMM, ppm.
#[derive(Debug)]
pub struct CpmmConfig {
    /// Its number.
    pub index: u16,
    /// Its trade fee. Protocol and fund take the same parts of it everywhere.
    pub trade_ppm: u64,
}

/// The fee configurations in use: numbers, trade fees as on mainnet (facts: idx 0, 1 and 3).
const CPMM_CONFIGS: [CpmmConfig; 3] = [
    CpmmConfig { index: 0, trade_ppm: 2500 },
    CpmmConfig { index: 1, trade_ppm: 10_000 },
    CpmmConfig { index: 3, trade_ppm: 5000 },
];

/// An Orca Whirlpool's price, liquidity and accounts.
#[derive(Clone, Debug)]
pub struct Whirlpool {
    /// The configuration it belongs to.
    pub config: Key,
    /// Bump of its address.
    pub bump: u8,
    /// Ticks between two that may hold liquidity.
    pub spacing: u16,
    /// Its fee, ppm.
    pub fee_ppm: u16,
    /// Square root of the price of a in b, Q64.64.
    pub sqrt_price: u128,
    /// The tick of the price.
    pub tick: i32,
    /// Where its liquidity lies.
    pub positions: Positions,
    /// Its tick arrays are of the newer, dynamic kind.
    pub dynamic: bool,
}

impl Whirlpool {
    /// Ticks of one array.
    pub fn array_span(&self) -> i32 {
        i32::from(self.spacing) * positions::ARRAY_TICKS
    }

    /// The initialised ticks of the array that starts at `start`, with their gross liquidity.
    pub fn array(&self, start: i32) -> impl Iterator<Item = &(Tick, u128)> {
        let span = start..start + self.array_span();
        self.positions.ticks.iter().filter(move |(tick, _)| span.contains(&tick.tick))
    }
}

/// Tick spacings and fees in use, as on mainnet.
const FEE_TIERS: [(u16, u16); 3] = [(64, 3000), (8, 500), (16, 1600)];

/// Somebody who signs.
#[derive(Clone, Debug)]
pub struct Signer {
    /// The address.
    pub key: Key,
    signing: SigningKey,
}

impl Signer {
    /// A signer drawn from `rng`: reproducible, so never one that holds money.
    pub fn draw(rng: &mut Rng) -> Self {
        let signing = SigningKey::from_bytes(&rng.key());
        Self { key: signing.verifying_key().to_bytes(), signing }
    }

    /// The signature over `message`.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.signing.sign(message).to_bytes()
    }
}

/// Who trades: a signer and its token account for each of the world's tokens.
#[derive(Clone, Debug)]
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
#[derive(Clone, Debug)]
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
const USD: u64 = 1_000_000;
/// What each side of a pool is worth at least and at most, dollars.
pub const DEPTH_USD: (u64, u64) = (100_000, 5_000_000);

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

/// What a pool is drawn from.
struct Draw<'a> {
    base: &'a Token,
    quote: &'a Token,
    /// The Whirlpools' configuration.
    config: Key,
    /// The price is off by `off_ppm - spread` ppm.
    off_ppm: u64,
    spread: u64,
}

impl Draw<'_> {
    /// A pool of the venue whose turn it is; `variant` chooses its fees, and with them its address.
    fn blueprint(&self, rng: &mut Rng, turn: usize, variant: usize) -> Blueprint {
        let sorted = self.base.mint < self.quote.mint;
        let depth = rng.log_between(DEPTH_USD.0, DEPTH_USD.1) * USD;
        match turn % 3 {
            0 => self.amm_v4(rng, depth),
            1 => self.cpmm(depth, sorted, variant),
            _ => self.whirlpool(rng, depth, sorted, variant),
        }
    }

    /// Raw units of `b` for one of `a`, as a fraction of at most 90 bits over 90 bits.
    fn price(&self, a: &Token, b: &Token) -> (u128, u128) {
        let unit = |token: &Token| 10u128.pow(u32::from(token.decimals));
        let off = u128::from((1_000_000 + self.off_ppm).saturating_sub(self.spread).max(1));
        let num = u128::from(a.micro_usd) * unit(b) * off;
        (num, u128::from(b.micro_usd) * unit(a) * 1_000_000)
    }

    /// Reserves of `a` and `b` at the pool's price, each side worth about `depth` micro-dollars.
    fn reserves(&self, [a, b]: [&Token; 2], depth: u64) -> [u64; 2] {
        let (num, den) = self.price(a, b);
        let reserve_a = a.raw(depth).max(1);
        let reserve_b = U256::from(reserve_a) * U256::from(num) / U256::from(den);
        [reserve_a, u64::try_from(reserve_b).unwrap_or(u64::MAX).max(1)]
    }

    /// The coin is the base.
    fn amm_v4(&self, rng: &mut Rng, depth: u64) -> Blueprint {
        let market = rng.key();
        let of_market = |seed: &[u8]| derived(&RAYDIUM_AMM_V4, &[&RAYDIUM_AMM_V4, &market, seed]).0;
        let reserves = self.reserves([self.base, self.quote], depth);
        let amm = AmmV4 {
            market,
            book: std::array::from_fn(|_| rng.key()),
            open_orders: of_market(b"open_order_associated_seed"),
            target_orders: of_market(b"target_associated_seed"),
            lp_mint: of_market(b"lp_mint_associated_seed"),
            owed: reserves.map(|reserve| reserve / 1000),
        };
        Blueprint {
            address: of_market(b"amm_associated_seed"),
            tokens: [self.base.clone(), self.quote.clone()],
            vaults: [
                of_market(b"coin_vault_associated_seed"),
                of_market(b"pc_vault_associated_seed"),
            ],
            reserves,
            venue: Site::AmmV4(amm),
        }
    }

    /// Token 0 has the smaller mint.
    fn cpmm(&self, depth: u64, sorted: bool, variant: usize) -> Blueprint {
        let [a, b] = self.sorted(sorted);
        let config = variant_of(&CPMM_CONFIGS, variant);
        let of = |seeds: &[&[u8]]| derived(&RAYDIUM_CPMM, seeds);
        let config_key = of(&[b"amm_config", &config.index.to_be_bytes()]).0;
        let (address, bump) = of(&[b"pool", &config_key, &a.mint, &b.mint]);
        let reserves = self.reserves([a, b], depth);
        let cpmm = Cpmm {
            config: (config, config_key),
            observation: of(&[b"observation", &address]).0,
            lp_mint: of(&[b"pool_lp_mint", &address]).0,
            owed: reserves.map(|reserve| reserve / 2000),
            bumps: [bump, cpmm_authority().1],
        };
        Blueprint {
            address,
            tokens: [a.clone(), b.clone()],
            vaults: [a, b].map(|token| of(&[b"pool_vault", &address, &token.mint]).0),
            reserves,
            venue: Site::Cpmm(cpmm),
        }
    }

    /// Token a has the smaller mint.
    fn whirlpool(&self, rng: &mut Rng, depth: u64, sorted: bool, variant: usize) -> Blueprint {
        let [a, b] = self.sorted(sorted);
        let (spacing, fee_ppm) = *variant_of(&FEE_TIERS, variant);
        let seeds: [&[u8]; 5] =
            [b"whirlpool", &self.config, &a.mint, &b.mint, &spacing.to_le_bytes()];
        let (address, bump) = derived(&ORCA_WHIRLPOOL, &seeds);
        let (num, den) = self.price(a, b);
        let root = isqrt((U256::from(num) << 128) / U256::from(den));
        let sqrt_price =
            to_u128(&root).unwrap_or(u128::MAX).clamp(dex::SQRT_PRICE_MIN, dex::SQRT_PRICE_MAX - 1);
        let tick = dex::tick_at_sqrt_price(sqrt_price).unwrap_or(0);
        let positions = Positions::draw(rng, spacing, sqrt_price, tick, a.raw(depth));
        let reserves = positions.amounts(sqrt_price);
        let dynamic = rng.chance(500_000);
        let config = self.config;
        let whirlpool =
            Whirlpool { config, bump, spacing, fee_ppm, sqrt_price, tick, positions, dynamic };
        Blueprint {
            address,
            tokens: [a.clone(), b.clone()],
            vaults: [rng.key(), rng.key()],
            reserves,
            venue: Site::Whirlpool(whirlpool),
        }
    }

    fn sorted(&self, sorted: bool) -> [&Token; 2] {
        if sorted { [self.base, self.quote] } else { [self.quote, self.base] }
    }
}

/// The `variant`-th of three ways, around the circle.
fn variant_of<T>(of: &[T; 3], variant: usize) -> &T {
    let [first, second, third] = of;
    match variant % 3 {
        0 => first,
        1 => second,
        _ => third,
    }
}

/// The address that `program` derives from `seeds`, and its bump.
pub fn derived(program: &Key, seeds: &[&[u8]]) -> (Key, u8) {
    let (address, bump) = Pubkey::find_program_address(seeds, &Pubkey::new_from_array(*program));
    (address.to_bytes(), bump)
}

/// The authority of every Raydium CPMM pool, and its bump.
pub fn cpmm_authority() -> (Key, u8) {
    derived(&RAYDIUM_CPMM, &[b"vault_and_lp_mint_auth_seed"])
}

/// Who owns the vaults of `pool`.
pub fn vault_owner(pool: &Blueprint) -> Key {
    match pool.venue {
        Site::AmmV4(_) => RAYDIUM_AMM_V4_AUTHORITY,
        Site::Cpmm(_) => cpmm_authority().0,
        Site::Whirlpool(_) => pool.address,
    }
}
