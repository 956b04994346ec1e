//! Instructions and events of every venue.

use super::{Input, inside, met, program};
use mev::dex::{self, Channel, Decoded, Event, Instruction, IxFault, LiquidityIx, SwapIx};
use mev::dex::{Rederived, SELF_CALL, spec, venue_of};
use mev::ids::{Key, USDC, Venue, WSOL};
use std::sync::OnceLock;

/// Keys that an instruction's accounts are taken from.
const KEY_COUNT: u8 = 72;

fn keys() -> &'static [Key] {
    static KEYS: OnceLock<Vec<Key>> = OnceLock::new();
    KEYS.get_or_init(|| {
        let plain = (0..KEY_COUNT - 3).map(|n| [n + 1; 32]);
        plain.chain([WSOL, USDC, mev::ids::SYSTEM]).collect()
    })
}

/// What an instruction was decoded as, swaps one by one.
#[derive(Debug, PartialEq)]
enum Outcome<'a> {
    NotSwap,
    Swaps(Vec<SwapIx<'a>>),
    Route(SwapIx<'a>),
    Liquidity(LiquidityIx<'a>),
    Refused(IxFault),
}

fn outcome<'a>(ix: &Instruction<'a>) -> Outcome<'a> {
    let decoded = dex::decode(ix).expect("the program is a venue's");
    let count = decoded.swap_count();
    assert!(decoded.swap(ix, count).is_none(), "a swap past the last");
    match decoded {
        Decoded::NotSwap => Outcome::NotSwap,
        Decoded::Refused(why) => Outcome::Refused(why),
        Decoded::Route(route) => Outcome::Route(route),
        Decoded::Liquidity(change) => Outcome::Liquidity(change),
        Decoded::One(_) | Decoded::Hops(_) => {
            assert!(count > 0, "no swap in a swap");
            let swap = |n| decoded.swap(ix, n).expect("every swap that is counted is there");
            Outcome::Swaps((0..count).map(swap).collect())
        }
    }
}

/// What an outcome is, without its numbers.
fn kind(outcome: &Outcome<'_>) -> (&'static str, usize) {
    match outcome {
        Outcome::NotSwap => ("not_swap", 0),
        Outcome::Swaps(swaps) => ("swaps", swaps.len()),
        Outcome::Route(route) => ("route", route.exact as usize),
        Outcome::Liquidity(change) => ("liquidity", change.action as usize),
        Outcome::Refused(why) => (why.name(), 0),
    }
}

/// The venue and the keys that an outcome names.
fn named<'a>(outcome: &Outcome<'a>) -> Vec<(Venue, Vec<&'a Key>)> {
    let of_swap = |swap: &SwapIx<'a>| {
        let pool = [swap.pool, swap.owner, swap.user_in, swap.user_out, swap.vault_a, swap.vault_b];
        let mints = [swap.mint_in, swap.mint_out, swap.mint_a, swap.mint_b];
        (swap.venue, pool.into_iter().chain(mints).flatten().collect())
    };
    match outcome {
        Outcome::NotSwap | Outcome::Refused(_) => vec![],
        Outcome::Swaps(swaps) => swaps.iter().map(of_swap).collect(),
        Outcome::Route(route) => vec![of_swap(route)],
        Outcome::Liquidity(change) => {
            let keys = [change.pool, change.owner, change.mint_a, change.mint_b];
            vec![(change.venue, keys.into_iter().flatten().collect())]
        }
    }
}

/// An instruction: program, how many accounts, the index of the first, the step to the next, then
/// data. Whatever it is decoded as, it names its own venue and keys, and it is the same wherever
/// its keys come from; what is too short stays refused when it is cut.
pub(crate) fn instruction(bytes: &[u8]) {
    let mut input = Input(bytes);
    let (program, count) = (program(input.u8()), input.u8());
    let (first, step) = (input.u8(), input.u8());
    let indices: Vec<u8> = (0..count).map(|n| first.wrapping_add(n.wrapping_mul(step))).collect();
    let (keys, data) = (keys(), input.0);
    let ix = Instruction { program, data, indices: &indices, keys, loaded: &[] };
    let found = outcome(&ix);
    met((program, kind(&found)));
    for (venue, names) in named(&found) {
        assert_eq!(Some(venue), venue_of(program).map(|spec| spec.venue));
        for key in names {
            let own = indices.iter().any(|index| ix.key(*index) == Some(key));
            let in_data = inside(data, key);
            assert!(own || in_data || *key == WSOL, "a key from nowhere: {key:?}");
        }
    }
    if data.starts_with(&SELF_CALL) {
        assert_eq!(found, Outcome::NotSwap);
    }
    let (own, tables) = keys.split_at(usize::from(first ^ count) % keys.len());
    let loaded: Vec<_> = tables.iter().map(|key| Some(*key)).collect();
    let split = Instruction { keys: own, loaded: &loaded, ..ix };
    assert_eq!(outcome(&split), found, "keys of lookup tables count as others");
    if found == Outcome::Refused(IxFault::ShortData) {
        let cut = Instruction { data: data.get(..data.len() / 2).unwrap_or_default(), ..ix };
        if let Outcome::Swaps(swaps) = outcome(&cut) {
            // Of closed programs' instructions nothing but the venue may be known.
            assert!(swaps.iter().all(|swap| swap.amount.is_none()), "{swaps:?} of a part");
        }
    }
}

/// An event: venue, channel, then what was told. Keys lie in it, legs end, and only a
/// swap is reckoned again.
pub(crate) fn event(bytes: &[u8]) {
    let mut input = Input(bytes);
    let venue = Venue::ALL[usize::from(input.u8()) % Venue::ALL.len()];
    let spec = spec(venue);
    let channel = [Channel::SelfCall, Channel::Data, Channel::RayLog][usize::from(input.u8() % 3)];
    let told = input.0;
    let found = spec.event(channel, told);
    match found {
        Event::Swap(filled) => {
            for key in [filled.pool, filled.mint_in, filled.mint_out].into_iter().flatten() {
                assert!(inside(told, key) || *key == WSOL, "a key from nowhere");
            }
        }
        Event::Legs(legs) => {
            let mut count = 0;
            for leg in legs.iter() {
                count += 1;
                assert!(count <= told.len(), "more legs than bytes");
                for key in [leg.amm, Some(leg.mint_in), Some(leg.mint_out)].into_iter().flatten() {
                    assert!(inside(told, key), "a key from nowhere");
                }
            }
        }
        Event::Liquidity(moved) => assert!(moved.pool.is_none_or(|pool| inside(told, pool))),
        Event::Other | Event::Unknown => {}
    }
    let rederived = spec.rederive(channel, told);
    met((venue, std::mem::discriminant(&found), std::mem::discriminant(&rederived)));
    if !matches!(found, Event::Swap(_) | Event::Unknown) {
        assert_eq!(rederived, Rederived::StateUnknown, "no swap has a formula");
    }
}
