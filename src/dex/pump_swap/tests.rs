#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test may panic")]

use super::super::event::{Channel, Event, FeeSide, Filled, Rederived, SELF_CALL};
use super::super::instruction::tests::anchor_hash;
use super::super::{Around, apply, decode, spec};
use super::*;
use crate::bytes::base58;
use crate::bytes::hex;
use crate::ids::Key;
use proptest::prelude::*;

/// Real events: facts/dex.md 23.
const EVENTS: &str = include_str!("../../../testdata/events/pump_swap.txt");

fn events() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    super::super::model::events(EVENTS)
}

fn told(bytes: &[u8]) -> Filled<'_> {
    match spec(Venue::PumpSwap).event(Channel::Data, bytes) {
        Event::Swap(filled) => filled,
        other => panic!("{other:?}"),
    }
}

fn of(signature: &str) -> Vec<u8> {
    events().find(|(own, _)| own.starts_with(signature)).unwrap().1
}

/// A quote on the state before gives what the chain paid and charged.
#[test]
fn quotes_equal_what_the_chain_did() {
    let mut buys = [0; 2];
    for (signature, bytes) in events() {
        let Some((pool, order, told)) = event::case(&bytes) else { continue };
        let mut after = pool;
        let quote = apply(&mut after, Around::NONE, &order).unwrap();
        assert_eq!([quote.amount_in, quote.amount_out], told, "{signature}");
        buys[usize::from(order.a_to_b)] += 1;
    }
    assert!(buys[0] >= 4 && buys[1] >= 4, "{buys:?}");
}

#[test]
fn hashes_are_those_of_the_names() {
    let own = [
        ("buy", BUY),
        ("buy_v2", BUY_V2),
        ("buy_exact_quote_in", BUY_EXACT_QUOTE_IN),
        ("buy_exact_quote_in_v2", BUY_EXACT_QUOTE_IN_V2),
        ("sell", SELL),
        ("sell_v2", SELL_V2),
        ("multi_hop_swap", MULTI_HOP_SWAP),
        ("boost_buy_and_burn", BOOST_BUY_AND_BURN),
        ("create_pool", CREATE_POOL),
        ("deposit", DEPOSIT),
        ("withdraw", WITHDRAW),
        ("init_boost", INIT_BOOST),
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
    let (program, data) = (&Venue::PumpSwap.programs()[0], Box::leak(data.into()));
    decode(&Instruction { program, data, indices, keys, loaded: &[] }).unwrap()
}

fn data(hash: [u8; 8], values: &[u64]) -> Vec<u8> {
    let values = values.iter().flat_map(|value| value.to_le_bytes());
    hash.into_iter().chain(values).collect()
}

#[test]
fn swaps_at_every_length() {
    let cases = [
        (BUY, 19, Exact::Out, false, [6, 5]),
        (BUY_V2, 17, Exact::Out, false, [6, 5]),
        (BUY_EXACT_QUOTE_IN, 19, Exact::In, false, [6, 5]),
        (BUY_EXACT_QUOTE_IN_V2, 17, Exact::In, false, [6, 5]),
        (SELL, 19, Exact::In, true, [5, 6]),
        (SELL_V2, 17, Exact::In, true, [5, 6]),
    ];
    for (hash, least, exact, a_to_b, users) in cases {
        let bytes = data(hash, &[7, 5]);
        for accounts in least..28 {
            let Decoded::One(swap) = read(&bytes, accounts) else { panic!() };
            assert_eq!((swap.exact, swap.amount, swap.limit), (exact, Some(7), Some(5)));
            let keys = [swap.pool, swap.owner, swap.user_in, swap.user_out];
            assert_eq!(keys.map(|key| key.unwrap()[0]), [0, 1, users[0], users[1]]);
            let keys = [swap.vault_a, swap.vault_b, swap.mint_in, swap.mint_out];
            let mints = if a_to_b { [3, 4] } else { [4, 3] };
            assert_eq!(keys.map(|key| key.unwrap()[0]), [7, 8, mints[0], mints[1]]);
            let direction = if a_to_b { Direction::AToB } else { Direction::BToA };
            assert_eq!(swap.direction, direction);
        }
        for len in 0..bytes.len() {
            assert!(matches!(read(&bytes[..len], 27), Decoded::Refused(IxFault::ShortData)));
        }
        for accounts in 0..least {
            assert!(matches!(read(&bytes, accounts), Decoded::Refused(IxFault::FewAccounts)));
        }
    }
    let Decoded::One(swap) = read(&data(BOOST_BUY_AND_BURN, &[7, 5]), 13) else { panic!() };
    let keys = [swap.pool, swap.owner, swap.user_in, swap.mint_in, swap.mint_out];
    assert_eq!(keys.map(|key| key.unwrap()[0]), [0, 1, 8, 4, 3]);
    assert!(matches!(read(&[0; 8], 27), Decoded::Refused(IxFault::Unknown)));
    for (_, other) in OTHER_INSTRUCTIONS {
        assert!(matches!(read(&other, 0), Decoded::NotSwap));
    }
}

#[test]
fn changes_of_a_pool() {
    for (hash, action) in [(DEPOSIT, Action::Add), (WITHDRAW, Action::Remove)] {
        let bytes = data(hash, &[7, 5, 6]);
        let Decoded::Liquidity(change) = read(&bytes, 15) else { panic!() };
        assert_eq!((change.action, change.liquidity), (action, Some(7)));
        assert_eq!((change.limit_a, change.limit_b), (Some(5), Some(6)));
        let keys = [change.pool, change.owner, change.mint_a, change.mint_b];
        assert_eq!(keys.map(|key| key.unwrap()[0]), [0, 2, 3, 4]);
        for len in 8..bytes.len() {
            assert!(matches!(read(&bytes[..len], 15), Decoded::Refused(IxFault::ShortData)));
        }
    }
    let bytes = [&CREATE_POOL[..], &[1, 0], &7u64.to_le_bytes(), &5u64.to_le_bytes()].concat();
    let Decoded::Liquidity(change) = read(&bytes, 18) else { panic!() };
    assert_eq!((change.amount_a, change.amount_b), (Some(7), Some(5)));
    let Decoded::Liquidity(change) = read(&SWEEP_PROTOCOL_FEE, 12) else { panic!() };
    assert_eq!((change.action, change.pool), (Action::Collect, Some(&[2; 32])));
    assert!(matches!(read(&INIT_BOOST, 8), Decoded::Refused(IxFault::FewAccounts)));
}

/// Transaction `g1fC9wYK..`: wrapped SOL into a coin over this program's pool, then over a curve
/// of Pump into another.
#[test]
fn hops_over_pools_leave_curves_to_pump() {
    let key = |text| base58::key(text).unwrap();
    let mut keys: Vec<Key> = (0..26).map(|n| [n; 32]).collect();
    keys[16] = key("6Vk3fAQWYEot6JbQb8Nx8j5wZeDnMhzk8FajjHhZpump");
    keys[17] = key("So11111111111111111111111111111111111111112");
    keys[18] = key("2LqWmWBNPr1Jm17ovm7GmUf9qbL4Z7sh6kJvfbRpj8FM");
    keys[21] = key("Aijxkeq5L9iaDYZxfaXUhnHQj4cYeo8um6a3t5vzpump");
    keys[23] = key("5hXezGZVX9N67LqKnfznLLrXqKzTFNEPbK6d5mdSamPo");
    let mut indices: Vec<u8> = (0..26).collect();
    indices[22] = 16;
    let bytes = data(MULTI_HOP_SWAP, &[5_000_000_000, 1]);
    let program = &Venue::PumpSwap.programs()[0];
    let read = |data: &[u8], indices: &[u8]| {
        let ix = Instruction { program, data, indices, keys: &keys, loaded: &[] };
        let decoded = decode(&ix).unwrap();
        let swaps: Vec<_> = (0..decoded.swap_count())
            .map(|n| decoded.swap(&ix, n).unwrap())
            .map(|swap| (swap.amount, swap.limit, swap.direction, swap.pool.map(|key| key[0])))
            .collect();
        match decoded {
            Decoded::Refused(why) => Err(why),
            _ => Ok(swaps),
        }
    };
    let pool = Some(keys[18][0]);
    let first = (Some(5_000_000_000), None, Direction::BToA, pool);
    assert_eq!(read(&bytes, &indices), Ok(vec![first]));
    // Only the pool, or only the curve.
    let alone = (Some(5_000_000_000), Some(1), Direction::Unknown, pool);
    assert_eq!(read(&bytes, &indices[..21]), Ok(vec![alone]));
    assert_eq!(read(&bytes, &[&indices[..16], &indices[21..]].concat()), Ok(vec![]));
    assert_eq!(read(&bytes, &indices[..20]), Err(IxFault::FewAccounts));
    (8..24).for_each(|len| assert_eq!(read(&bytes[..len], &indices), Err(IxFault::ShortData)));
}

#[test]
fn real_events_are_reckoned_to_the_unit() {
    for (signature, bytes) in events() {
        let filled = told(&bytes);
        let (amount_in, amount_out) = (filled.amount_in, filled.amount_out);
        let both = Rederived::Both { amount_in, amount_out };
        let venue = spec(Venue::PumpSwap);
        assert_eq!(venue.rederive(Channel::Data, &bytes), both, "{signature}");
        let sent = [&SELF_CALL[..], &bytes].concat();
        assert_eq!(venue.rederive(Channel::SelfCall, &sent), both);
    }
    assert!(events().count() >= 11);
}

#[test]
fn what_real_traders_paid_and_got() {
    // buy: what was paid stands at 112.
    let bytes = of("TNSxB6uf");
    let filled = told(&bytes);
    assert_eq!((filled.amount_in, filled.amount_out), (8_105_514, 536_407_125));
    assert_eq!(filled.fee, Some((16_067 + 4_017 + 52_216, FeeSide::In)));
    // multi_hop_swap: at 64.
    let bytes = of("g1fC9wYK");
    let filled = told(&bytes);
    assert_eq!((filled.amount_in, filled.amount_out), (5_000_000_000, 11_763_493_646_919));
    assert_eq!(filled.fee, Some((46_071_535, FeeSide::In)));
    assert_eq!(filled.direction, Direction::BToA);
    // A pool whose virtual quote is negative.
    assert!(events().any(|(_, bytes)| {
        bytes[..8] == anchor_hash("event", "SellEvent") && bytes.len() > 408 && bytes[407] == 0xff
    }));
}

#[test]
fn short_and_unknown_events_are_unknown() {
    let venue = spec(Venue::PumpSwap);
    for (signature, bytes) in events() {
        for len in 0..bytes.len() {
            let read = venue.event(Channel::Data, &bytes[..len]);
            assert_eq!(matches!(read, Event::Unknown), len < 152, "{signature} {len}");
            venue.rederive(Channel::Data, &bytes[..len]);
        }
        // A tail that grows changes nothing; older events have none yet.
        if bytes.len() > 440 {
            assert_eq!(told(&[&bytes[..], &[7; 40]].concat()), told(&bytes));
        }
    }
    assert!(matches!(venue.event(Channel::Data, &[1; 200]), Event::Unknown));
    assert!(matches!(venue.event(Channel::RayLog, &of("TNSx")), Event::Unknown));
    for (_, hash) in event::OTHER_EVENTS {
        assert!(matches!(venue.event(Channel::Data, &hash), Event::Other));
    }
}

/// The first 128 bytes of the WithdrawEvent of transaction `2Z6pDoWE..`, whose transfers moved the
/// same amounts.
#[test]
fn a_withdrawal_tells_what_moved() {
    let bytes = hex::decode(
        "1609851aa02c47c0bd48e267000000007bd5a3a61c5900008ba89cbc097ee96dff70cf4600000000\
         0000c84e676dc11b00000000000000000000203b9db5056f008c8647000000009a69a33a9db5056f\
         ff8b864700000000dfd5a3a61c5900002299c15f4ee19327b47b9cf43fea2019223120d3ce9c3b95\
         67e6c713d4f1efbb",
    )
    .unwrap();
    let venue = spec(Venue::PumpSwap);
    let Event::Liquidity(moved) = venue.event(Channel::Data, &bytes) else { panic!() };
    assert_eq!(moved.amount_a, Some(7_999_999_999_991_835_034));
    assert_eq!((moved.amount_b, moved.liquidity), (Some(1_199_999_999), Some(97_979_589_711_227)));
    assert_eq!(moved.pool.unwrap()[..4], [0x22, 0x99, 0xc1, 0x5f]);
    assert!(matches!(venue.event(Channel::Data, &bytes[..127]), Event::Unknown));
}

proptest! {
    #[test]
    fn hostile_bytes_never_panic(
        which in 0..events().count(),
        cuts in proptest::collection::vec((8usize..520, any::<u8>()), 0..30),
        len in 8usize..520,
        accounts in 0usize..28,
    ) {
        let mut bytes = events().nth(which).unwrap().1;
        for (at, value) in cuts {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
        }
        bytes.truncate(len);
        let _ = spec(Venue::PumpSwap).event(Channel::Data, &bytes);
        let _ = spec(Venue::PumpSwap).rederive(Channel::Data, &bytes);
        let hashes = [BUY, MULTI_HOP_SWAP, CREATE_POOL, DEPOSIT];
        bytes[..8].copy_from_slice(&hashes[which % hashes.len()]);
        let decoded = read(&bytes[..bytes.len().min(40)], accounts);
        prop_assert!(decoded.swap_count() <= 2);
    }
}
