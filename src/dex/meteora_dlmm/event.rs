//! Events: what a swap or a change moved, and a swap in one bin reckoned again.
//!
//! | event | fields |
//! |---|---|
//! | Swap | pair@8, from@40, bins i32@72 i32@76, in u64@80, out u64@88, x goes in u8@96, fee u64@97, protocol u64@105, rate u128@113, host u64@129 |
//! | Swap2Evt | pair@8, from@40, bins i32@72 i32@76, x goes in u8@80, rate u128@81, in u64@97, left u64@105, out u64@113, makers' fee u64@121, protocol u64@129, limit orders' u64@137, host u64@145, on input u8@153, on x u8@154 |
//! | AddLiquidity, RemoveLiquidity, CancelLimitOrderEvt | pair@8, two keys, x u64@104, y u64@112 |
//! | ClaimFee, ClaimFee2 | the same |
//!
//! Every swap emits both of the first two, those of early versions the first alone. In `Swap` the
//! fee is the whole, in `Swap2Evt` it is in parts that add up to it. Amounts are what the user gave,
//! a transfer fee included, and what left the pool, before a transfer fee. `Swap` does not tell the
//! fee's side: in early versions it is the input.
//!
//! A swap within one bin is reckoned again, though neither event tells the bin step: the fee must
//! be the rate's, and some step must make the bin's price give the rest. Which side was exact is not
//! told either, and the two round differently; both are tried. What several bins or limit orders
//! filled is not reckoned again, nor is a bin that was emptied.
//!
//! Source: MeteoraAg/dlmm-sdk idls/dlmm.json 0.12.0, commons/src/extensions/{bin,lb_pair}.rs
//! @fb02e51.

use super::super::event::{Channel, Event, FeeSide, Filled, Moved, Rederived, anchor};
use super::names::{
    ADD_LIQUIDITY_EVENT, CANCEL_LIMIT_ORDER_EVT_EVENT, CLAIM_FEE_EVENT, CLAIM_FEE2_EVENT,
    CLAIM_REWARD_EVENT, CLAIM_REWARD2_EVENT, DYNAMIC_FEE_PARAMETER_UPDATE_EVENT, EVENTS,
    FEE_PARAMETER_UPDATE_EVENT, GO_TO_A_BIN_EVENT, INITIALIZE_REWARD_EVENT, LB_PAIR_CREATE_EVENT,
    PLACE_LIMIT_ORDER_EVT_EVENT, REBALANCING_EVENT, REMOVE_LIQUIDITY_EVENT, SWAP_EVENT,
    SWAP2_EVT_EVENT,
};
use super::price::price;
use crate::bytes::{i32_at, key_at, u8_at, u64_at, u128_at};
use crate::math::muldiv::{mul_div_ceil_u128, mul_div_floor_u128};
use crate::record::Direction;

/// Parts of a fee rate.
const RATE_DEN: u128 = 1_000_000_000;
/// The largest bin step, bps (commons/src/constants.rs leaves it open; presets end at 400).
const BIN_STEP_MAX: u16 = 500;

pub(super) fn event(channel: Channel, bytes: &[u8]) -> Event<'_> {
    let Some(bytes) = anchor(channel, bytes) else { return Event::Unknown };
    let Some(hash) = bytes.first_chunk() else { return Event::Unknown };
    match *hash {
        SWAP_EVENT | SWAP2_EVT_EVENT => {
            Told::read(bytes).map_or(Event::Unknown, |told| Event::Swap(told.filled()))
        }
        ADD_LIQUIDITY_EVENT
        | REMOVE_LIQUIDITY_EVENT
        | CANCEL_LIMIT_ORDER_EVT_EVENT
        | CLAIM_FEE_EVENT
        | CLAIM_FEE2_EVENT => both(bytes).map_or(Event::Unknown, Event::Liquidity),
        CLAIM_REWARD_EVENT
        | CLAIM_REWARD2_EVENT
        | REBALANCING_EVENT
        | LB_PAIR_CREATE_EVENT
        | FEE_PARAMETER_UPDATE_EVENT
        | DYNAMIC_FEE_PARAMETER_UPDATE_EVENT
        | GO_TO_A_BIN_EVENT
        | INITIALIZE_REWARD_EVENT
        | PLACE_LIMIT_ORDER_EVT_EVENT => key_at(bytes, 8).map_or(Event::Unknown, |pool| {
            Event::Liquidity(Moved { pool: Some(pool), ..Moved::default() })
        }),
        _ if EVENTS.iter().any(|(_, known)| known == hash) => Event::Other,
        _ => Event::Unknown,
    }
}

fn both(bytes: &[u8]) -> Option<Moved<'_>> {
    Some(Moved {
        pool: Some(key_at(bytes, 8)?),
        amount_a: Some(u64_at(bytes, 104)?),
        amount_b: Some(u64_at(bytes, 112)?),
        liquidity: None,
    })
}

/// Either swap event.
#[derive(Clone, Copy, Debug)]
struct Told<'a> {
    rank: u8,
    pair: &'a [u8; 32],
    bins: [i32; 2],
    amount_in: u64,
    amount_out: u64,
    x_in: bool,
    /// Of the last bin, parts of 10^9.
    rate: u128,
    fee: u64,
    /// What of the fee went to limit orders; unknown to the first event.
    orders: u64,
    on_input: bool,
}

impl<'a> Told<'a> {
    /// `None` when it is no swap's event, or too short.
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let is_first = bytes.starts_with(&SWAP_EVENT);
        if !is_first && !bytes.starts_with(&SWAP2_EVT_EVENT) {
            return None;
        }
        let (pair, bins) = (key_at(bytes, 8)?, [i32_at(bytes, 72)?, i32_at(bytes, 76)?]);
        let n = |at| u64_at(bytes, at);
        if is_first {
            n(129)?; // the last field
            return Some(Self {
                rank: 0,
                pair,
                bins,
                amount_in: n(80)?,
                amount_out: n(88)?,
                x_in: u8_at(bytes, 96)? != 0,
                rate: u128_at(bytes, 113)?,
                fee: n(97)?,
                orders: 0,
                on_input: true,
            });
        }
        u8_at(bytes, 154)?; // the last field
        let parts = [n(121)?, n(129)?, n(137)?, n(145)?];
        Some(Self {
            rank: 1,
            pair,
            bins,
            amount_in: n(97)?,
            amount_out: n(113)?,
            x_in: u8_at(bytes, 80)? != 0,
            rate: u128_at(bytes, 81)?,
            fee: parts.into_iter().try_fold(0u64, u64::checked_add)?,
            orders: n(137)?,
            on_input: u8_at(bytes, 153)? != 0,
        })
    }

    fn filled(&self) -> Filled<'a> {
        let side = if self.on_input { FeeSide::In } else { FeeSide::Out };
        let mut filled = Filled::new(self.amount_in, self.amount_out);
        filled.rank = self.rank;
        filled.fee = Some((self.fee, side));
        filled.direction = if self.x_in { Direction::AToB } else { Direction::BToA };
        filled.pool = Some(self.pair);
        filled
    }

    /// What a price gives for `amount` of the token that goes in.
    fn out(&self, amount: u64, price: u128) -> Option<u128> {
        let amount = u128::from(amount);
        if self.x_in {
            mul_div_floor_u128(amount, price, 1 << 64)
        } else {
            mul_div_floor_u128(amount, 1 << 64, price)
        }
    }

    /// What must go in at a price for `amount` to come out.
    fn needed(&self, amount: u64, price: u128) -> Option<u128> {
        let amount = u128::from(amount);
        if self.x_in {
            mul_div_ceil_u128(amount, 1 << 64, price)
        } else {
            mul_div_ceil_u128(amount, price, 1 << 64)
        }
    }

    /// What is exchanged at the bin's price: the input and the output, the fee on neither.
    ///
    /// lb_pair.rs `compute_fee_from_amount`: the fee is the rate's part of what it is taken from;
    /// where an output was asked for, `compute_fee` adds it on top of what is exchanged.
    fn exchanged(&self) -> Option<(u64, u64)> {
        let (of, net) = if self.on_input {
            (self.amount_in, self.amount_in.checked_sub(self.fee)?)
        } else {
            (self.amount_out.checked_add(self.fee)?, self.amount_out)
        };
        let included = mul_div_ceil_u128(of.into(), self.rate, RATE_DEN)?;
        let added = mul_div_ceil_u128(net.into(), self.rate, RATE_DEN.checked_sub(self.rate)?)?;
        if included != u128::from(self.fee) && added != u128::from(self.fee) {
            return None;
        }
        Some(if self.on_input { (net, self.amount_out) } else { (self.amount_in, of) })
    }

    /// Whether the bin's price at `step` exchanges `given` for `got`.
    fn holds(&self, step: u16, given: u64, got: u64) -> Option<bool> {
        let price = price(self.bins[0], step)?;
        let exact_in = self.out(given, price) == Some(got.into());
        Some(exact_in || self.needed(got, price) == Some(given.into()))
    }
}

pub(super) fn rederive(channel: Channel, bytes: &[u8]) -> Rederived {
    let Some(told) = anchor(channel, bytes).and_then(Told::read) else {
        return Rederived::StateUnknown;
    };
    let one_bin = told.bins[0] == told.bins[1] && told.orders == 0;
    if !one_bin || told.amount_in == 0 || told.amount_out == 0 {
        return Rederived::StateUnknown;
    }
    let Some((given, got)) = told.exchanged() else {
        let side_known = told.rank > 0;
        return if side_known { Rederived::Refused } else { Rederived::StateUnknown };
    };
    let found = (1..=BIN_STEP_MAX).any(|step| told.holds(step, given, got) == Some(true));
    if !found {
        return Rederived::Refused;
    }
    Rederived::Both { amount_in: told.amount_in, amount_out: told.amount_out }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::hex;
    use proptest::prelude::*;

    /// Swap and Swap2Evt of 495 000 000 y within bin 2975 of a pair of step 25
    /// (Q27PiYUChf1BRvDFwC9T.., slot 458 959 857).
    const PLAIN: [&str; 2] = [
        "e445a52e51cb9a1d516ce3becdd00ac4a1e8615b00d8ecb9f44910e8d25bf14e0f6f5d911071e960727b6666a398534967ff524a4450e6b26f329f792fde66199c2216e74217008ecc54a0c79e31e8fe9f0b00009f0b0000c019811d00000000277a04000000000000fce1120000000000b882010000000000a0252600000000000000000000000000ae60000000000000",
        "e445a52e51cb9a1d2e7452d7941b544da1e8615b00d8ecb9f44910e8d25bf14e0f6f5d911071e960727b6666a398534967ff524a4450e6b26f329f792fde66199c2216e74217008ecc54a0c79e31e8fe9f0b00009f0b000000a0252600000000000000000000000000c019811d000000000000000000000000277a04000000000096fe100000000000b8820100000000000000000000000000ae600000000000000100",
    ];
    /// The same of 59 227 x, the fee on the output (3id9uWwwuMkthuS7W4tA.., slot 458 967 154).
    const ON_OUTPUT: [&str; 2] = [
        "e445a52e51cb9a1d516ce3becdd00ac4009a0c3259c6619fe2f0dcf500c1ce0ffcf830c0e1c7d637587be814f43210b4bf69de263ed2b7d4b0f6576de36e3cd12fc9975564b5cb6f090be9e026e9889d500d0000500d00005be70000000000003b41310300000000010ea7010000000000d821000000000000d0ca1e000000000000000000000000007608000000000000",
        "e445a52e51cb9a1d2e7452d7941b544d009a0c3259c6619fe2f0dcf500c1ce0ffcf830c0e1c7d637587be814f43210b4bf69de263ed2b7d4b0f6576de36e3cd12fc9975564b5cb6f090be9e026e9889d500d0000500d000001d0ca1e000000000000000000000000005be700000000000000000000000000003b41310300000000c07c010000000000d821000000000000000000000000000076080000000000000000",
    ];
    /// Swap alone, as versions of 2024 wrote it (rNMFZpBmbr6R8g4hStbC.., slot 302 096 845).
    const EARLY: &str = "e445a52e51cb9a1d516ce3becdd00ac4e9ef909db1bd2f2ffa1530951055280ce1c49134156b5e51e04cbae1427d722e9a800bff4c87368896c20fc14073ebf1cb5aa375fe81fe4dbdc82ba4dfb75e78e6e7ffffe6e7fffffd63c50b00000000ef7172e9150000000088100100000000000000000000000000ff6305000000000000000000000000000000000000000000";
    /// Over two bins (eEWaGsbRPoiD36Xf3epz.., slot 438 873 646).
    const TWO_BINS: &str = "e445a52e51cb9a1d2e7452d7941b544d57605356cf710e70c7bb3086a1b0e593481caca916439fd168acafe2b3b997a6f188505e87a48bd9d99ec11ce618a8ccf4b5b6bae1325cb329e9c543368ed01d41fdffff40fdffff01ee097300000000000000000000000000675e35a3000000000000000000000000766edc040000000080151a0100000000b8571f0000000000000000000000000000000000000000000101";
    /// RemoveLiquidity (5TjXcSVPadYrApvVxZRh.., slot 344 762 577); its transfers are the amounts.
    const REMOVED: &str = "e445a52e51cb9a1d74f461e8671f983a013df47652b6dd4eb238be8ab232f0ee940508cb2e3540669cff004fa6711043627948d2a18b8feb05f8e3b009ab2c65a9f8ab11e21a46669f94874fa7dcbfdfd072321fb9de1ef0e3c94588d3eff92c640eb76444624548a2867d766875016192f2a11b010000000900000000000000a1edffff";

    fn bytes(text: &str) -> Vec<u8> {
        hex::decode(text).unwrap()
    }

    fn filled(bytes: &[u8]) -> Filled<'_> {
        match event(Channel::SelfCall, bytes) {
            Event::Swap(filled) => filled,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn both_events_of_a_swap_tell_the_same() {
        for (pair, amounts, fee, direction) in [
            (PLAIN, (495_000_000, 293_415), (1_237_500, FeeSide::In), Direction::BToA),
            (ON_OUTPUT, (59_227, 53_559_611), (108_302, FeeSide::Out), Direction::AToB),
        ] {
            let [first, second] = pair.map(bytes);
            let (poor, rich) = (filled(&first), filled(&second));
            assert_eq!((rich.amount_in, rich.amount_out), amounts);
            assert_eq!((rich.fee, rich.direction), (Some(fee), direction));
            assert!(poor.rank < rich.rank);
            let same = Filled { rank: rich.rank, fee: rich.fee, ..poor };
            assert_eq!(same, rich);
            assert_eq!(poor.fee.map(|fee| fee.0), Some(fee.0));
        }
    }

    #[test]
    fn swaps_in_one_bin_are_reckoned_again() {
        let again = |text: &str| rederive(Channel::SelfCall, &bytes(text));
        for text in [PLAIN[0], PLAIN[1], ON_OUTPUT[1], EARLY] {
            let bytes = bytes(text);
            let Filled { amount_in, amount_out, .. } = filled(&bytes);
            assert_eq!(again(text), Rederived::Both { amount_in, amount_out });
        }
        assert_eq!(again(ON_OUTPUT[0]), Rederived::StateUnknown);
        assert_eq!(again(TWO_BINS), Rederived::StateUnknown);
        assert_eq!(again(REMOVED), Rederived::StateUnknown);
    }

    #[test]
    fn a_wrong_amount_or_fee_is_refused() {
        // Offsets behind the self-call's 8 bytes: in, out, makers' fee, rate, bins.
        for at in [105, 121, 129, 89] {
            let mut changed = bytes(PLAIN[1]);
            changed.get_mut(at..).unwrap().first_mut().map(|byte| *byte ^= 0x10).unwrap();
            assert_eq!(rederive(Channel::SelfCall, &changed), Rederived::Refused, "{at}");
        }
    }

    #[test]
    fn a_change_tells_what_it_moved() {
        let bytes = bytes(REMOVED);
        let Event::Liquidity(moved) = event(Channel::SelfCall, &bytes) else { panic!() };
        assert_eq!((moved.amount_a, moved.amount_b), (Some(4_758_565_522), Some(9)));
        assert_eq!(moved.pool, key_at(&bytes, 16));
    }

    #[test]
    fn events_are_read_at_every_length() {
        for text in PLAIN.into_iter().chain([TWO_BINS]) {
            let full = bytes(text);
            for len in 0..full.len() {
                let cut = full.get(..len).unwrap();
                assert!(matches!(event(Channel::SelfCall, cut), Event::Unknown), "{len}");
                assert_eq!(rederive(Channel::SelfCall, cut), Rederived::StateUnknown);
            }
            let longer = [&full[..], &[7; 8]].concat();
            assert_eq!(filled(&longer), filled(&full));
            let logged = full.get(8..).unwrap();
            assert!(matches!(event(Channel::Data, logged), Event::Swap(_)));
            assert!(matches!(event(Channel::RayLog, logged), Event::Unknown));
        }
        for (_, hash) in EVENTS {
            assert!(matches!(event(Channel::Data, &hash), Event::Other));
        }
        for hash in [ADD_LIQUIDITY_EVENT, REMOVE_LIQUIDITY_EVENT] {
            let told = [&hash[..], &[1; 160]].concat();
            assert_eq!(rederive(Channel::Data, &told), Rederived::StateUnknown, "no swap");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn hostile_events_never_panic(
            second in any::<bool>(),
            mut bytes in proptest::collection::vec(any::<u8>(), 0..180),
            one_bin in any::<bool>(),
        ) {
            let hash = if second { SWAP2_EVT_EVENT } else { SWAP_EVENT };
            for (byte, known) in bytes.iter_mut().zip(hash) {
                *byte = known;
            }
            if one_bin && let Some(bins) = bytes.get_mut(72..80) {
                bins.copy_from_slice(&[7, 0, 0, 0, 7, 0, 0, 0]);
            }
            let _ = (event(Channel::Data, &bytes), rederive(Channel::Data, &bytes));
        }
    }
}
