//! Transactions, drawn one by one and independently: swaps, votes, transfers.
//!
//! A swap's pool, direction, wallet, size and limit are drawn from the distribution that
//! [`Mix`] describes, without a look at any other pool: no opportunity is planted. They arise
//! because swaps move the pools of a pair apart. A limit is the true quote of that moment less a
//! slippage (so the swap executes), or, in the share that is to fail, more than the quote.

use crate::dex::{self, Build, Order};
use crate::ids::{Key, RAYDIUM_AMM_V4, RAYDIUM_AMM_V4_AUTHORITY, SYSTEM, TOKEN, VOTE, Venue};
use crate::record::Pool;
use five8_const::decode_32_const as key;
use solana_sdk::instruction::{AccountMeta, Instruction};
use solana_sdk::pubkey::Pubkey;
use std::cmp::Ordering;

use super::accounts::Account;
use super::market::{Live, Market};
use super::message::{Budget, Form, Signed, sign};
use super::pools::{AmmV4, Site};
use super::rng::Rng;
use super::share::Share;
use super::world::{Wallet, World};

/// OpenBook v1, the order book that Raydium AMM v4 pools were made with.
pub const ORDER_BOOK_PROGRAM: Key = key("srmqPvymJeFKQ4zGQed1GFppgkRHL9kaELCbyksJtPX");

/// What transactions are drawn from.
#[derive(Clone, Copy, Debug)]
pub struct Mix {
    /// Transactions that swap; votes and transfers share the rest evenly.
    pub swaps: Share,
    /// Swaps that go towards their pool's start price; the others' direction is even.
    pub reverting: Share,
    /// Swaps whose limit is above what they would get.
    pub failing: Share,
    /// Least and largest size, as a share of the pool's depth on the side that goes in; drawn
    /// log-uniformly.
    pub size: (Share, Share),
}

/// Slippage that wallets allow, bps; drawn evenly.
pub const SLIPPAGE_BPS: [u64; 4] = [10, 50, 100, 300];

/// A swap as it was drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// The pool.
    pub pool: Key,
    /// Where.
    pub venue: Venue,
    /// Who signs.
    pub owner: Key,
    /// The token that goes in.
    pub mint_in: Key,
    /// The token that comes out.
    pub mint_out: Key,
    /// The order.
    pub order: Order,
    /// What it gives; `None` when it fails.
    pub amount_out: Option<u64>,
}

/// A transaction, and the swap that it is.
#[derive(Clone, Debug)]
pub struct Txn {
    /// The transaction.
    pub signed: Signed,
    /// The swap, if it is one.
    pub swap: Option<Drawn>,
}

/// Draws transactions and keeps the pools' state.
pub struct Traffic {
    world: World,
    market: Market,
    mix: Mix,
    rng: Rng,
}

/// How often a swap is drawn anew when its pool cannot execute it: its ticks end, or the amount is
/// too small to give anything.
const REDRAWS: usize = 16;

impl Traffic {
    /// The traffic of `seed` in `world`, whose accounts are as of `slot`.
    pub fn new(seed: u64, world: World, accounts: &[Account], slot: u64, mix: Mix) -> Self {
        let market = Market::open(accounts, slot);
        Self { world, market, mix, rng: Rng::of(seed, "traffic") }
    }

    /// Who trades.
    pub fn wallets(&self) -> &[Wallet] {
        &self.world.wallets
    }

    /// The pools as they are after everything drawn so far.
    pub fn market(&self) -> &Market {
        &self.market
    }

    /// The next transaction, sent in `slot` and built on `blockhash`; `None` only in a world
    /// without wallets.
    pub fn next(&mut self, slot: u64, blockhash: &[u8; 32]) -> Option<Txn> {
        let is_swap = self.rng.chance(self.mix.swaps.ppm());
        let swap = if is_swap { (0..REDRAWS).find_map(|_| self.swap(blockhash)) } else { None };
        if swap.is_some() {
            return swap;
        }
        let signed = if self.rng.chance(500_000) {
            self.vote(slot, blockhash)
        } else {
            self.transfer(blockhash)
        };
        signed.map(|signed| Txn { signed, swap: None })
    }

    fn swap(&mut self, blockhash: &[u8; 32]) -> Option<Txn> {
        let Self { world, market, mix, rng } = self;
        let index = rng.index(market.pools.len());
        let live = market.pools.get_mut(index)?;
        let even = rng.chance(500_000);
        let reverts = rng.chance(mix.reverting.ppm());
        let a_to_b = match live.against_start() {
            Ordering::Greater if reverts => true,
            Ordering::Less if reverts => false,
            _ => even,
        };
        let wallet = rng.pick(&world.wallets)?;
        let depth = live.depth(a_to_b);
        let amount = rng.log_between(mix.size.0.of(depth), mix.size.1.of(depth));
        let out = live.quote(a_to_b, amount)?.amount_out;
        let limit = if rng.chance(mix.failing.ppm()) {
            out.saturating_add(out / 1000).saturating_add(1)
        } else {
            let slippage = rng.pick(&SLIPPAGE_BPS).copied().unwrap_or(0);
            let kept = u128::from(out) * u128::from(10_000 - slippage) / 10_000;
            u64::try_from(kept).unwrap_or(out)
        };
        let mut trade = Trade { rng, wallet, live, a_to_b, amount, limit };
        let instruction = trade.instruction(world, &market.book)?;
        let budget = Budget {
            units: 50_000 + 10_000 * u32::try_from(trade.rng.below(20)).unwrap_or(0),
            micro_lamports: trade.rng.log_between(1000, 10_000_000),
        };
        let form = match trade.rng.below(10) {
            0..4 => Form::Legacy,
            4..9 => Form::V0,
            _ => Form::V1,
        };
        let signed = sign(form, &wallet.signer, Some(budget), &[instruction], blockhash);
        let order = Order { limit: Some(limit), ..Order::exact_in(a_to_b, amount) };
        let (mint_in, mint_out) = mints(&live.pool, a_to_b);
        let swap = Drawn {
            pool: live.pool.pool,
            venue: Venue::from_number(live.pool.venue)?,
            owner: wallet.signer.key,
            mint_in,
            mint_out,
            order,
            amount_out: live.apply(&order).ok().map(|quote| quote.amount_out),
        };
        Some(Txn { signed, swap: Some(swap) })
    }

    fn transfer(&mut self, blockhash: &[u8; 32]) -> Option<Signed> {
        let from = &self.rng.pick(&self.world.wallets)?.signer;
        let to = self.rng.pick(&self.world.wallets)?.signer.key;
        let lamports = self.rng.log_between(1_000_000, 10_000_000_000);
        // SystemInstruction::Transfer, tag 2.
        let data = [&2u32.to_le_bytes()[..], &lamports.to_le_bytes()].concat();
        let accounts = vec![signs(&from.key, true), plain(&to, true)];
        let ix = Instruction { program_id: Pubkey::new_from_array(SYSTEM), accounts, data };
        Some(sign(Form::Legacy, from, None, &[ix], blockhash))
    }

    /// A vote for the slots up to `slot`, as `VoteInstruction::TowerSync` writes it compactly
    /// (solana-vote-interface 4.0, tag 14): root, lockouts as offsets, bank hash, time, block id.
    fn vote(&mut self, slot: u64, blockhash: &[u8; 32]) -> Option<Signed> {
        const LOCKOUTS: u8 = 31;
        let (identity, account) = self.rng.pick(&self.world.validators)?;
        let root = slot.saturating_sub(u64::from(LOCKOUTS) + 1);
        let mut data = 14u32.to_le_bytes().to_vec();
        data.extend(root.to_le_bytes());
        data.push(LOCKOUTS);
        data.extend((1..=LOCKOUTS).rev().flat_map(|confirmations| [1, confirmations]));
        data.extend(self.rng.key());
        data.push(0);
        data.extend(self.rng.key());
        let accounts = vec![plain(account, true), signs(&identity.key, true)];
        let ix = Instruction { program_id: Pubkey::new_from_array(VOTE), accounts, data };
        Some(sign(Form::Legacy, identity, None, &[ix], blockhash))
    }
}

/// The mints that go in and come out.
fn mints(pool: &Pool, a_to_b: bool) -> (Key, Key) {
    if a_to_b { (pool.mint_a, pool.mint_b) } else { (pool.mint_b, pool.mint_a) }
}

/// A swap before it is an instruction.
struct Trade<'a> {
    rng: &'a mut Rng,
    wallet: &'a Wallet,
    live: &'a mut Live,
    a_to_b: bool,
    amount: u64,
    limit: u64,
}

impl Trade<'_> {
    /// The venue's instruction: for AMM v4 one in three with the order book's accounts (tag 9),
    /// everything else as the toolkit itself builds it.
    fn instruction(&mut self, world: &World, book: &dex::AccountBook) -> Option<Instruction> {
        let pool = &self.live.pool;
        let (mint_in, mint_out) = mints(pool, self.a_to_b);
        let (user_in, user_out) = (self.wallet.account(&mint_in), self.wallet.account(&mint_out));
        let owner = &self.wallet.signer.key;
        if pool.venue == Venue::RaydiumAmmV4 as u16 && self.rng.below(3) == 0 {
            let plan = world.pools.iter().find(|plan| plan.address == pool.pool)?;
            let Site::AmmV4(amm) = &plan.venue else { return None };
            let target_orders = self.rng.chance(500_000);
            let users = [&user_in, &user_out, owner];
            return Some(self.with_order_book(amm, target_orders, users));
        }
        let (a_to_b, amount_in, min_out) = (self.a_to_b, self.amount, self.limit);
        let (user_in, user_out) = (&user_in, &user_out);
        let request = Build { pool, a_to_b, amount_in, min_out, owner, user_in, user_out };
        dex::build(book, &request).ok()
    }

    /// SwapBaseIn, tag 9, of 17 accounts, or 18 with the target orders (raydium-amm @27f461d
    /// instruction.rs).
    fn with_order_book(
        &self,
        amm: &AmmV4,
        target_orders: bool,
        [user_in, user_out, owner]: [&Key; 3],
    ) -> Instruction {
        let pool = &self.live.pool;
        let mut accounts = vec![
            plain(&TOKEN, false),
            plain(&pool.pool, true),
            plain(&RAYDIUM_AMM_V4_AUTHORITY, false),
            plain(&amm.open_orders, true),
        ];
        if target_orders {
            accounts.push(plain(&amm.target_orders, true));
        }
        accounts.extend([plain(&pool.vault_a, true), plain(&pool.vault_b, true)]);
        accounts.extend([plain(&ORDER_BOOK_PROGRAM, false), plain(&amm.market, true)]);
        let [bids, asks, events, coin, pc, signer] = &amm.book;
        accounts.extend([bids, asks, events, coin, pc].map(|key| plain(key, true)));
        accounts.push(plain(signer, false));
        accounts.extend([plain(user_in, true), plain(user_out, true), signs(owner, false)]);
        let data = [&[9][..], &self.amount.to_le_bytes(), &self.limit.to_le_bytes()].concat();
        Instruction { program_id: Pubkey::new_from_array(RAYDIUM_AMM_V4), accounts, data }
    }
}

fn plain(key: &Key, writable: bool) -> AccountMeta {
    let pubkey = Pubkey::new_from_array(*key);
    AccountMeta { pubkey, is_signer: false, is_writable: writable }
}

fn signs(key: &Key, writable: bool) -> AccountMeta {
    AccountMeta { is_signer: true, ..plain(key, writable) }
}
