//! What a swap moved: from the program's event, else from the transfers below it, else from the
//! owner's balances. The source is named in the row; none is mixed with another.

use super::call::Call;
use super::executed::{Executed, TokenBalance};
use super::told::Told;
use super::transfers;
use crate::dex::{Event, FeeSide, Filled, Leg, SwapIx};
use crate::ids::Key;
use crate::record::{Direction, Source};

/// What was moved, and who says so.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fill<'a> {
    pub(super) source: Source,
    pub(super) amount_in: u64,
    pub(super) amount_out: u64,
    pub(super) fee: Option<(u64, FeeSide)>,
    pub(super) transfer_fee_in: Option<u64>,
    pub(super) transfer_fee_out: Option<u64>,
    pub(super) direction: Direction,
    pub(super) pool: Option<&'a Key>,
    pub(super) mint_in: Option<&'a Key>,
    pub(super) mint_out: Option<&'a Key>,
    pub(super) user_in: Option<&'a Key>,
    pub(super) user_out: Option<&'a Key>,
    /// The pool's token accounts that took and gave.
    pub(super) vault_in: Option<&'a Key>,
    pub(super) vault_out: Option<&'a Key>,
}

impl<'a> Fill<'a> {
    fn of_event(filled: &Filled<'a>) -> Self {
        Self {
            source: Source::Event,
            amount_in: filled.amount_in,
            amount_out: filled.amount_out,
            fee: filled.fee,
            transfer_fee_in: filled.transfer_fee_in,
            transfer_fee_out: filled.transfer_fee_out,
            direction: filled.direction,
            pool: filled.pool,
            mint_in: filled.mint_in,
            mint_out: filled.mint_out,
            user_in: None,
            user_out: None,
            vault_in: None,
            vault_out: None,
        }
    }

    fn of_transfers(moved: &transfers::Moved<'a>) -> Self {
        Self {
            source: Source::Transfers,
            amount_in: moved.amount_in,
            amount_out: moved.amount_out,
            fee: None,
            transfer_fee_in: moved.fee_in,
            transfer_fee_out: moved.fee_out,
            direction: Direction::Unknown,
            pool: None,
            mint_in: moved.mint_in,
            mint_out: moved.mint_out,
            user_in: moved.user_in,
            user_out: moved.user_out,
            vault_in: moved.vault_in,
            vault_out: moved.vault_out,
        }
    }

    fn plain(source: Source, amount_in: u64, amount_out: u64, mints: [Option<&'a Key>; 2]) -> Self {
        let moved = transfers::Moved {
            amount_in,
            amount_out,
            mint_in: mints[0],
            mint_out: mints[1],
            ..transfers::Moved::default()
        };
        Self { source, ..Self::of_transfers(&moved) }
    }
}

/// The event that tells of `swap`, swap number `n` of its call: the one that names its pool, else
/// number `n`; of several that tell of one swap the richest.
pub(super) fn of_events<'a>(
    swap: &SwapIx<'a>,
    n: usize,
    events: impl Iterator<Item = Told<'a>>,
) -> Option<(Fill<'a>, Told<'a>)> {
    let own = |filled: &Filled<'_>| swap.pool.zip(filled.pool).map(|(own, told)| own == told);
    let (mut best, mut of_best) = (None, 0usize);
    let (mut named, mut numbered) = (None, None);
    for told in events {
        let Event::Swap(filled) = told.event else { continue };
        if best < Some(filled.rank) {
            (best, of_best) = (Some(filled.rank), 0);
            (named, numbered) = (None, None);
        } else if best > Some(filled.rank) {
            continue;
        }
        match own(&filled) {
            Some(true) if named.is_none() => named = Some((filled, told)),
            Some(false) => {}
            _ if of_best == n => numbered = Some((filled, told)),
            _ => {}
        }
        of_best = of_best.saturating_add(1);
    }
    let (filled, told) = named.or(numbered)?;
    Some((Fill::of_event(&filled), told))
}

/// What the transfers below call number `at` say of `swap`; where it is `alone` in its call their
/// order will do.
pub(super) fn of_transfers<'a>(
    swap: &SwapIx<'a>,
    alone: bool,
    calls: &'a [Call<'a>],
    at: usize,
) -> Option<Fill<'a>> {
    let below = transfers::below(calls, at);
    let moved = transfers::of_swap(swap, below.clone())
        .or_else(|| if alone { transfers::in_order(below) } else { None })?;
    Some(Fill::of_transfers(&moved))
}

/// What an aggregator's whole moved: the sum over the legs that its events tell of, else what the
/// transfers say.
pub(super) fn of_route<'a>(
    route: &SwapIx<'a>,
    calls: &'a [Call<'a>],
    at: usize,
    events: impl Iterator<Item = Told<'a>> + Clone,
) -> Option<Fill<'a>> {
    if let Some((fill, _)) = of_events(route, 0, events.clone()) {
        return Some(fill);
    }
    let legs = events.filter_map(|told| match told.event {
        Event::Legs(legs) => Some(legs),
        _ => None,
    });
    of_legs(route, legs.flat_map(|legs| legs.iter()))
        .or_else(|| of_transfers(route, false, calls, at))
}

/// What goes into the first token and what comes out of the last.
fn of_legs<'a>(
    route: &SwapIx<'a>,
    legs: impl Iterator<Item = Leg<'a>> + Clone,
) -> Option<Fill<'a>> {
    let mint_in = route.mint_in.or_else(|| legs.clone().next().map(|leg| leg.mint_in))?;
    let mint_out = route.mint_out.or_else(|| legs.clone().last().map(|leg| leg.mint_out))?;
    let (mut amount_in, mut amount_out) = (0u64, 0u64);
    for leg in legs {
        if leg.mint_in == mint_in {
            amount_in = amount_in.checked_add(leg.amount_in)?;
        }
        if leg.mint_out == mint_out {
            amount_out = amount_out.checked_add(leg.amount_out)?;
        }
    }
    (amount_in > 0 && amount_out > 0)
        .then(|| Fill::plain(Source::Event, amount_in, amount_out, [Some(mint_in), Some(mint_out)]))
}

/// What `owner` gave of one token and received of another, as the balances before and after say;
/// only where just two of its tokens changed, each the other way. It holds for a transaction with
/// one swap.
pub(super) fn of_balances<'a>(owner: &Key, executed: &'a Executed) -> Option<Fill<'a>> {
    let own = |token: &&TokenBalance| token.owner.as_ref() == Some(owner);
    let (mut given, mut got) = (None, None);
    for token in executed.tokens.iter().filter(own) {
        let (side, amount) = match token.after.checked_sub(token.before) {
            Some(0) => continue,
            Some(more) => (&mut got, more),
            None => (&mut given, token.before.saturating_sub(token.after)),
        };
        if side.replace((token, amount)).is_some() {
            return None;
        }
    }
    let ((given, amount_in), (got, amount_out)) = given.zip(got)?;
    let mints = [Some(&given.mint), Some(&got.mint)];
    (given.mint != got.mint).then(|| Fill::plain(Source::Balances, amount_in, amount_out, mints))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn balance(account: u8, mint: u8, owner: u8, before: u64, after: u64) -> TokenBalance {
        let (mint, owner) = ([mint; 32], Some([owner; 32]));
        TokenBalance { account, mint, owner, decimals: 0, before, after }
    }

    #[test]
    fn balances_tell_of_two_tokens_that_moved_against_each_other() {
        let mut executed = Executed::default();
        executed.tokens = vec![
            balance(1, 5, 1, 100, 40),
            balance(2, 6, 1, 0, 7),
            balance(3, 5, 2, 0, 60),
            balance(4, 7, 1, 3, 3),
        ];
        let fill = of_balances(&[1; 32], &executed).unwrap();
        assert_eq!((fill.amount_in, fill.amount_out, fill.source), (60, 7, Source::Balances));
        assert_eq!((fill.mint_in, fill.mint_out), (Some(&[5; 32]), Some(&[6; 32])));
        assert!(of_balances(&[2; 32], &executed).is_none());
        executed.tokens.push(balance(5, 8, 1, 9, 8));
        assert!(of_balances(&[1; 32], &executed).is_none());
    }

    #[test]
    fn legs_add_up_by_their_outer_tokens() {
        let route = SwapIx::whole();
        let keys: [Key; 3] = [[1; 32], [2; 32], [3; 32]];
        let [a, b, c] = &keys;
        let leg = |mint_in, amount_in, mint_out, amount_out| Leg {
            amm: None,
            mint_in,
            amount_in,
            mint_out,
            amount_out,
        };
        let legs = [leg(a, 60, b, 6), leg(a, 40, c, 30), leg(b, 6, c, 50)];
        let fill = of_legs(&route, legs.into_iter()).unwrap();
        assert_eq!((fill.amount_in, fill.amount_out), (100, 80));
        assert_eq!((fill.mint_in, fill.mint_out), (Some(a), Some(c)));
        let round = [leg(a, 60, b, 6), leg(b, 6, a, 61)];
        let fill = of_legs(&route, round.into_iter()).unwrap();
        assert_eq!((fill.amount_in, fill.amount_out), (60, 61));
        assert!(of_legs(&route, std::iter::empty()).is_none());
    }
}
