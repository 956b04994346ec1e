//! A route: the hops of an opportunity as instructions that swap.

use super::terms::Terms;
use super::transaction::create_token_account;
use super::{Reject, policy};
use crate::dex::{self, AccountBook, Build, Clock, Found};
use crate::ids::{Key, TOKEN, Venue, WSOL};
use crate::record::{Opportunity, Pool, PoolStatus};
use solana_sdk::instruction::Instruction;
use std::collections::HashMap;

/// Hops that an opportunity has at least, and at most.
const HOPS: std::ops::RangeInclusive<usize> = 2..=4;

/// One swap of an opportunity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hop {
    pool: Key,
    venue: u16,
    mint_in: Key,
    mint_out: Key,
    amount_in: u64,
    min_out: u64,
}

/// The pools and accounts that instructions are made from, and the payers' token accounts.
pub(super) struct Routes {
    book: AccountBook,
    pools: HashMap<Key, Pool>,
    /// By payer and mint.
    token_accounts: HashMap<(Key, Key), TokenAccount>,
}

/// A payer's token account of a mint.
#[derive(Clone, Copy, Debug)]
struct TokenAccount {
    key: Key,
    program: Key,
}

impl Routes {
    /// Joins the pools of `book`.
    pub(super) fn new(book: AccountBook) -> Self {
        let mut pools = HashMap::new();
        book.pools(Clock::default(), &mut |found| {
            if let Found::Pool { pool, .. } = found {
                pools.insert(pool.pool, *pool);
            }
        });
        Self { book, pools, token_accounts: HashMap::new() }
    }

    /// How many pools can be used.
    pub(super) fn pool_count(&self) -> usize {
        self.pools.len()
    }

    /// The token account that `payer` has for what goes into `route` and comes out of it; with `create`,
    /// appends the instructions that create all it needs.
    ///
    /// # Errors
    /// What is wrong with the route or missing to build it. `to` may then hold a part.
    pub(super) fn accounts(
        &mut self,
        route: &Route,
        payer: &Key,
        create: bool,
        to: &mut Vec<Instruction>,
    ) -> Result<Key, Reject> {
        let mut base = None;
        for hop in route.hops() {
            let account = self.token_account(payer, hop)?;
            base.get_or_insert(account.key);
            if create {
                to.push(create_token_account(payer, &account.key, &hop.mint_in, &account.program));
            }
        }
        base.ok_or(Reject::Hops)
    }

    /// Appends the instructions by which `payer` swaps along `route`, in the order of its hops, on the
    /// accounts that [`accounts`](Self::accounts) found.
    ///
    /// # Errors
    /// What is wrong with the route or missing to build it. `to` may then hold a part.
    pub(super) fn swaps(
        &self,
        route: &Route,
        payer: &Key,
        to: &mut Vec<Instruction>,
    ) -> Result<(), Reject> {
        for hop in route.hops() {
            to.push(self.swap(payer, hop)?);
        }
        Ok(())
    }

    /// The pool of `hop`, if it is one that can be used for it.
    fn pool(&self, hop: &Hop) -> Result<&Pool, Reject> {
        if hop.venue == Venue::Feed as u16 {
            return Err(Reject::NoProgram);
        }
        let pool = self.pools.get(&hop.pool).ok_or(Reject::NoPool)?;
        if pool.status == PoolStatus::Unsupported as u8 {
            return Err(Reject::UnsupportedPool);
        }
        Ok(pool)
    }

    /// The token account that `payer` has for the mint that goes into `hop`. Derived once: it takes tens
    /// of microseconds.
    fn token_account(&mut self, payer: &Key, hop: &Hop) -> Result<TokenAccount, Reject> {
        if let Some(known) = self.token_accounts.get(&(*payer, hop.mint_in)) {
            return Ok(*known);
        }
        self.pool(hop)?;
        let program = self.token_program(hop).ok_or(Reject::NoMintAccount)?;
        let key = dex::associated_token(payer, &hop.mint_in, &program);
        let made = TokenAccount { key, program };
        self.token_accounts.insert((*payer, hop.mint_in), made);
        Ok(made)
    }

    /// The token program of the mint that goes into `hop`: the owner of the mint's account, or SPL
    /// Token where no other is possible.
    fn token_program(&self, hop: &Hop) -> Option<Key> {
        let only_spl = hop.mint_in == WSOL || hop.venue == Venue::RaydiumAmmV4 as u16;
        self.book.token_program(&hop.mint_in).or(only_spl.then_some(TOKEN))
    }

    fn swap(&self, payer: &Key, hop: &Hop) -> Result<Instruction, Reject> {
        let pool = self.pool(hop)?;
        let a_to_b = match (hop.mint_in, hop.mint_out) {
            (input, output) if input == pool.mint_a && output == pool.mint_b => true,
            (input, output) if input == pool.mint_b && output == pool.mint_a => false,
            _ => return Err(Reject::BrokenCycle),
        };
        let user =
            |mint: &Key| self.token_accounts.get(&(*payer, *mint)).ok_or(Reject::BrokenCycle);
        let request = Build {
            pool,
            a_to_b,
            amount_in: hop.amount_in,
            min_out: hop.min_out,
            owner: payer,
            user_in: &user(&hop.mint_in)?.key,
            user_out: &user(&hop.mint_out)?.key,
        };
        Ok(dex::build(&self.book, &request)?)
    }
}

/// The hops of an opportunity, with their limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Route {
    hops: [Hop; 4],
    count: usize,
}

impl Route {
    /// How many swaps it is.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    fn hops(&self) -> &[Hop] {
        self.hops.get(..self.count).unwrap_or_default()
    }

    /// The hops of `opportunity`: a cycle over different pools in which every hop gives at least what the
    /// next one takes, and the last one pays for everything that `terms` say.
    ///
    /// An instruction spends a fixed amount. A hop whose limit were below what the next hop spends
    /// could draw on tokens that the payer held before; its limit is raised to that. The last one's is
    /// raised where the transaction pays more than the opportunity counted, up to what it expected.
    ///
    /// # Errors
    /// It is no such cycle, or does not pay for everything.
    pub(super) fn of(opportunity: &Opportunity, terms: &Terms) -> Result<Self, Reject> {
        let mut route = Self::chain(opportunity)?;
        let used = route.hops();
        let (Some(first), Some(last)) = (used.first(), used.last()) else {
            return Err(Reject::Hops);
        };
        if first.mint_in != opportunity.base_mint {
            return Err(Reject::BrokenCycle);
        }
        let mut places = used.iter().enumerate();
        if places.any(|(at, hop)| {
            used.iter().skip(at.saturating_add(1)).any(|other| other.pool == hop.pool)
        }) {
            return Err(Reject::SamePool);
        }
        if !policy::is_guarded(opportunity, first.amount_in, last.min_out) {
            return Err(Reject::Unguarded);
        }
        let needed = terms.needed(first.amount_in).ok_or(Reject::Unguarded)?;
        if needed > last.min_out {
            let expected = opportunity.amounts.get(route.count).copied().unwrap_or(0);
            let at = route.count.saturating_sub(1);
            let last = route.hops.get_mut(at).filter(|_| needed <= expected);
            last.ok_or(Reject::Unguarded)?.min_out = needed;
        }
        Ok(route)
    }

    /// The hops as `opportunity` lists them.
    fn chain(opportunity: &Opportunity) -> Result<Self, Reject> {
        const NONE: Hop = Hop {
            pool: [0; 32],
            venue: 0,
            mint_in: [0; 32],
            mint_out: [0; 32],
            amount_in: 0,
            min_out: 0,
        };
        let count = usize::from(opportunity.hops);
        if !HOPS.contains(&count) {
            return Err(Reject::Hops);
        }
        let (mut hops, last) = ([NONE; 4], count.saturating_sub(1));
        let next_mints = opportunity.mints.iter().skip(1).chain([&opportunity.base_mint]);
        let columns = opportunity
            .pools
            .iter()
            .zip(opportunity.venues)
            .zip(opportunity.mints.iter().zip(next_mints))
            .zip(opportunity.amounts.iter().zip(opportunity.amounts.iter().skip(1)))
            .zip(opportunity.min_out);
        for (at, (hop, column)) in hops.iter_mut().zip(columns).take(count).enumerate() {
            let ((((pool, venue), (mint_in, next)), (amount_in, amount_out)), min_out) = column;
            *hop = Hop {
                pool: *pool,
                venue,
                mint_in: *mint_in,
                mint_out: if at == last { opportunity.base_mint } else { *next },
                amount_in: *amount_in,
                min_out: if at == last { min_out } else { min_out.max(*amount_out) },
            };
            if *amount_in == 0 || *amount_out == 0 {
                return Err(Reject::BrokenCycle);
            }
        }
        Ok(Self { hops, count })
    }
}
