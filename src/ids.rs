//! Program ids, well-known accounts and the names of venues.

use five8_const::decode_32_const as key;

/// A 32-byte Solana address.
pub type Key = [u8; 32];

/// Wrapped SOL, the mint.
pub const WSOL: Key = key("So11111111111111111111111111111111111111112");
/// Circle's USDC, the mint.
pub const USDC: Key = key("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v");
/// The System program.
pub const SYSTEM: Key = [0; 32];
/// The Compute Budget program.
pub const COMPUTE_BUDGET: Key = key("ComputeBudget111111111111111111111111111111");
/// The SPL Token program.
pub const TOKEN: Key = key("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
/// The Token-2022 program.
pub const TOKEN_2022: Key = key("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb");
/// The Associated Token Account program.
pub const ASSOCIATED_TOKEN: Key = key("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL");
/// The Memo program (v2).
pub const MEMO: Key = key("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr");
/// The Address Lookup Table program.
pub const LOOKUP_TABLE: Key = key("AddressLookupTab1e1111111111111111111111111");
/// The Vote program.
pub const VOTE: Key = key("Vote111111111111111111111111111111111111111");

/// Raydium AMM v4.
pub const RAYDIUM_AMM_V4: Key = key("675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8");
/// The authority of every Raydium AMM v4 pool.
pub const RAYDIUM_AMM_V4_AUTHORITY: Key = key("5Q544fKrFoe6tsEbD7S8EmxGTJYAKtTVhAW5Q5pge4j1");
/// Raydium CPMM.
pub const RAYDIUM_CPMM: Key = key("CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C");
/// Orca Whirlpool.
pub const ORCA_WHIRLPOOL: Key = key("whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc");

/// The eight Jito tip accounts (docs.jito.wtf; each is the PDA `TIP_ACCOUNT_n` of the tip program
/// `T1pyyaTNZsKv2WcRAB8oVnk93mLJw2XzjtVYqCsaHqt`).
pub const JITO_TIP_ACCOUNTS: [Key; 8] = [
    key("96gYZGLnJYVFmbjzopPSU6QiEV5fGqZNyN9nmNhvrZU5"),
    key("HFqU5x63VTqvQss8hp11i4wVV8bD44PvwucfZ2bU7gRe"),
    key("Cw8CFyM9FkoMi7K7Crf6HNQqf4uEMzpKw6QNghXLvLkY"),
    key("ADaUMid9yfUytqMBgopwjb2DTLSokTSzL1zt6iGPaS49"),
    key("DfXygSm4jCyNCybVYYK6DwvWqjKee8pbDmJGcLWNDXjh"),
    key("ADuUkR4vqLUMWXxW9gh6D6L8pMSawimctcNZ5pGwDcEt"),
    key("DttWaMuVvTiduZRnguLF7jNxTgiMBZ1hyAumKUiL2KRL"),
    key("3AVi9Tg9Uo68tJfuvoKvqKNWKkC5wPdSSdeBnizKZ6jT"),
];

/// A place where tokens are swapped. The number is what records carry and never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum Venue {
    /// Raydium AMM v4, constant product.
    RaydiumAmmV4 = 1,
    /// Raydium CPMM, constant product with creator fees.
    RaydiumCpmm = 2,
    /// Orca Whirlpool, concentrated liquidity.
    OrcaWhirlpool = 3,
    /// The toolkit's own 48- and 64-byte datagrams: a constant product described by the feed alone.
    Feed = 4,
}

impl Venue {
    /// Every venue, in the order of its number.
    pub const ALL: [Self; 4] =
        [Self::RaydiumAmmV4, Self::RaydiumCpmm, Self::OrcaWhirlpool, Self::Feed];

    /// Names by number, as records show them; number 0 is no venue.
    pub const NAMES: &'static [&'static str] =
        &["none", "raydium_amm_v4", "raydium_cpmm", "orca_whirlpool", "feed"];

    /// The venue of number `number`, if there is one.
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|venue| *venue as u16 == number)
    }

    /// The name records show.
    pub fn name(self) -> &'static str {
        Self::NAMES.get(self as usize).copied().unwrap_or("none")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn venue_numbers_names_and_order_agree() {
        assert_eq!(Venue::NAMES.len(), Venue::ALL.len() + 1);
        for (at, venue) in Venue::ALL.into_iter().enumerate() {
            assert_eq!(venue as usize, at + 1);
            assert_eq!(Venue::from_number(venue as u16), Some(venue));
        }
        assert_eq!(Venue::from_number(0), None);
        assert_eq!(Venue::OrcaWhirlpool.name(), "orca_whirlpool");
    }
}
