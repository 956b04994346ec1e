//! SPL Token and Token-2022 accounts: what a swap needs of mints and vaults.
//!
//! | account | offset | field |
//! |---|---|---|
//! | token account, 165 bytes | 0, 32, 64, 108 | mint, owner, amount u64, state u8 (1 usable, 2 frozen) |
//! | mint, 82 bytes | 36, 44, 45 | supply u64, decimals u8, initialised u8 |
//! | either with extensions | 165, 166.. | account type u8 (1 mint, 2 account), then type u16, len u16, value |
//!
//! Source: solana-program/token-2022, interface/src/extension (facts/dex.md 0.3 and 0.4). Every
//! extension is walked; one that changes what a transfer does and is not modelled makes the pool
//! unsupported instead of wrongly priced.

use crate::bytes::{Cursor, key_at, u8_at, u16_at, u64_at};
use crate::ids::{Key, TOKEN, TOKEN_2022};
use crate::math::muldiv::mul_div_ceil;

use super::accounts::{AccountFault, Unsupported};

const ACCOUNT_LEN: usize = 165;
const MINT_LEN: usize = 82;
/// Parts of a transfer fee's rate: 100 %.
const BPS: u64 = 10_000;

/// A Token-2022 transfer fee: `min(ceil(amount * bps / 10000), max)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct TransferFee {
    /// Rate in basis points, at most 10 000; 0 is no fee.
    pub bps: u16,
    /// Most raw units that one transfer pays.
    pub max: u64,
}

impl TransferFee {
    /// What is withheld from a transfer of `gross`.
    #[inline]
    pub fn of(self, gross: u64) -> u64 {
        if self.bps == 0 {
            return 0;
        }
        // A rate above 100 % is refused when the mint is read; here it would only saturate.
        mul_div_ceil(gross, u64::from(self.bps), BPS).unwrap_or(gross).min(self.max).min(gross)
    }

    /// What arrives of a transfer of `gross`.
    #[inline]
    pub fn net(self, gross: u64) -> u64 {
        gross.saturating_sub(self.of(gross))
    }

    /// The smallest transfer of which `net` arrives; `None` when it does not fit.
    #[inline]
    pub fn gross(self, net: u64) -> Option<u64> {
        if self.bps == 0 || net == 0 {
            return Some(net);
        }
        let capped = net.checked_add(self.max);
        let kept = BPS.checked_sub(u64::from(self.bps))?;
        if kept == 0 {
            return capped;
        }
        match mul_div_ceil(net, BPS, kept) {
            Some(gross) if gross.checked_sub(net)? < self.max => Some(gross),
            _ => capped,
        }
    }

    /// What is kept of a small transfer, as a fraction over 10 000.
    #[inline]
    pub(super) fn kept_bps(self) -> u64 {
        BPS.saturating_sub(u64::from(self.bps))
    }

    /// The dearer of two fees, side by side: never cheaper than either.
    fn dearer(self, other: Self) -> Self {
        Self { bps: self.bps.max(other.bps), max: self.max.max(other.max) }
    }
}

/// A token account that holds one side of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenAccount<'a> {
    /// What it holds.
    pub mint: &'a Key,
    /// Who may spend it.
    pub owner: &'a Key,
    /// How much, raw units.
    pub amount: u64,
    /// Nothing may be moved in or out.
    pub frozen: bool,
}

/// Reads the token account `data` of program `program`.
///
/// # Errors
/// Not a token program's; too short or of another type; not initialised.
pub fn token_account<'a>(program: &Key, data: &'a [u8]) -> Result<TokenAccount<'a>, AccountFault> {
    typed(program, data, ACCOUNT_LEN, 2)?;
    let short = AccountFault::WrongLen;
    let state = u8_at(data, 108).ok_or(short)?;
    if !matches!(state, 1 | 2) {
        return Err(AccountFault::NotInitialised);
    }
    Ok(TokenAccount {
        mint: key_at(data, 0).ok_or(short)?,
        owner: key_at(data, 32).ok_or(short)?,
        amount: u64_at(data, 64).ok_or(short)?,
        frozen: state == 2,
    })
}

/// What a swap needs to know of a mint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mint {
    /// Decimals of the token.
    pub decimals: u8,
    /// Raw units in existence.
    pub supply: u64,
    /// The fee on every transfer.
    pub fee: TransferFee,
    /// All transfers are paused.
    pub paused: bool,
    /// The first extension that is not modelled.
    pub unsupported: Option<Unsupported>,
}

/// Reads the mint `data` of program `program`.
///
/// A mint has two transfer fees, of which the newer holds from its epoch on. When `epoch` is not
/// known, the larger rate and the larger cap of both are taken: a quote is then never too good.
///
/// # Errors
/// Not a token program's; too short or of another type; not initialised; a broken extension.
pub fn mint(program: &Key, data: &[u8], epoch: Option<u64>) -> Result<Mint, AccountFault> {
    typed(program, data, MINT_LEN, 1)?;
    let short = AccountFault::WrongLen;
    if u8_at(data, 45) != Some(1) {
        return Err(AccountFault::NotInitialised);
    }
    let mut mint = Mint {
        decimals: u8_at(data, 44).ok_or(short)?,
        supply: u64_at(data, 36).ok_or(short)?,
        fee: TransferFee::default(),
        paused: false,
        unsupported: None,
    };
    let mut extensions = Cursor::new(data.get(ACCOUNT_LEN.saturating_add(1)..).unwrap_or_default());
    while extensions.rest().len() >= 4 {
        let broken = AccountFault::Extension;
        let kind = extensions.u16().ok_or(broken)?;
        let len = extensions.u16().ok_or(broken)?;
        let value = extensions.take(usize::from(len)).ok_or(broken)?;
        if kind == 0 {
            break; // Uninitialized: zero padding follows
        }
        extension(kind, value, epoch, &mut mint)?;
    }
    Ok(mint)
}

/// Takes one extension of a mint into account. The numbers are spl-token-2022's `ExtensionType`.
fn extension(
    kind: u16,
    value: &[u8],
    epoch: Option<u64>,
    mint: &mut Mint,
) -> Result<(), AccountFault> {
    let mut refuse = |reason| {
        mint.unsupported.get_or_insert(reason);
    };
    match kind {
        1 => mint.fee = transfer_fee(value, epoch)?,
        // Authorities, confidential balances, display of amounts, metadata, groups, frozen by
        // default: none changes what a transfer between usable accounts moves.
        3 | 4 | 6 | 10 | 12 | 16 | 18..=25 => {}
        9 => refuse(Unsupported::NonTransferable),
        14 => {
            // authority 32, program 32: a hook without a program calls nobody
            let program = key_at(value, 32).ok_or(AccountFault::Extension)?;
            if *program != [0; 32] {
                refuse(Unsupported::TransferHook);
            }
        }
        26 => mint.paused = u8_at(value, 32).ok_or(AccountFault::Extension)? != 0,
        _ => refuse(Unsupported::MintExtension),
    }
    Ok(())
}

/// The fee of a TransferFeeConfig value of 108 bytes that holds in `epoch`.
fn transfer_fee(value: &[u8], epoch: Option<u64>) -> Result<TransferFee, AccountFault> {
    let fee_at = |at: usize| {
        let max = u64_at(value, at.checked_add(8)?)?;
        let bps = u16_at(value, at.checked_add(16)?)?;
        Some((u64_at(value, at)?, TransferFee { bps, max }))
    };
    let (_, older) = fee_at(72).ok_or(AccountFault::Extension)?;
    let (from_epoch, newer) = fee_at(90).ok_or(AccountFault::Extension)?;
    if u64::from(older.bps.max(newer.bps)) > BPS {
        return Err(AccountFault::Fee);
    }
    Ok(match epoch {
        Some(epoch) if epoch >= from_epoch => newer,
        Some(_) => older,
        None => older.dearer(newer),
    })
}

/// Checks that `data` is of a token program and of the type that `base_len` and `kind` name.
fn typed(program: &Key, data: &[u8], base_len: usize, kind: u8) -> Result<(), AccountFault> {
    if !is_token_program(program) {
        return Err(AccountFault::Owner);
    }
    let extended = *program == TOKEN_2022;
    // With extensions both layouts reach to the account type at 165; without they are just base_len.
    let fits = data.len() == base_len
        || extended && data.len() > ACCOUNT_LEN && u8_at(data, ACCOUNT_LEN) == Some(kind);
    if fits { Ok(()) } else { Err(AccountFault::WrongLen) }
}

/// Whether `program` is SPL Token or Token-2022.
pub(super) fn is_token_program(program: &Key) -> bool {
    *program == TOKEN || *program == TOKEN_2022
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "test fixtures")]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A usable token account.
    pub(in super::super) fn account_bytes(mint: &Key, owner: &Key, amount: u64) -> Vec<u8> {
        let mut data = vec![0; ACCOUNT_LEN];
        data[..32].copy_from_slice(mint);
        data[32..64].copy_from_slice(owner);
        data[64..72].copy_from_slice(&amount.to_le_bytes());
        data[108] = 1;
        data
    }

    /// A mint, with extensions when there are any.
    pub(in super::super) fn mint_bytes(decimals: u8, extensions: &[(u16, Vec<u8>)]) -> Vec<u8> {
        let mut data = vec![0; MINT_LEN];
        data[44] = decimals;
        data[45] = 1;
        if !extensions.is_empty() {
            data.resize(ACCOUNT_LEN, 0);
            data.push(1);
            for (kind, value) in extensions {
                data.extend(kind.to_le_bytes());
                data.extend(u16::try_from(value.len()).unwrap().to_le_bytes());
                data.extend(value);
            }
        }
        data
    }

    /// The value of a TransferFeeConfig: an older and a newer fee of (epoch, max, bps).
    pub(in super::super) fn fee_value(older: (u64, u64, u16), newer: (u64, u64, u16)) -> Vec<u8> {
        let mut value = vec![0; 72];
        for (epoch, max, bps) in [older, newer] {
            value.extend(epoch.to_le_bytes());
            value.extend(max.to_le_bytes());
            value.extend(bps.to_le_bytes());
        }
        value
    }

    #[test]
    fn the_smallest_gross_is_exhaustively_the_smallest() {
        for bps in [0, 1, 3, 50, 999, 5000, 9999, 10_000] {
            for max in [0, 1, 7, 1000] {
                let fee = TransferFee { bps, max };
                for net in 0..700 {
                    let gross = fee.gross(net).unwrap();
                    assert_eq!(fee.net(gross), net, "{fee:?} {net}");
                    assert!(gross == 0 || fee.net(gross - 1) < net, "{fee:?} {net}");
                }
            }
        }
        let all = TransferFee { bps: 10_000, max: u64::MAX };
        assert_eq!((all.net(5), all.gross(5)), (0, None));
        assert_eq!(TransferFee { bps: 1, max: u64::MAX }.gross(u64::MAX), None);
    }

    #[test]
    fn the_fee_of_the_epoch_is_taken_and_the_dearer_without_one() {
        let value = fee_value((10, 1000, 50), (12, 600, 80));
        let data = mint_bytes(6, &[(1, value)]);
        let fee = |epoch| mint(&TOKEN_2022, &data, epoch).unwrap().fee;
        assert_eq!(fee(Some(11)), TransferFee { bps: 50, max: 1000 });
        assert_eq!(fee(Some(12)), TransferFee { bps: 80, max: 600 });
        assert_eq!(fee(None), TransferFee { bps: 80, max: 1000 });
        let data = mint_bytes(6, &[(1, fee_value((0, 0, 10_001), (0, 0, 0)))]);
        assert_eq!(mint(&TOKEN_2022, &data, None), Err(AccountFault::Fee));
    }

    #[test]
    fn extensions_that_are_not_modelled_are_named() {
        let hook = |program: u8| {
            let mut value = vec![0; 32];
            value.extend([program; 32]);
            (14, value)
        };
        let read = |extensions: &[(u16, Vec<u8>)]| {
            let mint = mint(&TOKEN_2022, &mint_bytes(9, extensions), None).unwrap();
            (mint.unsupported, mint.paused, mint.fee.bps)
        };
        let fee = (1, fee_value((0, 9, 7), (0, 9, 7)));
        assert_eq!(read(&[hook(0), (18, vec![0; 64]), fee.clone()]), (None, false, 7));
        assert_eq!(read(&[fee, hook(3)]), (Some(Unsupported::TransferHook), false, 7));
        assert_eq!(read(&[(9, vec![])]).0, Some(Unsupported::NonTransferable));
        assert_eq!(read(&[(77, vec![])]).0, Some(Unsupported::MintExtension));
        let mut paused = vec![0; 33];
        paused[32] = 1;
        assert_eq!(read(&[(26, paused)]), (None, true, 0));
        for (kind, len) in [(1, 107), (14, 63), (26, 32)] {
            let data = mint_bytes(9, &[(kind, vec![0; len])]);
            assert_eq!(mint(&TOKEN_2022, &data, None), Err(AccountFault::Extension), "{kind}");
        }
        let mut cut = mint_bytes(9, &[(18, vec![0; 64])]);
        cut.pop();
        assert_eq!(mint(&TOKEN_2022, &cut, None), Err(AccountFault::Extension));
    }

    #[test]
    fn every_other_length_and_type_is_refused() {
        let account = account_bytes(&[1; 32], &[2; 32], 3);
        let base = mint_bytes(6, &[]);
        for program in [TOKEN, TOKEN_2022] {
            assert_eq!(token_account(&program, &account).unwrap().amount, 3);
            assert_eq!(mint(&program, &base, None).unwrap().decimals, 6);
            for len in 0..ACCOUNT_LEN {
                let cut = &account[..len];
                assert_eq!(token_account(&program, cut), Err(AccountFault::WrongLen));
            }
            for len in 0..MINT_LEN {
                assert_eq!(mint(&program, &base[..len], None), Err(AccountFault::WrongLen));
            }
            assert_eq!(mint(&program, &account, None), Err(AccountFault::WrongLen));
        }
        let mut long = account.clone();
        long.push(2);
        assert!(token_account(&TOKEN_2022, &long).is_ok());
        assert_eq!(token_account(&TOKEN, &long), Err(AccountFault::WrongLen));
        assert_eq!(mint(&TOKEN_2022, &long, None), Err(AccountFault::WrongLen));
        assert_eq!(token_account(&[7; 32], &account), Err(AccountFault::Owner));
        let mut frozen = account;
        frozen[108] = 2;
        assert!(token_account(&TOKEN, &frozen).unwrap().frozen);
        frozen[108] = 0;
        assert_eq!(token_account(&TOKEN, &frozen), Err(AccountFault::NotInitialised));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn hostile_mints_never_panic(mut data in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = mint(&TOKEN_2022, &data, None);
            let _ = token_account(&TOKEN_2022, &data);
            if data.len() > ACCOUNT_LEN {
                (data[45], data[ACCOUNT_LEN]) = (1, 1);
                let _ = mint(&TOKEN_2022, &data, Some(1));
            }
        }

        #[test]
        fn gross_covers_net_up_to_64_bits(bps in 0u16..=10_000, max: u64, net: u64, cut in 0u32..64) {
            let fee = TransferFee { bps, max: max >> cut };
            if let Some(gross) = fee.gross(net) {
                prop_assert_eq!(fee.net(gross), net);
                prop_assert!(gross == 0 || fee.net(gross - 1) < net);
            }
        }
    }
}
