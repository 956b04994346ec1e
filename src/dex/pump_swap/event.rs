//! What PumpSwap tells of swaps, and the swaps reckoned again.
//!
//! | event | discriminator | fields |
//! |---|---|---|
//! | BuyEvent | 67f4521f2cf57777 | base out u64@16, pool base u64@48 and pool quote u64@56 before, quote u64@64, lp bps u64@72, lp fee u64@80, protocol bps u64@88, protocol fee u64@96, quote u64@112, pool@120, user@152, creator bps u64@344, creator fee u64@352, ix_name string@401 and the tail behind it |
//! | SellEvent | 3e2f370aa503dc2a | base in u64@16, pool base u64@48, pool quote u64@56, quote before fees u64@64, fees as above, quote after fees u64@112, pool@120, creator bps u64@344, creator fee u64@352, cashback bps u64@360, cashback u64@368, virtual quote i128@392 |
//!
//! The tail of a BuyEvent: cashback bps u64, cashback u64, buyback bps u64, buyback u64, virtual
//! quote i128. Older events end before it, and have no virtual quote.
//!
//! **Which quote is which.** After `buy` and `buy_v2` the quote at 64 is what reached the curve and
//! that at 112 what was paid; after `buy_exact_quote_in`, its v2 and `multi_hop_swap` it is the
//! other way round. What was paid is never the smaller one, so the sizes decide.
//!
//! The price is made from the base vault and from the quote vault plus the signed virtual quote. On
//! a buy that names the base, the quote is `ceil(Q * out / (B - out))`; the other formulas are those
//! of `pump::rates`. Fees are over the quote of a buy, and off that of a sale.

use super::super::event::{Channel, Event, FeeSide, Filled, Moved, Rederived, anchor};
use super::super::pump::quote::pool_cost;
use super::super::pump::rates;
#[cfg(test)]
use super::super::{pump::fees, quote::Order};
use crate::bytes::{i128_at, key_at, u32_at, u64_at};
use crate::ids::Key;
#[cfg(test)]
use crate::ids::Venue;
use crate::record::Direction;
#[cfg(test)]
use crate::record::Pool;

const BUY: [u8; 8] = [0x67, 0xf4, 0x52, 0x1f, 0x2c, 0xf5, 0x77, 0x77];
const CREATE_POOL: [u8; 8] = [0xb1, 0x31, 0x0c, 0xd2, 0xa0, 0x76, 0xa7, 0x74];
const DEPOSIT: [u8; 8] = [0x78, 0xf8, 0x3d, 0x53, 0x1f, 0x8e, 0x6b, 0x90];
const INIT_BOOST: [u8; 8] = [0xae, 0x7c, 0x4a, 0xf9, 0x04, 0x51, 0xf6, 0x11];
const SELL: [u8; 8] = [0x3e, 0x2f, 0x37, 0x0a, 0xa5, 0x03, 0xdc, 0x2a];
const SWEEP_POOL_FEE: [u8; 8] = [0x82, 0xa4, 0x24, 0x61, 0xe4, 0x82, 0x87, 0xa5];
const WITHDRAW: [u8; 8] = [0x16, 0x09, 0x85, 0x1a, 0xa0, 0x2c, 0x47, 0xc0];

/// The events that are read, by name.
#[cfg(test)]
pub(super) const KNOWN: [(&str, [u8; 8]); 7] = [
    ("BuyEvent", BUY),
    ("SellEvent", SELL),
    ("DepositEvent", DEPOSIT),
    ("WithdrawEvent", WITHDRAW),
    ("CreatePoolEvent", CREATE_POOL),
    ("SweepPoolFeeEvent", SWEEP_POOL_FEE),
    ("InitBoostEvent", INIT_BOOST),
];

/// The program's other events.
pub(super) const OTHER_EVENTS: [(&str, [u8; 8]); 20] = [
    ("AdminCtoPoolEvent", [0x2f, 0x23, 0xa3, 0xf9, 0x96, 0x9d, 0x93, 0x7a]),
    ("AdminUpdateTokenIncentivesEvent", [0x93, 0xfa, 0x6c, 0x78, 0xf7, 0x1d, 0x43, 0xde]),
    ("BoostBuyAndBurnEvent", [0x3f, 0x45, 0x1c, 0x16, 0x30, 0x5c, 0xc2, 0xb9]),
    ("ClaimCashbackEvent", [0xe2, 0xd6, 0xf6, 0x21, 0x07, 0xf2, 0x93, 0xe5]),
    ("ClaimTokenIncentivesEvent", [0x4f, 0xac, 0xf6, 0x31, 0xcd, 0x5b, 0xce, 0xe8]),
    ("CloseUserVolumeAccumulatorEvent", [0x92, 0x9f, 0xbd, 0xac, 0x92, 0x58, 0x38, 0xf4]),
    ("CollectCoinCreatorFeeEvent", [0xe8, 0xf5, 0xc2, 0xee, 0xea, 0xda, 0x3a, 0x59]),
    ("CreateConfigEvent", [0x6b, 0x34, 0x59, 0x81, 0x37, 0xe2, 0x51, 0x16]),
    ("DisableEvent", [0x6b, 0xfd, 0xc1, 0x4c, 0xe4, 0xca, 0x1b, 0x68]),
    ("ExtendAccountEvent", [0x61, 0x61, 0xd7, 0x90, 0x5d, 0x92, 0x16, 0x7c]),
    ("InitUserVolumeAccumulatorEvent", [0x86, 0x24, 0x0d, 0x48, 0xe8, 0x65, 0x82, 0xd8]),
    ("MigratePoolCoinCreatorEvent", [0xaa, 0xdd, 0x52, 0xc7, 0x93, 0xa5, 0xf7, 0x2e]),
    ("ReservedFeeRecipientsEvent", [0x2b, 0xbc, 0xfa, 0x12, 0xdd, 0x4b, 0xbb, 0x5f]),
    ("SetBondingCurveCoinCreatorEvent", [0xf2, 0xe7, 0xeb, 0x66, 0x41, 0x63, 0xbd, 0xd3]),
    ("SetBoostAuthorityEvent", [0x59, 0x80, 0xf0, 0x8d, 0x5b, 0xca, 0x47, 0x69]),
    ("SetMetaplexCoinCreatorEvent", [0x96, 0x6b, 0xc7, 0x7b, 0x7c, 0xcf, 0x66, 0xe4]),
    ("SyncUserVolumeAccumulatorEvent", [0xc5, 0x7a, 0xa7, 0x7c, 0x74, 0x51, 0x5b, 0xff]),
    ("UpdateAdminEvent", [0xe1, 0x98, 0xab, 0x57, 0xf6, 0x3f, 0x42, 0xea]),
    ("UpdateCreatorFeeConfigEvent", [0x98, 0xc6, 0x7c, 0x7c, 0x6a, 0xf6, 0x7f, 0xbf]),
    ("UpdateFeeConfigEvent", [0x5a, 0x17, 0x41, 0x23, 0x3e, 0xf4, 0xbc, 0xd0]),
];

/// A BuyEvent or a SellEvent.
struct Trade<'a> {
    buys: bool,
    pool: &'a Key,
    base: u64,
    /// What reaches the curve or comes from it.
    curve_quote: u64,
    /// What the user pays or gets.
    user_quote: u64,
    /// The buyer named what goes in, not what comes out.
    exact_quote: bool,
    /// Liquidity providers', protocol's, creator's, cashback.
    fees: [u64; 4],
    bps: [u64; 4],
    /// Reserves before, the virtual quote not added.
    reserves: [u64; 2],
    virtual_quote: i128,
}

impl<'a> Trade<'a> {
    fn read(bytes: &'a [u8], buys: bool) -> Option<Self> {
        let [first, second] = [u64_at(bytes, 64)?, u64_at(bytes, 112)?];
        let mut trade = Self {
            buys,
            pool: key_at(bytes, 120)?,
            base: u64_at(bytes, 16)?,
            curve_quote: if buys { first.min(second) } else { first },
            user_quote: if buys { first.max(second) } else { second },
            exact_quote: false,
            // The creator's fee came in 2025-05.
            fees: [u64_at(bytes, 80)?, u64_at(bytes, 96)?, u64_at(bytes, 352).unwrap_or(0), 0],
            bps: [u64_at(bytes, 72)?, u64_at(bytes, 88)?, u64_at(bytes, 344).unwrap_or(0), 0],
            reserves: [u64_at(bytes, 48)?, u64_at(bytes, 56)?],
            virtual_quote: 0,
        };
        if buys {
            trade.tail_of_buy(bytes);
        } else {
            trade.tail(bytes, 360);
        }
        Some(trade)
    }

    fn tail_of_buy(&mut self, bytes: &[u8]) -> Option<()> {
        let end = usize::try_from(u32_at(bytes, 401)?).ok()?.checked_add(405)?;
        let name = bytes.get(405..end)?;
        self.exact_quote = name.starts_with(b"buy_exact") || name == b"multi_hop_swap";
        self.tail(bytes, end)
    }

    /// Cashback, buyback (part of the protocol's fee) and the virtual quote, as far as they are told.
    fn tail(&mut self, bytes: &[u8], at: usize) -> Option<()> {
        let tail = bytes.get(at..)?;
        (self.bps[3], self.fees[3]) = (u64_at(tail, 0)?, u64_at(tail, 8)?);
        self.virtual_quote = i128_at(tail, 32)?;
        Some(())
    }

    fn filled(&self) -> Option<Filled<'a>> {
        let fee = self.fees.iter().try_fold(0u64, |sum, fee| sum.checked_add(*fee))?;
        let (amount_in, amount_out, side, direction) = if self.buys {
            (self.user_quote, self.base, FeeSide::In, Direction::BToA)
        } else {
            (self.base, self.user_quote, FeeSide::Out, Direction::AToB)
        };
        Some(Filled {
            fee: Some((fee, side)),
            direction,
            pool: Some(self.pool),
            ..Filled::new(amount_in, amount_out)
        })
    }

    /// The same swap by the formula: what goes in, what comes out.
    fn reckon(&self) -> Option<(u64, u64)> {
        let base = u128::from(self.reserves[0]);
        let quote = self.virtual_quote.checked_add(self.reserves[1].into())?;
        let quote = u128::try_from(quote).ok()?;
        if !self.buys {
            let got = rates::proceeds(self.base, base, quote)?;
            return Some((self.base, got.checked_sub(rates::fees(got, &self.bps)?)?));
        }
        let pays = |net: u64| net.checked_add(rates::fees(net, &self.bps)?);
        if self.exact_quote {
            let bought = rates::base_for(self.curve_quote, base, quote)?;
            return Some((pays(self.curve_quote)?, bought));
        }
        let cost = pool_cost(self.base, base.try_into().ok()?, quote.try_into().ok()?)?;
        Some((pays(cost)?, self.base))
    }
}

/// lp u64@16, base u64@72, quote u64@80, pool@96: DepositEvent and WithdrawEvent.
fn provided(bytes: &[u8]) -> Option<Moved<'_>> {
    Some(Moved {
        pool: Some(key_at(bytes, 96)?),
        amount_a: Some(u64_at(bytes, 72)?),
        amount_b: Some(u64_at(bytes, 80)?),
        liquidity: Some(u64_at(bytes, 16)?.into()),
    })
}

/// base u64@116, quote u64@124, lp u64@164, pool@173.
fn created(bytes: &[u8]) -> Option<Moved<'_>> {
    Some(Moved {
        pool: Some(key_at(bytes, 173)?),
        amount_a: Some(u64_at(bytes, 116)?),
        amount_b: Some(u64_at(bytes, 124)?),
        liquidity: Some(u64_at(bytes, 164)?.into()),
    })
}

/// pool@16, amount u64@176, of the quote token.
fn swept(bytes: &[u8]) -> Option<Moved<'_>> {
    let (pool, amount_b) = (Some(key_at(bytes, 16)?), Some(u64_at(bytes, 176)?));
    Some(Moved { pool, amount_b, ..Moved::default() })
}

/// pool@80.
fn boosted(bytes: &[u8]) -> Option<Moved<'_>> {
    Some(Moved { pool: Some(key_at(bytes, 80)?), ..Moved::default() })
}

/// Reads one of the program's events.
pub(super) fn event(channel: Channel, bytes: &[u8]) -> Event<'_> {
    let read = anchor(channel, bytes).and_then(|bytes| {
        Some(match *bytes.first_chunk::<8>()? {
            BUY => Event::Swap(Trade::read(bytes, true)?.filled()?),
            SELL => Event::Swap(Trade::read(bytes, false)?.filled()?),
            DEPOSIT | WITHDRAW => Event::Liquidity(provided(bytes)?),
            CREATE_POOL => Event::Liquidity(created(bytes)?),
            SWEEP_POOL_FEE => Event::Liquidity(swept(bytes)?),
            INIT_BOOST => Event::Liquidity(boosted(bytes)?),
            other if OTHER_EVENTS.iter().any(|(_, known)| *known == other) => Event::Other,
            _ => Event::Unknown,
        })
    });
    read.unwrap_or(Event::Unknown)
}

/// The swap by the formula, from the state that the event tells.
pub(super) fn rederive(channel: Channel, bytes: &[u8]) -> Rederived {
    let Some(bytes) = anchor(channel, bytes) else { return Rederived::StateUnknown };
    let trade = match bytes.first_chunk() {
        Some(&BUY) => Trade::read(bytes, true),
        Some(&SELL) => Trade::read(bytes, false),
        _ => None,
    };
    match trade.map(|trade| trade.reckon()) {
        None => Rederived::StateUnknown,
        Some(None) => Rederived::Refused,
        Some(Some((amount_in, amount_out))) => Rederived::Both { amount_in, amount_out },
    }
}

/// The pool before the swap that an event tells of, the order, and what was paid and got.
#[cfg(test)]
pub(super) fn case(bytes: &[u8]) -> Option<(Pool, Order, [u64; 2])> {
    let buys = *bytes.first_chunk()? == BUY;
    let trade = Trade::read(bytes, buys)?;
    let mut pool = Pool::new(0);
    pool.venue = Venue::PumpSwap as u16;
    [pool.reserve_a, pool.reserve_b] = trade.reserves;
    pool.virtual_b = trade.virtual_quote.try_into().ok()?;
    let [lp, protocol, creator, cashback] = trade.bps;
    // Cashback takes the creator's place.
    fees::charge(&mut pool, [lp, protocol, creator.max(cashback)])?;
    let order = match (trade.buys, trade.exact_quote) {
        (false, _) => Order::exact_in(true, trade.base),
        (true, true) => Order::exact_in(false, trade.user_quote),
        (true, false) => Order::exact_out(false, trade.base),
    };
    let told = if buys { [trade.user_quote, trade.base] } else { [trade.base, trade.user_quote] };
    (creator == 0 || cashback == 0).then_some((pool, order, told))
}
