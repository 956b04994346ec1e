//! Open lots, first in first out, and the file that keeps them.
//!
//! ```text
//! head 128 | keys seen, 16 bytes each | wallets, 64 each | positions: wallet, token, count; lots, 16 each
//!
//! head   0 "MEVWLOT1"   8 version u32   12 decimals u8, zero   16 number of the table u64
//!       24 seen u64   32 wallets u64   40 positions u64   48 lots u64   56 zero   64 quote token 32
//!       96 xxh3-64 of what follows the head   104 zero   120 xxh3-64 of bytes 0..120
//! ```
//!
//! Everything is sorted, so that the same lots are the same bytes. The key of every fill that was taken
//! is kept: the same capture twice gives the same table.

use super::Trades;
use crate::bytes::{array_at, u64_at};
use crate::error::{Error, Result};
use crate::wallet::row::Address;
use std::collections::{HashMap, HashSet, VecDeque};
use xxhash_rust::xxh3::xxh3_64;

/// A purchase or a sale, of which the lots are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Fill {
    /// By what it is known again.
    pub key: [u64; 2],
    /// Who traded.
    pub wallet: Address,
    /// The token that was bought or sold.
    pub mint: Address,
    /// How much of it, raw units.
    pub amount: u64,
    /// For how much of the quote token, raw units.
    pub paid: u64,
    /// When, in seconds since 1970.
    pub time: u32,
    /// 1 for a purchase, 0 for a sale.
    pub buy: u32,
}

/// The token that costs and profits are reckoned in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Its mint.
    pub mint: Address,
    /// Its decimals.
    pub decimals: u8,
}

/// Tokens that were bought together and not sold yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Lot {
    amount: u64,
    cost: u64,
}

/// What a fill changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// Nothing: it was taken before.
    Seen,
    /// It is a purchase, or a sale of what was not seen to be bought.
    Noted,
    /// It is a trade: this is what the wallet's trades are now.
    Trade(Trades),
}

/// Every wallet's open lots and trades.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lots {
    id: u64,
    quote: Quote,
    seen: HashSet<[u64; 2]>,
    wallets: HashMap<Address, Trades>,
    open: HashMap<(Address, Address), VecDeque<Lot>>,
}

/// Bytes of the head of the file.
const HEAD_LEN: usize = 128;

const MAGIC: [u8; 8] = *b"MEVWLOT1";
const VERSION: u32 = 1;
const WALLET_LEN: usize = 64;

impl Lots {
    /// No lots, of table `id`.
    pub fn new(id: u64, quote: Quote) -> Self {
        let (seen, wallets, open) = (HashSet::new(), HashMap::new(), HashMap::new());
        Self { id, quote, seen, wallets, open }
    }

    /// The number of the table that they are of.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// What costs and profits are reckoned in.
    pub fn quote(&self) -> &Quote {
        &self.quote
    }

    /// Fills taken.
    pub fn fills(&self) -> u64 {
        self.seen.len() as u64
    }

    /// Lots that are open.
    pub fn open(&self) -> u64 {
        self.open.values().map(|lots| lots.len() as u64).sum()
    }

    /// What a wallet's trades are.
    pub fn trades(&self, wallet: &Address) -> Option<&Trades> {
        self.wallets.get(wallet)
    }

    /// Whether a fill was taken before.
    pub fn has_seen(&self, fill: &Fill) -> bool {
        self.seen.contains(&fill.key)
    }

    /// Takes a fill.
    ///
    /// A sale takes the oldest lots; its profit is its share of what was paid less their cost. What is
    /// sold beyond all lots was bought before anybody looked, and has no profit. Of a lot that is taken
    /// in part the cost is taken in proportion, rounded down; the rest stays with the rest.
    pub fn take(&mut self, fill: &Fill) -> Applied {
        if !self.seen.insert(fill.key) {
            return Applied::Seen;
        }
        let standing = self.wallets.entry(fill.wallet).or_default();
        standing.last = standing.last.max(fill.time);
        let place = (fill.wallet, fill.mint);
        if fill.buy != 0 {
            let lot = Lot { amount: fill.amount, cost: fill.paid };
            self.open.entry(place).or_default().push_back(lot);
            return Applied::Noted;
        }
        let Some(lots) = self.open.get_mut(&place) else { return Applied::Noted };
        let (sold, cost) = sell(lots, fill.amount);
        if lots.is_empty() {
            self.open.remove(&place);
        }
        if sold == 0 {
            return Applied::Noted;
        }
        let paid = share(fill.paid, sold, fill.amount);
        let profit = i128::from(paid) - i128::from(cost);
        standing.trades = standing.trades.saturating_add(1);
        standing.wins = standing.wins.saturating_add(u32::from(profit > 0));
        standing.profit = standing.profit.saturating_add(profit);
        Applied::Trade(*standing)
    }

    /// The file of these lots.
    pub fn bytes(&self) -> Vec<u8> {
        let mut body = Vec::new();
        let mut seen: Vec<_> = self.seen.iter().collect();
        seen.sort_unstable();
        for key in seen {
            body.extend(bytemuck::bytes_of(key));
        }
        let mut wallets: Vec<_> = self.wallets.iter().collect();
        wallets.sort_unstable_by_key(|(address, _)| **address);
        for (address, of) in wallets {
            body.extend(address);
            body.extend(of.profit.to_le_bytes());
            for number in [of.trades, of.wins, of.last, 0] {
                body.extend(number.to_le_bytes());
            }
        }
        let mut open: Vec<_> = self.open.iter().collect();
        open.sort_unstable_by_key(|(place, _)| **place);
        for ((wallet, mint), lots) in open {
            body.extend(wallet);
            body.extend(mint);
            body.extend((lots.len() as u64).to_le_bytes());
            for lot in lots {
                body.extend(lot.amount.to_le_bytes());
                body.extend(lot.cost.to_le_bytes());
            }
        }
        let counts = [self.seen.len(), self.wallets.len(), self.open.len()].map(|n| n as u64);
        let mut bytes = Vec::with_capacity(HEAD_LEN + body.len());
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend([self.quote.decimals, 0, 0, 0]);
        bytes.extend(self.id.to_le_bytes());
        for count in counts {
            bytes.extend(count.to_le_bytes());
        }
        bytes.extend(self.open().to_le_bytes());
        bytes.extend([0; 8]);
        bytes.extend(self.quote.mint);
        bytes.extend(xxh3_64(&body).to_le_bytes());
        bytes.extend([0; 16]);
        let sum = xxh3_64(&bytes);
        bytes.extend(sum.to_le_bytes());
        bytes.append(&mut body);
        bytes
    }

    /// The lots of a file.
    ///
    /// # Errors
    /// Status 3 when it is no such file, or one of another version; 4 when it is damaged.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let hint =
            "these are the lots of walletdb learn: restore them, or remove them and learn anew";
        let word = |at| u64_at(bytes, at).unwrap_or(0);
        if bytes.first_chunk::<8>() != Some(&MAGIC) {
            return Err(Error::foreign("not the lots of a wallet table").hint(hint));
        }
        let version = crate::bytes::u32_at(bytes, 8).unwrap_or(0);
        if version != VERSION {
            let what =
                format!("lots of layout version {version}; this tool knows version {VERSION}");
            return Err(Error::foreign(what).hint(hint));
        }
        let damaged = || Error::damaged("the lots are damaged").hint(hint);
        let (head, body) = bytes.split_at_checked(HEAD_LEN).ok_or_else(damaged)?;
        if head.get(..120).map(xxh3_64) != Some(word(120)) || xxh3_64(body) != word(96) {
            return Err(damaged());
        }
        let decimals = crate::bytes::u8_at(head, 12).unwrap_or(0);
        let quote = Quote { mint: array_at(head, 64).unwrap_or([0; 32]), decimals };
        let mut lots = Self::new(word(16), quote);
        lots.read_body(body, [word(24), word(32), word(40)]).ok_or_else(damaged)?;
        Ok(lots)
    }

    fn read_body(&mut self, body: &[u8], [seen, wallets, positions]: [u64; 3]) -> Option<()> {
        let mut at = 0;
        let mut next = |len: usize| {
            let part = body.get(at..)?.get(..len)?;
            at += len;
            Some(part)
        };
        for _ in 0..seen {
            self.seen.insert(bytemuck::pod_read_unaligned(next(16)?));
        }
        for _ in 0..wallets {
            let part = next(WALLET_LEN)?;
            let number = |at| crate::bytes::u32_at(part, at);
            let standing = Trades {
                profit: crate::bytes::i128_at(part, 32)?,
                trades: number(48)?,
                wins: number(52)?,
                last: number(56)?,
            };
            self.wallets.insert(array_at(part, 0)?, standing);
        }
        for _ in 0..positions {
            let part = next(72)?;
            let place = (array_at(part, 0)?, array_at(part, 32)?);
            let count = u64_at(part, 64)?;
            let mut lots = VecDeque::new();
            for _ in 0..count {
                let part = next(16)?;
                lots.push_back(Lot { amount: u64_at(part, 0)?, cost: u64_at(part, 8)? });
            }
            self.open.insert(place, lots);
        }
        (at == body.len()).then_some(())
    }
}

/// Takes `amount` from the oldest lots: how much there was, and what it had cost.
fn sell(lots: &mut VecDeque<Lot>, amount: u64) -> (u64, u64) {
    let (mut left, mut cost) = (amount, 0_u64);
    while left > 0
        && let Some(lot) = lots.front_mut()
    {
        if lot.amount > left {
            let part = share(lot.cost, left, lot.amount);
            lot.amount -= left;
            lot.cost -= part;
            cost = cost.saturating_add(part);
            left = 0;
        } else {
            left -= lot.amount;
            cost = cost.saturating_add(lot.cost);
            lots.pop_front();
        }
    }
    (amount - left, cost)
}

/// `of * part / whole`, rounded down; `part` is at most `whole`.
fn share(of: u64, part: u64, whole: u64) -> u64 {
    let wide = u128::from(of) * u128::from(part);
    wide.checked_div(whole.into()).and_then(|share| u64::try_from(share).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTE: Quote = Quote { mint: [9; 32], decimals: 9 };

    fn fill(number: u64, wallet: u8, buy: bool, amount: u64, paid: u64) -> Fill {
        let time = u32::try_from(number).unwrap();
        let (wallet, mint) = ([wallet; 32], [5; 32]);
        Fill { key: [number, 1], wallet, mint, amount, paid, time, buy: u32::from(buy) }
    }

    fn trade(applied: Applied) -> Trades {
        let Applied::Trade(trades) = applied else { panic!("{applied:?}") };
        trades
    }

    #[test]
    fn the_oldest_lots_are_sold_first() {
        let mut lots = Lots::new(1, QUOTE);
        assert_eq!(lots.take(&fill(1, 1, true, 100, 1000)), Applied::Noted);
        assert_eq!(lots.take(&fill(2, 1, true, 100, 3000)), Applied::Noted);
        // The first lot and half of the second: 1000 + 1500.
        let one = trade(lots.take(&fill(3, 1, false, 150, 2600)));
        assert_eq!((one.trades, one.wins, one.profit, one.last), (1, 1, 100, 3));
        let two = trade(lots.take(&fill(4, 1, false, 50, 1400)));
        assert_eq!((two.trades, two.wins, two.profit), (2, 1, 0));
        assert_eq!(lots.open(), 0);
        // There is nothing left: no trade.
        assert_eq!(lots.take(&fill(5, 1, false, 50, 1400)), Applied::Noted);
    }

    #[test]
    fn what_was_bought_unseen_has_no_profit() {
        let mut lots = Lots::new(1, QUOTE);
        lots.take(&fill(1, 1, true, 100, 1000));
        // Of 400 sold for 8000, a quarter was seen to be bought: 2000 less 1000.
        let one = trade(lots.take(&fill(2, 1, false, 400, 8000)));
        assert_eq!((one.trades, one.profit), (1, 1000));
        // Another wallet's sale takes nothing from it.
        lots.take(&fill(3, 1, true, 100, 1000));
        assert_eq!(lots.take(&fill(4, 2, false, 100, 9000)), Applied::Noted);
        assert_eq!(lots.open(), 1);
    }

    #[test]
    fn costs_that_do_not_divide_are_lost_nowhere() {
        let mut lots = Lots::new(1, QUOTE);
        lots.take(&fill(1, 1, true, 7, 100));
        let mut all = Trades::default();
        for number in 2..9 {
            all = trade(lots.take(&fill(number, 1, false, 1, 10)));
        }
        // 7 sales for 10 each of what cost 100.
        assert_eq!((all.trades, all.profit), (7, -30));
    }

    #[test]
    fn a_fill_counts_once_and_a_file_gives_back_what_it_holds() {
        let fills: Vec<Fill> = (0..200)
            .map(|n| fill(n, u8::try_from(n % 7).unwrap(), n % 3 != 0, n % 11 + 1, n * 13 % 101))
            .collect();
        let mut lots = Lots::new(77, QUOTE);
        for fill in &fills {
            lots.take(fill);
        }
        let before = lots.clone();
        assert!(fills.iter().all(|fill| lots.take(fill) == Applied::Seen && lots.has_seen(fill)));
        assert_eq!(lots, before);
        let bytes = lots.bytes();
        assert_eq!(Lots::read(&bytes).unwrap(), lots);
        assert_eq!(Lots::read(&bytes).unwrap().bytes(), bytes);
        assert!(lots.open() > 10 && lots.fills() == 200 && lots.id() == 77);
    }

    #[test]
    fn damage_anywhere_is_found() {
        let mut lots = Lots::new(77, QUOTE);
        for n in 0..20 {
            lots.take(&fill(n, 1, n % 2 == 0, 10, 10));
        }
        let bytes = lots.bytes();
        for at in 0..bytes.len() {
            let mut broken = bytes.clone();
            broken[at] ^= 1 << (at % 8);
            assert!(Lots::read(&broken).is_err(), "byte {at}");
            assert!(Lots::read(&bytes[..at]).is_err(), "cut at {at}");
        }
    }
}
