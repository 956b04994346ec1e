//! Pools as they are at the start: addresses, reserves, prices, and what is particular to a venue.
//!
//! Addresses are derived as the programs derive them, so a run of the real programs over the
//! accounts accepts them. Prices are fractions of integers.

use crate::dex;
use crate::ids::{Key, ORCA_WHIRLPOOL, RAYDIUM_AMM_V4, RAYDIUM_AMM_V4_AUTHORITY, RAYDIUM_CPMM};
use crate::math::root::isqrt;
use crate::math::wide::{U256, to_u128};
use crate::record::Tick;
use solana_sdk::pubkey::Pubkey;

use super::positions::{self, Positions};
use super::rng::Rng;
use super::world::{Token, USD};

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
    /// Where the creator's fee is taken: 0 from the input, 1 from token 0, 2 from token 1.
    pub creator_side: u8,
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
    /// Its creator's fee, in pools that have one; 0 in those that have none.
    pub creator_ppm: u64,
}

/// Three of mainnet's fee configurations.
const CPMM_CONFIGS: [CpmmConfig; 3] = [
    CpmmConfig { index: 0, trade_ppm: 2500, creator_ppm: 0 },
    CpmmConfig { index: 10, trade_ppm: 5000, creator_ppm: 4000 },
    CpmmConfig { index: 11, trade_ppm: 2500, creator_ppm: 10_000 },
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

/// Three of Orca's fee tiers: tick spacing and fee, ppm.
const FEE_TIERS: [(u16, u16); 3] = [(64, 3000), (8, 500), (16, 1600)];

/// What each side of a pool is worth at least and at most, dollars.
pub const DEPTH_USD: (u64, u64) = (100_000, 5_000_000);

/// What a pool is drawn from.
#[derive(Debug)]
pub struct Draw<'a> {
    /// The token that is priced.
    pub base: &'a Token,
    /// The token that it is priced in.
    pub quote: &'a Token,
    /// The Whirlpools' configuration.
    pub config: Key,
    /// The price is off by `off_ppm - spread` ppm.
    pub off_ppm: u64,
    /// The most that it may be off.
    pub spread: u64,
}

impl Draw<'_> {
    /// A pool of the venue whose turn it is; `variant` chooses its fees, and with them its address.
    pub fn blueprint(&self, rng: &mut Rng, turn: usize, variant: usize) -> Blueprint {
        let sorted = self.base.mint < self.quote.mint;
        let depth = rng.log_between(DEPTH_USD.0, DEPTH_USD.1) * USD;
        match turn % 3 {
            0 => self.amm_v4(rng, depth),
            1 => self.cpmm(rng, depth, sorted, variant),
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
    fn cpmm(&self, rng: &mut Rng, depth: u64, sorted: bool, variant: usize) -> Blueprint {
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
            creator_side: u8::try_from(rng.below(3)).unwrap_or(0),
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
