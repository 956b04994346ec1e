//! What the gateway counts, and how that is shown.

use super::code::Why;
use super::http::Route;
use super::queue::Priority;
use crate::cli::process_samples;
use crate::net::metrics::{self, Kind, Sample, Times};
use crate::record::{Outcome, Receipt, Simulated, fixed_text};
use std::sync::atomic::{AtomicU64, Ordering};

/// A number that any thread counts.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    pub(super) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    pub(super) fn less(&self, less: u64) {
        self.0.fetch_sub(less, Ordering::Relaxed);
    }

    pub(super) fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// An endpoint, and how long its answers took.
#[derive(Debug)]
struct Place {
    field: [u8; 64],
    /// As metrics show it. It lives as long as the process, as the names of metrics do.
    shown: &'static str,
    answers: Times,
}

/// All that is counted.
#[derive(Debug, Default)]
pub(super) struct Counters {
    requests: [Count; Route::ALL.len()],
    answered: [Times; Route::ALL.len()],
    refused: Vec<Count>,
    accepted: [Count; Priority::ALL.len()],
    receipts: [Count; Outcome::NAMES.len()],
    finals: [Count; Outcome::NAMES.len()],
    simulated: [Count; Simulated::ALL.len()],
    places: Vec<Place>,
    landed_tip_lamports: Count,
    landed_slots: Count,
    landed_slots_known: Count,
    pub(super) connections: Count,
    pub(super) connections_open: Count,
    pub(super) connections_refused: Count,
    pub(super) tls_failed: Count,
    pub(super) queue: Count,
    pub(super) open: Count,
    pub(super) spent_lamports: Count,
    pub(super) cap_lamports: Count,
    pub(super) audit_entries: Count,
    pub(super) revoked: Count,
    pub(super) live: Count,
    pub(super) failed: Count,
}

impl Counters {
    /// Nothing counted yet, with `endpoints` by the text that receipts show.
    pub(super) fn new<'a>(endpoints: impl Iterator<Item = &'a str>) -> Self {
        let place = |shown: &str| Place {
            field: fixed_text(shown),
            shown: Box::leak(shown.to_owned().into_boxed_str()),
            answers: Times::default(),
        };
        let refused = Why::all().map(|_| Count::default()).collect();
        Self { refused, places: endpoints.map(place).collect(), ..Self::default() }
    }

    /// A request to `route` was answered after `ns` nanoseconds.
    pub(super) fn answered(&self, route: Route, ns: u64) {
        add(&self.requests, route as usize, 1);
        if let Some(times) = self.answered.get(route as usize) {
            times.record(ns);
        }
    }

    pub(super) fn refused(&self, why: Why) {
        add(&self.refused, why.number(), 1);
    }

    pub(super) fn accepted(&self, priority: Priority) {
        add(&self.accepted, priority as usize, 1);
    }

    pub(super) fn simulated(&self, verdict: Simulated) {
        add(&self.simulated, verdict as usize, 1);
    }

    /// Counts what `receipt` says.
    pub(super) fn receipt(&self, receipt: &Receipt) {
        let outcome = usize::from(receipt.outcome);
        if receipt.head.flags & Receipt::FINAL == 0 {
            add(&self.receipts, outcome, 1);
            let place = self.places.iter().find(|place| place.field == receipt.url);
            if let Some(place) = place.filter(|_| receipt.present & Receipt::ANSWERED != 0) {
                place.answers.record(receipt.answered_ns.saturating_sub(receipt.sent_ns));
            }
            return;
        }
        add(&self.finals, outcome, 1);
        if receipt.outcome != Outcome::Landed as u8 {
            return;
        }
        self.landed_tip_lamports.add(receipt.tip);
        if let Ok(slots) = u64::try_from(receipt.slot_delta)
            && receipt.present & Receipt::SLOT_DELTA != 0
        {
            self.landed_slots.add(slots);
            self.landed_slots_known.add(1);
        }
    }

    /// The counters of the moment as text.
    pub(super) fn render(&self, text: &mut String) {
        let mut samples = Vec::new();
        let mut labelled =
            |name, help, label, values: &mut dyn Iterator<Item = (&'static str, u64)>| {
                samples.extend(values.map(|(of, value)| Sample {
                    name,
                    help,
                    kind: Kind::Counter,
                    label: Some((label, of)),
                    value,
                }));
            };
        let routes = Route::ALL.iter().map(|route| route.name());
        labelled("requests", "Requests answered", "route", &mut zip(routes, &self.requests));
        let reasons = Why::all().map(Why::name);
        labelled(
            "refused",
            "Requests refused, by reason",
            "reason",
            &mut zip(reasons, &self.refused),
        );
        let classes = Priority::ALL.iter().map(|class| class.name());
        labelled("accepted", "Bundles accepted", "priority", &mut zip(classes, &self.accepted));
        let outcomes = || Outcome::NAMES.iter().copied();
        labelled(
            "attempts",
            "Attempts by outcome",
            "outcome",
            &mut zip(outcomes(), &self.receipts),
        );
        labelled(
            "finals",
            "Last words about bundles",
            "outcome",
            &mut zip(outcomes(), &self.finals),
        );
        let verdicts = Simulated::NAMES.iter().copied();
        labelled(
            "simulated",
            "Simulations by verdict",
            "verdict",
            &mut zip(verdicts, &self.simulated),
        );
        samples.extend(self.plain());
        samples.extend(process_samples());
        let spreads = self.answered.iter().zip(Route::ALL).map(|(times, route)| {
            let help = "Head of a request to its answer";
            times.spread("request_seconds", help, Some(("route", route.name())))
        });
        let answers = self.places.iter().map(|place| {
            let help = "Request to whole answer of an endpoint";
            place.answers.spread("endpoint_seconds", help, Some(("endpoint", place.shown)))
        });
        let spreads: Vec<_> = spreads.chain(answers).collect();
        metrics::encode_all("mev_gateway", &samples, &spreads, text);
    }

    fn plain(&self) -> Vec<Sample> {
        let (counter, gauge) = (Kind::Counter, Kind::Gauge);
        let rows = [
            ("connections", "Connections taken", counter, &self.connections),
            (
                "connections_refused",
                "Connections beyond the bound",
                counter,
                &self.connections_refused,
            ),
            ("tls_failed", "Connections without TLS in time", counter, &self.tls_failed),
            (
                "landed_tip_lamports",
                "Tips of bundles that landed",
                counter,
                &self.landed_tip_lamports,
            ),
            ("landed_slots", "Slots that landed bundles took", counter, &self.landed_slots),
            (
                "landed_slots_known",
                "Landed bundles of known slots",
                counter,
                &self.landed_slots_known,
            ),
            ("audit_entries", "Entries of the audit chain", gauge, &self.audit_entries),
            ("connections_open", "Open connections", gauge, &self.connections_open),
            ("queue", "Bundles that wait for their turn", gauge, &self.queue),
            ("open", "Bundles without a last word", gauge, &self.open),
            ("spent_lamports", "Lamports that count against the cap", gauge, &self.spent_lamports),
            ("cap_lamports", "Lamports that an hour may cost", gauge, &self.cap_lamports),
            ("revoked", "Names that are revoked", gauge, &self.revoked),
            ("live", "1 if bundles are really sent", gauge, &self.live),
            ("failed", "1 if nothing more is taken", gauge, &self.failed),
        ];
        let sample = |(name, help, kind, count): (_, _, _, &Count)| Sample {
            name,
            help,
            kind,
            label: None,
            value: count.get(),
        };
        rows.map(sample).to_vec()
    }
}

fn add(counts: &[Count], at: usize, more: u64) {
    if let Some(count) = counts.get(at) {
        count.add(more);
    }
}

fn zip<'a>(
    names: impl Iterator<Item = &'static str> + 'a,
    counts: &'a [Count],
) -> impl Iterator<Item = (&'static str, u64)> + 'a {
    names.zip(counts.iter().map(Count::get))
}

#[cfg(test)]
mod tests {
    use super::super::code::Code;
    use super::*;
    use crate::record::Road;

    #[test]
    fn what_is_counted_is_shown_under_its_name() {
        let counters = Counters::new(["http://a/api/v1/bundles"].into_iter());
        counters.refused(Why::Code(Code::TokenExpired));
        counters.accepted(Priority::High);
        counters.answered(Route::Submit, 3_000);
        let mut receipt = Receipt::new(0);
        (receipt.outcome, receipt.road) = (Outcome::Accepted as u8, Road::Jito as u8);
        receipt.url = fixed_text("http://a/api/v1/bundles");
        (receipt.sent_ns, receipt.answered_ns) = (100, 1_100);
        receipt.present = Receipt::SENT | Receipt::ANSWERED;
        counters.receipt(&receipt);
        let mut last = Receipt::new(0);
        (last.outcome, last.tip, last.slot_delta) = (Outcome::Landed as u8, 7, 2);
        (last.head.flags, last.present) = (Receipt::FINAL, Receipt::SLOT_DELTA);
        counters.receipt(&last);
        let mut text = String::new();
        counters.render(&mut text);
        for line in [
            "mev_gateway_refused_total{reason=\"token_expired\"} 1",
            "mev_gateway_refused_total{reason=\"bad_signature\"} 0",
            "mev_gateway_accepted_total{priority=\"High\"} 1",
            "mev_gateway_requests_total{route=\"submit\"} 1",
            "mev_gateway_attempts_total{outcome=\"accepted\"} 1",
            "mev_gateway_finals_total{outcome=\"landed\"} 1",
            "mev_gateway_landed_tip_lamports_total 7",
            "mev_gateway_landed_slots_total 2",
            "mev_gateway_endpoint_seconds_count{endpoint=\"http://a/api/v1/bundles\"} 1",
            "mev_gateway_request_seconds_count{route=\"submit\"} 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
