//! Token transfers below a call, and what they say of a swap that told nothing itself.
//!
//! SPL Token and Token-2022 (spl-token `instruction.rs`, token-2022 `extension/transfer_fee`):
//!
//! | tag | instruction | data | accounts |
//! |---|---|---|---|
//! | 3 | Transfer | amount u64@1 | source, destination, authority |
//! | 12 | TransferChecked | amount u64@1, decimals u8@9 | source, mint, destination, authority |
//! | 26.1 | TransferCheckedWithFee | amount u64@2, decimals u8@10, fee u64@11 | as TransferChecked |

use super::call::Call;
use crate::bytes::u64_at;
use crate::dex::SwapIx;
use crate::ids::{Key, TOKEN, TOKEN_2022};

/// A token transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Transfer<'a> {
    pub(super) source: &'a Key,
    pub(super) target: &'a Key,
    pub(super) mint: Option<&'a Key>,
    /// What leaves the source.
    pub(super) amount: u64,
    /// What of it is withheld; `None` where the instruction does not say and the token may.
    pub(super) fee: Option<u64>,
}

/// The transfer that `call` is, if it is one.
fn transfer<'a>(call: &Call<'a>) -> Option<Transfer<'a>> {
    let (ix, old) = (&call.ix, *call.ix.program == TOKEN);
    if !old && *ix.program != TOKEN_2022 {
        return None;
    }
    let (checked, amount_at, fee) = match ix.data {
        [3, ..] => (false, 1, old.then_some(0)),
        [12, ..] => (true, 1, old.then_some(0)),
        [26, 1, ..] => (true, 2, Some(u64_at(ix.data, 11)?)),
        _ => return None,
    };
    Some(Transfer {
        source: ix.account(0)?,
        target: ix.account(if checked { 2 } else { 1 })?,
        mint: if checked { ix.account(1) } else { None },
        amount: u64_at(ix.data, amount_at)?,
        fee,
    })
}

/// The transfers below call number `at`.
pub(super) fn below<'a>(
    calls: &'a [Call<'a>],
    at: usize,
) -> impl Iterator<Item = Transfer<'a>> + Clone {
    let end = calls.get(at).map_or(0, |call| call.end);
    calls.get(at.saturating_add(1)..end).unwrap_or_default().iter().filter_map(transfer)
}

/// What a swap moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Moved<'a> {
    pub(super) amount_in: u64,
    /// After a transfer fee, where one was withheld and is known.
    pub(super) amount_out: u64,
    pub(super) fee_in: Option<u64>,
    pub(super) fee_out: Option<u64>,
    pub(super) mint_in: Option<&'a Key>,
    pub(super) mint_out: Option<&'a Key>,
    /// The accounts that gave and that received.
    pub(super) user_in: Option<&'a Key>,
    pub(super) user_out: Option<&'a Key>,
    /// The pool's accounts: the first that took, the first that gave.
    pub(super) vault_in: Option<&'a Key>,
    pub(super) vault_out: Option<&'a Key>,
}

/// What `swap` moved, as the transfers below its call say: all that left the user's account and all
/// that came to it, else all that came to the pool's accounts and all that left them.
pub(super) fn of_swap<'a>(
    swap: &SwapIx<'a>,
    transfers: impl Iterator<Item = Transfer<'a>> + Clone,
) -> Option<Moved<'a>> {
    let took_part = |(user_in, user_out): &(&Key, &Key)| {
        transfers.clone().any(|t| t.source == *user_in)
            && transfers.clone().any(|t| t.target == *user_out)
    };
    if let Some((user_in, user_out)) = swap.user_in.zip(swap.user_out).filter(took_part) {
        return sums(user_in, user_out, transfers);
    }
    let vaults = swap.vault_a.zip(swap.vault_b)?;
    let of_pool = |key: &Key| key == vaults.0 || key == vaults.1;
    let taken = transfers.clone().find(|t| of_pool(t.target) && !of_pool(t.source))?;
    let given = transfers.clone().find(|t| of_pool(t.source) && !of_pool(t.target))?;
    sums(taken.source, given.target, transfers.filter(|t| of_pool(t.source) || of_pool(t.target)))
}

/// What the one swap of a call moved whose accounts are not known: the first transfer is what went
/// in, and the next one from another account what came out.
pub(super) fn in_order<'a>(
    transfers: impl Iterator<Item = Transfer<'a>> + Clone,
) -> Option<Moved<'a>> {
    let first = transfers.clone().next()?;
    let next = transfers.clone().find(|t| t.source != first.source)?;
    sums(first.source, next.target, transfers)
}

/// All that left `user_in` and all that came to `user_out`, returns deducted.
pub(super) fn sums<'a>(
    user_in: &'a Key,
    user_out: &'a Key,
    transfers: impl Iterator<Item = Transfer<'a>> + Clone,
) -> Option<Moved<'a>> {
    let mut moved = Moved { user_in: Some(user_in), user_out: Some(user_out), ..Moved::default() };
    let (mut fee_in, mut fee_out) = (Some(0u64), Some(0u64));
    for t in transfers {
        let fee = t.fee.unwrap_or(0);
        if t.source == user_in && t.target != user_in {
            moved.amount_in = moved.amount_in.saturating_add(t.amount);
            fee_in = fee_in.zip(t.fee).map(|(sum, fee)| sum.saturating_add(fee));
            moved.mint_in = moved.mint_in.or(t.mint);
            moved.vault_in = moved.vault_in.or(Some(t.target));
        } else if t.target == user_in && user_in != user_out {
            moved.amount_in = moved.amount_in.saturating_sub(t.amount.saturating_sub(fee));
        }
        if t.target == user_out && t.source != user_out {
            moved.amount_out = moved.amount_out.saturating_add(t.amount.saturating_sub(fee));
            fee_out = fee_out.zip(t.fee).map(|(sum, fee)| sum.saturating_add(fee));
            moved.mint_out = moved.mint_out.or(t.mint);
            moved.vault_out = moved.vault_out.or(Some(t.source));
        } else if t.source == user_out && user_in != user_out {
            moved.amount_out = moved.amount_out.saturating_sub(t.amount);
        }
    }
    (moved.fee_in, moved.fee_out) = (fee_in, fee_out);
    (moved.amount_in > 0 && moved.amount_out > 0).then_some(moved)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Venue;
    use crate::record::Exact;

    const KEYS: [Key; 8] = [[0; 32], [1; 32], [2; 32], [3; 32], [4; 32], [5; 32], [6; 32], [7; 32]];

    fn transfer(source: usize, target: usize, amount: u64, fee: u64) -> Transfer<'static> {
        let key = |at: usize| KEYS.get(at).unwrap();
        Transfer { source: key(source), target: key(target), mint: None, amount, fee: Some(fee) }
    }

    fn swap() -> SwapIx<'static> {
        SwapIx::new(Venue::RaydiumClmm, Exact::In)
    }

    #[test]
    fn the_users_accounts_decide_with_fees_and_returns() {
        // User 1 pays 100 in two parts and gets 5 back; user 2 gets 40, of which 4 are withheld.
        let [_, user_in, user_out, ..] = &KEYS;
        let swap = SwapIx { user_in: Some(user_in), user_out: Some(user_out), ..swap() };
        let moves = [
            transfer(1, 3, 90, 0),
            transfer(1, 5, 10, 0),
            transfer(3, 1, 5, 0),
            transfer(4, 2, 40, 4),
        ];
        let moved = of_swap(&swap, moves.into_iter()).unwrap();
        assert_eq!((moved.amount_in, moved.amount_out), (95, 36));
        assert_eq!((moved.fee_in, moved.fee_out), (Some(0), Some(4)));
        assert_eq!((moved.vault_in, moved.vault_out), (KEYS.get(3), KEYS.get(4)));
    }

    #[test]
    fn the_pools_accounts_tell_one_hop_from_the_other() {
        // User 1 -> vault 2; vault 3 -> vault 4 of the next pool; vault 5 -> user 6.
        let moves = [transfer(1, 2, 100, 0), transfer(3, 4, 50, 0), transfer(5, 6, 70, 0)];
        for (a, b, amounts) in [(2, 3, (100, 50)), (5, 4, (50, 70))] {
            let swap = SwapIx { vault_a: KEYS.get(a), vault_b: KEYS.get(b), ..swap() };
            let moved = of_swap(&swap, moves.into_iter()).unwrap();
            assert_eq!((moved.amount_in, moved.amount_out), amounts);
        }
        assert!(of_swap(&swap(), moves.into_iter()).is_none(), "nothing is known of it");
    }

    #[test]
    fn without_any_account_the_order_tells() {
        let moves = [transfer(1, 2, 100, 0), transfer(3, 1, 70, 0)];
        let moved = in_order(moves.into_iter()).unwrap();
        assert_eq!((moved.amount_in, moved.amount_out, moved.user_in), (100, 70, KEYS.get(1)));
        assert!(in_order(moves.into_iter().take(1)).is_none());
        assert!(in_order(std::iter::empty()).is_none());
    }
}
