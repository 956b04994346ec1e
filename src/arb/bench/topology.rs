//! Markets of any size from a seed: which tokens have a pool, and rates around no gain.
//!
//! The model of facts/arb.md section 2.1: base tokens by a Yule process (a new one with 0.45, else
//! that of a pool drawn at random), the other token SOL in 80 of 100, USDC in 12, USDT in 2, one of
//! five more hubs in 1, a spoke in 5. It has more pools on the hottest pairs than the chain, so its
//! tails are pessimistic.

/// A number from a seed: the same everywhere.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Starts from `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `sides`.
    pub fn roll(&mut self, sides: u32) -> u32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let high = self.0 >> 33;
        u32::try_from(high % u64::from(sides.max(1))).unwrap_or(0)
    }
}

/// Number of SOL among the tokens.
pub const SOL: u32 = 0;

/// Tokens that every market has: SOL, USDC, USDT and five more.
const HUBS: u32 = 8;

/// Parts of the swap fees, log2 in 2^-20: 4, 25, 30 and 100 bps.
const FEES: [i32; 4] = [605, 3787, 4545, 15_203];

/// A market.
#[derive(Clone, Debug)]
pub struct Market {
    /// Tokens of each pool, a and b.
    pub pools: Vec<[u32; 2]>,
    /// Number of tokens.
    pub tokens: u32,
    fees: Vec<i32>,
    prices: Vec<i32>,
}

impl Market {
    /// A market of `count` pools.
    pub fn draw(count: usize, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let mut market = Self {
            pools: Vec::with_capacity(count),
            tokens: HUBS,
            fees: Vec::new(),
            prices: Vec::new(),
        };
        let mut bases: Vec<u32> = Vec::with_capacity(count);
        while market.pools.len() < count {
            let drawn = |dice: &mut Dice, bases: &[u32]| {
                let at = dice.roll(u32::try_from(bases.len()).unwrap_or(u32::MAX));
                bases.get(at as usize).copied()
            };
            let base = match drawn(&mut dice, &bases) {
                Some(base) if dice.roll(100) >= 45 => base,
                _ => {
                    market.tokens += 1;
                    market.tokens - 1
                }
            };
            let quote = match dice.roll(100) {
                0..80 => SOL,
                80..92 => 1,
                92..94 => 2,
                94 => 3 + dice.roll(HUBS - 3),
                _ => drawn(&mut dice, &bases).unwrap_or(SOL),
            };
            bases.push(base);
            if base != quote {
                market.pools.push([base, quote]);
                market.fees.push(*FEES.get(dice.roll(4) as usize).unwrap_or(&0));
            }
        }
        market.prices =
            (0..market.tokens).map(|_| i32::try_from(dice.roll(1 << 24)).unwrap_or(0)).collect();
        market
    }

    /// Both rates of a pool, log2 in 2^-20, at a price within what its fee hides of the market's;
    /// two in a hundred are beyond.
    pub fn rates(&self, pool: u32, dice: &mut Dice) -> [i32; 2] {
        let at = pool as usize;
        let [a, b] = self.pools.get(at).copied().unwrap_or([0; 2]);
        let price = |token: u32| self.prices.get(token as usize).copied().unwrap_or(0);
        let fee = self.fees.get(at).copied().unwrap_or(0);
        let reach = if dice.roll(50) == 0 { fee * 3 / 2 } else { fee * 9 / 10 };
        let wide = u32::try_from(2 * reach + 1).unwrap_or(1);
        let off = i32::try_from(dice.roll(wide)).unwrap_or(0) - reach;
        let rate = price(a) - price(b) + off;
        [rate - fee, -rate - fee]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_market_looks_like_its_model() {
        let market = Market::draw(20_000, 1);
        assert_eq!(market.pools.len(), 20_000);
        assert!(market.pools.iter().all(|[a, b]| a != b && a.max(b) < &market.tokens));
        let with_sol = market.pools.iter().filter(|pool| pool.contains(&SOL)).count();
        assert!((15_500..16_500).contains(&with_sol), "{with_sol}");
        let tokens = market.tokens;
        assert!((8_600..9_600).contains(&tokens), "{tokens}");
        let mut dice = Dice::new(3);
        let loss = (0..1000).filter(|pool| {
            let [there, back] = market.rates(*pool, &mut dice);
            there + back < 0
        });
        assert_eq!(loss.count(), 1000, "one pool alone never gains");
    }
}
