//! What Pump tells of trades, and the trades reckoned again.
//!
//! | event | discriminator | fields |
//! |---|---|---|
//! | TradeEvent | bddb7fd34ee661ee | mint@8, sol u64@40, tokens u64@48, is_buy u8@56, user@57, time@89, then **after** the trade: virtual sol u64@97, virtual tokens u64@105, real sol u64@113, real tokens u64@121; since 2025-05 fee bps u64@161, fee u64@169, creator bps u64@209, creator fee u64@217; ix_name string@258 and the tail behind it |
//! | PostCompleteBuyEvent | 6fb06d8b316cd5fb | user@8, mint@40, curve@72, quote mint@104, base out u64@144, quote in u64@152, fee bps u64@160, fee u64@168, creator bps u64@176, creator fee u64@184, pool base before u64@200, pool quote before u64@208 |
//!
//! The tail: mayhem u8, cashback bps u64, cashback u64, buyback bps u64, buyback u64, shareholders
//! (u32 count, 34 bytes each), quote mint, quote amount u64, virtual quote u64, real quote u64, and
//! more. A buyer pays the quote amount and, over it, fee, creator fee and cashback; a seller gets it
//! less these. Buyback is part of the fee, holders' rewards are part of the creator fee.
//!
//! Events of before 2025-05 (129 B) tell no fee: their amounts are those of the curve, and `fee`
//! is absent. A completing buy of v3 tells of two parts, the curve's in a TradeEvent, the rest in a
//! PostCompleteBuyEvent of lower rank: the fill is the curve's part.

use super::super::event::{Channel, Event, FeeSide, Filled, Moved, Rederived, anchor};
use super::rates;
use crate::bytes::{key_at, u8_at, u32_at, u64_at};
use crate::ids::{Key, WSOL};
use crate::math::muldiv::mul_div_floor_u128;
use crate::record::Direction;

pub(super) const COMPLETE_PUMP_AMM_MIGRATION: [u8; 8] =
    [0xbd, 0xe9, 0x5d, 0xb9, 0x5c, 0x94, 0xea, 0x94];
pub(super) const CREATE: [u8; 8] = [0x1b, 0x72, 0xa9, 0x4d, 0xde, 0xeb, 0x63, 0x76];
pub(super) const POST_COMPLETE_BUY: [u8; 8] = [0x6f, 0xb0, 0x6d, 0x8b, 0x31, 0x6c, 0xd5, 0xfb];
const SWEEP_BONDING_CURVE_FEE: [u8; 8] = [0x74, 0x2b, 0x4d, 0xbd, 0x11, 0x7a, 0x48, 0x2b];
const TRADE: [u8; 8] = [0xbd, 0xdb, 0x7f, 0xd3, 0x4e, 0xe6, 0x61, 0xee];

/// The events that are read, by name.
#[cfg(test)]
pub(super) const KNOWN: [(&str, [u8; 8]); 5] = [
    ("TradeEvent", TRADE),
    ("PostCompleteBuyEvent", POST_COMPLETE_BUY),
    ("CreateEvent", CREATE),
    ("CompletePumpAmmMigrationEvent", COMPLETE_PUMP_AMM_MIGRATION),
    ("SweepBondingCurveFeeEvent", SWEEP_BONDING_CURVE_FEE),
];

/// The program's other events.
pub(super) const OTHER_EVENTS: [(&str, [u8; 8]); 27] = [
    ("CompleteEvent", [0x5f, 0x72, 0x61, 0x9c, 0xd4, 0x2e, 0x98, 0x08]),
    ("AddQuoteControlMintEvent", [0xa4, 0xaf, 0x57, 0x4a, 0x58, 0x2d, 0x21, 0x3e]),
    ("AdminCtoEvent", [0x6e, 0x7c, 0xe2, 0x62, 0xaa, 0xff, 0x11, 0x78]),
    ("AdminSetIdlAuthorityEvent", [0xf5, 0x3b, 0x46, 0x22, 0x4b, 0xb9, 0x6d, 0x5c]),
    ("AdminUpdateTokenIncentivesEvent", [0x93, 0xfa, 0x6c, 0x78, 0xf7, 0x1d, 0x43, 0xde]),
    ("ClaimCashbackEvent", [0xe2, 0xd6, 0xf6, 0x21, 0x07, 0xf2, 0x93, 0xe5]),
    ("ClaimTokenIncentivesEvent", [0x4f, 0xac, 0xf6, 0x31, 0xcd, 0x5b, 0xce, 0xe8]),
    ("CloseUserVolumeAccumulatorEvent", [0x92, 0x9f, 0xbd, 0xac, 0x92, 0x58, 0x38, 0xf4]),
    ("CollectCreatorFeeEvent", [0x7a, 0x02, 0x7f, 0x01, 0x0e, 0xbf, 0x0c, 0xaf]),
    ("DistributeCreatorFeesEvent", [0xa5, 0x37, 0x81, 0x70, 0x04, 0xb3, 0xca, 0x28]),
    ("DistributeFeeToHoldersEvent", [0xe3, 0xbe, 0xd7, 0xce, 0xb0, 0xb4, 0xa5, 0x84]),
    ("ExtendAccountEvent", [0x61, 0x61, 0xd7, 0x90, 0x5d, 0x92, 0x16, 0x7c]),
    ("InitUserVolumeAccumulatorEvent", [0x86, 0x24, 0x0d, 0x48, 0xe8, 0x65, 0x82, 0xd8]),
    ("MigrateBondingCurveCreatorEvent", [0x9b, 0xa7, 0x68, 0xdc, 0xd5, 0x6c, 0xf3, 0x03]),
    ("MinimumDistributableFeeEvent", [0xa8, 0xd8, 0x84, 0xef, 0xeb, 0xb6, 0x31, 0x34]),
    ("RemoveQuoteControlMintEvent", [0x2e, 0x21, 0x56, 0x86, 0x00, 0xd5, 0xd1, 0x30]),
    ("ReservedFeeRecipientsEvent", [0x2b, 0xbc, 0xfa, 0x12, 0xdd, 0x4b, 0xbb, 0x5f]),
    ("SetCreatorEvent", [0xed, 0x34, 0x7b, 0x25, 0xf5, 0xfb, 0x48, 0xd2]),
    ("SetMetaplexCreatorEvent", [0x8e, 0xcb, 0x06, 0x20, 0x7f, 0x69, 0xbf, 0xa2]),
    ("SetParamsEvent", [0xdf, 0xc3, 0x9f, 0xf6, 0x3e, 0x30, 0x8f, 0x83]),
    ("SetQuoteControlAdminEvent", [0x4a, 0xf8, 0x8d, 0x45, 0xca, 0x51, 0x1e, 0xf7]),
    ("SetQuoteControlMintReservesEvent", [0xa9, 0x43, 0x27, 0x6d, 0x66, 0x86, 0xb6, 0xe8]),
    ("SetQuoteControlReservesAdminEvent", [0x43, 0xfb, 0xb3, 0xb6, 0x57, 0x5c, 0xa9, 0x21]),
    ("SyncUserVolumeAccumulatorEvent", [0xc5, 0x7a, 0xa7, 0x7c, 0x74, 0x51, 0x5b, 0xff]),
    ("UpdateCreatorFeeConfigEvent", [0x98, 0xc6, 0x7c, 0x7c, 0x6a, 0xf6, 0x7f, 0xbf]),
    ("UpdateGlobalAuthorityEvent", [0xb6, 0xc3, 0x89, 0x2a, 0x23, 0xce, 0xcf, 0xf7]),
    ("UpdateMayhemVirtualParamsEvent", [0x75, 0x7b, 0xe4, 0xb6, 0xa1, 0xa8, 0xdc, 0xd6]),
];

/// A TradeEvent.
struct Trade<'a> {
    mint: &'a Key,
    quote_mint: &'a Key,
    quote: u64,
    tokens: u64,
    buys: bool,
    /// Virtual reserves after the trade.
    virtual_quote: u64,
    virtual_tokens: u64,
    /// Tokens that the curve still sells after the trade.
    left: u64,
    /// Fee, creator fee, cashback; `None` when the event tells none.
    fees: Option<[u64; 3]>,
    /// Their rates, bps.
    bps: [u64; 3],
    /// The buyer named what goes in, not what comes out.
    exact_quote: bool,
}

/// What stands behind the name of the instruction.
struct Tail<'a> {
    cashback_bps: u64,
    cashback: u64,
    /// Mint, amount and virtual reserve of the quote token.
    quote: Option<(&'a Key, u64, u64)>,
}

impl<'a> Tail<'a> {
    fn read(bytes: &'a [u8], at: usize) -> Option<Self> {
        let tail = bytes.get(at..)?;
        let (cashback_bps, cashback) = (u64_at(tail, 1)?, u64_at(tail, 9)?);
        Some(Self { cashback_bps, cashback, quote: Self::quote(tail) })
    }

    fn quote(tail: &'a [u8]) -> Option<(&'a Key, u64, u64)> {
        let holders = usize::try_from(u32_at(tail, 33)?).ok()?;
        let rest = tail.get(holders.checked_mul(34)?.checked_add(37)?..)?;
        Some((key_at(rest, 0)?, u64_at(rest, 32)?, u64_at(rest, 40)?))
    }
}

impl<'a> Trade<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut trade = Self {
            mint: key_at(bytes, 8)?,
            quote_mint: &WSOL,
            quote: u64_at(bytes, 40)?,
            tokens: u64_at(bytes, 48)?,
            buys: u8_at(bytes, 56)? != 0,
            virtual_quote: u64_at(bytes, 97)?,
            virtual_tokens: u64_at(bytes, 105)?,
            left: u64_at(bytes, 121)?,
            fees: None,
            bps: [0; 3],
            exact_quote: false,
        };
        let Some((fee, creator)) = u64_at(bytes, 169).zip(u64_at(bytes, 217)) else {
            return Some(trade);
        };
        trade.bps = [u64_at(bytes, 161)?, u64_at(bytes, 209)?, 0];
        let mut fees = [fee, creator, 0];
        if let Some((name, after)) = name(bytes) {
            trade.exact_quote = name.starts_with(b"buy_exact") || name == b"multi_hop_swap";
            if let Some(tail) = Tail::read(bytes, after) {
                trade.bps[2] = tail.cashback_bps;
                fees[2] = tail.cashback;
                if let Some((mint, quote, virtual_quote)) = tail.quote {
                    // Zero stands for SOL.
                    trade.quote_mint = if *mint == [0; 32] { &WSOL } else { mint };
                    (trade.quote, trade.virtual_quote) = (quote, virtual_quote);
                }
            }
        }
        trade.fees = Some(fees);
        Some(trade)
    }

    fn filled(&self) -> Option<Filled<'a>> {
        let fee = match self.fees {
            Some(fees) => fees.iter().try_fold(0u64, |sum, fee| sum.checked_add(*fee))?,
            None => 0,
        };
        let told = |side| self.fees.map(|_| (fee, side));
        Some(if self.buys {
            Filled {
                rank: 1,
                fee: told(FeeSide::In),
                direction: Direction::BToA,
                mint_in: Some(self.quote_mint),
                mint_out: Some(self.mint),
                ..Filled::new(self.quote.checked_add(fee)?, self.tokens)
            }
        } else {
            Filled {
                rank: 1,
                fee: told(FeeSide::Out),
                direction: Direction::AToB,
                mint_in: Some(self.mint),
                mint_out: Some(self.quote_mint),
                ..Filled::new(self.tokens, self.quote.checked_sub(fee)?)
            }
        })
    }

    /// The same trade by the curve's formula: what goes in, what comes out.
    fn reckon(&self) -> Option<(u64, u64)> {
        if !self.buys {
            let tokens = self.virtual_tokens.checked_sub(self.tokens)?;
            let quote = self.virtual_quote.checked_add(self.quote)?;
            let got = rates::proceeds(self.tokens, tokens.into(), quote.into())?;
            return Some((self.tokens, got.checked_sub(rates::fees(got, &self.bps)?)?));
        }
        let tokens = self.virtual_tokens.checked_add(self.tokens)?;
        let quote = self.virtual_quote.checked_sub(self.quote)?;
        let pays = |net: u64| net.checked_add(rates::fees(net, &self.bps)?);
        if self.exact_quote {
            let bought = rates::base_for(self.quote, tokens.into(), quote.into())?;
            // An order for more than is left buys what is left, at the price of so many tokens.
            if self.left > 0 || bought == self.tokens {
                return Some((pays(self.quote)?, bought));
            }
        }
        Some((pays(cost(self.tokens, tokens, quote)?)?, self.tokens))
    }
}

/// What `bought` tokens cost before fees: `floor(bought * Q / (B - bought)) + 1`.
pub(super) fn cost(bought: u64, base: u64, quote: u64) -> Option<u64> {
    let left = base.checked_sub(bought)?;
    let cost = mul_div_floor_u128(bought.into(), quote.into(), left.into())?;
    u64::try_from(cost).ok()?.checked_add(1)
}

/// The name of the instruction, and where it ends.
fn name(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let end = usize::try_from(u32_at(bytes, 258)?).ok()?.checked_add(262)?;
    Some((bytes.get(262..end)?, end))
}

/// A PostCompleteBuyEvent: the part of a buy that the pool to be gives, whose curve is complete.
struct Rest<'a> {
    mint: &'a Key,
    curve: &'a Key,
    quote_mint: &'a Key,
    base: u64,
    quote: u64,
    fees: [u64; 2],
    bps: [u64; 2],
    /// Reserves before.
    pool: [u64; 2],
}

impl<'a> Rest<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let quote_mint = key_at(bytes, 104)?;
        Some(Self {
            mint: key_at(bytes, 40)?,
            curve: key_at(bytes, 72)?,
            quote_mint: if *quote_mint == [0; 32] { &WSOL } else { quote_mint },
            base: u64_at(bytes, 144)?,
            quote: u64_at(bytes, 152)?,
            fees: [u64_at(bytes, 168)?, u64_at(bytes, 184)?],
            bps: [u64_at(bytes, 160)?, u64_at(bytes, 176)?],
            pool: [u64_at(bytes, 200)?, u64_at(bytes, 208)?],
        })
    }

    fn filled(&self) -> Option<Filled<'a>> {
        let fee = self.fees[0].checked_add(self.fees[1])?;
        Some(Filled {
            fee: Some((fee, FeeSide::In)),
            direction: Direction::BToA,
            pool: Some(self.curve),
            mint_in: Some(self.quote_mint),
            mint_out: Some(self.mint),
            ..Filled::new(self.quote.checked_add(fee)?, self.base)
        })
    }

    /// The event does not say which side was exact: it was the quote when that gives the base.
    fn reckon(&self) -> Option<(u64, u64)> {
        let [base, quote] = self.pool;
        let pays = |net: u64| net.checked_add(rates::fees(net, &self.bps)?);
        if rates::base_for(self.quote, base.into(), quote.into()) == Some(self.base) {
            return Some((pays(self.quote)?, self.base));
        }
        Some((pays(cost(self.base, base, quote)?)?, self.base))
    }
}

/// Three strings (name, symbol, uri), then mint, curve, user, creator.
fn created(bytes: &[u8]) -> Option<Moved<'_>> {
    let mut at = 8usize;
    for _ in 0..3 {
        let len = usize::try_from(u32_at(bytes, at)?).ok()?;
        at = at.checked_add(4)?.checked_add(len)?;
    }
    Some(Moved { pool: Some(key_at(bytes, at.checked_add(32)?)?), ..Moved::default() })
}

/// user@8, mint@40, tokens u64@72, sol u64@80, migration fee u64@88, curve@96, time@128, pool@136.
fn migrated(bytes: &[u8]) -> Option<Moved<'_>> {
    let (amount_a, amount_b) = (Some(u64_at(bytes, 72)?), Some(u64_at(bytes, 80)?));
    Some(Moved { pool: Some(key_at(bytes, 96)?), amount_a, amount_b, liquidity: None })
}

/// time@8, mint@16, curve@48, quote mint@80, recipient@112, amount u64@144.
fn swept(bytes: &[u8]) -> Option<Moved<'_>> {
    let (pool, amount_b) = (Some(key_at(bytes, 48)?), Some(u64_at(bytes, 144)?));
    Some(Moved { pool, amount_b, ..Moved::default() })
}

/// Reads one of the program's events.
pub(super) fn event(channel: Channel, bytes: &[u8]) -> Event<'_> {
    let read = anchor(channel, bytes).and_then(|bytes| {
        Some(match *bytes.first_chunk::<8>()? {
            TRADE => Event::Swap(Trade::read(bytes)?.filled()?),
            POST_COMPLETE_BUY => Event::Swap(Rest::read(bytes)?.filled()?),
            CREATE => Event::Liquidity(created(bytes)?),
            COMPLETE_PUMP_AMM_MIGRATION => Event::Liquidity(migrated(bytes)?),
            SWEEP_BONDING_CURVE_FEE => Event::Liquidity(swept(bytes)?),
            other if OTHER_EVENTS.iter().any(|(_, known)| *known == other) => Event::Other,
            _ => Event::Unknown,
        })
    });
    read.unwrap_or(Event::Unknown)
}

/// The trade by the formula, from the state that the event tells.
pub(super) fn rederive(channel: Channel, bytes: &[u8]) -> Rederived {
    let Some(bytes) = anchor(channel, bytes) else { return Rederived::StateUnknown };
    let reckoned = match bytes.first_chunk() {
        Some(&TRADE) => Trade::read(bytes).map(|trade| trade.reckon()),
        Some(&POST_COMPLETE_BUY) => Rest::read(bytes).map(|rest| rest.reckon()),
        _ => None,
    };
    match reckoned {
        None => Rederived::StateUnknown,
        Some(None) => Rederived::Refused,
        Some(Some((amount_in, amount_out))) => Rederived::Both { amount_in, amount_out },
    }
}
