//! A peer, its answers beside ours, and what was counted.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::ask::{Ask, Rng};

/// What one side says of a swap. What a side does not say is not compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What the user pays.
    pub amount_in: Option<u64>,
    /// What the user receives.
    pub amount_out: u64,
    /// The fee within what is paid.
    pub fee: Option<u64>,
    /// The order is filled, or ends where it limits itself.
    pub complete: bool,
    /// Reserves after it.
    pub reserves: Option<(u64, u64)>,
    /// Square-root price, liquidity and tick after it.
    pub range: Option<(u128, u128, i32)>,
}

impl Answer {
    /// Whether two say the same of all that both speak of.
    pub fn agrees(&self, other: &Self) -> bool {
        fn both<T: PartialEq>(a: Option<T>, b: Option<T>) -> bool {
            match (a, b) {
                (Some(a), Some(b)) => a == b,
                _ => true,
            }
        }
        self.amount_out == other.amount_out
            && self.complete == other.complete
            && both(self.amount_in, other.amount_in)
            && both(self.fee, other.fee)
            && both(self.reserves, other.reserves)
            && both(self.range, other.range)
    }
}

/// One side's answer, or why it has none.
pub type Said = Result<Answer, String>;

/// Who is right, by the program's source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// Ours; the peer is wrong.
    Ours,
    /// The peer; ours is wrong.
    Peer,
    /// Both, each by what it says an answer is.
    Both,
}

/// Why two answers differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cause {
    /// Who is right.
    pub right: Right,
    /// What is the matter, with the source that judges.
    pub text: &'static str,
}

/// A published crate that quotes a venue.
pub trait Peer {
    /// The venue and, where it has several, the curve.
    const VENUE: &'static str;
    /// Crate and version.
    const CRATE: &'static str;
    /// Its licence.
    const LICENCE: &'static str;
    /// It says how much of an order can be filled where what it was given ends.
    const BEYOND: bool = false;
    /// An order in the peer's own form, made before the clock runs.
    type Input;

    /// A state and an order that this peer can be asked.
    fn ask(rng: &mut Rng) -> Ask;

    /// The same for the peer.
    fn input(ask: &Ask) -> Self::Input;

    /// The peer's answer. What it takes by value it takes out of `input`, which is asked once.
    fn answer(input: &mut Self::Input) -> Said;

    /// Why the two differ, if it is known.
    fn cause(ask: &Ask, ours: &Said, theirs: &Said) -> Option<Cause>;
}

/// What was counted of one peer.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Orders put to both.
    pub cases: u64,
    /// Both answered, alike.
    pub equal: u64,
    /// Both refused.
    pub refused: u64,
    /// Orders that leave what both were given, which this peer cannot be asked.
    pub beyond: u64,
    /// Differences that have a cause, with the first case of each.
    pub explained: BTreeMap<Cause, (u64, String)>,
    /// Those that have none.
    pub unexplained: Vec<String>,
}

impl Tally {
    /// Puts `cases` orders drawn from `seed` to both.
    pub fn run<P: Peer>(seed: u64, cases: u64) -> Self {
        let (mut tally, mut rng) = (Self::default(), Rng(seed));
        while tally.cases < cases {
            let mut ask = P::ask(&mut rng);
            let mut ours = ask.ours();
            // Most orders should end where both know the state: what is too large is halved.
            let beyond = rng.one_in(16);
            while matches!(&ours, Ok(answer) if !answer.complete) && !beyond && ask.order.amount > 1
            {
                ask = ask.halved();
                ours = ask.ours();
            }
            tally.put::<P>(&ask, &ours);
        }
        tally
    }

    /// Puts one order to the peer and holds its answer against ours.
    pub fn put<P: Peer>(&mut self, ask: &Ask, ours: &Said) {
        self.cases += 1;
        if matches!(ours, Ok(answer) if !answer.complete) && !P::BEYOND {
            self.beyond += 1;
            return;
        }
        let theirs = P::answer(&mut P::input(ask));
        match (ours, &theirs) {
            (Ok(a), Ok(b)) if a.agrees(b) => self.equal += 1,
            (Err(_), Err(_)) => self.refused += 1,
            _ => {
                let case = format!("{ours:?} beside {theirs:?} of {}", show(ask));
                match P::cause(ask, ours, &theirs) {
                    Some(cause) => {
                        let entry = self.explained.entry(cause).or_insert((0, case.clone()));
                        entry.0 += 1;
                        // The shortest case is the easiest to follow.
                        if case.len() < entry.1.len() {
                            entry.1 = case;
                        }
                    }
                    None => self.unexplained.push(case),
                }
            }
        }
    }

    /// Differences whose cause says so.
    pub fn differ(&self, right: Right) -> u64 {
        let of = self.explained.iter().filter(|(cause, _)| cause.right == right);
        of.map(|(_, (count, _))| count).sum()
    }

    /// A row of the table of all peers.
    pub fn row<P: Peer>(&self) -> String {
        format!(
            "| {} | {} ({}) | {} | {} | {} | {} | {} | {} | {} | {} |\n",
            P::VENUE,
            P::CRATE,
            P::LICENCE,
            self.cases,
            self.equal,
            self.refused,
            self.beyond,
            self.differ(Right::Ours),
            self.differ(Right::Peer),
            self.differ(Right::Both),
            self.unexplained.len(),
        )
    }

    /// What differs, why, and a case of each.
    pub fn causes<P: Peer>(&self) -> String {
        let mut text = String::new();
        for (cause, (count, case)) in &self.explained {
            let _ = writeln!(
                text,
                "- {}, {} times; right: {:?}; {}. A case: {case}",
                P::VENUE,
                count,
                cause.right,
                cause.text
            );
        }
        for case in self.unexplained.iter().take(5) {
            let _ = writeln!(text, "- {}, WITHOUT A CAUSE: {case}", P::VENUE);
        }
        text
    }
}

/// Nothing comes out, or a transfer fee takes all that goes in.
pub fn nothing(ours: &Said, theirs: &Said) -> Option<Cause> {
    let refused = matches!(ours, Err(why) if why == "zero_out" || why == "zero_amount");
    (refused && matches!(theirs, Ok(theirs) if theirs.amount_out == 0)).then_some(Cause {
        right: Right::Both,
        text: "nothing comes out: here that is a refusal, the peer answers zero",
    })
}

/// A case as it can be typed in again.
fn show(ask: &Ask) -> String {
    let p = &ask.pool;
    format!(
        "{:?} at {} s, fee {}/{}, reserves {}/{}, sqrt {} liquidity {} tick {} spacing {}, amp {}, transfer fees {}/{} and {}/{}, {:?}",
        ask.order,
        ask.unix_s,
        p.fee_num,
        p.fee_den,
        p.reserve_a,
        p.reserve_b,
        p.sqrt_price,
        p.liquidity,
        p.tick,
        p.tick_spacing,
        p.amp,
        p.transfer_fee_bps_a,
        p.transfer_fee_max_a,
        p.transfer_fee_bps_b,
        p.transfer_fee_max_b,
        ask.places
    )
}
