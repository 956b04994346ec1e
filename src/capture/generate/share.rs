//! Shares of a whole as exact integers: `2%`, `0.5%`, `300ppm`, or `300`, which is ppm too.

use std::fmt;
use std::str::FromStr;

/// A share, in parts per million: 0 to 1 000 000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u32);

impl Share {
    /// The whole.
    pub const WHOLE: Self = Self(1_000_000);

    /// Parts per million.
    pub fn ppm(self) -> u32 {
        self.0
    }

    /// The share of `amount`, rounded down.
    pub fn of(self, amount: u64) -> u64 {
        let part = u128::from(amount) * u128::from(self.0) / 1_000_000;
        u64::try_from(part).unwrap_or(amount)
    }
}

impl FromStr for Share {
    type Err = String;

    /// A share such as `2%`, `0.5%`, `300ppm` or `300`; at most four digits follow the point.
    fn from_str(text: &str) -> Result<Self, String> {
        const FORM: &str = "a share such as 2%, 0.5% or 300 (ppm)";
        let ppm = if let Some(number) = text.strip_suffix('%') {
            let (whole, part) = number.split_once('.').unwrap_or((number, ""));
            let digits = part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit());
            let part = format!("{part:0<4}").parse::<u32>().ok().filter(|_| digits);
            let whole = whole.parse::<u32>().ok().and_then(|w| w.checked_mul(10_000));
            whole.zip(part).and_then(|(whole, part)| whole.checked_add(part))
        } else {
            text.strip_suffix("ppm").unwrap_or(text).parse::<u32>().ok()
        };
        match ppm {
            None => Err(FORM.to_owned()),
            Some(ppm) if ppm > Self::WHOLE.0 => Err("a share is at most 100%".to_owned()),
            Some(ppm) => Ok(Self(ppm)),
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 % 10_000 {
            0 => write!(f, "{}%", self.0 / 10_000),
            _ => write!(f, "{}ppm", self.0),
        }
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn shares_are_read_exactly_and_shown_as_they_are_read() {
        let ppm = |text: &str| text.parse::<Share>().map(Share::ppm);
        for (text, want) in [
            ("0%", 0),
            ("2%", 20_000),
            ("0.5%", 5000),
            ("0.0001%", 1),
            ("100%", 1_000_000),
            ("300ppm", 300),
            ("12.34%", 123_400),
            ("40000", 40_000),
            ("1.%", 10_000),
        ] {
            assert_eq!(ppm(text), Ok(want), "{text}");
            assert_eq!(ppm(&Share(want).to_string()), Ok(want));
        }
        for bad in ["", "%", "-2", "-1%", "0.00001%", "101%", "1000001ppm", "1e3ppm", "1.+5%", "+%"]
        {
            assert!(ppm(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_share_of_an_amount_is_rounded_down() {
        assert_eq!(Share(1).of(1_999_999), 1);
        assert_eq!(Share::WHOLE.of(u64::MAX), u64::MAX);
    }
}
