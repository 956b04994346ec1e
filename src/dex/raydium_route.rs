//! Raydium's router: a route over pools of all its programs.
//!
//! Source: one transaction of mainnet (facts/dex.md 21); the program is closed.
//!
//! Tag u8@0 is 0, amount_in u64@1, min_out u64@9. Accounts: 0 and 1 token programs, 2 associated
//! token program, 3 system program, 4 user (signs), 5 user in, 6 user out, then hop after hop, each
//! led by the program that it calls. What a hop moves is told by the instruction that it makes.

use super::instruction::{Decoded, Instruction, IxFault, SwapIx};
use super::{Coverage, Grade, VenueSpec};
use crate::ids::Venue;
use crate::record::Exact;

/// The venue's line in the table.
pub(super) const SPEC: VenueSpec = VenueSpec {
    coverage: Coverage { intents: Grade::Live, fills: Grade::None, pools: Grade::None },
    decode,
    ..VenueSpec::of(Venue::RaydiumRoute)
};

fn decode<'a>(ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
    match ix.data.first().ok_or(IxFault::ShortData)? {
        0 => {}
        _ => return Err(IxFault::Unknown),
    }
    let (amount, limit) = (ix.u64(1)?, ix.u64(9)?);
    ix.at_least(7)?;
    Ok(Decoded::Route(SwapIx {
        amount: Some(amount),
        limit: Some(limit),
        owner: ix.account(4),
        user_in: ix.account(5),
        user_out: ix.account(6),
        ..SwapIx::new(Venue::RaydiumRoute, Exact::In)
    }))
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "test fixtures")]
mod tests {
    use super::super::decode;
    use super::*;
    use crate::bytes::hex;
    use crate::ids::Key;

    #[test]
    fn a_route_is_read_at_every_length() {
        let keys: Vec<Key> = (0..9).map(|n| [n; 32]).collect();
        let indices: Vec<u8> = (0..9).collect();
        // 2EawktQ9j6pfLt6FdwJJd6Yyp7thyQMyuW3wUrjqvbRGgRCJ327quX9xhf1Cdqc3tHSPQapEHTDHmpPwXJpqkMJB
        let mut data = hex::decode("006d34bd5400000000dac7620000000000").unwrap();
        let program = &Venue::RaydiumRoute.programs()[0];
        let ix = Instruction { program, data: &data, indices: &indices, keys: &keys, loaded: &[] };
        let Some(Decoded::Route(whole)) = decode(&ix) else { panic!() };
        assert_eq!(
            (whole.exact, whole.amount, whole.limit),
            (Exact::In, Some(1_421_685_869), Some(6_473_690))
        );
        let places = [whole.owner, whole.user_in, whole.user_out];
        assert_eq!(places.map(|key| key.unwrap()[0]), [4, 5, 6]);
        assert_eq!(whole.pool, None);
        for len in 0..17 {
            let short = Instruction { data: &data[..len], ..ix };
            assert!(matches!(decode(&short), Some(Decoded::Refused(IxFault::ShortData))));
        }
        for few in 0..7 {
            let few = Instruction { indices: &indices[..few], ..ix };
            assert!(matches!(decode(&few), Some(Decoded::Refused(IxFault::FewAccounts))));
        }
        for tag in 1..=255 {
            data[0] = tag;
            let ix =
                Instruction { program, data: &data, indices: &indices, keys: &keys, loaded: &[] };
            assert!(matches!(decode(&ix), Some(Decoded::Refused(IxFault::Unknown))));
        }
    }
}
