//! A JSON document: a transaction, a block, a reply that holds one, or a request.
//!
//! ```text
//! {"slot":S,"blockTime":T,"transaction":X,"meta":M,"version":V}           a result of getTransaction
//! {"blockTime":T,"transactions":[{"transaction":X,"meta":M,"version":V},..],..}   a result of getBlock
//! {"result":R,..}                                                         a reply with either
//! {"method":"getBlock","params":[S,..],..}                                a request: the slot of the block that follows
//! ```
//!
//! `X` is `["..","base64"]`, `["..","base58"]`, a text in base58, or an object (encoding json).
//! A block does not say its own slot: it is the one of the request before it, or of a field `slot`
//! anywhere in the result, or absent. It is not taken for the one after `parentSlot`, because slots
//! are skipped.

use super::json::{Elements, Fields, List, Maybe, Number, Object, skip, text};
use super::line;
use super::message::Message;
use super::meta::Meta;
use super::reject::Reject;
use super::text::{Form, Found, Refused};
use crate::bytes::base58::Decoder;
use crate::error::{Error, Result};
use crate::parse::TxPlace;
use crate::wire::txn::{Transaction, TxReject, Version};
use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::result::Result as Outcome;

/// One transaction as a document holds it; one value reads one after another.
#[derive(Debug, Default)]
pub(super) struct Lone {
    pub(super) wire: Vec<u8>,
    pub(super) decoder: Decoder,
    text: Vec<u8>,
    message: Message,
    meta: Meta,
    has_meta: bool,
    form: Option<Form>,
    version: Option<Version>,
    why: Option<Reject>,
}

impl Lone {
    fn clear(&mut self) {
        self.message.clear();
        self.meta.clear();
        (self.has_meta, self.form, self.version, self.why) = (false, None, None, None);
    }

    /// Its wire bytes, in `wire`.
    fn finish(&mut self) -> Outcome<Form, Reject> {
        if let Some(why) = self.why {
            return Err(why);
        }
        let form = self.form.ok_or(Reject::Shape)?;
        if form == Form::Json {
            self.message.write(self.version, &mut self.wire)?;
        }
        Transaction::check(&self.wire).map_err(Reject::Bytes)?;
        Ok(form)
    }

    /// Decodes `text` as `encoding` says.
    fn decode(&mut self, encoding: &str) {
        let (form, done) = match encoding {
            "base64" => (Form::Base64, line::base64(&self.text, &mut self.wire)),
            "base58" => (Form::Base58, line::base58(&self.text, &mut self.decoder, &mut self.wire)),
            _ => (Form::Json, None),
        };
        self.form = Some(form);
        if done.is_none() {
            self.why = Some(Reject::Encoding);
        }
    }
}

/// The fields of a transaction that stand in a block as well as alone.
impl<'de> Fields<'de> for Lone {
    fn field<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Outcome<(), A::Error> {
        match name {
            "transaction" => map.next_value_seed(Value(self))?,
            "meta" => self.has_meta = map.next_value_seed(Object(&mut self.meta))?,
            "version" => match map.next_value::<Number>()?.0 {
                None => {}
                Some(0) => self.version = Some(Version::V0),
                Some(1) => self.version = Some(Version::V1),
                Some(_) => self.why = Some(Reject::Bytes(TxReject::Version)),
            },
            _ => skip(map)?,
        }
        Ok(())
    }
}

/// The value of `transaction`, in any encoding.
struct Value<'a>(&'a mut Lone);

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();
    fn deserialize<D: de::Deserializer<'de>>(self, from: D) -> Outcome<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = ();

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a transaction")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Outcome<(), E> {
        self.0.text.clear();
        self.0.text.extend(text.as_bytes());
        self.0.decode("base58");
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Outcome<(), A::Error> {
        let lone = self.0;
        lone.text.clear();
        list.next_element_seed(text(|text| lone.text.extend(text.as_bytes())))?;
        list.next_element_seed(text(|encoding| lone.decode(encoding)))?;
        if lone.form.is_none() {
            lone.why = Some(Reject::Shape);
        }
        while list.next_element::<de::IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Outcome<(), A::Error> {
        self.0.form = Some(Form::Json);
        Object(&mut self.0.message).visit_map(map).map(|_| ())
    }

    fn visit_unit<E: de::Error>(self) -> Outcome<(), E> {
        Ok(())
    }
}

/// What is wrong with a document as a whole.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) why: Reject,
    pub(super) detail: Option<String>,
}

/// What outlives a document.
#[derive(Debug, Default)]
pub(super) struct State {
    /// The transaction being read.
    pub(super) lone: Lone,
    /// The slot that the request before names.
    requested: Option<u64>,
    /// Transactions and blocks that were read.
    pub(super) understood: u64,
}

/// A document being read.
struct Reading<'a, F> {
    state: &'a mut State,
    take: &'a mut F,
    document: &'a [u8],
    line: u64,
    /// What ended the reading.
    stop: Option<Error>,
    fault: Option<Fault>,
}

/// Hands every transaction of `document`, which begins on line `line`, to `take`. What is wrong with
/// the document as a whole comes back; transactions before it were handed on.
///
/// # Errors
/// Those of `take`.
pub(super) fn read<F: FnMut(Found<'_>) -> Result<()>>(
    document: &[u8],
    line: u64,
    state: &mut State,
    take: &mut F,
) -> Result<Option<Fault>> {
    let mut reading = Reading { state, take, document, line, stop: None, fault: None };
    let mut from = serde_json::Deserializer::from_slice(document);
    let mut level = Level::new(&mut reading, false);
    let read = Object(&mut level).deserialize(&mut from).and_then(|_| from.end());
    if read.is_ok() {
        level.finish();
    }
    if let Some(stop) = reading.stop {
        return Err(stop);
    }
    if let Err(error) = read {
        let why = if error.is_data() { Reject::Shape } else { Reject::Syntax };
        return Ok(Some(Fault { why, detail: Some(detail(&error, line)) }));
    }
    Ok(reading.fault)
}

/// What serde_json says, with the line counted from the start of the input; its document begins on
/// line `from`.
fn detail(error: &serde_json::Error, from: u64) -> String {
    let text = error.to_string();
    let what = text.rfind(" at line ").map_or(text.as_str(), |at| text.split_at(at).0);
    let line = (error.line() as u64).saturating_add(from).saturating_sub(1);
    format!("{what} at line {line} column {}", error.column())
}

impl<F: FnMut(Found<'_>) -> Result<()>> Reading<'_, F> {
    /// Hands on the transaction that was read; `false` when nothing more is wanted.
    fn deliver(&mut self, slot: Option<u64>, number: Option<u32>, rx_ns: u64) -> bool {
        let lone = &mut self.state.lone;
        let found = match lone.finish() {
            Ok(form) => {
                self.state.understood += 1;
                let is_whole = lone.has_meta && !lone.meta.is_broken;
                Found::Transaction {
                    wire: &lone.wire,
                    form,
                    place: TxPlace { slot, tx_index: number, rx_ns },
                    executed: is_whole.then_some(&lone.meta.executed),
                    meta_refused: lone.has_meta && lone.meta.is_broken,
                }
            }
            Err(why) => Found::Refused(Refused { line: self.line, number, why, detail: None }),
        };
        self.stop = (self.take)(found).err();
        self.stop.is_none()
    }

    fn fault(&mut self, why: Reject, detail: Option<String>) {
        self.fault.get_or_insert(Fault { why, detail });
    }
}

/// Nanoseconds of a block time in seconds; 0, which is absent, when there is none.
fn rx_ns(time: Option<Number>) -> u64 {
    time.and_then(|seconds| seconds.0)
        .and_then(|seconds| seconds.checked_mul(1_000_000_000))
        .unwrap_or(0)
}

/// An object that may be any of the documents: the outermost one, or the result in it.
struct Level<'r, 'a, F> {
    reading: &'r mut Reading<'a, F>,
    is_result: bool,
    slot: Option<u64>,
    /// Seconds of the block time, once the field was there.
    time: Option<Number>,
    has_transaction: bool,
    has_transactions: bool,
    has_result: bool,
    is_block: bool,
    /// Whether the method that is asked for is getBlock.
    asks_block: Option<bool>,
    first_param: Option<u64>,
}

impl<'r, 'a, F: FnMut(Found<'_>) -> Result<()>> Level<'r, 'a, F> {
    fn new(reading: &'r mut Reading<'a, F>, is_result: bool) -> Self {
        reading.state.lone.clear();
        Self {
            reading,
            is_result,
            slot: None,
            time: None,
            has_transaction: false,
            has_transactions: false,
            has_result: false,
            is_block: false,
            asks_block: None,
            first_param: None,
        }
    }

    /// Judges what the fields were.
    fn finish(self) {
        let Self { reading, slot, time, .. } = self;
        if let Some(asks_block) = self.asks_block {
            reading.state.requested = self.first_param.filter(|_| asks_block);
            return;
        }
        reading.state.requested = None;
        if self.has_result || reading.fault.is_some() {
            return;
        }
        if self.has_transactions {
            reading.state.understood += 1;
        } else if self.has_transaction {
            reading.deliver(slot, None, rx_ns(time));
        } else {
            let why = if self.is_block { Reject::Details } else { Reject::Shape };
            reading.fault(why, None);
        }
    }

    /// Reads the transactions of a block.
    fn block<'de, A: MapAccess<'de>>(&mut self, map: &mut A) -> Outcome<(), A::Error> {
        let mut head = Head { slot: self.slot.or(self.reading.state.requested), time: self.time };
        if head.slot.is_none() || head.time.is_none() {
            // What follows the transactions is needed for them: it is looked for first.
            let mut ahead = Head::default();
            let mut from = serde_json::Deserializer::from_slice(self.reading.document);
            // A broken document shows when it is read; what stands before the fault counts.
            let _ = Object(&mut ahead).deserialize(&mut from);
            head = Head { slot: head.slot.or(ahead.slot), time: head.time.or(ahead.time) };
        }
        let reading = &mut *self.reading;
        let mut block = Block { reading, head, next: 0 };
        self.has_transactions = map.next_value_seed(List(&mut block))?;
        Ok(())
    }
}

impl<'de, F: FnMut(Found<'_>) -> Result<()>> Fields<'de> for Level<'_, '_, F> {
    fn field<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Outcome<(), A::Error> {
        match name {
            "transaction" | "meta" | "version" => {
                self.has_transaction |= name == "transaction";
                self.reading.state.lone.field(name, map)?;
            }
            "slot" => self.slot = map.next_value::<Number>()?.0,
            "blockTime" => self.time = Some(map.next_value::<Number>()?),
            "transactions" => self.block(map)?,
            "blockhash" | "parentSlot" => {
                self.is_block = true;
                skip(map)?;
            }
            "result" if !self.is_result => {
                self.has_result = true;
                let mut level = Level::new(self.reading, true);
                match map.next_value_seed(Maybe(Object(&mut level)))? {
                    Some(true) => level.finish(),
                    Some(false) => self.reading.fault(Reject::Shape, None),
                    None => self.reading.fault(Reject::Null, None),
                }
            }
            "error" if !self.is_result => {
                if let Some(error) = map.next_value::<Option<RpcError>>()? {
                    self.reading.fault(Reject::RpcError, error.0);
                }
            }
            "method" if !self.is_result => {
                let asks = &mut self.asks_block;
                map.next_value_seed(text(|method| *asks = Some(method == "getBlock")))?;
            }
            "params" if !self.is_result => {
                map.next_value_seed(List(&mut Params(&mut self.first_param, true)))?;
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

/// The message of an error reply.
struct RpcError(Option<String>);

impl<'de> de::Deserialize<'de> for RpcError {
    fn deserialize<D: de::Deserializer<'de>>(from: D) -> Outcome<Self, D::Error> {
        let mut error = Self(None);
        Object(&mut error).deserialize(from)?;
        Ok(error)
    }
}

impl<'de> Fields<'de> for RpcError {
    fn field<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Outcome<(), A::Error> {
        match name {
            "message" => {
                map.next_value_seed(text(|text| self.0 = Some(text.to_owned()))).map(|_| ())
            }
            _ => skip(map),
        }
    }
}

/// The parameters of a request, of which the first counts.
struct Params<'a>(&'a mut Option<u64>, bool);

impl<'de> Elements<'de> for Params<'_> {
    fn element<A: SeqAccess<'de>>(&mut self, list: &mut A) -> Outcome<Option<()>, A::Error> {
        let Some(number) = list.next_element::<Number>()? else { return Ok(None) };
        if std::mem::take(&mut self.1) {
            *self.0 = number.0;
        }
        Ok(Some(()))
    }
}

/// What a block's transactions have in common.
#[derive(Clone, Copy, Default)]
struct Head {
    slot: Option<u64>,
    time: Option<Number>,
}

impl<'de> Fields<'de> for Head {
    fn field<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Outcome<(), A::Error> {
        match name {
            "slot" => self.slot = map.next_value::<Number>()?.0,
            "blockTime" => self.time = Some(map.next_value::<Number>()?),
            "result" => {
                map.next_value_seed(Object(self))?;
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

/// The transactions of a block, in order.
struct Block<'r, 'a, F> {
    reading: &'r mut Reading<'a, F>,
    head: Head,
    next: u32,
}

impl<'de, F: FnMut(Found<'_>) -> Result<()>> Elements<'de> for Block<'_, '_, F> {
    fn element<A: SeqAccess<'de>>(&mut self, list: &mut A) -> Outcome<Option<()>, A::Error> {
        let lone = &mut self.reading.state.lone;
        lone.clear();
        if list.next_element_seed(Object(lone))?.is_none() {
            return Ok(None);
        }
        let number = self.next;
        self.next = number.saturating_add(1);
        let Head { slot, time } = self.head;
        if self.reading.deliver(slot, Some(number), rx_ns(time)) {
            Ok(Some(()))
        } else {
            Err(de::Error::custom("nothing more is wanted"))
        }
    }
}
