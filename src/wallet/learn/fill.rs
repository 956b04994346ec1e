//! From a swap record to a fill: who bought or sold what, for how much of the quote token.

use super::{Fill, Quote};
use crate::record::{Role, Swap};
use xxhash_rust::xxh3::xxh3_128;

/// Why a swap teaches nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Refused {
    /// It is an intent or a route: what was asked for, or the sum of other rows.
    NoFill,
    /// The transaction failed.
    Failed,
    /// It has no signature, by which the same fill is known again.
    NoSignature,
    /// An amount is not known, or is 0.
    NoAmount,
    /// A token is not known.
    NoMint,
    /// Neither token is the quote token.
    OtherQuote,
    /// Who traded is not known.
    NoOwner,
}

impl Refused {
    /// Names, in order.
    pub const NAMES: [&'static str; 7] =
        ["no_fill", "failed", "no_signature", "no_amount", "no_mint", "other_quote", "no_owner"];
}

/// What `swap` says of its owner's trades against `quote`.
///
/// # Errors
/// Why it says nothing.
pub fn fill_of(swap: &Swap, quote: &Quote) -> Result<Fill, Refused> {
    let has = |bit: u32| swap.present & bit == bit;
    if swap.role != Role::Fill as u8 {
        return Err(Refused::NoFill);
    }
    if swap.failed != 0 {
        return Err(Refused::Failed);
    }
    if !has(Swap::SIGNATURE) {
        return Err(Refused::NoSignature);
    }
    if !has(Swap::AMOUNT_IN | Swap::AMOUNT_OUT) || swap.amount_in == 0 || swap.amount_out == 0 {
        return Err(Refused::NoAmount);
    }
    if !has(Swap::MINT_IN | Swap::MINT_OUT) {
        return Err(Refused::NoMint);
    }
    let (buy, mint, amount, paid) = if swap.mint_in == quote.mint {
        (1, swap.mint_out, swap.amount_out, swap.amount_in)
    } else if swap.mint_out == quote.mint {
        (0, swap.mint_in, swap.amount_in, swap.amount_out)
    } else {
        return Err(Refused::OtherQuote);
    };
    let wallet = owner(swap).ok_or(Refused::NoOwner)?;
    let seconds = swap.head.rx_ns / 1_000_000_000;
    Ok(Fill {
        key: key(swap),
        wallet,
        mint,
        amount,
        paid,
        time: u32::try_from(seconds).unwrap_or(u32::MAX),
        buy,
    })
}

/// Whose swap it is: who signs for it or, where that is not known, who pays for it.
pub fn owner(swap: &Swap) -> Option<[u8; 32]> {
    if swap.present & Swap::OWNER != 0 {
        Some(swap.owner)
    } else {
        (swap.present & Swap::FEE_PAYER != 0).then_some(swap.fee_payer)
    }
}

/// By what a fill is known again: its signature and the path of its instruction.
fn key(swap: &Swap) -> [u64; 2] {
    let inner = swap.present & Swap::IX_INNER != 0;
    let mut bytes = [0; 72];
    let (signature, path) = bytes.split_at_mut(64);
    signature.copy_from_slice(&swap.signature);
    let [a, b] = swap.ix_outer.to_le_bytes();
    let [c, d] = swap.ix_inner.to_le_bytes();
    path.copy_from_slice(&[a, b, c, d, u8::from(inner), 0, 0, 0]);
    bytemuck::cast(xxh3_128(&bytes))
}

#[cfg(test)]
pub(in crate::wallet) mod tests {
    use super::*;
    use crate::record::Layout;

    pub(in crate::wallet) const QUOTE: Quote = Quote { mint: [9; 32], decimals: 9 };

    /// A fill of wallet `wallet`: the quote token for token 5, or the other way.
    pub(in crate::wallet) fn swap(
        number: u16,
        wallet: u8,
        buy: bool,
        amount: u64,
        paid: u64,
    ) -> Swap {
        let mut swap = Swap::new(u64::from(number) * 1_000_000_000);
        swap.role = Role::Fill as u8;
        swap.signature = [u8::try_from(number % 251).unwrap(); 64];
        swap.ix_outer = number;
        swap.owner = [wallet; 32];
        let sides = ([5; 32], amount, QUOTE.mint, paid);
        let (mint_out, amount_out, mint_in, amount_in) =
            if buy { sides } else { (sides.2, sides.3, sides.0, sides.1) };
        (swap.mint_in, swap.amount_in) = (mint_in, amount_in);
        (swap.mint_out, swap.amount_out) = (mint_out, amount_out);
        swap.present = Swap::SIGNATURE
            | Swap::AMOUNT_IN
            | Swap::AMOUNT_OUT
            | Swap::MINT_IN
            | Swap::MINT_OUT
            | Swap::OWNER;
        assert_eq!(swap.invalid(), None);
        swap
    }

    #[test]
    fn a_swap_is_a_fill_or_is_refused_for_its_reason() {
        let buy = swap(3, 1, true, 100, 7);
        let fill = fill_of(&buy, &QUOTE).unwrap();
        assert_eq!((fill.buy, fill.amount, fill.paid, fill.time), (1, 100, 7, 3));
        assert_eq!((fill.wallet, fill.mint), ([1; 32], [5; 32]));
        let sale = fill_of(&swap(4, 1, false, 100, 7), &QUOTE).unwrap();
        assert_eq!((sale.buy, sale.amount, sale.paid), (0, 100, 7));
        let refusal = |change: &dyn Fn(&mut Swap)| {
            let mut swap = buy;
            change(&mut swap);
            fill_of(&swap, &QUOTE).unwrap_err()
        };
        assert_eq!(refusal(&|s| s.role = Role::Intent as u8), Refused::NoFill);
        assert_eq!(refusal(&|s| s.failed = 1), Refused::Failed);
        assert_eq!(refusal(&|s| s.present &= !Swap::SIGNATURE), Refused::NoSignature);
        assert_eq!(refusal(&|s| s.amount_in = 0), Refused::NoAmount);
        assert_eq!(refusal(&|s| s.present &= !Swap::MINT_IN), Refused::NoMint);
        assert_eq!(refusal(&|s| s.mint_in = [8; 32]), Refused::OtherQuote);
        assert_eq!(refusal(&|s| s.present &= !Swap::OWNER), Refused::NoOwner);
        assert_eq!(Refused::NAMES[Refused::NoOwner as usize], "no_owner");
    }

    #[test]
    fn a_fill_is_known_by_its_signature_and_path() {
        let one = swap(3, 1, true, 100, 7);
        let key = |change: &dyn Fn(&mut Swap)| {
            let mut swap = one;
            change(&mut swap);
            fill_of(&swap, &QUOTE).unwrap().key
        };
        let same = key(&|_| ());
        assert_eq!(key(&|s| s.slot = 77), same);
        assert_ne!(key(&|s| s.signature[63] ^= 1), same);
        assert_ne!(key(&|s| s.ix_outer += 1), same);
        assert_ne!(key(&|s| s.present |= Swap::IX_INNER), same);
    }
}
