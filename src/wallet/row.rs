//! A wallet: the 64 bytes that the table holds of it, and the rules of its fields.
//!
//! ```text
//!  0 address_hash u64      16 last_activity u32, Unix seconds     32 address [u8; 32]
//!  8 confidence f32        20 win_rate f32
//! 12 flags u32             24 avg_profit f32
//!                          28 trade_count u32
//! ```
//!
//! The first 16 bytes are the decision. The three numbers of type f32 are for readers in other
//! languages; here they are their bits, which are compared as integers: of two floats that are not
//! negative the greater one has the greater bits (IEEE 754). Nothing here reckons with floats.

use crate::record::{Field, Schema, Show, Type};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// A wallet's account.
pub type Address = [u8; 32];

/// The bits of 1.0.
pub const ONE: u32 = 0x3f80_0000;

/// What the table holds of a wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C, align(8))]
pub struct Row {
    /// The table's own hash of the address, by the seeds of its head.
    pub address_hash: u64,
    /// How sure the table is, from 0 to 1; bits of an f32.
    pub confidence: u32,
    /// What the wallet is: bits of [`Flags`].
    pub flags: u32,
    /// When it traded last, in seconds since 1970; 0 when that is not known.
    pub last_activity: u32,
    /// Share of its trades that won, from 0 to 1; bits of an f32.
    pub win_rate: u32,
    /// Average profit of a trade, in the quote token; bits of an f32.
    pub avg_profit: u32,
    /// How many trades that is of.
    pub trade_count: u32,
    /// The wallet's account.
    pub address: Address,
}

/// The layout of a row, for readers in other languages: `walletdb stat --schema=numpy`.
pub const SCHEMA: &Schema = &Schema {
    name: "row",
    kind: 0,
    version: 1,
    size: 64,
    tail: None,
    doc: " What the table holds of a wallet.",
    flags: &[],
    fields: &[
        field("address_hash", 0, Type::U64, " The table's own hash of the address."),
        field("confidence", 8, Type::F32, " How sure the table is, from 0 to 1."),
        field("flags", 12, Type::U32, " 1 insider, 2 blacklist, 4 copy, 8 pinned, 16 bot."),
        field("last_activity", 16, Type::U32, " When it traded last, in seconds since 1970."),
        field("win_rate", 20, Type::F32, " Share of its trades that won, from 0 to 1."),
        field("avg_profit", 24, Type::F32, " Average profit of a trade, in the quote token."),
        field("trade_count", 28, Type::U32, " How many trades that is of."),
        Field {
            name: "full_address",
            at: 32,
            ty: Type::U8,
            bytes: 32,
            show: Show::Key,
            present: 0,
            doc: " The wallet's account.",
        },
    ],
};

const fn field(name: &'static str, at: usize, ty: Type, doc: &'static str) -> Field {
    Field { name, at, ty, bytes: ty.size(), show: Show::Dec, present: 0, doc }
}

const _: () = {
    assert!(size_of::<Row>() == 64);
    assert!(std::mem::offset_of!(Row, confidence) == 8 && std::mem::offset_of!(Row, flags) == 12);
    assert!(std::mem::offset_of!(Row, last_activity) == 16);
    assert!(std::mem::offset_of!(Row, win_rate) == 20);
    assert!(std::mem::offset_of!(Row, avg_profit) == 24);
    assert!(std::mem::offset_of!(Row, trade_count) == 28);
    assert!(std::mem::offset_of!(Row, address) == 32);
};

impl Row {
    /// A wallet of which nothing is known.
    pub fn new(address: Address) -> Self {
        Self { address, ..bytemuck::Zeroable::zeroed() }
    }

    /// The first broken rule, in the order of the fields.
    pub fn invalid(&self) -> Option<&'static str> {
        const EXPONENT: u32 = 0x7f80_0000;
        if self.confidence > ONE {
            return Some("confidence is not from 0 to 1");
        }
        if self.win_rate > ONE {
            return Some("win_rate is not from 0 to 1");
        }
        if self.avg_profit & EXPONENT == EXPONENT {
            return Some("avg_profit is not a finite number");
        }
        None
    }

    /// What is decided by.
    pub fn decision(&self) -> Decision {
        Decision { confidence: self.confidence, flags: self.flags }
    }

    /// The row as words, in the order of its bytes.
    pub fn words(&self) -> [u64; 8] {
        bytemuck::cast(*self)
    }

    /// The row of these words.
    pub fn of(words: [u64; 8]) -> Self {
        bytemuck::cast(words)
    }

    /// The checksum of the row in slot `slot`; never 0, which is that of a slot without a row.
    pub fn checksum(&self, slot: u64) -> u32 {
        let sum = xxh3_64_with_seed(bytemuck::bytes_of(self), slot);
        let [a, b, c, d, ..] = sum.to_le_bytes();
        u32::from_le_bytes([a, b, c, d]).max(1)
    }
}

/// What a wallet is decided by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// How sure the table is, from 0 to 1; bits of an f32.
    pub confidence: u32,
    /// Bits of [`Flags`].
    pub flags: u32,
}

impl Decision {
    /// Whether the confidence is a number from 0 to 1 and at least `threshold` (bits of an f32 from 0
    /// to 1). A damaged one is not.
    #[inline]
    pub fn is_at_least(self, threshold: u32) -> bool {
        self.confidence >= threshold && self.confidence <= ONE
    }
}

/// Names of what a wallet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags;

impl Flags {
    /// Knows before others.
    pub const INSIDER: u32 = 1;
    /// Nothing is to follow from what it does.
    pub const BLACKLIST: u32 = 2;
    /// What it does is to be followed.
    pub const COPY: u32 = 4;
    /// Its row was set by somebody and is never changed by `walletdb learn`.
    pub const PINNED: u32 = 8;
    /// A program trades.
    pub const BOT: u32 = 16;

    /// Every name with its bit.
    pub const NAMES: [(&'static str, u32); 5] = [
        ("insider", Self::INSIDER),
        ("blacklist", Self::BLACKLIST),
        ("copy", Self::COPY),
        ("pinned", Self::PINNED),
        ("bot", Self::BOT),
    ];

    /// The bits that `text` names: names and numbers separated by `|` or `,`; nothing is 0.
    ///
    /// # Errors
    /// The first part that is neither.
    pub fn parse(text: &str) -> Result<u32, String> {
        let parts = text.split(['|', ',']).map(str::trim).filter(|part| !part.is_empty());
        parts.map(Self::parse_one).try_fold(0, |bits, one| Ok(bits | one?))
    }

    fn parse_one(part: &str) -> Result<u32, String> {
        if let Some((_, bit)) = Self::NAMES.iter().find(|(name, _)| *name == part) {
            return Ok(*bit);
        }
        let number = match part.strip_prefix("0x") {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => part.parse(),
        };
        number.map_err(|_| {
            let names = Self::NAMES.map(|(name, _)| name).join(", ");
            format!("{part:?} is no flag: names are {names}; or a number of 32 bits")
        })
    }

    /// The names of the bits in `bits`, joined by `|`; bits without a name as one number.
    pub fn text(bits: u32) -> String {
        let named = Self::NAMES.iter().filter(|(_, bit)| bits & bit != 0);
        let mut parts: Vec<String> = named.map(|(name, _)| (*name).to_owned()).collect();
        let rest = Self::NAMES.iter().fold(bits, |rest, (_, bit)| rest & !bit);
        if rest != 0 {
            parts.push(format!("{rest:#x}"));
        }
        parts.join("|")
    }
}

/// The bits of the number from 0 to 1 that `text` spells.
///
/// # Errors
/// What is wrong, for people.
pub fn parse_share(text: &str) -> Result<u32, String> {
    let bits = parse_number(text)?;
    if bits > ONE {
        return Err(format!("{text:?} is not from 0 to 1"));
    }
    Ok(bits)
}

/// The bits of the finite number that `text` spells; negative zero is zero.
///
/// # Errors
/// What is wrong, for people.
pub fn parse_number(text: &str) -> Result<u32, String> {
    let number: f32 = text.parse().map_err(|_| format!("{text:?} is no number"))?;
    if !number.is_finite() {
        return Err(format!("{text:?} is not finite, or too large"));
    }
    let bits = number.to_bits();
    Ok(if bits == 1 << 31 { 0 } else { bits })
}

/// The shortest text that is read back as the number of these bits.
pub fn number_text(bits: u32) -> String {
    f32::from_bits(bits).to_string()
}

/// The share of these bits in parts of a million, rounded down; for one that is damaged, at most 1.
pub fn share_ppm(bits: u32) -> u32 {
    let bits = bits.min(ONE);
    let (exponent, mantissa) = (bits >> 23, u64::from(bits & 0x7f_ffff));
    // Below 2^-32 there is no millionth; a number that is not normal is far below.
    let whole = if exponent < 127 - 32 { 0 } else { mantissa | 1 << 23 };
    let down = 127 + 23 - exponent;
    u32::try_from((whole * 1_000_000).checked_shr(down).unwrap_or(0)).unwrap_or(0)
}

/// The bits of the f32 nearest to `above / below`, ties to even; 0 where `below` is 0.
///
/// Integers only: the quotient is reckoned with 26 bits, the last of which stands for all that are
/// cut off.
pub fn quotient(above: i128, below: u64) -> u32 {
    let (sign, above) = (u32::from(above < 0) << 31, above.unsigned_abs());
    if above == 0 || below == 0 {
        return 0;
    }
    // above / below = whole / below * 2^-shift, where `whole / below` has 26 or 27 bits.
    let wide = |n: u128| 128 - n.leading_zeros().cast_signed();
    let shift = 26 + wide(u128::from(below)) - wide(above);
    let (whole, lost) = if shift >= 0 {
        (above << shift, false)
    } else {
        let down = shift.unsigned_abs();
        (above >> down, above & ((1 << down) - 1) != 0)
    };
    let (mut digits, rest) = (whole / u128::from(below), whole % u128::from(below));
    let mut exponent = -shift;
    let mut sticky = lost || rest != 0;
    while digits >= 1 << 26 {
        sticky |= digits & 1 != 0;
        digits >>= 1;
        exponent += 1;
    }
    // Two bits more than the 24 of a f32.
    let (mantissa, cut) = (digits >> 2, digits & 3);
    let up = cut == 3 || (cut == 2 && (sticky || mantissa & 1 != 0));
    let mut mantissa = mantissa + u128::from(up);
    exponent += 2;
    if mantissa == 1 << 24 {
        mantissa >>= 1;
        exponent += 1;
    }
    let biased = exponent + 23 + 127;
    if biased >= 255 {
        return sign | 0x7f7f_ffff; // the greatest finite one
    }
    if biased <= 0 {
        return 0; // below what is told apart from 0 here
    }
    let low = u32::try_from(mantissa & 0x7f_ffff).unwrap_or(0);
    sign | biased.unsigned_abs() << 23 | low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_as_they_are_written() {
        for bits in [0, 1, 9, 0x8000_0000, u32::MAX] {
            assert_eq!(Flags::parse(&Flags::text(bits)), Ok(bits), "{bits:#x}");
        }
        assert_eq!(Flags::text(0x109), "insider|pinned|0x100");
        assert_eq!(Flags::parse("copy, 0x10,32"), Ok(4 | 16 | 32));
        assert!(Flags::parse("insider|outsider").unwrap_err().contains("outsider"));
        assert!(Flags::parse("4294967296").is_err());
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        assert_eq!(parse_share("1"), Ok(ONE));
        assert_eq!(parse_share("-0"), Ok(0));
        for bad in ["1.0000001", "-0.1", "NaN", "inf", "", "x", "1e39"] {
            assert!(parse_share(bad).is_err(), "{bad}");
        }
        assert_eq!(parse_number("-2.5").map(number_text), Ok("-2.5".to_owned()));
        assert!(parse_number("1e39").is_err() && parse_number("-inf").is_err());
        let mut row = Row::new([1; 32]);
        assert_eq!(row.invalid(), None);
        for (bits, rule) in [(f32::NAN.to_bits(), "confidence"), (ONE + 1, "confidence")] {
            assert!(Row { confidence: bits, ..row }.invalid().unwrap().contains(rule));
        }
        row.avg_profit = f32::NEG_INFINITY.to_bits();
        assert!(row.invalid().unwrap().contains("avg_profit"));
    }

    #[test]
    fn shares_are_ordered_as_their_bits() {
        let bits = ["0", "1e-40", "0.1", "0.7", "0.70000005", "1"].map(|t| parse_share(t).unwrap());
        assert!(bits.windows(2).all(|pair| pair[0] < pair[1]));
        let sure = |confidence, threshold| {
            Decision { confidence, flags: 0 }.is_at_least(parse_share(threshold).unwrap())
        };
        assert!(sure(bits[3], "0.7") && !sure(bits[2], "0.7") && sure(0, "0"));
        assert!(!sure(f32::NAN.to_bits(), "0") && !sure(f32::INFINITY.to_bits(), "0"));
    }

    #[test]
    fn shares_are_told_in_ppm() {
        for (text, ppm) in [
            ("0", 0),
            ("1", 1_000_000),
            ("0.5", 500_000),
            ("0.7", 699_999),
            ("0.25", 250_000),
            ("1e-6", 0),
            ("1.1e-6", 1),
            ("1e-40", 0),
            ("0.9999999", 999_999),
        ] {
            assert_eq!(share_ppm(parse_share(text).unwrap()), ppm, "{text}");
        }
        assert_eq!(share_ppm(u32::MAX), 1_000_000);
    }

    /// Decimal digits of the quotient, read by the standard library, which rounds to nearest, ties to
    /// even. Where the digits end, the quotient is exact: the divisors are powers of two and ten.
    #[test]
    fn quotients_are_rounded_as_text_is() {
        let mut state = 88_172_645_463_325_252_u64;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        for round in 0..200_000 {
            let above = i128::from((random() >> (random() % 64)).cast_signed());
            let zeros = u32::try_from(random() % 19).unwrap();
            let below = 10_u64.pow(zeros);
            let text = format!("{above}e-{zeros}");
            let should: f32 = text.parse().unwrap();
            if should != 0.0 {
                assert_eq!(quotient(above, below), should.to_bits(), "{round}: {text}");
            }
        }
        // Ties, and what lies beside them: 2^24 + 1 is no f32.
        for (above, below, should) in [
            (16_777_217, 1, 16_777_216.0_f32),
            (16_777_219, 1, 16_777_220.0),
            (33_554_434 + 1, 2, 16_777_218.0),
            (1, 3, 1.0 / 3.0),
            (-2, 3, -2.0 / 3.0),
            (i128::from(u64::MAX), 1, 18_446_744_073_709_551_616.0),
        ] {
            assert_eq!(quotient(above, below), should.to_bits(), "{above} / {below}");
        }
        assert_eq!((quotient(5, 0), quotient(0, 7)), (0, 0));
        assert_eq!(quotient(i128::MAX, 1), 2.0_f32.powi(127).to_bits());
    }
}
