//! Meteora DBC: bonding curves that later become a pool of DAMM v1 or v2.
//!
//! Source: MeteoraAg/dynamic-bonding-curve programs/dynamic-bonding-curve/src @b4f9547 and its
//! interface 0.2.1 (facts/dex.md 8).
//!
//! | instruction | discriminator | data | accounts |
//! |---|---|---|---|
//! | swap | f8c69e91e17587c8 | amount_in u64@8, min_out u64@16 | 15 |
//! | swap2 | 414b3f4ceb5b5b88 | u64@8, u64@16, mode u8@24 | 15 |
//! | swap2_with_transfer_hook | b75d992818e6c297 | the same, then accounts info @25 | 15 |
//!
//! Modes as in DAMM v2. Accounts: 0 authority, 1 config, 2 pool, 3 user in, 4 user out, 5 base vault,
//! 6 quote vault, 7 base mint, 8 quote mint, 9 payer (signs), 10 and 11 token programs, 12 referral,
//! 13 event authority, 14 program. Token a is the base token, token b the quote token. The direction
//! is not in the instruction.
//!
//! Quotes: `quote`.

mod account;
mod event;
mod names;
mod quote;
#[cfg(test)]
mod tests_accounts;

use super::change;
use super::instruction::{Decoded, Instruction, IxFault};
use super::meteora_damm_v2::quote::segment;
use super::meteora_damm_v2::{amounts, mode};
use super::{Coverage, Grade, VenueSpec};
use crate::ids::Venue;
use crate::record::Exact;
use names::{SWAP, SWAP2, SWAP2_WITH_TRANSFER_HOOK};

/// The venue's line in the table.
pub(super) const SPEC: VenueSpec = VenueSpec {
    coverage: Coverage { intents: Grade::Source, fills: Grade::Source, pools: Grade::Source },
    decode,
    event: event::event,
    pools: account::pools,
    swap: quote::swap,
    settle: quote::settle,
    segment,
    ..VenueSpec::of(Venue::MeteoraDbc)
};

fn decode<'a>(ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
    let exact = match ix.discriminator().ok_or(IxFault::ShortData)? {
        SWAP => Exact::In,
        SWAP2 | SWAP2_WITH_TRANSFER_HOOK => mode(ix)?,
        _ => {
            return change::decode(Venue::MeteoraDbc, ix, &names::CHANGES, &names::INSTRUCTIONS);
        }
    };
    let mut swap = amounts(Venue::MeteoraDbc, ix, exact)?;
    ix.at_least(15)?;
    (swap.pool, swap.owner) = (ix.account(2), ix.account(9));
    (swap.user_in, swap.user_out) = (ix.account(3), ix.account(4));
    (swap.vault_a, swap.vault_b) = (ix.account(5), ix.account(6));
    (swap.mint_a, swap.mint_b) = (ix.account(7), ix.account(8));
    Ok(Decoded::One(swap))
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::change::tests::{numbers, read_numbered, swap_is_read_at_every_length};
    use super::*;

    #[test]
    fn every_swap_is_read_at_every_length() {
        let body = |hash: [u8; 8], mode: &[u8]| {
            [&hash[..], &7u64.to_le_bytes(), &9u64.to_le_bytes(), mode].concat()
        };
        for (data, exact) in [
            (body(SWAP, &[]), Exact::In),
            (body(SWAP2, &[1]), Exact::In),
            (body(SWAP2, &[2]), Exact::Out),
            (body(SWAP2_WITH_TRANSFER_HOOK, &[0]), Exact::In),
        ] {
            swap_is_read_at_every_length(Venue::MeteoraDbc, &data, exact, 15, |swap| {
                let keys = [swap.pool, swap.owner, swap.user_in, swap.user_out];
                let pools = [swap.vault_a, swap.vault_b, swap.mint_a, swap.mint_b];
                assert_eq!((numbers(keys), numbers(pools)), ([2, 9, 3, 4], [5, 6, 7, 8]));
            });
        }
        read_numbered(Venue::MeteoraDbc, &body(SWAP2, &[3]), 15, |_, decoded| {
            assert!(matches!(decoded, Decoded::Refused(IxFault::Flag)));
        });
    }
}
