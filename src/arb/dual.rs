//! The most that any trades in a few pools can gain: an upper bound from weak duality.
//!
//! Give every token a price in the base token. Whatever is traded, its gain is at most the sum over
//! all pools and directions of the most that the pool alone can yield at those prices,
//!
//! ```text
//! max over x of   v_out * keep_out * s g x / (r + g x)  -  v_in * x
//! ```
//!
//! so that any prices give a bound, and the best prices the least one (facts: arb.md section 2.5;
//! arXiv 2302.04938). Along a curve without ends that maximum is `(sqrt(a) - sqrt(b))^2` with
//! `a = v_out keep_out s` and `b = v_in r / g`; a piece with an end stops there. A price is moved
//! until as much of its token flows out of the pools as into them: then the bound is least.
//!
//! Prices are 128-bit blocks. They need not be exact, since any do; the sum is rounded up.

use std::cmp::Ordering;

use super::block::Block;
use super::curve::Curve;

/// Most tokens of one problem.
pub(super) const TOKENS: usize = 8;

/// One direction of a pool: its pieces, from the present price on.
#[derive(Clone, Debug)]
pub(super) struct Side {
    /// Number of the token that goes in.
    pub(super) token_in: usize,
    /// Number of the token that comes out.
    pub(super) token_out: usize,
    /// Range of its pieces in [`Dual::pieces`].
    first: usize,
    end: usize,
}

/// A problem: tokens by number, of which 0 is the base, and what the pools between them give.
pub(super) struct Dual {
    sides: Vec<Side>,
    pieces: Vec<Curve>,
    prices: [Block; TOKENS],
    tokens: usize,
}

/// What a piece does at prices.
struct Flow {
    /// Goes in, in units of the token.
    amount_in: Block,
    /// Comes out.
    amount_out: Block,
    /// What that yields, in the base token.
    value: Block,
}

/// Turns of the price of each token.
const SWEEPS: usize = 8;

/// Halvings of the interval of a price.
const HALVINGS: usize = 40;

impl Dual {
    /// Room for `sides` directions with `pieces` pieces in all.
    pub(super) fn new(sides: usize, pieces: usize) -> Self {
        Self {
            sides: Vec::with_capacity(sides),
            pieces: Vec::with_capacity(pieces),
            prices: [Block::ZERO; TOKENS],
            tokens: 0,
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.sides.clear();
        self.pieces.clear();
        self.tokens = 0;
    }

    /// Takes in a direction of a pool; false when there is no room.
    pub(super) fn add(
        &mut self,
        token_in: usize,
        token_out: usize,
        pieces: impl Iterator<Item = Curve>,
    ) -> bool {
        if self.sides.len() >= self.sides.capacity() || token_in.max(token_out) >= TOKENS {
            return false;
        }
        let first = self.pieces.len();
        for piece in pieces {
            if self.pieces.len() >= self.pieces.capacity() {
                self.pieces.truncate(first);
                return false;
            }
            self.pieces.push(piece);
        }
        let end = self.pieces.len();
        self.tokens = self.tokens.max(token_in.max(token_out).saturating_add(1));
        self.sides.push(Side { token_in, token_out, first, end });
        true
    }

    /// The least bound found, in units of the base token, whose amounts are in units of 2^-`shift`;
    /// `None` when a token cannot be priced from the base or the bound leaves 64 bits.
    pub(super) fn bound(&mut self, shift: u32) -> Option<u64> {
        self.first_prices()?;
        for _ in 0..SWEEPS {
            for token in 1..self.tokens {
                self.settle(token);
            }
        }
        let sum = self.sides.iter().fold(Block::ZERO, |sum, side| {
            self.flows(side).fold(sum, |sum, flow| sum.plus(flow.value))
        });
        // Each value is off by less than 2^-100 of what it is the difference of.
        let scale = self.sides.iter().fold(Block::ZERO, |sum, side| {
            self.flows(side).fold(sum, |sum, flow| sum.plus(self.worth(side, &flow)))
        });
        let bits = 20_i32.checked_sub_unsigned(shift)?;
        let one = Block::of(1);
        let fine = sum.over(one, bits)?;
        let error = scale.over(one, bits.checked_sub(100)?)?.checked_add(1)?;
        u64::try_from(fine.checked_add(error)?.div_ceil(1 << 20)).ok()
    }

    /// Both legs of a flow in the base token.
    fn worth(&self, side: &Side, flow: &Flow) -> Block {
        let price = |token: usize| self.prices.get(token).copied().unwrap_or(Block::ZERO);
        let into = price(side.token_in).times(flow.amount_in);
        into.plus(price(side.token_out).times(flow.amount_out))
    }

    /// Prices at the margin, from the base outwards.
    fn first_prices(&mut self) -> Option<()> {
        self.prices = [Block::ZERO; TOKENS];
        *self.prices.first_mut()? = Block::of(1);
        for _ in 1..self.tokens {
            for at in 0..self.sides.len() {
                let Some(side) = self.sides.get(at) else { continue };
                let (from, to) = (side.token_in, side.token_out);
                let price = self.prices.get(from).copied().unwrap_or(Block::ZERO);
                let known = self.prices.get(to).is_some_and(|price| !price.is_zero());
                let Some(piece) =
                    self.pieces.get(side.first).filter(|_| !price.is_zero() && !known)
                else {
                    continue;
                };
                // One that goes in gives keep_out * s * g / r.
                let (above, below) = margin(piece);
                let found = price.times(below).quotient(above)?;
                if let Some(price) = self.prices.get_mut(to) {
                    *price = found;
                }
            }
        }
        let priced = self.prices.iter().take(self.tokens).all(|price| !price.is_zero());
        priced.then_some(())
    }

    /// Moves the price of `token` to where as much of it flows out of the pools as into them.
    fn settle(&mut self, token: usize) {
        let Some(start) = self.prices.get(token).copied() else { return };
        let (mut low, mut high) = (start.scaled(-1), start.scaled(1));
        for _ in 0..HALVINGS {
            let middle = low.plus(high).scaled(-1);
            if let Some(price) = self.prices.get_mut(token) {
                *price = middle;
            }
            // A higher price draws more of the token out of the pools.
            match self.excess(token) {
                Ordering::Greater => high = middle,
                Ordering::Less => low = middle,
                Ordering::Equal => return,
            }
        }
    }

    /// Whether more of `token` comes out of the pools than goes in.
    fn excess(&self, token: usize) -> Ordering {
        let (mut gives, mut takes) = (Block::ZERO, Block::ZERO);
        for side in &self.sides {
            if side.token_out == token {
                gives = self.flows(side).fold(gives, |sum, flow| sum.plus(flow.amount_out));
            } else if side.token_in == token {
                takes = self.flows(side).fold(takes, |sum, flow| sum.plus(flow.amount_in));
            }
        }
        gives.order(takes)
    }

    /// What the pieces of `side` do at the present prices.
    fn flows<'a>(&'a self, side: &Side) -> impl Iterator<Item = Flow> + use<'a> {
        let price = |token: usize| self.prices.get(token).copied().unwrap_or(Block::ZERO);
        let (price_in, price_out) = (price(side.token_in), price(side.token_out));
        let pieces = self.pieces.get(side.first..side.end).unwrap_or_default();
        pieces.iter().map_while(move |piece| flow(piece, price_in, price_out))
    }
}

/// `keep_out * s * g` and `r`, each times the denominators of the other: the rate at the margin.
fn margin(piece: &Curve) -> (Block, Block) {
    let number = |value: u64| Block::of(u128::from(value));
    let above =
        number(piece.keep_out.num).times(number(piece.keep_in.num)).times(Block::of(piece.s));
    let below =
        number(piece.keep_out.den).times(number(piece.keep_in.den)).times(Block::of(piece.r));
    (above, below)
}

/// The most that `piece` yields; `None` when nothing, and then its further pieces yield nothing.
fn flow(piece: &Curve, price_in: Block, price_out: Block) -> Option<Flow> {
    let (above, below) = margin(piece);
    if price_out.times(above).order(price_in.times(below)) != Ordering::Greater {
        return None;
    }
    let number = |value: u64| Block::of(u128::from(value));
    let kept = price_out.times(number(piece.keep_out.num)).quotient(number(piece.keep_out.den))?;
    let (r, s) = (Block::of(piece.r), Block::of(piece.s));
    // What goes in, as what reaches the curve, costs b / r a unit.
    let dear = price_in.times(number(piece.keep_in.den)).quotient(number(piece.keep_in.num))?;
    let room = match piece.room {
        None => None,
        Some(room) => {
            let net = Block::of(room).times(number(piece.keep_in.num));
            Some(net.quotient(number(piece.keep_in.den))?)
        }
    };
    let best = if piece.flat {
        room?
    } else {
        // r (sqrt(kept s / (dear r)) - 1) = (sqrt(kept s r dear) - dear r) / dear
        let ratio = kept.times(s).times(r).quotient(dear)?.root();
        ratio.minus(r)
    };
    let net = room.filter(|room| best.order(*room) == Ordering::Greater).unwrap_or(best);
    let depth = if piece.flat { r } else { r.plus(net) };
    let out = s.times(net).quotient(depth)?;
    let gross = net.times(number(piece.keep_in.den)).quotient(number(piece.keep_in.num))?;
    let amount_out = out.times(number(piece.keep_out.num)).quotient(number(piece.keep_out.den))?;
    let value = kept.times(out).minus(dear.times(net));
    Some(Flow { amount_in: gross, amount_out, value })
}

#[cfg(test)]
#[allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::cast_possible_wrap,
    reason = "the model is written plainly"
)]
mod tests {
    use super::*;
    use crate::dex::Ratio;
    use proptest::prelude::*;

    /// A constant product: reserves by token, the fee in bps.
    #[derive(Clone, Copy, Debug)]
    struct Pool {
        tokens: [usize; 2],
        reserves: [u64; 2],
        fee: u64,
    }

    impl Pool {
        fn swap(&mut self, way: usize, amount: u64) -> u64 {
            let (r, s) = (self.reserves[way], self.reserves[1 - way]);
            let net = amount - (amount * self.fee).div_ceil(10_000);
            let out = u64::try_from(u128::from(s) * u128::from(net) / u128::from(r + net)).unwrap();
            self.reserves[way] += amount;
            self.reserves[1 - way] -= out;
            out
        }

        fn side(&self, way: usize, room: Option<u128>) -> Curve {
            let [r, s] = [way, 1 - way].map(|at| u128::from(self.reserves[at]));
            let keep_in = Ratio { num: 10_000 - self.fee, den: 10_000 };
            Curve { r, s, keep_in, keep_out: Ratio { num: 1, den: 1 }, room, flat: false }
        }
    }

    fn bound(pools: &[Pool]) -> Option<u64> {
        let mut dual = Dual::new(16, 16);
        for pool in pools {
            for way in [0, 1] {
                let side = std::iter::once(pool.side(way, None));
                assert!(dual.add(pool.tokens[way], pool.tokens[1 - way], side));
            }
        }
        dual.bound(0)
    }

    #[test]
    fn two_sellers_and_a_buyer() {
        // vectors/arb.json `split_parallel_exhaustive`: 16 at best, of every pair of inputs.
        let pool = |r, s, fee| Pool { tokens: [0, 1], reserves: [r, s], fee };
        let pools =
            [pool(9000, 1_450_000, 25), pool(7000, 1_120_000, 5), pool(20_500, 3_000_000, 25)];
        let most = bound(&pools).unwrap();
        assert!((16..=18).contains(&most), "{most}");
        assert!(bound(&pools[..1]) <= Some(1), "one pool alone gives nothing, rounded up");
        // A pool whose token nothing prices.
        assert_eq!(bound(&[Pool { tokens: [1, 2], ..pools[0] }]), None);
    }

    #[test]
    fn pieces_end_and_room_ends() {
        let pool = Pool { tokens: [0, 1], reserves: [1000, 3000], fee: 0 };
        let level = |s, room| Curve { r: 1, s, flat: true, ..pool.side(0, Some(room)) };
        let mut dual = Dual::new(2, 4);
        // Sells 3 for 1 up to 100, then 1 for 1; the pool buys 1 for 2 at best.
        assert!(dual.add(0, 1, [level(3, 100), level(1, 50)].into_iter()));
        let buyer = Pool { tokens: [1, 0], reserves: [2000, 1000], fee: 0 };
        assert!(dual.add(1, 0, std::iter::once(buyer.side(0, None))));
        assert!(!dual.add(0, 1, std::iter::once(level(3, 1))), "no room for a side");
        let most = dual.bound(0).unwrap();
        let best = (1..=100).map(|input| {
            let mut buyer = buyer;
            buyer.swap(0, 3 * input) as i64 - input as i64
        });
        let best = u64::try_from(best.max().unwrap()).unwrap();
        assert!((best..=best + 1).contains(&most), "{best} {most}");
        dual.clear();
        assert!(!dual.add(0, 1, std::iter::repeat_n(level(3, 1), 5)), "no room for the pieces");
        assert!(!dual.add(0, TOKENS, std::iter::once(level(3, 1))), "no such token");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        /// Whatever is traded, the base token gained is not above the bound.
        #[test]
        fn no_trades_gain_more(
            sizes in prop::array::uniform10(1_000_u64..1 << 40),
            fees in prop::array::uniform5(0_u64..100),
            trades in prop::collection::vec((0_usize..5, 0_usize..2, 1_u64..1 << 30), 1..40),
        ) {
            let tokens = [[0, 1], [1, 2], [2, 0], [0, 1], [1, 2]];
            let mut pools: Vec<Pool> = (0..5)
                .map(|at| Pool {
                    tokens: tokens[at],
                    reserves: [sizes[2 * at], sizes[2 * at + 1]],
                    fee: fees[at],
                })
                .collect();
            let most = bound(&pools);
            prop_assume!(most.is_some());
            // Any trades from an open account in the base token, other tokens only as far as held.
            let mut held = [0_i128; 3];
            let mut gained = 0;
            for (pool, way, amount) in trades {
                let pool = &mut pools[pool];
                let (from, to) = (pool.tokens[way], pool.tokens[1 - way]);
                let amount = if from == 0 {
                    amount
                } else {
                    amount.min(u64::try_from(held[from]).unwrap())
                };
                let amount = amount.min(1 << 40);
                if amount == 0 {
                    continue;
                }
                held[from] -= i128::from(amount);
                held[to] += i128::from(pool.swap(way, amount));
                gained = gained.max(held[0]);
            }
            prop_assert!(gained <= i128::from(most.unwrap()), "{gained} {most:?}");
        }
    }
}
