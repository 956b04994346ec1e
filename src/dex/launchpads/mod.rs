//! Launchpads beside Pump: Boop, Moonit, Virtuals, Heaven, Vertigo, Wavebreak.
//!
//! Source: sevenlabs-hq/carbon @9dc3c3a decoders/*-decoder (facts/dex.md 19), which are made from
//! the programs' interface descriptions. No row was checked against mainnet but Moonit's, by the
//! fixtures there.
//!
//! | venue | buy, sell | data |
//! |---|---|---|
//! | Boop | 8a7f0e5b26577369, 6d3d28bbe6b087ae | in u64@8, min out u64@16 |
//! | Moonit | 66063d1201daebea, 33e685a4017f83ad | tokens u64@8, SOL u64@16, exact side u8@24, slippage bps u64@25 |
//! | Virtuals | as Moonit | buy: what its amounts mean is not certain; sell: in u64@8, min out u64@16 |
//! | Heaven | as Moonit | in u64@8, min out u64@16, text |
//! | Vertigo | as Moonit | in u64@8, min out u64@16 |
//! | Wavebreak | tags 8 to 11 | amount u64@1, partial u8@9, price limit |
//!
//! Token a is the coin but in Vertigo, whose mint a is what is paid with. SOL stands as wrapped
//! SOL. Boop tells events; what Moonit, Vertigo, Virtuals and Heaven tell does not say whether fees
//! are in the amounts, so what they moved is read from transfers. Prices are not modelled.

mod names;

use super::event::{Channel, Event, FeeSide, Filled, anchor};
use super::instruction::{Decoded, Instruction, IxFault, LiquidityIx, SwapIx};
use super::plain::Place::{At, No, Sol};
use super::plain::{Layout, Side, find};
use super::{Coverage, Grade, VenueSpec};
use crate::bytes::{key_at, u64_at};
use crate::ids::{Venue, WSOL};
use crate::record::{Action, Direction, Exact};

type Decode = for<'a> fn(&Instruction<'a>) -> Result<Decoded<'a>, IxFault>;

const fn of(venue: Venue, decode: Decode) -> VenueSpec {
    let coverage = Coverage { intents: Grade::ThirdParty, fills: Grade::None, pools: Grade::None };
    VenueSpec { coverage, decode, ..VenueSpec::of(venue) }
}

/// The lines of the table.
pub(super) const BOOP: VenueSpec = VenueSpec {
    coverage: Coverage { intents: Grade::ThirdParty, fills: Grade::ThirdParty, pools: Grade::None },
    event: boop_event,
    ..of(Venue::Boop, |ix| decode(Venue::Boop, &names::BOOP, ix))
};
pub(super) const MOONIT: VenueSpec = of(Venue::Moonit, moonit);
pub(super) const VIRTUALS: VenueSpec =
    of(Venue::Virtuals, |ix| decode(Venue::Virtuals, &names::VIRTUALS, ix));
pub(super) const HEAVEN: VenueSpec =
    of(Venue::Heaven, |ix| decode(Venue::Heaven, &names::HEAVEN, ix));
pub(super) const VERTIGO: VenueSpec =
    of(Venue::Vertigo, |ix| decode(Venue::Vertigo, &names::VERTIGO, ix));
pub(super) const WAVEBREAK: VenueSpec = of(Venue::Wavebreak, wavebreak);

const BUY: [u8; 8] = [0x66, 0x06, 0x3d, 0x12, 0x01, 0xda, 0xeb, 0xea];
const SELL: [u8; 8] = [0x33, 0xe6, 0x85, 0xa4, 0x01, 0x7f, 0x83, 0xad];
const BUY_TOKEN: [u8; 8] = [0x8a, 0x7f, 0x0e, 0x5b, 0x26, 0x57, 0x73, 0x69];
const SELL_TOKEN: [u8; 8] = [0x6d, 0x3d, 0x28, 0xbb, 0xe6, 0xb0, 0x87, 0xae];

const BOOP_BUY: Layout = Layout {
    amount: Some(8),
    limit: Some(16),
    side: Side::BToA,
    accounts: 13,
    mints: [At(0), Sol],
    pool: At(1),
    vaults: [At(3), At(4)],
    users: [At(5), No],
    owner: At(6),
    ..Layout::new(Venue::Boop, &BUY_TOKEN)
};
const VIRTUALS_BUY: Layout = Layout {
    side: Side::BToA,
    accounts: 10,
    owner: At(0),
    pool: At(1),
    mints: [At(2), No],
    users: [At(4), At(3)],
    vaults: [At(5), At(8)],
    ..Layout::new(Venue::Virtuals, &BUY)
};
const HEAVEN_BUY: Layout = Layout {
    amount: Some(8),
    limit: Some(16),
    side: Side::BToA,
    accounts: 14,
    pool: At(4),
    owner: At(5),
    mints: [At(6), At(7)],
    users: [At(8), At(9)],
    vaults: [At(10), At(11)],
    ..Layout::new(Venue::Heaven, &BUY)
};
const VERTIGO_BUY: Layout = Layout {
    amount: Some(8),
    limit: Some(16),
    side: Side::AToB,
    accounts: 9,
    pool: At(0),
    owner: At(1),
    mints: [At(3), At(4)],
    users: [At(5), At(6)],
    vaults: [At(7), At(8)],
    ..Layout::new(Venue::Vertigo, &BUY)
};
const WAVEBREAK_BUY: Layout = Layout {
    amount: Some(1),
    side: Side::BToA,
    accounts: 11,
    owner: At(0),
    pool: At(1),
    mints: [At(2), At(4)],
    users: [At(3), At(6)],
    // Coins are minted and burned: there is a vault of the quote token only.
    vaults: [No, At(5)],
    ..Layout::new(Venue::Wavebreak, &[8])
};

const LAYOUTS: [Layout; 12] = [
    BOOP_BUY,
    Layout { tag: &SELL_TOKEN, side: Side::AToB, accounts: 12, ..BOOP_BUY },
    VIRTUALS_BUY,
    Layout { tag: &SELL, side: Side::AToB, amount: Some(8), limit: Some(16), ..VIRTUALS_BUY },
    HEAVEN_BUY,
    Layout { tag: &SELL, side: Side::AToB, ..HEAVEN_BUY },
    VERTIGO_BUY,
    Layout { tag: &SELL, side: Side::BToA, ..VERTIGO_BUY },
    WAVEBREAK_BUY,
    Layout { tag: &[9], exact: Exact::Out, ..WAVEBREAK_BUY },
    Layout { tag: &[10], side: Side::AToB, ..WAVEBREAK_BUY },
    Layout { tag: &[11], side: Side::AToB, exact: Exact::Out, ..WAVEBREAK_BUY },
];

/// Pools that are made, and curves that are left: discriminator, action, places of pool, mints and
/// signer.
type Change = (Venue, [u8; 8], Action, [u8; 4]);

const CREATE: [u8; 8] = [0x18, 0x1e, 0xc8, 0x28, 0x05, 0x1c, 0x07, 0x77];
const CREATE_STANDARD: [u8; 8] = [0x2a, 0x2b, 0x7e, 0x38, 0xe7, 0x0a, 0xd0, 0x35];
const MIGRATE_FUNDS: [u8; 8] = [0x2a, 0xe5, 0x0a, 0xe7, 0xbd, 0x3e, 0xc1, 0xae];
const LAUNCH: [u8; 8] = [0x99, 0xf1, 0x5d, 0xe1, 0x16, 0x45, 0x4a, 0x3d];

const CHANGES: [Change; 4] = [
    (Venue::Heaven, CREATE_STANDARD, Action::Create, [10, 5, 6, 3]),
    (Venue::Vertigo, CREATE, Action::Create, [6, 3, 4, 0]),
    (Venue::Moonit, MIGRATE_FUNDS, Action::Migrate, [2, 5, u8::MAX, 0]),
    (Venue::Virtuals, LAUNCH, Action::Create, [5, 2, u8::MAX, 0]),
];

fn decode<'a>(
    venue: Venue,
    others: &[(&str, [u8; 8])],
    ix: &Instruction<'a>,
) -> Result<Decoded<'a>, IxFault> {
    let which = ix.discriminator().ok_or(IxFault::ShortData)?;
    if let Some(swap) = find(&LAYOUTS, venue, ix) {
        return swap.map(Decoded::One);
    }
    let change = CHANGES.iter().find(|(own, hash, ..)| *own == venue && *hash == which);
    if let Some((_, _, action, [pool, mint_a, mint_b, owner])) = change {
        ix.at_least(usize::from(*pool).max(usize::from(*mint_a)).saturating_add(1))?;
        let mut change = LiquidityIx::new(venue, *action);
        (change.pool, change.owner) = (ix.account((*pool).into()), ix.account((*owner).into()));
        change.mint_a = ix.account((*mint_a).into());
        change.mint_b = ix.account((*mint_b).into());
        return Ok(Decoded::Liquidity(change));
    }
    if others.iter().any(|(_, known)| *known == which) {
        return Ok(Decoded::NotSwap);
    }
    Err(IxFault::Unknown)
}

/// The exact side of a trade on Moonit is a byte; the limit of the other side follows from a
/// slippage whose rounding is not known, and is left out. 0 sender (signs), 1 its tokens, 2 curve,
/// 3 curve's tokens, 6 mint.
fn moonit<'a>(ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
    let buys = match ix.discriminator().ok_or(IxFault::ShortData)? {
        BUY => true,
        SELL => false,
        _ => return decode(Venue::Moonit, &names::MOONIT, ix),
    };
    let (tokens, sol, exact_out) = (ix.u64(8)?, ix.u64(16)?, ix.flag(24)?);
    ix.u64(25)?;
    ix.at_least(11)?;
    let mut swap = SwapIx::new(Venue::Moonit, if exact_out { Exact::Out } else { Exact::In });
    // Of a buy that names what comes out, and of a sale that names what goes in, it is the tokens.
    swap.amount = Some(if buys == exact_out { tokens } else { sol });
    (swap.owner, swap.pool, swap.vault_a) = (ix.account(0), ix.account(2), ix.account(3));
    let (base, quote) = ((ix.account(6), ix.account(1)), (Some(&WSOL), None));
    swap.direction = if buys { Direction::BToA } else { Direction::AToB };
    let (paid, got) = if buys { (quote, base) } else { (base, quote) };
    ((swap.mint_in, swap.user_in), (swap.mint_out, swap.user_out)) = (paid, got);
    Ok(Decoded::One(swap))
}

/// Tags of Wavebreak that are no swap: permissions (0 to 6), refund (12), authorities (16 to 18),
/// settings (24 to 26), graduation (32, 33), launches (40 to 42), curves (48 to 51).
fn wavebreak<'a>(ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
    let tag = *ix.data.first().ok_or(IxFault::ShortData)?;
    if let Some(swap) = find(&LAYOUTS, Venue::Wavebreak, ix) {
        return swap.map(Decoded::One);
    }
    match tag {
        0..=6 | 12 | 16..=18 | 24..=26 | 32 | 33 | 40..=42 | 48..=51 => Ok(Decoded::NotSwap),
        _ => Err(IxFault::Unknown),
    }
}

const TOKEN_BOUGHT: [u8; 8] = [0x47, 0x59, 0xde, 0x7c, 0xd7, 0xc0, 0xe6, 0x8a];
const TOKEN_SOLD: [u8; 8] = [0xcc, 0xef, 0xb6, 0x4d, 0xf1, 0x33, 0x4d, 0x42];

/// TokenBoughtEvent and TokenSoldEvent: mint@8, amount in u64@40, amount out u64@48, fee u64@56,
/// which is in SOL.
fn boop_event(channel: Channel, bytes: &[u8]) -> Event<'_> {
    let read = anchor(channel, bytes).and_then(|bytes| {
        let (buys, side) = match *bytes.first_chunk::<8>()? {
            TOKEN_BOUGHT => (true, FeeSide::In),
            TOKEN_SOLD => (false, FeeSide::Out),
            _ => return None,
        };
        let mint = Some(key_at(bytes, 8)?);
        let filled = Filled {
            fee: Some((u64_at(bytes, 56)?, side)),
            ..Filled::new(u64_at(bytes, 40)?, u64_at(bytes, 48)?)
        };
        Some(Event::Swap(if buys {
            let (mint_in, mint_out) = (Some(&WSOL), mint);
            Filled { direction: Direction::BToA, mint_in, mint_out, ..filled }
        } else {
            let (mint_in, mint_out) = (mint, Some(&WSOL));
            Filled { direction: Direction::AToB, mint_in, mint_out, ..filled }
        }))
    });
    read.unwrap_or(Event::Unknown)
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::instruction::tests::anchor_hash;
    use super::super::plain::tests::{check, read};
    use super::super::spec;
    use super::*;
    use crate::bytes::hex;
    use crate::ids::Key;

    #[test]
    fn hashes_are_those_of_the_names() {
        let own = [
            ("buy", BUY),
            ("sell", SELL),
            ("buy_token", BUY_TOKEN),
            ("sell_token", SELL_TOKEN),
            ("create", CREATE),
            ("create_standard_liquidity_pool", CREATE_STANDARD),
            ("migrate_funds", MIGRATE_FUNDS),
            ("launch", LAUNCH),
        ];
        let others: [&[_]; 5] =
            [&names::BOOP, &names::MOONIT, &names::VIRTUALS, &names::HEAVEN, &names::VERTIGO];
        for (name, hash) in own.iter().chain(others.into_iter().flatten()) {
            assert_eq!(*hash, anchor_hash("global", name), "{name}");
        }
        assert_eq!(TOKEN_BOUGHT, anchor_hash("event", "TokenBoughtEvent"));
        assert_eq!(TOKEN_SOLD, anchor_hash("event", "TokenSoldEvent"));
    }

    #[test]
    fn every_layout_at_every_length() {
        check(&LAYOUTS);
    }

    /// The instructions of carbon's decoders/moonshot-decoder/tests/fixtures.
    #[test]
    fn trades_on_moonit() {
        let buy = "66063d1201daebea570f9467f00400004006190000000000010f27000000000000";
        let sell = "33e685a4017f83ad00ee7b43ff8e0000734a400100000000006400000000000000";
        let at = |key: Option<&Key>| key.map(|key| key[0]);
        for (data, exact, amount, users, direction) in [
            (buy, Exact::Out, 0x04f0_6794_0f57, [None, Some(1)], Direction::BToA),
            (sell, Exact::In, 0x8eff_437b_ee00, [Some(1), None], Direction::AToB),
        ] {
            let bytes = hex::decode(data).unwrap();
            let Decoded::One(swap) = read(Venue::Moonit, &bytes, 11) else { panic!() };
            assert_eq!((swap.exact, swap.amount, swap.limit), (exact, Some(amount), None));
            assert_eq!(
                (at(swap.owner), at(swap.pool), swap.direction),
                (Some(0), Some(2), direction)
            );
            assert_eq!([at(swap.user_in), at(swap.user_out)], users);
            for len in 8..bytes.len() {
                let short = read(Venue::Moonit, &bytes[..len], 11);
                assert!(matches!(short, Decoded::Refused(IxFault::ShortData)));
            }
            let few = read(Venue::Moonit, &bytes, 10);
            assert!(matches!(few, Decoded::Refused(IxFault::FewAccounts)));
        }
        let mut exact_in = hex::decode(buy).unwrap();
        exact_in[24] = 0;
        let Decoded::One(swap) = read(Venue::Moonit, &exact_in, 11) else { panic!() };
        assert_eq!((swap.exact, swap.amount), (Exact::In, Some(0x0019_0640)));
        exact_in[24] = 2;
        let refused = read(Venue::Moonit, &exact_in, 11);
        assert!(matches!(refused, Decoded::Refused(IxFault::Flag)));
    }

    #[test]
    fn changes_and_other_instructions() {
        for (venue, hash, action, [pool, mint_a, mint_b, owner]) in CHANGES {
            let Decoded::Liquidity(change) = read(venue, &hash, 20) else { panic!() };
            let key = |at: u8| (at < 20).then_some([at; 32]);
            assert_eq!((change.venue, change.action), (venue, action));
            assert_eq!((change.pool.copied(), change.owner.copied()), (key(pool), key(owner)));
            assert_eq!(
                (change.mint_a.copied(), change.mint_b.copied()),
                (key(mint_a), key(mint_b))
            );
            assert!(matches!(read(venue, &hash, 5), Decoded::Refused(IxFault::FewAccounts)));
        }
        let others = [
            (Venue::Boop, &names::BOOP[..]),
            (Venue::Moonit, &names::MOONIT),
            (Venue::Virtuals, &names::VIRTUALS),
            (Venue::Heaven, &names::HEAVEN),
            (Venue::Vertigo, &names::VERTIGO),
        ];
        for (venue, names) in others {
            for (_, hash) in names {
                assert!(matches!(read(venue, hash, 0), Decoded::NotSwap));
            }
            assert!(matches!(read(venue, &[9; 8], 20), Decoded::Refused(IxFault::Unknown)));
            assert!(matches!(read(venue, &[9; 7], 20), Decoded::Refused(IxFault::ShortData)));
        }
        for tag in 0..=255 {
            let decoded = read(Venue::Wavebreak, &[&[tag][..], &[0; 9]].concat(), 11);
            match tag {
                8..=11 => assert!(matches!(decoded, Decoded::One(_))),
                0..=51 if !matches!(decoded, Decoded::NotSwap) => {
                    assert!(matches!(decoded, Decoded::Refused(IxFault::Unknown)));
                }
                52.. => assert!(matches!(decoded, Decoded::Refused(IxFault::Unknown))),
                _ => {}
            }
        }
    }

    #[test]
    fn what_boop_tells() {
        let fields = [[7; 32].to_vec(), [100u64, 90, 1].map(u64::to_le_bytes).concat()].concat();
        for (hash, direction) in [(TOKEN_BOUGHT, Direction::BToA), (TOKEN_SOLD, Direction::AToB)] {
            let bytes = [&hash[..], &fields].concat();
            let told = |bytes| spec(Venue::Boop).event(Channel::Data, bytes);
            let Event::Swap(filled) = told(&bytes) else { panic!() };
            assert_eq!((filled.amount_in, filled.amount_out), (100, 90));
            assert_eq!((filled.direction, filled.fee.unwrap().0), (direction, 1));
            let mint = if direction == Direction::BToA { filled.mint_out } else { filled.mint_in };
            assert_eq!(mint, Some(&[7; 32]));
            (0..64).for_each(|len| assert!(matches!(told(&bytes[..len]), Event::Unknown)));
        }
    }
}
