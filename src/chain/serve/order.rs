//! From a body to an order: a bundle whose transactions were read and checked, with the request that
//! sends it.
//!
//! Two forms: JSON for people and scripts, and the bytes of a bundle record as mev-bundle writes them,
//! alone or as a stream of one. Either is checked by every rule of a block engine that needs no more
//! than the bundle ([`crate::bundle::Rules`]) and by the desk that a pipe goes through; signatures are
//! verified once. What depends on the chain, the age of a blockhash and what lookup tables hold, is
//! not known here.

use super::code::{Code, Refusal, Why};
use super::queue::Priority;
use crate::bundle::{Rule, Rules};
use crate::bytes::base58;
use crate::record::{self, Bundle, End, Head, LINE, Layout, Record};
use crate::send::spending::tips;
use crate::send::{Desk, Ruling};
use crate::wire::txn::{LEN_MAX, Transaction, V1_LEN_MAX};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

/// Transactions of a bundle at most.
const TXS_MAX: usize = 5;

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Record,
}

impl Form {
    /// The form that a content type means; JSON without one.
    pub(super) fn of(content_type: Option<&str>) -> Result<Self, Code> {
        let kind = content_type.map(|text| text.split(';').next().unwrap_or_default().trim());
        match kind {
            None => Ok(Self::Json),
            Some(kind) if kind.eq_ignore_ascii_case("application/json") => Ok(Self::Json),
            Some(kind) if kind.eq_ignore_ascii_case("application/octet-stream") => Ok(Self::Record),
            Some(_) => Err(Code::MediaType),
        }
    }
}

/// A bundle that was read.
#[derive(Clone, Debug)]
pub(super) struct Parsed {
    pub(super) bundle: Bundle,
    pub(super) tail: Vec<u8>,
    pub(super) priority: Option<Priority>,
}

/// A bundle that may be sent.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) bundle: Bundle,
    /// Its transactions.
    pub(super) tail: Vec<u8>,
    pub(super) id: [u8; 32],
    /// The request that sends it.
    pub(super) body: Vec<u8>,
    /// The first signature of each transaction.
    pub(super) signatures: Vec<[u8; 64]>,
    /// What it costs if it lands, in lamports.
    pub(super) price: u64,
    pub(super) priority: Priority,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Json {
    transactions: Vec<String>,
    tip_lamports: u64,
    priority: Option<Priority>,
    /// Slot of the state it was made for, by which a receipt tells how many slots it took.
    #[serde(default)]
    slot: u64,
}

impl Parsed {
    /// Reads `body`, which came at `now_ns`.
    pub(super) fn read(form: Form, body: &[u8], now_ns: u64) -> Result<Self, Refusal> {
        match form {
            Form::Json => Self::from_json(body, now_ns),
            Form::Record => Self::from_record(body),
        }
    }

    fn from_json(body: &[u8], now_ns: u64) -> Result<Self, Refusal> {
        let json: Json =
            serde_json::from_slice(body).map_err(|why| Refusal::with(Code::Malformed, why))?;
        let mut bundle = Bundle::new(now_ns);
        (bundle.head.flags, bundle.tip, bundle.slot) =
            (Bundle::SIGNED, json.tip_lamports, json.slot);
        if json.transactions.len() > TXS_MAX {
            let detail = json.transactions.len().to_string();
            return Err(Refusal { why: Why::Rule(Rule::TooMany), detail, tx_index: None });
        }
        let mut tail = Vec::new();
        for (at, text) in json.transactions.iter().enumerate() {
            let wire = decode(text).ok_or_else(|| Refusal::of(Code::Encoding, at))?;
            let len = u16::try_from(wire.len()).map_err(|_| Refusal::of(Code::Encoding, at))?;
            bundle.tx_len.iter_mut().skip(at).take(1).for_each(|to| *to = len);
            bundle.txs = bundle.txs.saturating_add(1);
            tail.extend(wire);
        }
        let len = size_of::<Bundle>().saturating_add(tail.len()).next_multiple_of(LINE);
        bundle.head.len = u32::try_from(len).unwrap_or(u32::MAX);
        let to = bundle
            .transactions(&tail)
            .filter_map(|wire| Transaction::check(wire).ok())
            .find_map(|tx| tips(&tx).next());
        bundle.tip_account = to.map_or([0; 32], |(account, _)| account);
        Ok(Self { bundle, tail, priority: json.priority })
    }

    fn from_record(body: &[u8]) -> Result<Self, Refusal> {
        let refused = |why: &str| Refusal::with(Code::NotARecord, why);
        // Records are read where they are aligned.
        let mut room = vec![0u128; body.len().div_ceil(size_of::<u128>())];
        let aligned: &mut [u8] = bytemuck::cast_slice_mut(&mut room);
        let aligned = aligned.get_mut(..body.len()).unwrap_or_default();
        aligned.copy_from_slice(body);
        let (mut rest, mut found): (&[u8], Option<Self>) = (aligned, None);
        while !rest.is_empty() {
            let len = crate::bytes::u32_at(rest, 0).and_then(|len| usize::try_from(len).ok());
            let split = len.filter(|len| *len >= LINE).and_then(|len| rest.split_at_checked(len));
            let (bytes, after) = split.ok_or_else(|| refused("cut off"))?;
            let record = Record::new(bytes).ok_or_else(|| refused("no record"))?;
            record::check(record).map_err(|error| Refusal::with(Code::NotARecord, error))?;
            match record.typed::<Bundle>() {
                Some(bundle) if found.is_none() => {
                    let (bundle, tail) = (*bundle, record.tail::<Bundle>().to_vec());
                    found = Some(Self { bundle, tail, priority: None });
                }
                Some(_) => return Err(refused("more than one bundle")),
                None if [Head::SCHEMA.kind, End::SCHEMA.kind].contains(&record.kind()) => {}
                None => return Err(refused("another kind of record")),
            }
            rest = after;
        }
        found.ok_or_else(|| refused("no bundle"))
    }

    /// The wire bytes of its transactions.
    pub(super) fn transactions(&self) -> Vec<&[u8]> {
        self.bundle.transactions(&self.tail).collect()
    }

    /// Checks it by all rules, and makes the request that sends it.
    pub(super) fn order(self, priority: Priority) -> Result<Order, Refusal> {
        let mut rules = Rules::default();
        let broken = rules.check(&self.bundle, &self.tail);
        if let Some(first) = broken.first() {
            return Err(self.refused(first.rule, first.tx));
        }
        if rules.tips_unchecked() > 0 {
            return Err(Code::TipNotFound.into());
        }
        let mut desk = Desk::default();
        match desk.rule_verified(&self.bundle, &self.tail) {
            Ruling::Unfit(reason) => Err(Refusal::with(Code::Unfit, reason)),
            Ruling::Fit(fit) => {
                let (id, body, price) = (fit.id, fit.body.to_owned(), fit.price);
                let signatures = fit.signatures.to_vec();
                let (bundle, tail) = (self.bundle, self.tail);
                Ok(Order { bundle, tail, id, body, signatures, price, priority })
            }
        }
    }

    fn refused(&self, rule: Rule, tx_index: Option<u8>) -> Refusal {
        if rule != Rule::TipDiffers {
            return Refusal { why: Why::Rule(rule), detail: String::new(), tx_index };
        }
        let checked =
            self.bundle.transactions(&self.tail).filter_map(|w| Transaction::check(w).ok());
        let paid = checked.fold(0u64, |sum, tx| {
            tips(&tx).fold(sum, |sum, (_, lamports)| sum.saturating_add(lamports))
        });
        let detail = format!("{} was told, {paid} is paid", self.bundle.tip);
        Refusal::with(Code::TipMismatch, detail)
    }
}

/// The transaction that `text` spells, in base64 or base58: what is a transaction decides.
fn decode(text: &str) -> Option<Vec<u8>> {
    let is_one = |wire: &Vec<u8>| Transaction::check(wire).is_ok();
    if text.len() > V1_LEN_MAX.div_ceil(3).saturating_mul(4) {
        return None;
    }
    let base64 = match STANDARD.decode(text) {
        Ok(wire) if is_one(&wire) => return Some(wire),
        other => other.ok(),
    };
    let mut wire = Vec::new();
    let spelled = base58::Decoder::default().decode(text.as_bytes(), LEN_MAX, &mut wire);
    // Bytes that are no transaction in either are told apart by the rules.
    spelled.map(|()| wire).filter(is_one).or(base64).filter(|wire| !wire.is_empty())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::ids::{JITO_TIP_ACCOUNTS, SYSTEM};
    use crate::keys::Signer;
    use serde_json::json;
    use solana_sdk::hash::Hash;
    use solana_sdk::instruction::{AccountMeta, Instruction};
    use solana_sdk::message::Message;
    use solana_sdk::pubkey::Pubkey;

    /// A transaction that tips `lamports`, told apart by `number`.
    pub(in super::super) fn wire(number: u8, lamports: u64) -> Vec<u8> {
        let signer = Signer::from_seed(&[7; 32]);
        let payer = Pubkey::new_from_array(signer.public());
        let to = Pubkey::new_from_array(JITO_TIP_ACCOUNTS[3]);
        let accounts = vec![AccountMeta::new(payer, true), AccountMeta::new(to, false)];
        let data = [&[2, 0, 0, 0][..], &lamports.to_le_bytes()].concat();
        let program_id = Pubkey::new_from_array(SYSTEM);
        let tip = Instruction { program_id, accounts, data };
        let hash = Hash::new_from_array([number; 32]);
        let message = Message::new_with_blockhash(&[tip], Some(&payer), &hash).serialize();
        [&[1], signer.sign(&message).as_slice(), &message].concat()
    }

    fn json_of(wires: &[Vec<u8>], tip_lamports: u64) -> Vec<u8> {
        let texts: Vec<_> = wires.iter().map(|wire| STANDARD.encode(wire)).collect();
        json!({"transactions": texts, "tip_lamports": tip_lamports}).to_string().into_bytes()
    }

    fn order(form: Form, body: &[u8]) -> Result<Order, (&'static str, Option<u8>)> {
        Parsed::read(form, body, 77)
            .and_then(|parsed| parsed.order(Priority::High))
            .map_err(|refusal| (refusal.why.name(), refusal.tx_index))
    }

    #[test]
    fn json_in_either_encoding_becomes_the_same_order_as_a_record() {
        let wires = [wire(1, 1500), wire(2, 500)];
        let made = order(Form::Json, &json_of(&wires, 2000)).unwrap();
        assert_eq!((made.price, made.bundle.tip, made.bundle.txs), (2000 + 10_000, 2000, 2));
        assert_eq!(made.bundle.tip_account, JITO_TIP_ACCOUNTS[3]);
        assert!(
            String::from_utf8_lossy(&made.body).contains("sendBundle")
                && made.priority == Priority::High
        );
        let spelled = wires.each_ref().map(|wire| bs58(wire));
        let body = json!({"transactions": spelled, "tip_lamports": 2000, "priority": "UltraHigh",
            "slot": 9})
        .to_string();
        let parsed = Parsed::read(Form::Json, body.as_bytes(), 77).unwrap();
        assert_eq!((parsed.priority, parsed.bundle.slot), (Some(Priority::UltraHigh), 9));
        assert_eq!(parsed.order(Priority::Low).unwrap().id, made.id);

        let parsed = Parsed::read(Form::Json, &json_of(&wires, 2000), 77).unwrap();
        let mut bytes = bytemuck::bytes_of(&parsed.bundle).to_vec();
        bytes.extend(&parsed.tail);
        bytes.resize(usize::try_from(parsed.bundle.head.len).unwrap(), 0);
        assert_eq!(order(Form::Record, &bytes).unwrap().id, made.id);
        let head = bytemuck::bytes_of(&Head::new(0)).to_vec();
        // A head's magic is checked, so that a foreign stream is none.
        let mut head: Vec<u8> = head;
        head[16..24].copy_from_slice(b"MEVREC01");
        let stream = [head.as_slice(), &bytes, bytemuck::bytes_of(&End::new(0))].concat();
        assert_eq!(order(Form::Record, &stream).unwrap().id, made.id);
        let two = [bytes.as_slice(), &bytes].concat();
        for bad in [&two, &bytes[..100].to_vec(), &Vec::new(), &vec![7; 640]] {
            assert_eq!(order(Form::Record, bad).unwrap_err().0, "not_a_bundle_record");
        }
    }

    fn bs58(wire: &[u8]) -> String {
        // Digit by digit, as the alphabet says.
        let alphabet = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
        let mut number = num_bigint::BigUint::from_bytes_be(wire);
        let mut text = Vec::new();
        while number > num_bigint::BigUint::ZERO {
            let digit = (&number % 58u8).to_u32_digits().first().copied().unwrap_or(0);
            text.push(alphabet[digit as usize]);
            number /= 58u8;
        }
        text.reverse();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn the_tip_that_is_told_must_be_the_tip_that_is_paid() {
        let told = Parsed::read(Form::Json, &json_of(&[wire(1, 1500)], 2000), 0).unwrap();
        let refusal = told.order(Priority::Low).unwrap_err();
        assert_eq!((refusal.why.name(), refusal.why.status()), ("tip_mismatch", 422));
        assert!(refusal.json().contains("2000 was told, 1500 is paid"), "{}", refusal.json());
        assert_eq!(order(Form::Json, &json_of(&[wire(1, 1500)], 0)).unwrap_err().0, "tip_mismatch");
        assert_eq!(
            order(Form::Json, &json_of(&[wire(1, 999)], 999)).unwrap_err().0,
            "tip_too_small"
        );
        assert_eq!(order(Form::Json, &json_of(&[wire(1, 0)], 0)).unwrap_err().0, "tip_not_found");
    }

    #[test]
    fn each_fault_is_named_with_its_transaction() {
        let good = wire(1, 1500);
        let mut forged = wire(2, 1500);
        forged[5] ^= 1;
        let mut cut = good.clone();
        cut.pop();
        for (wires, should) in [
            (vec![], ("no_transactions", None)),
            ((0..6).map(|n| wire(n, 1000)).collect(), ("too_many_transactions", None)),
            (vec![good.clone(), forged], ("bad_signature", Some(1))),
            (vec![good.clone(), good.clone()], ("duplicate_transaction", Some(1))),
            (vec![good.clone(), cut], ("not_a_transaction", Some(1))),
            (vec![good.clone(), Vec::new()], ("bad_encoding", Some(1))),
        ] {
            assert_eq!(order(Form::Json, &json_of(&wires, 1500)).unwrap_err(), should);
        }
        for body in [
            "",
            "[]",
            "{}",
            "{\"transactions\":[]}",
            "{\"transactions\":[],\"tip_lamports\":-1}",
            "{\"transactions\":[],\"tip_lamports\":1,\"priority\":\"Highest\"}",
            "{\"transactions\":[],\"tip_lamports\":1,\"more\":1}",
        ] {
            assert_eq!(order(Form::Json, body.as_bytes()).unwrap_err(), ("malformed", None));
        }
        let text = json!({"transactions": ["!"], "tip_lamports": 1}).to_string();
        assert_eq!(order(Form::Json, text.as_bytes()).unwrap_err(), ("bad_encoding", Some(0)));
        let long = json!({"transactions": ["A".repeat(9000)], "tip_lamports": 1}).to_string();
        assert_eq!(order(Form::Json, long.as_bytes()).unwrap_err(), ("bad_encoding", Some(0)));
    }

    #[test]
    fn a_content_type_says_the_form() {
        assert_eq!(Form::of(None), Ok(Form::Json));
        assert_eq!(Form::of(Some("application/JSON; charset=utf-8")), Ok(Form::Json));
        assert_eq!(Form::of(Some("application/octet-stream")), Ok(Form::Record));
        assert_eq!(Form::of(Some("text/plain")), Err(Code::MediaType));
    }
}
