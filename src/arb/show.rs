//! Amounts, tokens and prices as people read them, exact.

use crate::bytes::base58;
use crate::ids::{Key, USDC, WSOL};

/// A token's name: the two everybody knows, else the ends of its address.
pub(super) fn symbol(mint: &Key) -> String {
    match *mint {
        WSOL => "SOL".to_owned(),
        USDC => "USDC".to_owned(),
        _ => {
            let key = base58::Key(mint).to_string();
            let (head, tail) = (key.get(..4), key.get(key.len().saturating_sub(4)..));
            format!("{}..{}", head.unwrap_or_default(), tail.unwrap_or_default())
        }
    }
}

/// Raw units as a decimal number, exact.
pub(super) fn units(raw: u64, decimals: u8) -> String {
    point(u128::from(raw), usize::from(decimals).min(19))
}

/// Lamports as SOL, exact.
pub(super) fn sol(lamports: i128) -> String {
    let sign = if lamports < 0 { "-" } else { "" };
    format!("{sign}{}", point(lamports.unsigned_abs(), 9))
}

/// Raw units with the token's name.
pub(super) fn amount(raw: u64, decimals: u8, mint: &Key) -> String {
    format!("{} {}", units(raw, decimals), symbol(mint))
}

/// A ratio of 10^-`digits` as a decimal number.
pub(super) fn point(value: u128, digits: usize) -> String {
    let text = format!("{value:0>width$}", width = digits.saturating_add(1));
    let (whole, part) = text.split_at(text.len().saturating_sub(digits));
    if part.is_empty() { whole.to_owned() } else { format!("{whole}.{part}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_and_signs_are_exact() {
        assert_eq!(units(5, 0), "5");
        assert_eq!(units(5, 9), "0.000000005");
        assert_eq!(units(u64::MAX, 255), "1.8446744073709551615");
        assert_eq!(sol(-1), "-0.000000001");
        assert_eq!(sol(i128::from(u64::MAX) + 1), "18446744073.709551616");
        assert_eq!(amount(1_500_000, 6, &USDC), "1.500000 USDC");
        assert_eq!(symbol(&[7; 32]), "US51..ELFx");
    }
}
