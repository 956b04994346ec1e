//! The sandwich that begins with one swap, if one does.
//!
//! ```text
//! fronts   f0  f1  f2            the legs of its group in its direction: f0 is the swap
//! others         v   v   v       those that it hurts
//! backs                 b0 b1 b2 the legs of its group the other way
//! ```
//!
//! A sandwich is the first fronts `f0..=f(j)` and a run of backs `b(m)..b(n)` after them. For each `j`
//! two pointers pass over the backs: the more a run sells the more it gets, so of those that sell no
//! more than was bought the longest is the best, and `m` and `n` only rise. That is all runs in
//! `O(fronts * backs)`; both are bounded. Of what satisfies the rules, the run whose amounts fit
//! exactly is taken before others, then the one that begins first, sells most, and bought most.
//!
//! Groups are tried in the order of what ties them: one owner; one program and linked accounts; one
//! program and exact amounts. Legs that go to the venue directly are a group under one owner only:
//! that unrelated people trade directly, and now and then as much, is no sign.

use super::loss::Victim;
use super::rules::{
    self, LEADER_SLOTS, Sum, Verdicts, is_aggregator, is_reverse, is_same_way, is_victim,
    leader_turn, linked, wrapper,
};
use super::window::{Chain, Entry, Window};
use crate::record::{RuleLevel, RuleVerdict, Swap};

/// Most legs of a group that are looked at, in each direction.
pub(super) const LEGS: usize = 64;

/// Most swaps of a chain that one search follows; beyond, nothing is found, and that is counted.
const LOOKS: usize = 4096;

/// Most victims of a sandwich that are told one by one.
pub(super) const VICTIMS: usize = 64;

/// A leg of a group.
#[derive(Clone, Copy, Debug)]
struct Leg {
    number: u64,
    tx: u64,
    slot: u64,
    sum: Sum,
}

/// A sandwich: its legs and victims are in the search that found it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sandwich {
    pub(super) level: RuleLevel,
    pub(super) verdicts: Verdicts,
    pub(super) front: Sum,
    pub(super) back: Sum,
    pub(super) fronts: usize,
    pub(super) backs: usize,
    /// Its transactions.
    pub(super) txs: u64,
    pub(super) victims: u32,
}

/// A choice of legs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Block {
    is_exact: bool,
    fronts: usize,
    from: usize,
    to: usize,
}

/// Which rules tie a group, and so what is asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tie {
    Owner,
    Linked,
    Amounts,
}

/// The memory of searches.
pub(super) struct Search {
    fronts: Vec<Leg>,
    backs: Vec<Leg>,
    /// Numbers of the legs found, in order.
    pub(super) legs: Vec<u64>,
    /// The victims found, in order.
    pub(super) victims: Vec<Victim>,
    /// Groups with more legs, and chains with more swaps, than are looked at.
    pub(super) cut: u64,
}

/// Whether `row` tells both of its amounts.
pub(super) fn has_amounts(row: &Swap) -> bool {
    let both = Swap::AMOUNT_IN | Swap::AMOUNT_OUT;
    row.present & both == both
}

impl Search {
    /// Takes all the memory that it will ever use.
    pub(super) fn new() -> Self {
        Self {
            fronts: Vec::with_capacity(LEGS),
            backs: Vec::with_capacity(LEGS),
            legs: Vec::with_capacity(LEGS.saturating_mul(2)),
            victims: Vec::with_capacity(VICTIMS),
            cut: 0,
        }
    }

    /// The sandwich whose first front-run is swap `number`, within `span` slots, by the rules of
    /// `levels`.
    pub(super) fn find(
        &mut self,
        window: &Window,
        number: u64,
        span: u64,
        levels: &[RuleLevel],
    ) -> Option<Sandwich> {
        let first = window.get(number)?;
        let row = &first.row;
        if first.is_used || !has_amounts(row) || wrapper(row).is_some_and(is_aggregator) {
            return None;
        }
        for level in levels {
            let reach = reach(*level, span);
            let ties = if *level == RuleLevel::Strict {
                [Tie::Owner, Tie::Linked]
            } else {
                [Tie::Owner, Tie::Amounts]
            };
            for tie in ties {
                self.gather(window, number, first, reach, tie);
                if self.backs.is_empty() {
                    continue;
                }
                let hurt = self.first_victim(window, number, first, reach)?;
                let need_exact = tie == Tie::Amounts;
                let Some(block) = self.best(hurt, *level == RuleLevel::Strict, need_exact) else {
                    continue;
                };
                let found = self.judge(window, first, number, block, *level, span);
                if found.verdicts.missing(*level).0 == 0 {
                    return Some(found);
                }
            }
        }
        None
    }

    /// What is nearly one: the swap `number` and the next of its owner, or through its program, the
    /// other way, where all rules of one set but one hold.
    pub(super) fn find_near(
        &mut self,
        window: &Window,
        number: u64,
        span: u64,
        levels: &[RuleLevel],
    ) -> Option<Sandwich> {
        let first = window.get(number).filter(|first| !first.is_used && has_amounts(&first.row))?;
        for chain in [Chain::Owner, Chain::Wrapper] {
            let back = window
                .after(number, chain)
                .take(LOOKS)
                .take_while(|(_, back)| is_within(first, back, span))
                .filter(|(_, back)| !back.is_used && has_amounts(&back.row) && back.tx > first.tx)
                .find(|(_, back)| {
                    let same = chain == Chain::Owner || wrapper(&first.row) == wrapper(&back.row);
                    is_reverse(&first.row, &back.row) && same
                });
            let Some((at, back)) = back else { continue };
            self.fronts.clear();
            self.backs.clear();
            self.fronts.push(Leg::of(number, first));
            self.backs.push(Leg::of(at, back));
            let block = Block { is_exact: false, fronts: 1, from: 0, to: 1 };
            for level in levels {
                let found = self.judge(window, first, number, block, *level, span);
                if found.verdicts.missing(*level).0 == 1 {
                    return Some(found);
                }
            }
        }
        None
    }

    /// Gathers the legs of the group of `first`, itself as the first of the fronts.
    fn gather(&mut self, window: &Window, number: u64, first: &Entry, span: u64, tie: Tie) {
        self.fronts.clear();
        self.backs.clear();
        self.fronts.push(Leg::of(number, first));
        let chain = if tie == Tie::Owner { Chain::Owner } else { Chain::Wrapper };
        let front = &first.row;
        for (looked, (at, entry)) in (0_usize..).zip(window.after(number, chain)) {
            if !is_within(first, entry, span) {
                break;
            }
            if looked >= LOOKS {
                self.cut = self.cut.saturating_add(1);
                break;
            }
            let row = &entry.row;
            let tied = match tie {
                Tie::Owner => rules::same_owner(front, row) == RuleVerdict::Passed,
                Tie::Linked => linked(front, row) == RuleVerdict::Passed,
                Tie::Amounts => true,
            };
            if entry.is_used || !has_amounts(row) || !tied || wrapper(front) != wrapper(row) {
                continue;
            }
            let legs = if is_same_way(front, row) {
                &mut self.fronts
            } else if is_reverse(front, row) {
                &mut self.backs
            } else {
                continue;
            };
            if legs.len() >= LEGS {
                self.cut = self.cut.saturating_add(1);
                break;
            }
            legs.push(Leg::of(at, entry));
        }
    }

    /// The transaction of the first swap that `first` hurts.
    fn first_victim(
        &mut self,
        window: &Window,
        number: u64,
        first: &Entry,
        span: u64,
    ) -> Option<u64> {
        for (looked, (_, entry)) in (0_usize..).zip(window.after(number, Chain::Pool)) {
            if looked >= LOOKS {
                self.cut = self.cut.saturating_add(1);
                return None;
            }
            if !is_within(first, entry, span) {
                return None;
            }
            if entry.tx > first.tx && is_victim(&first.row, &entry.row) {
                return Some(entry.tx);
            }
        }
        None
    }

    /// The best choice of legs, where transaction `hurt` is the first that the front-run hurts.
    fn best(&self, hurt: u64, in_one_turn: bool, need_exact: bool) -> Option<Block> {
        let turn = self.fronts.first().map(|first| leader_turn(first.slot))?;
        let fits = |leg: &&Leg| !in_one_turn || leader_turn(leg.slot) == turn;
        let backs = self.backs.iter().take_while(fits).count();
        let backs = self.backs.get(..backs)?;
        let mut best: Option<Block> = None;
        let mut front = Sum::default();
        for (fronts, leg) in (1..).zip(self.fronts.iter().take_while(fits)) {
            front = front.plus(leg.sum);
            let begin = backs.partition_point(|back| back.tx <= leg.tx);
            let (mut back, mut to) = (Sum::default(), begin);
            for from in begin..backs.len() {
                if to < from {
                    (back, to) = (Sum::default(), from);
                }
                while let Some(next) = backs.get(to) {
                    if !rules::bought(front, back.plus(next.sum)) {
                        break;
                    }
                    back = back.plus(next.sum);
                    to = to.saturating_add(1);
                }
                let last = to.checked_sub(1).filter(|last| *last >= from);
                let behind = last.and_then(|last| backs.get(last)).is_some_and(|leg| hurt < leg.tx);
                let is_exact = rules::exact(front, back);
                if behind && rules::paid(front, back) && (is_exact || !need_exact) {
                    let block = Block { is_exact, fronts, from, to };
                    if best.is_none_or(|best| best.is_before(&block)) {
                        best = Some(block);
                    }
                }
                if let Some(leg) = backs.get(from).filter(|_| to > from) {
                    back = back.minus(leg.sum);
                }
            }
        }
        best
    }

    /// Notes the legs and victims of `block`, and judges it.
    fn judge(
        &mut self,
        window: &Window,
        first: &Entry,
        number: u64,
        block: Block,
        level: RuleLevel,
        span: u64,
    ) -> Sandwich {
        let fronts = self.fronts.get(..block.fronts).unwrap_or_default();
        let backs = self.backs.get(block.from..block.to).unwrap_or_default();
        let sum = |legs: &[Leg]| legs.iter().fold(Sum::default(), |sum, leg| sum.plus(leg.sum));
        let sums = (sum(fronts), sum(backs));
        self.legs.clear();
        self.legs.extend(fronts.iter().chain(backs).map(|leg| leg.number));
        let (mut txs, mut before) = (0_u64, None);
        for leg in fronts.iter().chain(backs) {
            txs = txs.saturating_add(u64::from(before.replace(leg.tx) != Some(leg.tx)));
        }
        self.victims.clear();
        let mut victims = 0_u32;
        let end = backs.last().map_or((0, 0), |last| (last.number, last.tx));
        for (looked, (at, entry)) in (0_usize..).zip(window.after(number, Chain::Pool)) {
            if at >= end.0 {
                break;
            }
            if looked >= LOOKS {
                self.cut = self.cut.saturating_add(1);
                break;
            }
            if entry.tx > first.tx && entry.tx < end.1 && is_victim(&first.row, &entry.row) {
                victims = victims.saturating_add(1);
                if self.victims.len() < VICTIMS {
                    self.victims.push(Victim::new(at, entry));
                }
            }
        }
        let legs = self.legs.iter().filter_map(|leg| window.get(*leg)).map(|leg| &leg.row);
        let verdicts = Verdicts::judge(&first.row, legs, sums, victims, span);
        let (fronts, backs) = (fronts.len(), backs.len());
        Sandwich { level, verdicts, front: sums.0, back: sums.1, fronts, backs, txs, victims }
    }
}

impl Block {
    /// Whether `other` is better.
    fn is_before(&self, other: &Self) -> bool {
        let key = |of: &Self| (of.is_exact, std::cmp::Reverse(of.from), of.to, of.fronts);
        key(self) < key(other)
    }
}

impl Leg {
    fn of(number: u64, entry: &Entry) -> Self {
        Self { number, tx: entry.tx, slot: entry.row.slot, sum: Sum::of(&entry.row) }
    }
}

/// The slots that a sandwich by the rules of `level` may span: a leader's turn is not cut short.
pub(super) fn reach(level: RuleLevel, span: u64) -> u64 {
    let turn = LEADER_SLOTS.saturating_sub(1);
    if level == RuleLevel::Strict { span.max(turn) } else { span }
}

/// Whether `entry` comes within `span` slots of `first`.
fn is_within(first: &Entry, entry: &Entry, span: u64) -> bool {
    entry.row.slot.saturating_sub(first.row.slot) <= span
}
