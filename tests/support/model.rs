//! An independent model of the three venues in big integers: what a pool answers, and how it moves.
//!
//! Written from the programs' published rules (raydium-amm 27f461d, raydium-cp-swap 609780f,
//! whirlpools 630c0e0), not from `mev::dex`; only the table of tick prices is shared, which has
//! golden tests of its own. It knows exact input, both directions, ticks within what is loaded, and
//! nothing that costs readability.

use mev::ids::Venue;
use mev::record::{Pool, Tick};
use num_bigint::BigInt;
use std::collections::BTreeMap;

/// A pool of the model.
#[derive(Clone)]
pub(crate) struct Model {
    venue: Venue,
    pub(crate) mint_a: [u8; 32],
    pub(crate) mint_b: [u8; 32],
    a: BigInt,
    b: BigInt,
    fee: (BigInt, BigInt),
    protocol: BigInt,
    fund: BigInt,
    creator: BigInt,
    creator_side: u8,
    sqrt_price: BigInt,
    liquidity: BigInt,
    tick: i32,
    ticks: BTreeMap<i32, i128>,
}

fn big(value: impl Into<BigInt>) -> BigInt {
    value.into()
}

fn ceil(over: BigInt, under: &BigInt) -> BigInt {
    (over + under - 1) / under
}

fn million() -> BigInt {
    big(1_000_000)
}

impl Model {
    /// The model of a `pool` record.
    pub(crate) fn new(pool: &Pool) -> Self {
        assert_eq!((pool.transfer_fee_bps_a, pool.transfer_fee_bps_b), (0, 0), "not modelled");
        Self {
            venue: Venue::from_number(pool.venue).expect("a venue"),
            mint_a: pool.mint_a,
            mint_b: pool.mint_b,
            a: big(pool.reserve_a),
            b: big(pool.reserve_b),
            fee: (big(pool.fee_num), big(pool.fee_den)),
            protocol: big(pool.protocol_ppm),
            fund: big(pool.fund_ppm),
            creator: big(pool.creator_ppm),
            creator_side: pool.creator_side,
            sqrt_price: big(pool.sqrt_price),
            liquidity: big(pool.liquidity),
            tick: pool.tick,
            ticks: BTreeMap::new(),
        }
    }

    /// Adds the initialised ticks of an array.
    pub(crate) fn load(&mut self, ticks: &[Tick]) {
        self.ticks.extend(ticks.iter().map(|tick| (tick.tick, tick.liquidity_net)));
    }

    /// Takes `amount` in and gives what comes out.
    pub(crate) fn swap(&mut self, a_to_b: bool, amount: u64) -> BigInt {
        match self.venue {
            Venue::RaydiumAmmV4 | Venue::Feed => self.product(a_to_b, &big(amount)),
            Venue::RaydiumCpmm => self.cpmm(a_to_b, &big(amount)),
            Venue::OrcaWhirlpool => self.whirlpool(a_to_b, big(amount)),
            other => panic!("{} is not modelled", other.name()),
        }
    }

    fn reserves(&mut self, a_to_b: bool) -> (&mut BigInt, &mut BigInt) {
        if a_to_b { (&mut self.a, &mut self.b) } else { (&mut self.b, &mut self.a) }
    }

    /// The whole fee stays in the pool.
    fn product(&mut self, a_to_b: bool, amount: &BigInt) -> BigInt {
        let net = amount - ceil(amount * &self.fee.0, &self.fee.1);
        let (into, from) = self.reserves(a_to_b);
        let out = &*from * &net / (&*into + net);
        *into += amount;
        *from -= &out;
        out
    }

    /// Protocol, fund and creator take their parts out of the pool.
    fn cpmm(&mut self, a_to_b: bool, amount: &BigInt) -> BigInt {
        let on_input = match self.creator_side {
            0 => true,
            1 => a_to_b,
            _ => !a_to_b,
        };
        let (trade, creator) = (&self.fee.0, &self.creator);
        let (trade_fee, creator_in) = if on_input {
            let total = ceil(amount * (trade + creator), &million());
            let part =
                if *creator == big(0) { big(0) } else { &total * creator / (trade + creator) };
            (&total - &part, part)
        } else {
            (ceil(amount * trade, &million()), big(0))
        };
        let net = amount - &trade_fee - &creator_in;
        let leaves = &trade_fee * &self.protocol / million() + &trade_fee * &self.fund / million();
        let creator_out_rate = if on_input { big(0) } else { creator.clone() };
        let (into, from) = self.reserves(a_to_b);
        let swapped = &*from * &net / (&*into + net);
        let creator_out = ceil(&swapped * creator_out_rate, &million());
        *into += amount - leaves - creator_in;
        *from -= &swapped;
        swapped - creator_out
    }

    fn whirlpool(&mut self, a_to_b: bool, mut left: BigInt) -> BigInt {
        let mut out = big(0);
        while left > big(0) {
            let next = if a_to_b {
                self.ticks.range(..=self.tick).next_back()
            } else {
                self.ticks.range(self.tick + 1..).next()
            };
            let (next, net) = next.map(|(tick, net)| (*tick, *net)).expect("a loaded tick");
            let target = big(mev::dex::sqrt_price_at_tick(next).expect("a tick's price"));
            let reached = self.step(a_to_b, &target, &mut left, &mut out);
            if !reached {
                // The tick follows the price; it is the greatest whose price is not above it.
                self.tick = mev::dex::tick_at_sqrt_price(
                    self.sqrt_price.clone().try_into().expect("a price"),
                )
                .expect("a tick");
                break;
            }
            self.liquidity += if a_to_b { -big(net) } else { big(net) };
            self.tick = if a_to_b { next - 1 } else { next };
        }
        out
    }

    /// One step towards `target`; whether it got there.
    fn step(&mut self, a_to_b: bool, target: &BigInt, left: &mut BigInt, out: &mut BigInt) -> bool {
        let (rate, price, liquidity) = (&self.fee.0, self.sqrt_price.clone(), &self.liquidity);
        let budget = &*left * (million() - rate) / million();
        let to_target = if a_to_b {
            amount_a(&price, target, liquidity, true)
        } else {
            amount_b(&price, target, liquidity, true)
        };
        let reached = budget >= to_target;
        let new = if reached {
            target.clone()
        } else if a_to_b {
            let scaled: BigInt = liquidity << 64;
            ceil(&scaled * &price, &(&scaled + &budget * &price))
        } else {
            &price + (&budget << 64) / liquidity
        };
        let (taken, given) = if a_to_b {
            (amount_a(&price, &new, liquidity, true), amount_b(&price, &new, liquidity, false))
        } else {
            (amount_b(&price, &new, liquidity, true), amount_a(&price, &new, liquidity, false))
        };
        let fee = if reached { ceil(&taken * rate, &(million() - rate)) } else { &*left - &taken };
        *left -= taken + fee;
        *out += given;
        self.sqrt_price = new;
        reached
    }
}

/// Token a between two prices: L * 2^64 * (high - low) / (high * low).
fn amount_a(one: &BigInt, other: &BigInt, liquidity: &BigInt, up: bool) -> BigInt {
    let (low, high) = if one < other { (one, other) } else { (other, one) };
    let (over, under): (BigInt, BigInt) = ((liquidity << 64) * (high - low), high * low);
    if up { ceil(over, &under) } else { over / under }
}

/// Token b between two prices: L * (high - low) / 2^64.
fn amount_b(one: &BigInt, other: &BigInt, liquidity: &BigInt, up: bool) -> BigInt {
    let (low, high) = if one < other { (one, other) } else { (other, one) };
    let (over, under): (BigInt, BigInt) = (liquidity * (high - low), big(1) << 64);
    if up { ceil(over, &under) } else { over / under }
}
