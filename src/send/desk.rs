//! What is decided about a bundle before anything leaves: whether it is fit to be sent, what it costs,
//! and the request that sends it.

use super::jito::send_bundle;
use super::receipt::{dry_run, unfit, unfit_reason};
use super::searcher;
use super::spending::price;
use super::url::Endpoint;
use super::{Tally, URLS_MAX};
use crate::keys::verify;
use crate::record::{Bundle, Receipt, Record, Road};
use crate::stream::{Sink, Stage};
use crate::wire::bundle_id;
use crate::wire::txn::Transaction;

/// Bytes of a request of five transactions of the longest kind that a packet holds, in base64, with
/// room for what is around them.
const BODY_ROOM: usize = 5 * 1232usize.div_ceil(3) * 4 + 256;

/// Makes requests of bundles; each has its number in the stream as its id, from 1.
#[derive(Debug)]
pub struct Desk {
    form: Form,
    text: String,
    message: Vec<u8>,
    signatures: Vec<[u8; 64]>,
    bundles: u64,
}

/// What a request is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// JSON-RPC.
    #[default]
    Json,
    /// The searcher API's message.
    Message,
}

/// What becomes of a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling<'a> {
    /// It is not sent, for this reason.
    Unfit(&'static str),
    /// It can be sent.
    Fit(Fit<'a>),
}

impl Form {
    /// That of what goes over `road`.
    pub fn of(road: Road) -> Self {
        match road {
            Road::JitoGrpc => Self::Message,
            _ => Self::Json,
        }
    }
}

/// A bundle that can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fit<'a> {
    /// The request that sends it.
    pub body: &'a [u8],
    /// Its id.
    pub id: [u8; 32],
    /// What it costs if it lands, in lamports.
    pub price: u64,
    /// The first signature of each transaction.
    pub signatures: &'a [[u8; 64]],
}

impl Default for Desk {
    fn default() -> Self {
        Self::new(Form::Json)
    }
}

impl Desk {
    /// A desk whose requests are of `form`.
    pub fn new(form: Form) -> Self {
        let text = String::with_capacity(BODY_ROOM);
        Self { form, text, message: Vec::new(), signatures: Vec::new(), bundles: 0 }
    }

    /// Decides about `bundle`, whose transactions are in `tail`, the record's bytes after it.
    ///
    /// Fit is a bundle that says it is whole, of transactions that are, that differ, and whose every
    /// signature verifies: what a block engine would refuse without a word is named here.
    pub fn rule(&mut self, bundle: &Bundle, tail: &[u8]) -> Ruling<'_> {
        self.decide(bundle, tail, fault)
    }

    /// As [`rule`](Self::rule), of a bundle of which the caller has verified every signature.
    pub fn rule_verified(&mut self, bundle: &Bundle, tail: &[u8]) -> Ruling<'_> {
        self.decide(bundle, tail, |bundle, tail| fault_of(bundle, tail, |_| true))
    }

    fn decide(
        &mut self,
        bundle: &Bundle,
        tail: &[u8],
        fault: impl Fn(&Bundle, &[u8]) -> Option<&'static str>,
    ) -> Ruling<'_> {
        self.bundles = self.bundles.saturating_add(1);
        if let Some(reason) = unfit_reason(bundle).or_else(|| fault(bundle, tail)) {
            return Ruling::Unfit(reason);
        }
        let wires = bundle.transactions(tail);
        let checked: Vec<_> = wires.filter_map(|wire| Transaction::check(wire).ok()).collect();
        let id = bundle_id(checked.iter().map(Transaction::signature));
        if bundle.present & Bundle::ID != 0 && bundle.id != id {
            return Ruling::Unfit("id_differs");
        }
        let price = price(bundle, &checked);
        let body = match self.form {
            Form::Json => {
                send_bundle(self.bundles, bundle.transactions(tail), &mut self.text);
                self.text.as_bytes()
            }
            Form::Message => {
                self.message = searcher::told::send_bundle(bundle.transactions(tail));
                &self.message
            }
        };
        self.signatures.clear();
        self.signatures.extend(checked.iter().map(|tx| *tx.signature()));
        Ruling::Fit(Fit { body, id, price, signatures: &self.signatures })
    }
}

/// What is wrong with the transactions of `bundle`.
pub(super) fn fault(bundle: &Bundle, tail: &[u8]) -> Option<&'static str> {
    fault_of(bundle, tail, |tx| {
        let mut signed = tx.keys().iter().zip(tx.signatures());
        signed.all(|(key, signature)| verify(key, tx.message(), signature))
    })
}

/// The same, where `is_signed` decides about the signatures of one.
fn fault_of(
    bundle: &Bundle,
    tail: &[u8],
    is_signed: impl Fn(&Transaction<'_>) -> bool,
) -> Option<&'static str> {
    let mut first_signatures = [None; 5];
    let mut count = 0;
    for (wire, first) in bundle.transactions(tail).zip(&mut first_signatures) {
        let Ok(tx) = Transaction::check(wire) else { return Some("not_a_transaction") };
        if !is_signed(&tx) {
            return Some("bad_signature");
        }
        *first = Some(tx.signature());
        count += 1;
    }
    if count != usize::from(bundle.txs) {
        return Some("transactions_missing");
    }
    let used = first_signatures.get(..count).unwrap_or_default();
    let mut pairs = used.iter().enumerate();
    let twice = pairs.any(|(at, one)| used.iter().skip(at + 1).any(|other| other == one));
    twice.then_some("duplicate_transaction")
}

/// The rehearsal: every request is made, none is sent.
#[derive(Debug)]
pub struct Rehearsal<'a> {
    endpoints: &'a [Endpoint],
    desk: Desk,
    /// What was done so far.
    pub tally: Tally,
}

impl<'a> Rehearsal<'a> {
    /// Rehearses sending to `endpoints`.
    pub fn new(endpoints: &'a [Endpoint]) -> Self {
        let form = endpoints.first().map_or(Form::Json, |endpoint| Form::of(endpoint.road()));
        Self { endpoints, desk: Desk::new(form), tally: Tally::default() }
    }
}

impl Stage for Rehearsal<'_> {
    const MAX_OUT: usize = URLS_MAX * size_of::<Receipt>();

    fn step(&mut self, input: Record<'_>, out: &mut impl Sink) {
        let Some(bundle) = input.typed::<Bundle>() else { return };
        self.tally.bundles = self.tally.bundles.saturating_add(1);
        let ruling = self.desk.rule(bundle, input.tail::<Bundle>());
        for endpoint in self.endpoints {
            let receipt = match ruling {
                Ruling::Unfit(reason) => unfit(bundle, endpoint, reason),
                Ruling::Fit(fit) => dry_run(bundle, endpoint, fit.body.len()),
            };
            self.tally.count(&receipt);
            out.put(Record::of(&receipt));
        }
    }

    fn idle(&mut self, _now_ns: u64, _out: &mut impl Sink) {}

    fn finish(&mut self, _out: &mut impl Sink) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Signer;
    use crate::record::Outcome;
    use crate::stream::Arena;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use solana_sdk::hash::Hash;
    use solana_sdk::message::Message;
    use solana_sdk::pubkey::Pubkey;

    /// A signed transaction without instructions, told apart by `number`.
    fn transaction(number: u8) -> Vec<u8> {
        let signer = Signer::from_seed(&[7; 32]);
        let payer = Pubkey::new_from_array(signer.public());
        let hash = Hash::new_from_array([number; 32]);
        let message = Message::new_with_blockhash(&[], Some(&payer), &hash).serialize();
        [&[1], signer.sign(&message).as_slice(), &message].concat()
    }

    /// A bundle record of `transactions` and its tail.
    fn bundle(transactions: &[Vec<u8>]) -> (Bundle, Vec<u8>) {
        let mut bundle = Bundle::new(5);
        bundle.head.flags = Bundle::SIGNED;
        bundle.txs = u8::try_from(transactions.len()).unwrap();
        for (len, transaction) in bundle.tx_len.iter_mut().zip(transactions) {
            *len = u16::try_from(transaction.len()).unwrap();
        }
        let tail = transactions.concat();
        let len = size_of::<Bundle>() + tail.len();
        bundle.head.len = u32::try_from(len.next_multiple_of(64)).unwrap();
        (bundle, tail)
    }

    #[test]
    fn a_fit_bundle_becomes_the_request_of_its_own_bytes() {
        let transactions = [1, 2, 3, 4, 5].map(transaction);
        let (record, tail) = bundle(&transactions);
        let mut desk = Desk::default();
        for number in [1, 2] {
            let Ruling::Fit(fit) = desk.rule(&record, &tail) else { panic!("unfit") };
            assert_eq!(fit.price, 5 * 5_000);
            let signed = transactions.each_ref().map(|wire| wire[1..65].try_into().unwrap());
            assert_eq!(fit.id, bundle_id(&signed));
            let json: serde_json::Value = serde_json::from_slice(fit.body).unwrap();
            assert_eq!((&json["method"], &json["id"]), (&"sendBundle".into(), &number.into()));
            let sent = json["params"][0].as_array().unwrap();
            let sent: Vec<_> =
                sent.iter().map(|tx| STANDARD.decode(tx.as_str().unwrap())).collect();
            assert_eq!(sent.into_iter().map(Result::unwrap).collect::<Vec<_>>(), transactions);
        }
        let mut longest = String::new();
        send_bundle(u64::MAX, [[0u8; 1232].as_slice(); 5], &mut longest);
        assert!(longest.len() <= BODY_ROOM);
    }

    #[test]
    fn whatever_is_not_whole_is_unfit_by_name() {
        let mut desk = Desk::default();
        let mut reason = |transactions: &[Vec<u8>], change: fn(&mut Bundle, &mut Vec<u8>)| {
            let (mut record, mut tail) = bundle(transactions);
            change(&mut record, &mut tail);
            match desk.rule(&record, &tail) {
                Ruling::Unfit(reason) => reason,
                Ruling::Fit(_) => "fit",
            }
        };
        let two = [transaction(1), transaction(2)];
        assert_eq!(reason(&two, |_, _| {}), "fit");
        assert_eq!(reason(&[], |_, _| {}), "no_transactions");
        assert_eq!(reason(&two, |record, _| record.head.flags = 0), "not_signed");
        assert_eq!(reason(&two, |record, _| record.missing = 1), "no_blockhash");
        assert_eq!(reason(&two, |record, _| record.txs = 3), "not_a_transaction");
        assert_eq!(reason(&two, |record, _| record.txs = 200), "not_a_transaction");
        assert_eq!(reason(&two, |_, tail| tail.truncate(150)), "transactions_missing");
        assert_eq!(reason(&two, |record, _| record.tx_len[0] -= 1), "not_a_transaction");
        assert_eq!(reason(&two, |_, tail| tail[65] ^= 1), "not_a_transaction");
        assert_eq!(reason(&two, |_, tail| tail[1] ^= 1), "bad_signature");
        assert_eq!(reason(&two, |_, tail| tail[1..65].fill(0)), "bad_signature");
        assert_eq!(reason(&two, |record, _| record.present = Bundle::ID), "id_differs");
        let five = [1, 2, 3, 4, 5].map(transaction);
        assert_eq!(reason(&five, |record, _| record.txs = 6), "transactions_missing");
        let twice = [transaction(1), transaction(2), transaction(1)];
        assert_eq!(reason(&twice, |_, _| {}), "duplicate_transaction");
    }

    #[test]
    fn every_bit_of_a_transaction_is_under_its_signature() {
        let (record, tail) = bundle(&[transaction(1)]);
        let mut desk = Desk::default();
        for bit in 0..tail.len() * 8 {
            let mut changed = tail.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(matches!(desk.rule(&record, &changed), Ruling::Unfit(_)), "bit {bit}");
        }
    }

    #[test]
    fn a_rehearsal_gives_a_receipt_for_each_endpoint_and_the_same_each_time() {
        let endpoints = ["http://a", "https://b/x?key=1"].map(|url| Endpoint::parse(url).unwrap());
        let (record, tail) = bundle(&[transaction(1)]);
        let (mut unsigned, mut arenas) = (record, Vec::new());
        unsigned.missing = 2;
        for _ in 0..2 {
            let mut rehearsal = Rehearsal::new(&endpoints);
            let (mut input, mut arena) = (Arena::with_room(0), Arena::with_room(0));
            for record in [&record, &unsigned] {
                input.put_parts(record, &tail);
            }
            for record in input.records() {
                rehearsal.step(record, &mut arena);
            }
            assert_eq!(rehearsal.tally.of(Outcome::DryRun), 2);
            assert_eq!(rehearsal.tally.of(Outcome::Unfit), 2);
            assert_eq!((rehearsal.tally.bundles, rehearsal.tally.failure()), (2, None));
            arenas.push(arena);
        }
        let receipts = |arena: &Arena| {
            arena
                .records()
                .map(|record| *record.get::<Receipt>().unwrap().unwrap())
                .collect::<Vec<_>>()
        };
        assert_eq!(receipts(&arenas[0]), receipts(&arenas[1]));
        let first = receipts(&arenas[0]);
        assert_eq!(first.len(), 4);
        assert!(
            first.iter().all(|receipt| receipt.present & (Receipt::SENT | Receipt::ANSWERED) == 0)
        );
        assert!(first[0].url.starts_with(b"http://a/api/v1/bundles\0"));
        assert!(
            first[1].url.starts_with(b"https://b/x\0") && first[3].text.starts_with(b"no_keypair")
        );
    }
}
