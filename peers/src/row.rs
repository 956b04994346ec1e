//! A swap as both systems can say it.

use mev::ids::Venue;

/// A key, as raw bytes.
pub type Key = [u8; 32];

/// A swap. What its system does not say is `None`, and is not compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Where.
    pub venue: Venue,
    /// The pool's account.
    pub pool: Option<Key>,
    /// Whether the pool's token a (coin, 0, x, base) goes in.
    pub a_to_b: Option<bool>,
    /// The token that goes in.
    pub mint_in: Option<Key>,
    /// The token that comes out.
    pub mint_out: Option<Key>,
    /// Raw units that the user gives.
    pub amount_in: Option<u64>,
    /// Raw units that the user receives.
    pub amount_out: Option<u64>,
}

/// What two rows of one swap say differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The direction.
    Direction,
    /// A token.
    Mint,
    /// What goes in.
    AmountIn,
    /// What comes out.
    AmountOut,
}

impl Row {
    /// Whether both can be rows of one swap.
    pub fn is_of(&self, other: &Self) -> bool {
        self.venue == other.venue && agree(self.pool, other.pool)
    }

    /// What both say, and say differently.
    pub fn differences(&self, other: &Self) -> Vec<Field> {
        let mut found = Vec::new();
        if !agree(self.a_to_b, other.a_to_b) {
            found.push(Field::Direction);
        }
        if !agree(self.mint_in, other.mint_in) || !agree(self.mint_out, other.mint_out) {
            found.push(Field::Mint);
        }
        if !agree(self.amount_in, other.amount_in) {
            found.push(Field::AmountIn);
        }
        if !agree(self.amount_out, other.amount_out) {
            found.push(Field::AmountOut);
        }
        found
    }
}

fn agree<T: PartialEq>(one: Option<T>, other: Option<T>) -> bool {
    one.is_none() || other.is_none() || one == other
}
