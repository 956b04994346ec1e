//! From what a wallet gained to its row.

use crate::wallet::row::{Flags, Row, quotient};

/// What is known of a wallet's trades: a trade is a sale of what it was seen to buy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trades {
    /// Trades.
    pub trades: u32,
    /// Those that gained.
    pub wins: u32,
    /// The sum of profits and losses, raw units of the quote token.
    pub profit: i128,
    /// When it was last seen, in seconds since 1970.
    pub last: u32,
}

/// Trades at which half of the confidence that the win rate allows is given.
const EVIDENCE: u64 = 20;

/// The confidence in a wallet, bits of an f32:
///
/// ```text
/// 0                                                    while the sum of profits is not above 0
/// (wins + 1) / (trades + 2) * trades / (trades + 20)   else
/// ```
///
/// The first factor is the expectation of the win rate after so many trades when every rate was as
/// likely before them (Laplace's rule of succession); the second is how much is built on it.
pub fn confidence(of: &Trades) -> u32 {
    if of.profit <= 0 {
        return 0;
    }
    let (wins, trades) = (u64::from(of.wins), u64::from(of.trades));
    let above = u128::from(wins + 1) * u128::from(trades);
    // Both factors are below 2^33, so that their product may need 66 bits: halved where it does.
    let below = u128::from(trades + 2) * u128::from(trades + EVIDENCE);
    let down = 128 - (below >> 64).leading_zeros();
    let (above, below) = (above >> down, below >> down);
    quotient(i128::try_from(above).unwrap_or(0), u64::try_from(below).unwrap_or(u64::MAX))
}

/// The row of a wallet with these trades; `None` for one that is pinned and stays as it is.
///
/// `decimals` are those of the quote token: the average profit is in whole tokens.
pub fn scored(old: &Row, of: &Trades, decimals: u8) -> Option<Row> {
    if old.flags & Flags::PINNED != 0 {
        return None;
    }
    let whole = 10_u64.checked_pow(decimals.into()).unwrap_or(u64::MAX);
    let below = whole.saturating_mul(u64::from(of.trades));
    Some(Row {
        confidence: confidence(of),
        last_activity: of.last,
        win_rate: quotient(of.wins.into(), of.trades.into()),
        avg_profit: quotient(of.profit, below),
        trade_count: of.trades,
        ..*old
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wallet::row::{ONE, number_text};

    #[test]
    fn confidence_follows_its_formula() {
        let text = |trades, wins, profit| {
            number_text(confidence(&Trades { trades, wins, profit, last: 0 }))
        };
        assert_eq!(text(0, 0, 0), "0");
        assert_eq!(text(10, 10, 0), "0");
        assert_eq!(text(10, 10, -5), "0");
        // 11 / 12 * 10 / 30
        assert_eq!(text(10, 10, 1), (110.0_f32 / 360.0).to_string());
        assert_eq!(text(100, 50, 1), (5100.0_f32 / 12_240.0).to_string());
        // It grows with wins and with evidence, and never reaches 1.
        let of = |trades, wins| confidence(&Trades { trades, wins, profit: 1, last: 0 });
        assert!((0..100).all(|wins| of(100, wins) < of(100, wins + 1)));
        assert!((1..100).all(|n| of(n, n) < of(n + 1, n + 1)));
        assert!(of(u32::MAX, u32::MAX) <= ONE);
    }

    #[test]
    fn a_row_is_scored_unless_it_is_pinned() {
        let of = Trades { trades: 4, wins: 3, profit: -6_000_000_000, last: 99 };
        let old = Row { flags: Flags::COPY, ..Row::new([1; 32]) };
        let new = scored(&old, &of, 9).unwrap();
        assert_eq!((new.flags, new.trade_count, new.last_activity), (Flags::COPY, 4, 99));
        assert_eq!([number_text(new.win_rate), number_text(new.avg_profit)], ["0.75", "-1.5"]);
        assert_eq!((new.confidence, new.invalid()), (0, None));
        assert_eq!(scored(&Row { flags: Flags::PINNED, ..old }, &of, 9), None);
    }
}
