//! What becomes of one bundle: told by attempts, by the engines that have it, and by time.
//!
//! ```text
//! attempts --begins, ends--> held somewhere? --asks--> inflight .. statuses --told--> landed
//!                                                                                     failed
//!                        nowhere: refused             silence and time: unknown       expired
//! ```
//!
//! Invariants:
//! - Landed needs a status from the chain at `confirmed` or above; an engine's own word makes it be
//!   looked for, no more.
//! - Refused needs every attempt to have ended without a byte that could have been taken.
//! - Expired needs an engine that answered, after the blockhash's time, that it is not on chain.
//! - An end is the last word: nothing told later changes it.

use super::status::{Inflight, Question, Seen};

/// When a bundle's time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// It is not sent any more, and looked for on chain: its blockhash's slots at their usual length.
    pub expires_ns: u64,
    /// It cannot land any more, however slow the slots were.
    pub ends_ns: u64,
    /// Nobody is waited for any longer.
    pub gives_up_ns: u64,
    /// Engines do not look back so far any more: that they see nothing tells nothing.
    pub forgets_ns: u64,
    /// Last slot in which it can land; 0 if that is not known.
    pub last_valid_slot: u64,
}

/// Whether an attempt may have brought the bundle to its endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It did not, for sure.
    No,
    /// The bytes left, and there is no answer that says no.
    Maybe,
}

/// Where an attempt goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// To the endpoint of this number.
    Place(usize),
    /// To an engine that is none of the endpoints: any other engine can tell, by the bundle's id.
    OtherEngine,
    /// To a leader: who sees everything can tell, by its signatures.
    Leader,
}

/// The last word about a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// In this slot.
    Landed(u64),
    /// In this slot with an error, or given up by everybody who had it.
    Failed(Option<u64>),
    /// Not on chain, and too late.
    Expired,
    /// No road took it.
    Refused,
    /// Nobody could say, for this reason.
    Unknown(&'static str),
}

/// An endpoint, as one bundle sees it.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    state: State,
    /// It sees whatever is on chain, and has nothing itself.
    node: bool,
    /// It answered that the bundle is not on chain when it could not land any more.
    blank: bool,
    /// It gave the bundle up.
    failed: bool,
    /// When it was asked last.
    asked_ns: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Nothing went there.
    #[default]
    Unused,
    /// An attempt waits or is on its way.
    Open,
    /// No attempt there was taken.
    Refused,
    /// It may have the bundle.
    Held,
}

/// The state of one bundle. Endpoints are numbers from 0.
#[derive(Clone, Debug)]
pub struct Follow {
    times: Times,
    places: Vec<Place>,
    /// An engine that is not among these may have it.
    elsewhere: bool,
    /// Leaders may have it.
    leaders: bool,
    /// Attempts on their way to either.
    open_elsewhere: u32,
    /// Somebody said that it landed.
    sighted: bool,
    end: Option<End>,
}

impl Follow {
    /// A bundle that was not sent yet, with endpoints that can be asked; true is one that nothing is sent
    /// to, and that sees whatever is on chain.
    pub fn new(times: Times, nodes: impl IntoIterator<Item = bool>) -> Self {
        let place = |node| Place { node, ..Place::default() };
        let places = nodes.into_iter().map(place).collect();
        Self {
            times,
            places,
            elsewhere: false,
            leaders: false,
            open_elsewhere: 0,
            sighted: false,
            end: None,
        }
    }

    /// When its time is over.
    pub fn times(&self) -> Times {
        self.times
    }

    /// An attempt waits or begins.
    pub fn begins(&mut self, to: To) {
        match self.place(to) {
            Some(place) if place.state != State::Held => place.state = State::Open,
            Some(_) => {}
            None => self.open_elsewhere = self.open_elsewhere.saturating_add(1),
        }
    }

    /// An attempt is over.
    pub fn ends(&mut self, to: To, taken: Taken) {
        match self.place(to) {
            Some(place) if taken == Taken::Maybe => place.state = State::Held,
            Some(place) if place.state != State::Held => place.state = State::Refused,
            Some(_) => {}
            None => {
                let held = taken == Taken::Maybe;
                self.leaders |= held && to == To::Leader;
                self.elsewhere |= held && to != To::Leader;
                self.open_elsewhere = self.open_elsewhere.saturating_sub(1);
            }
        }
    }

    fn place(&mut self, to: To) -> Option<&mut Place> {
        match to {
            To::Place(at) => self.places.get_mut(at),
            To::OtherEngine | To::Leader => None,
        }
    }

    /// What to ask `place` at `now_ns`, if it was not asked within `every_ns`.
    pub fn asks(&self, place: usize, now_ns: u64, every_ns: u64) -> Option<Question> {
        let asked = self.places.get(place).filter(|_| self.end.is_none())?;
        let rested = now_ns.abs_diff(asked.asked_ns) >= every_ns;
        if !self.is_asked(place) || !rested {
            return None;
        }
        if asked.node {
            return (!asked.blank).then_some(Question::Signatures);
        }
        let late = self.sighted || now_ns >= self.times.expires_ns;
        match (late, asked.failed, asked.blank) {
            (true, _, false) => Some(Question::Statuses),
            (false, false, _) => Some(Question::Inflight),
            _ => None,
        }
    }

    /// When `place` was asked last; 0 if never.
    pub fn last_asked(&self, place: usize) -> u64 {
        self.places.get(place).map_or(0, |place| place.asked_ns)
    }

    /// `place` is asked at `now_ns`.
    pub fn asked(&mut self, place: usize, now_ns: u64) {
        if let Some(place) = self.places.get_mut(place) {
            place.asked_ns = now_ns;
        }
    }

    /// `place` told what it has in its own system.
    pub fn inflight(&mut self, place: usize, told: Inflight) {
        match (told, self.places.get_mut(place)) {
            (Inflight::Landed(_), _) => self.sighted = true,
            (Inflight::Failed, Some(place)) => place.failed = true,
            _ => {}
        }
    }

    /// `place`, which is at slot `slot`, told at `now_ns` what it sees on chain.
    pub fn statuses(&mut self, place: usize, slot: u64, told: Option<Seen>, now_ns: u64) {
        if self.end.is_some() {
            return;
        }
        match told {
            Some(Seen { slot, confirmed: true, ok: true }) => self.end = Some(End::Landed(slot)),
            Some(Seen { slot, confirmed: true, ok: false }) => {
                self.end = Some(End::Failed(Some(slot)));
            }
            Some(Seen { confirmed: false, .. }) => self.sighted = true,
            None => {
                let last_valid = self.times.last_valid_slot;
                let past = (last_valid != 0 && slot > last_valid) || now_ns >= self.times.ends_ns;
                let past = past && now_ns < self.times.forgets_ns;
                if let Some(place) = self.places.get_mut(place).filter(|_| past) {
                    place.blank = true;
                }
            }
        }
    }

    /// Whether an attempt waits or is on its way.
    pub fn is_open(&self) -> bool {
        self.open_elsewhere > 0 || self.places.iter().any(|place| place.state == State::Open)
    }

    /// Whether an endpoint may have it.
    pub fn is_held(&self) -> bool {
        self.elsewhere || self.leaders || self.places.iter().any(|place| place.state == State::Held)
    }

    /// The last word, if there is one at `now_ns`.
    pub fn end(&mut self, now_ns: u64) -> Option<End> {
        if self.end.is_none() && !self.is_open() {
            self.end = self.judge(now_ns);
        }
        self.end
    }

    fn judge(&self, now_ns: u64) -> Option<End> {
        if !self.is_held() {
            return Some(End::Refused);
        }
        if self.places.is_empty() {
            return Some(End::Unknown("nobody_to_ask"));
        }
        let asked = || {
            let places = self.places.iter().enumerate();
            places.filter(|(at, _)| self.is_asked(*at)).map(|(_, place)| place)
        };
        let gone = if self.sighted { End::Unknown("landed_not_confirmed") } else { End::Expired };
        let someone = asked().next().is_some();
        if someone && !self.sighted && asked().all(|place| place.failed) {
            return Some(End::Failed(None));
        }
        if someone && asked().all(|place| place.blank || (place.failed && !self.sighted)) {
            return Some(gone);
        }
        let over = now_ns >= self.times.gives_up_ns;
        let seen = self.sighted || asked().any(|place| place.blank);
        over.then_some(if seen { gone } else { End::Unknown("no_status") })
    }

    /// Whether `place` is one of those that can tell: one that may have it; one that sees everything,
    /// if leaders may; any engine, if another may and none of these.
    fn is_asked(&self, place: usize) -> bool {
        let Some(place) = self.places.get(place) else { return false };
        if place.node {
            return self.leaders;
        }
        let none_has = || !self.places.iter().any(|place| place.state == State::Held);
        place.state == State::Held || (self.elsewhere && none_has())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TIMES: Times = Times {
        expires_ns: 100,
        ends_ns: 150,
        gives_up_ns: 200,
        forgets_ns: 300,
        last_valid_slot: 1150,
    };
    const LANDED: Seen = Seen { slot: 1007, confirmed: true, ok: true };

    /// A bundle that `places` endpoints may have.
    fn held(places: usize) -> Follow {
        let mut follow = Follow::new(TIMES, vec![false; places]);
        for place in 0..places {
            follow.begins(To::Place(place));
            follow.ends(To::Place(place), Taken::Maybe);
        }
        follow
    }

    #[test]
    fn a_bundle_lands_when_the_chain_says_so_and_only_then() {
        let mut follow = held(2);
        assert_eq!((follow.end(10), follow.asks(0, 10, 1)), (None, Some(Question::Inflight)));
        follow.asked(0, 10);
        assert_eq!(
            (follow.asks(0, 14, 5), follow.asks(0, 15, 5)),
            (None, Some(Question::Inflight))
        );
        follow.inflight(0, Inflight::Pending);
        follow.inflight(0, Inflight::Landed(Some(1007)));
        assert_eq!((follow.end(20), follow.asks(1, 20, 1)), (None, Some(Question::Statuses)));
        follow.statuses(0, 1008, Some(Seen { confirmed: false, ..LANDED }), 21);
        assert_eq!(follow.end(21), None);
        follow.statuses(1, 1009, Some(LANDED), 22);
        assert_eq!(follow.end(22), Some(End::Landed(1007)));
        // Nothing told later changes it.
        follow.statuses(0, 1009, Some(Seen { ok: false, ..LANDED }), 23);
        assert_eq!((follow.end(23), follow.asks(0, 24, 1)), (Some(End::Landed(1007)), None));
    }

    #[test]
    fn a_word_that_the_chain_does_not_confirm_is_unknown() {
        let mut follow = held(1);
        follow.inflight(0, Inflight::Landed(Some(1007)));
        follow.statuses(0, 1008, None, 50);
        assert_eq!(follow.end(50), None);
        follow.statuses(0, 1200, None, 120);
        assert_eq!(follow.end(120), Some(End::Unknown("landed_not_confirmed")));
        let mut follow = held(1);
        follow.statuses(0, 1008, Some(Seen { confirmed: false, ..LANDED }), 50);
        assert_eq!(follow.end(199), None);
        assert_eq!(follow.end(200), Some(End::Unknown("landed_not_confirmed")));
    }

    #[test]
    fn it_failed_when_all_that_have_it_say_so_or_the_chain_does() {
        let mut follow = held(2);
        follow.inflight(0, Inflight::Failed);
        assert_eq!((follow.end(20), follow.asks(0, 20, 1)), (None, None));
        follow.inflight(1, Inflight::Failed);
        assert_eq!(follow.end(20), Some(End::Failed(None)));
        let mut follow = held(1);
        follow.statuses(0, 1009, Some(Seen { ok: false, ..LANDED }), 22);
        assert_eq!(follow.end(22), Some(End::Failed(Some(1007))));
        // One gave it up, the other knows nothing when it is too late.
        let mut follow = held(2);
        follow.inflight(0, Inflight::Failed);
        follow.statuses(1, 1151, None, 110);
        assert_eq!(follow.end(110), Some(End::Expired));
    }

    #[test]
    fn it_expired_when_those_that_could_know_do_not_after_its_time() {
        for (slot, now_ns, end) in
            [(1150, 149, None), (1151, 101, Some(End::Expired)), (1, 150, Some(End::Expired))]
        {
            let mut follow = held(1);
            assert_eq!(follow.asks(0, 100, 1), Some(Question::Statuses));
            follow.statuses(0, slot, None, now_ns);
            assert_eq!(follow.end(now_ns), end, "{slot} {now_ns}");
        }
        let mut follow = held(2);
        follow.statuses(0, 1151, None, 110);
        // The other never answers.
        assert_eq!((follow.end(199), follow.end(200)), (None, Some(End::Expired)));
        let mut silent = held(2);
        assert_eq!((silent.end(199), silent.end(200)), (None, Some(End::Unknown("no_status"))));
    }

    #[test]
    fn it_was_refused_when_nobody_took_it_and_waits_while_somebody_may() {
        let mut follow = Follow::new(TIMES, [false; 2]);
        follow.begins(To::Place(0));
        follow.begins(To::Place(1));
        follow.ends(To::Place(0), Taken::No);
        assert_eq!((follow.end(500), follow.asks(0, 50, 1)), (None, None));
        follow.ends(To::Place(1), Taken::No);
        assert_eq!(follow.end(50), Some(End::Refused));
        // An endpoint that may have it stays one, whatever a later attempt there says.
        let mut follow = held(1);
        follow.begins(To::Place(0));
        follow.ends(To::Place(0), Taken::No);
        assert_eq!((follow.is_held(), follow.end(50)), (true, None));
    }

    #[test]
    fn what_went_elsewhere_is_asked_of_who_sees_everything() {
        let mut follow = Follow::new(TIMES, [false, true]);
        follow.begins(To::Leader);
        assert_eq!(follow.end(500), None);
        follow.ends(To::Leader, Taken::Maybe);
        // An engine does not know what it was not sent.
        assert_eq!(
            (follow.asks(0, 50, 1), follow.asks(1, 50, 1)),
            (None, Some(Question::Signatures))
        );
        let mut late = follow.clone();
        follow.statuses(1, 1009, Some(LANDED), 22);
        assert_eq!(follow.end(22), Some(End::Landed(1007)));
        late.statuses(1, 1151, None, 110);
        assert_eq!(late.end(110), Some(End::Expired));
        let mut other = Follow::new(TIMES, [false, true]);
        other.ends(To::OtherEngine, Taken::Maybe);
        assert_eq!((other.asks(0, 50, 1), other.asks(1, 50, 1)), (Some(Question::Inflight), None));
        let mut engines = Follow::new(TIMES, [false]);
        engines.ends(To::Leader, Taken::Maybe);
        assert_eq!((engines.end(199), engines.end(200)), (None, Some(End::Unknown("no_status"))));
        let mut nobody = Follow::new(TIMES, []);
        nobody.ends(To::Leader, Taken::Maybe);
        assert_eq!(nobody.end(1), Some(End::Unknown("nobody_to_ask")));
    }

    #[test]
    fn an_engine_that_does_not_look_back_so_far_proves_nothing() {
        let mut follow = held(1);
        follow.times.gives_up_ns = 400;
        follow.statuses(0, 1400, None, 300);
        assert_eq!(follow.end(300), None);
        assert_eq!(follow.end(400), Some(End::Unknown("no_status")));
    }

    #[derive(Clone, Copy, Debug)]
    enum Event {
        Begins(usize),
        Ends(usize, Taken),
        Inflight(usize, Inflight),
        Statuses(usize, u64, Option<Seen>),
        Time(u64),
    }

    fn event() -> impl Strategy<Value = Event> {
        let seen = (1000u64..1010, any::<bool>(), any::<bool>())
            .prop_map(|(slot, confirmed, ok)| Seen { slot, confirmed, ok });
        let inflight = prop_oneof![
            Just(Inflight::Invalid),
            Just(Inflight::Pending),
            Just(Inflight::Failed),
            (1000u64..1010).prop_map(|slot| Inflight::Landed(Some(slot))),
        ];
        prop_oneof![
            (0usize..3).prop_map(Event::Begins),
            (0usize..3, prop_oneof![Just(Taken::No), Just(Taken::Maybe)])
                .prop_map(|(place, taken)| Event::Ends(place, taken)),
            (0usize..3, inflight).prop_map(|(place, told)| Event::Inflight(place, told)),
            (0usize..3, 1000u64..1200, prop::option::of(seen))
                .prop_map(|(place, slot, told)| Event::Statuses(place, slot, told)),
            (1u64..40).prop_map(Event::Time),
        ]
    }

    proptest! {
        #[test]
        fn whatever_is_told_there_is_one_end_with_its_evidence(
            events in prop::collection::vec(event(), 0..40)
        ) {
            let mut follow = Follow::new(TIMES, [false; 3]);
            let (mut now, mut first) = (0, None);
            let (mut landed, mut blank, mut taken) = (Vec::new(), false, false);
            for event in events {
                match event {
                    Event::Begins(place) => follow.begins(To::Place(place)),
                    Event::Ends(place, what) => {
                        follow.ends(To::Place(place), what);
                        taken |= what == Taken::Maybe && first.is_none();
                    }
                    Event::Inflight(place, told) => follow.inflight(place, told),
                    Event::Statuses(place, slot, told) => {
                        follow.statuses(place, slot, told, now);
                        if let Some(seen) = told.filter(|seen| seen.confirmed && seen.ok) {
                            landed.push(seen.slot);
                        }
                        blank |= told.is_none() && (slot > 1150 || now >= TIMES.ends_ns) && now < TIMES.forgets_ns;
                    }
                    Event::Time(step) => now += step,
                }
                let end = follow.end(now);
                if first.is_some() {
                    prop_assert_eq!(end, first);
                    prop_assert_eq!(follow.asks(0, now, 0), None);
                    continue;
                }
                first = end;
                match end {
                    Some(End::Landed(slot)) => prop_assert!(landed.contains(&slot)),
                    Some(End::Refused) => prop_assert!(!taken),
                    Some(End::Expired) => prop_assert!(blank && taken),
                    Some(End::Unknown(_) | End::Failed(None)) => prop_assert!(taken),
                    _ => {}
                }
            }
            // Once all attempts are over, time alone brings an end.
            (0..3).for_each(|place| follow.ends(To::Place(place), Taken::No));
            prop_assert!(follow.end(TIMES.gives_up_ns).is_some());
        }
    }
}
