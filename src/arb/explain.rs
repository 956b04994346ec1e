//! Every number of an opportunity, from the very states that it was found in.
//!
//! What is shown is computed again here, by the venues' own quotes, beside the real curve that the
//! size came from: so a reader can follow each lamport, and see what rounding took.

use ruint::Uint;

use super::book::Book;
use super::cost::CostModel;
use super::curve::Curve;
use super::decide::PoolHop;
use super::engine::Options;
use super::methods::sample;
use super::show::{amount, point, sol, symbol, units};
use super::size::{self, Plan};
use crate::bytes::base58;
use crate::cli::columns;
use crate::dex::{self, Moment};
use crate::ids::{Key, Venue};
use crate::math::wide::to_u128;
use crate::record::{Opportunity, Pool, Refusal};
use std::fmt::{self, Write as _};

/// Decimals of prices.
const PRICE_DIGITS: usize = 9;

/// Points of a curve.
const POINTS: u64 = 200;

/// One hop.
pub(super) struct HopView {
    pub(super) pool: Pool,
    pub(super) a_to_b: bool,
    pub(super) amount_in: u64,
    pub(super) amount_out: u64,
    /// The venue's fee, in units of what its rule takes it from.
    pub(super) fee: u64,
    /// What the real curve gives beyond the output, in 10^-6 units; within one piece only.
    pub(super) cut_off: Option<u32>,
    /// More input until the present piece ends.
    pub(super) to_end: Option<u64>,
    pub(super) crossed: u32,
    /// What comes out for one that goes in, at the margin, before and after: 10^-9, fees aside.
    pub(super) price_before: Option<u128>,
    pub(super) price_after: Option<u128>,
}

/// An opportunity with what it follows from.
pub(super) struct Explained {
    pub(super) record: Opportunity,
    pub(super) hops: Vec<HopView>,
    pub(super) model: CostModel,
    pub(super) what_if: Option<(u64, Result<Plan, Refusal>)>,
    /// Gains at inputs from nothing to twice the size taken.
    pub(super) curve: Vec<(u64, i128)>,
    /// Inputs at which pieces of the hops end, up to the size taken.
    pub(super) ends: Vec<u64>,
}

/// Explains `record`, which the present states of `book` gave; `what_if` is another input.
pub(super) fn explain(
    record: &Opportunity,
    book: &Book,
    options: &Options,
    now: Moment,
    what_if: Option<u64>,
) -> Explained {
    let hops: Vec<_> = PoolHop::all(book, record, now).flatten().collect();
    let what_if = what_if.map(|input| (input, size::plan(&hops, input, options.flash)));
    let amounts = record.amounts.iter().zip(record.amounts.iter().skip(1));
    let views = hops.iter().zip(amounts).map(|(hop, (into, out))| view(hop, *into, *out));
    let most = record.amounts.first().copied().unwrap_or(0).saturating_mul(2);
    let curve = sample(&hops, options.flash, u128::from(most), POINTS);
    let curve = std::iter::once((0, 0)).chain(curve);
    let ends = size::walk(&hops, options.flash, 0).map_or_else(|_| Vec::new(), |walk| walk.ends());
    Explained {
        record: *record,
        hops: views.collect(),
        model: options.costs,
        what_if,
        curve: curve.collect(),
        ends,
    }
}

fn view(hop: &PoolHop<'_>, amount_in: u64, amount_out: u64) -> HopView {
    let quote = dex::quote_in(hop.pool, hop.around, hop.a_to_b, amount_in);
    let mut view = HopView {
        pool: *hop.pool,
        a_to_b: hop.a_to_b,
        amount_in,
        amount_out,
        fee: quote.map_or(0, |quote| quote.fee),
        cut_off: None,
        to_end: None,
        crossed: 0,
        price_before: None,
        price_after: None,
    };
    let Some(shift) = size::shift_of(hop) else { return view };
    let scaled = |amount: u64| u128::from(amount) << shift;
    let mut left = scaled(amount_in);
    for (at, mut piece) in size::curves(hop, shift).enumerate() {
        if at == 0 {
            view.price_before = price(&piece, hop);
            view.cut_off = cut_off(&piece, left, scaled(amount_out), shift);
        }
        if let Some(room) = piece.room.filter(|room| *room < left) {
            left = left.saturating_sub(room);
            view.crossed = view.crossed.saturating_add(1);
            continue;
        }
        view.to_end =
            piece.room.and_then(|room| u64::try_from(room.saturating_sub(left) >> shift).ok());
        if piece.advance(left).is_some() {
            view.price_after = price(&piece, hop);
        }
        break;
    }
    if view.crossed > 0 {
        view.cut_off = None;
    }
    view
}

/// Whole tokens that come out for one, at the margin and without fees, 10^-9.
fn price(piece: &Curve, hop: &PoolHop<'_>) -> Option<u128> {
    let (into, out) = sides(hop.pool.decimals_a, hop.pool.decimals_b, hop.a_to_b);
    let ten = |power: u8| Uint::<512, 8>::from(10_u64).checked_pow(Uint::from(power));
    let digits = u8::try_from(PRICE_DIGITS).ok()?;
    let above = Uint::from(piece.s).checked_mul(ten(into.checked_add(digits)?)?)?;
    to_u128(&above.checked_div(Uint::from(piece.r).checked_mul(ten(out)?)?)?)
}

/// How much more the real curve gives for `gross` than `out`, in 10^-6 units.
fn cut_off(piece: &Curve, gross: u128, out: u128, shift: u32) -> Option<u32> {
    type Wide = Uint<768, 12>;
    let num = |value: u64| Wide::from(value);
    let net = Wide::from(gross).checked_mul(num(piece.keep_in.num))?;
    let depth = Wide::from(piece.r).checked_mul(num(piece.keep_in.den))?;
    let depth = if piece.flat { depth } else { depth.checked_add(net)? };
    let above = Wide::from(piece.s).checked_mul(net)?.checked_mul(num(piece.keep_out.num))?;
    let below = depth.checked_mul(num(piece.keep_out.den))?;
    let real = above.checked_mul(num(1_000_000))?.checked_div(below)?;
    let got = Wide::from(out).checked_mul(num(1_000_000))?;
    let more = real.checked_sub(got)?.wrapping_shr(usize::try_from(shift).ok()?);
    u32::try_from(to_u128(&more)?).ok()
}

fn sides<T>(a: T, b: T, a_to_b: bool) -> (T, T) {
    if a_to_b { (a, b) } else { (b, a) }
}

impl Explained {
    /// Name by which it is asked for: the ordinal of what led to it, and the hash of its states.
    pub(super) fn id(&self) -> String {
        id(&self.record)
    }
}

/// See [`Explained::id`].
pub(super) fn id(record: &Opportunity) -> String {
    format!("{}-{:016x}", record.ordinal, record.state_hash)
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = &self.record;
        writeln!(f, "opportunity {}", self.id())?;
        let cause = if one.cause == 0 { "a state or an executed swap" } else { "a pending swap" };
        write!(f, "found at slot {} by {cause}", one.slot)?;
        writeln!(f, " in {}", base58::Key(&one.trigger_pool))?;
        if one.reason != 0 {
            let name = Refusal::NAMES.get(usize::from(one.reason)).copied().unwrap_or("?");
            writeln!(f, "refused: {name}")?;
        }
        for (hop, number) in self.hops.iter().zip(1..) {
            write!(f, "\n{}", Hopped { hop, number })?;
        }
        write!(f, "\n{}", self.money())?;
        self.others(f)
    }
}

/// One hop, as it is printed.
struct Hopped<'a> {
    hop: &'a HopView,
    number: u32,
}

impl fmt::Display for Hopped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let HopView { pool, a_to_b, .. } = self.hop;
        let (mint_in, mint_out) = sides(&pool.mint_a, &pool.mint_b, *a_to_b);
        let (dec_in, dec_out) = sides(pool.decimals_a, pool.decimals_b, *a_to_b);
        let venue = Venue::from_number(pool.venue).map_or("?", Venue::name);
        writeln!(f, "hop {}: {venue} {}", self.number, base58::Key(&pool.pool))?;
        let mut rows = vec![
            ["goes in".to_owned(), amount(self.hop.amount_in, dec_in, mint_in)],
            ["comes out".to_owned(), amount(self.hop.amount_out, dec_out, mint_out)],
        ];
        if pool.present & Pool::RESERVES != 0 {
            let (r, s) = sides(pool.reserve_a, pool.reserve_b, *a_to_b);
            let text = format!("{}, {}", amount(r, dec_in, mint_in), amount(s, dec_out, mint_out));
            rows.push(["reserves".to_owned(), text]);
        }
        if pool.present & Pool::SQRT_PRICE != 0 {
            let text = format!(
                "sqrt price {}, liquidity {}, tick {}",
                pool.sqrt_price, pool.liquidity, pool.tick
            );
            rows.push(["state".to_owned(), text]);
        }
        let rate = format!("{}/{}", pool.fee_num, pool.fee_den);
        rows.push(["fee".to_owned(), format!("{rate}, {} raw units", self.hop.fee)]);
        if let (Some(before), Some(after)) = (self.hop.price_before, self.hop.price_after) {
            let [before, after] = [before, after].map(|price| point(price, PRICE_DIGITS));
            let text = format!("{before}, after it {after} {}", symbol(mint_out));
            rows.push([format!("price of 1 {}", symbol(mint_in)), text]);
        }
        if let Some(cut) = self.hop.cut_off {
            let text = format!("{} raw units of the output", point(u128::from(cut), 6));
            rows.push(["rounding takes".to_owned(), text]);
        }
        let end = match (self.hop.crossed, self.hop.to_end) {
            (0, None) => "none: one curve".to_owned(),
            (crossed, end) => {
                let more = end.map_or("no".to_owned(), |end| amount(end, dec_in, mint_in));
                format!("{more} more; {crossed} crossed")
            }
        };
        rows.push(["next boundary".to_owned(), end]);
        rows.push(["state of slot".to_owned(), pool.slot.to_string()]);
        for line in columns(&rows, 2).lines() {
            writeln!(f, "  {line}")?;
        }
        Ok(())
    }
}

impl Explained {
    /// The cost table: what comes back, less everything, is the net.
    fn money(&self) -> String {
        let one = &self.record;
        let hops = usize::from(one.hops);
        let first = one.amounts.first().copied().unwrap_or(0);
        let back = one.amounts.get(hops).copied().unwrap_or(0);
        let units = one.compute_units;
        let tip = format!(
            "tip: {} bps of what is left, at least {}",
            self.model.tip_bps,
            sol(i128::from(self.model.min_tip))
        );
        let price = one.cu_price_micro;
        let priority = format!("priority fee: {units} compute units at {price} micro-lamports");
        let minus = |lamports: u64| 0_i128.saturating_sub(i128::from(lamports));
        let lines = [
            ("comes back".to_owned(), i128::from(back)),
            ("went in".to_owned(), minus(first)),
            ("gross".to_owned(), i128::from(one.gross)),
            ("flash loan".to_owned(), minus(one.flash_fee)),
            (format!("base fee: {} signature", self.model.signatures), minus(one.base_fee)),
            (priority, minus(one.priority_fee)),
            (tip, minus(one.tip)),
            ("net".to_owned(), i128::from(one.net)),
        ];
        let rows = lines.map(|(name, lamports)| [name, sol(lamports)]);
        let mut text = columns(&rows, 1);
        let _ = writeln!(text, "rounding can have cost at most {} lamports", one.bound);
        text
    }

    /// What the plan and another input say.
    fn others(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = &self.record;
        if one.present & Opportunity::PLAN != 0 {
            let share = point(u128::from(one.captured_ppm), 4);
            let bound = sol(i128::from(one.plan_bound));
            writeln!(
                f,
                "cycle {} of a plan of {}",
                one.plan_index.saturating_add(1),
                one.plan_count
            )?;
            writeln!(f, "no trades in its pools gain more than {bound}; the plan takes {share} %")?;
        }
        let decimals = one.decimals.first().copied().unwrap_or(0);
        match &self.what_if {
            None => Ok(()),
            Some((input, Err(refusal))) => {
                let name = refusal.name();
                let input = amount(*input, decimals, &one.base_mint);
                writeln!(f, "\nwith {input} instead: refused, {name}")
            }
            Some((input, Ok(plan))) => {
                let base: &Key = &one.base_mint;
                writeln!(f, "\nwith {} instead:", amount(*input, decimals, base))?;
                let legs = plan.legs.iter().take(usize::from(one.hops).saturating_add(1));
                let mints = one.mints.iter().zip(one.decimals);
                let mints = mints.take(usize::from(one.hops)).chain([(base, decimals)]);
                for (leg, (mint, decimals)) in legs.zip(mints) {
                    writeln!(f, "  {} {}", units(*leg, decimals), symbol(mint))?;
                }
                let less = i128::from(one.gross).saturating_sub(i128::from(one.flash_fee));
                let less = less.saturating_sub(plan.gain);
                writeln!(f, "  gains {}, {} less than the size taken", sol(plan.gain), sol(less))
            }
        }
    }
}
