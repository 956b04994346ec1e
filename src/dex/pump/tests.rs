#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test may panic")]

use super::super::event::{Channel, Event, FeeSide, Filled, Rederived, SELF_CALL};
use super::super::instruction::tests::anchor_hash;
use super::super::{decode, spec};
use super::*;
use crate::bytes::base58;
use proptest::prelude::*;

/// Real events: facts/dex.md 23.
const EVENTS: &str = include_str!("../../../testdata/events/pump.txt");

fn events() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    super::super::model::events(EVENTS)
}

fn told(bytes: &[u8]) -> Filled<'_> {
    match spec(Venue::Pump).event(Channel::Data, bytes) {
        Event::Swap(filled) => filled,
        other => panic!("{other:?}"),
    }
}

fn of(signature: &str) -> Vec<u8> {
    events().find(|(own, _)| own.starts_with(signature)).unwrap().1
}

#[test]
fn hashes_are_those_of_the_names() {
    let own = [
        ("buy", BUY),
        ("buy_v2", BUY_V2),
        ("buy_v3", BUY_V3),
        ("buy_exact_sol_in", BUY_EXACT_SOL_IN),
        ("buy_exact_quote_in_v2", BUY_EXACT_QUOTE_IN_V2),
        ("buy_exact_quote_in_v3", BUY_EXACT_QUOTE_IN_V3),
        ("sell", SELL),
        ("sell_v2", SELL_V2),
        ("sell_v3", SELL_V3),
        ("multi_hop_curve_swap", MULTI_HOP_CURVE_SWAP),
        ("create", CREATE),
        ("create_v2", CREATE_V2),
        ("migrate", MIGRATE),
        ("migrate_v2", MIGRATE_V2),
        ("set_mayhem_virtual_params", SET_MAYHEM_VIRTUAL_PARAMS),
        ("sweep_creator_fee", SWEEP_CREATOR_FEE),
        ("sweep_protocol_fee", SWEEP_PROTOCOL_FEE),
    ];
    for (name, hash) in own.into_iter().chain(OTHER_INSTRUCTIONS) {
        assert_eq!(hash, anchor_hash("global", name), "{name}");
    }
    for (name, hash) in event::KNOWN.into_iter().chain(event::OTHER_EVENTS) {
        assert_eq!(hash, anchor_hash("event", name), "{name}");
    }
}

/// A transaction's keys 0 to 27, and `data` over the first `accounts` of them.
fn read(data: &[u8], accounts: usize) -> Decoded<'static> {
    let keys: &'static [Key] = Box::leak((0..28).map(|n| [n; 32]).collect());
    let indices: &'static [u8] = Box::leak((0..28).take(accounts).collect());
    let (program, data) = (&Venue::Pump.programs()[0], Box::leak(data.into()));
    decode(&Instruction { program, data, indices, keys, loaded: &[] }).unwrap()
}

fn data(hash: [u8; 8], first: u64, second: u64) -> Vec<u8> {
    [&hash[..], &first.to_le_bytes(), &second.to_le_bytes()].concat()
}

#[test]
fn trades_of_all_generations_at_every_length() {
    let old = |buys| if buys { [3, 6, 255, 5, 4, 255] } else { [3, 6, 5, 255, 4, 255] };
    let second = |buys| if buys { [10, 13, 15, 14, 11, 12] } else { [10, 13, 14, 15, 11, 12] };
    let third = |buys| if buys { [5, 8, 10, 9, 6, 7] } else { [5, 8, 9, 10, 6, 7] };
    let cases = [
        (BUY, 12, Exact::Out, true, old(true)),
        (BUY_EXACT_SOL_IN, 12, Exact::In, true, old(true)),
        (SELL, 12, Exact::In, false, old(false)),
        (BUY_V2, 26, Exact::Out, true, second(true)),
        (BUY_EXACT_QUOTE_IN_V2, 26, Exact::In, true, second(true)),
        (SELL_V2, 26, Exact::In, false, second(false)),
        (BUY_V3, 17, Exact::Out, true, third(true)),
        (BUY_EXACT_QUOTE_IN_V3, 17, Exact::In, true, third(true)),
        (SELL_V3, 17, Exact::In, false, third(false)),
    ];
    for (hash, least, exact, buys, places) in cases {
        let bytes = data(hash, 7, 5);
        for accounts in least..28 {
            let Decoded::One(swap) = read(&bytes, accounts) else { panic!() };
            let at = |key: Option<&Key>| key.map_or(255, |key| key[0]);
            assert_eq!((swap.exact, swap.amount, swap.limit), (exact, Some(7), Some(5)));
            let keys = [swap.pool, swap.owner, swap.user_in, swap.user_out];
            assert_eq!(
                [&keys[..], &[swap.vault_a, swap.vault_b]]
                    .concat()
                    .into_iter()
                    .map(at)
                    .collect::<Vec<_>>(),
                places
            );
            let (quote, base) =
                if buys { (swap.mint_in, swap.mint_out) } else { (swap.mint_out, swap.mint_in) };
            let direction = if buys { Direction::BToA } else { Direction::AToB };
            assert_eq!(swap.direction, direction);
            if least == 12 {
                assert_eq!((at(base), quote), (2, Some(&WSOL)));
            } else {
                assert_eq!((at(base), at(quote)), (1, 2));
            }
        }
        for len in 0..bytes.len() {
            assert!(matches!(read(&bytes[..len], 27), Decoded::Refused(IxFault::ShortData)));
        }
        for accounts in 0..least {
            let refused = read(&bytes, accounts);
            assert!(matches!(refused, Decoded::Refused(IxFault::FewAccounts)), "{accounts}");
        }
    }
    assert!(matches!(read(&[0; 8], 27), Decoded::Refused(IxFault::Unknown)));
    for (_, other) in OTHER_INSTRUCTIONS {
        assert!(matches!(read(&other, 0), Decoded::NotSwap));
    }
}

#[test]
fn curves_that_are_made_and_left() {
    let cases = [
        (CREATE, 14, Action::Create, 2, 0, None, 7),
        (CREATE_V2, 16, Action::Create, 2, 0, None, 5),
        (CREATE_V2, 20, Action::Create, 2, 0, Some(16), 5),
        (MIGRATE, 24, Action::Migrate, 3, 2, None, 5),
        (MIGRATE_V2, 27, Action::Migrate, 4, 2, Some(3), 7),
        (SET_MAYHEM_VIRTUAL_PARAMS, 8, Action::Config, 4, 2, None, 0),
        (SWEEP_CREATOR_FEE, 13, Action::Collect, 7, 2, Some(3), 0),
        (SWEEP_PROTOCOL_FEE, 13, Action::Collect, 7, 2, Some(3), 0),
    ];
    for (hash, accounts, action, curve, base, quote, owner) in cases {
        let Decoded::Liquidity(change) = read(&hash, accounts) else { panic!() };
        let places = [change.pool, change.mint_a, change.owner].map(|key| key.unwrap()[0]);
        assert_eq!((change.action, places), (action, [curve, base, owner]));
        let mint = quote.map_or(WSOL, |at| [at; 32]);
        assert_eq!(change.mint_b, Some(&mint));
        assert!(matches!(read(&hash, 7), Decoded::Refused(IxFault::FewAccounts)));
    }
}

/// Transaction `g1fC9wYK..`: PumpSwap calls Pump for one curve; with a second one the order tells.
#[test]
fn hops_over_curves() {
    let bytes = [&data(MULTI_HOP_CURVE_SWAP, 70, 1)[..16], &[1, 0, 0, 0, 2]].concat();
    let hop = |decoded: &Decoded<'static>, accounts: &[u8], n| {
        let keys: &'static [Key] = Box::leak((0..40).map(|n| [n; 32]).collect());
        let indices: &'static [u8] = Box::leak(accounts.into());
        let (program, data) =
            (&Venue::Pump.programs()[0], Box::leak(bytes.clone().into_boxed_slice()));
        decoded.swap(&Instruction { program, data, indices, keys, loaded: &[] }, n)
    };
    let one: Vec<u8> = (0..18).collect();
    let decoded = read(&bytes, 18);
    assert_eq!(decoded.swap_count(), 1);
    let swap = hop(&decoded, &one, 0).unwrap();
    assert_eq!((swap.amount, swap.direction), (Some(70), Direction::Unknown));
    let keys = [swap.pool, swap.mint_a, swap.mint_b, swap.vault_a, swap.vault_b];
    assert_eq!(keys.map(|key| key.unwrap()[0]), [15, 13, 14, 16, 17]);
    assert_eq!([swap.owner, swap.user_in, swap.user_out].map(|key| key.unwrap()[0]), [3, 5, 6]);
    let decoded = read(&bytes, 23);
    assert_eq!(decoded.swap_count(), 2);
    for (second, direction) in [([20, 13], Direction::BToA), ([14, 20], Direction::AToB)] {
        let both = [&one[..], &second, &[21, 22, 23]].concat();
        let swaps = [0, 1].map(|n| hop(&decoded, &both, n).unwrap());
        assert_eq!(swaps.map(|swap| swap.direction), [direction; 2]);
        assert_eq!(swaps[0].mint_out, swaps[1].mint_in);
        assert_eq!((swaps[0].user_out, swaps[1].user_in), (None, None));
        assert_eq!(swaps[1].user_out.unwrap()[0], 6);
    }
    for accounts in 0..18 {
        assert!(matches!(read(&bytes, accounts), Decoded::Refused(IxFault::FewAccounts)));
    }
}

#[test]
fn the_address_of_a_curve_is_known_again() {
    let key = |text| base58::key(text).unwrap();
    let mint = key("Aijxkeq5L9iaDYZxfaXUhnHQj4cYeo8um6a3t5vzpump");
    assert!(is_curve_of(&key("5hXezGZVX9N67LqKnfznLLrXqKzTFNEPbK6d5mdSamPo"), &mint));
    assert!(!is_curve_of(&key("2LqWmWBNPr1Jm17ovm7GmUf9qbL4Z7sh6kJvfbRpj8FM"), &mint));
    let program = &Venue::Pump.programs()[0];
    for n in 0..40 {
        let derived = super::super::build::derived(program, &[b"bonding-curve", &[n; 32]]);
        assert!(is_curve_of(&derived, &[n; 32]));
        assert!(!is_curve_of(&derived, &[n + 1; 32]));
    }
}

#[test]
fn real_events_are_reckoned_to_the_unit() {
    let mut parts = [0; 2];
    for (signature, bytes) in events() {
        let filled = told(&bytes);
        let (amount_in, amount_out) = (filled.amount_in, filled.amount_out);
        let both = Rederived::Both { amount_in, amount_out };
        assert_eq!(spec(Venue::Pump).rederive(Channel::Data, &bytes), both, "{signature}");
        let sent = [&SELF_CALL[..], &bytes].concat();
        assert_eq!(spec(Venue::Pump).rederive(Channel::SelfCall, &sent), both);
        parts[usize::from(filled.rank)] += 1;
    }
    assert_eq!(parts, [2, 15], "parts beyond the curve, trades");
}

#[test]
fn what_real_traders_paid_and_got() {
    // An order of 62403722 of a stock token; the fees are what is over the curve's 61755290.
    let bytes = of("26EFfjMX");
    let filled = told(&bytes);
    assert_eq!((filled.amount_in, filled.amount_out), (62_403_722, 18_752_357_626_961));
    assert_eq!(filled.fee, Some((586_676 + 61_756, FeeSide::In)));
    assert_eq!((filled.direction, filled.rank), (Direction::BToA, 1));
    assert_ne!(filled.mint_in, Some(&WSOL));
    // A sale of the same tokens: 93322384 before fees.
    let bytes = of("4svuWVvK");
    let filled = told(&bytes);
    assert_eq!(filled.amount_in, 18_752_357_626_961);
    assert_eq!(filled.fee.unwrap().1, FeeSide::Out);
    assert_eq!(filled.amount_out + filled.fee.unwrap().0, 93_322_384);
    // Cashback instead of a creator's fee, to at most 990000001.
    let bytes = of("QUYUtVPV");
    assert_eq!(told(&bytes).amount_in, 990_000_000);
    // Before 2025-05 no fee is told.
    let bytes = of("2MfmZSU8");
    let filled = told(&bytes);
    assert_eq!((filled.amount_in, filled.fee), (1_200_000_000, None));
    assert_eq!(filled.mint_in, Some(&WSOL));
    // The part of a completing buy that the pool to be gives.
    let rest = events().find(|(_, bytes)| bytes[..8] == event::POST_COMPLETE_BUY).unwrap().1;
    let filled = told(&rest);
    assert_eq!(filled.amount_in, 67_963_746_460 + 645_655_592 + 203_891_240);
    assert_eq!((filled.amount_out, filled.rank), (91_934_105_720_705, 0));
}

#[test]
fn short_and_unknown_events_are_unknown() {
    let pump = spec(Venue::Pump);
    for (signature, bytes) in events() {
        let least = if bytes[..8] == event::POST_COMPLETE_BUY { 216 } else { 129 };
        for len in 0..bytes.len() {
            let read = pump.event(Channel::Data, &bytes[..len]);
            assert!(len >= least || matches!(read, Event::Unknown), "{signature} {len}");
            pump.rederive(Channel::Data, &bytes[..len]);
        }
        // A tail that grows changes nothing; older events have none yet.
        if bytes.len() > 380 || least == 216 {
            assert_eq!(told(&[&bytes[..], &[7; 40]].concat()), told(&bytes));
        }
    }
    assert!(matches!(pump.event(Channel::Data, &[1; 200]), Event::Unknown));
    assert!(matches!(pump.event(Channel::RayLog, &of("26EF")), Event::Unknown));
    for (_, hash) in event::OTHER_EVENTS {
        assert!(matches!(pump.event(Channel::Data, &hash), Event::Other));
    }
}

#[test]
fn a_curve_that_moves_on_tells_what_moved() {
    let mut bytes = [&event::COMPLETE_PUMP_AMM_MIGRATION[..], &[0; 192]].concat();
    bytes[72..80].copy_from_slice(&7u64.to_le_bytes());
    bytes[80..88].copy_from_slice(&5u64.to_le_bytes());
    bytes[96..128].fill(9);
    let Event::Liquidity(moved) = spec(Venue::Pump).event(Channel::Data, &bytes) else { panic!() };
    assert_eq!((moved.amount_a, moved.amount_b, moved.pool), (Some(7), Some(5), Some(&[9; 32])));
    let names = [&[1, 0, 0, 0, b'n'][..], &[0; 4], &[2, 0, 0, 0, b'u', b'r']].concat();
    let bytes = [&event::CREATE[..], &names, &[8; 32], &[9; 32]].concat();
    let Event::Liquidity(moved) = spec(Venue::Pump).event(Channel::Data, &bytes) else { panic!() };
    assert_eq!(moved.pool, Some(&[9; 32]));
}

proptest! {
    #[test]
    fn hostile_bytes_never_panic(
        which in 0..events().count(),
        cuts in proptest::collection::vec((0usize..420, any::<u8>()), 0..30),
        len in 0usize..420,
        accounts in 0usize..28,
    ) {
        let mut bytes = events().nth(which).unwrap().1;
        for (at, value) in cuts {
            if at >= 8 && at < bytes.len() {
                bytes[at] = value;
            }
        }
        bytes.truncate(len.max(8));
        let _ = spec(Venue::Pump).event(Channel::Data, &bytes);
        let _ = spec(Venue::Pump).rederive(Channel::Data, &bytes);
        let hashes = [BUY, MULTI_HOP_CURVE_SWAP, CREATE_V2, SELL_V3];
        bytes[..8].copy_from_slice(&hashes[which % hashes.len()]);
        let decoded = read(&bytes[..bytes.len().min(40)], accounts);
        prop_assert!(decoded.swap_count() <= 3);
    }
}
