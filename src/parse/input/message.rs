//! A transaction in the RPC's encoding `json`: taken apart field by field, put together again as
//! the wire bytes it was made from.
//!
//! `UiTransaction` and `UiRawMessage` of solana-transaction-status-client-types; `transactionConfig`
//! is what Agave 4.3 adds for v1. The layouts are in [`crate::wire::txn`].

use super::json::{Elements, Fields, List, Number, Object, numbers, skip, text, texts};
use super::reject::Reject;
use crate::bytes::base58::{self, Decoder};
use crate::bytes::compact_u16;
use crate::ids::Key;
use crate::wire::txn::{Config, Version};
use serde::de::{MapAccess, SeqAccess};

/// Bytes of an instruction's data at most, as `MAX_CPI_INSTRUCTION_DATA_LEN` (solana-program-runtime).
const DATA_MAX: usize = 10 << 10;

/// An instruction in JSON, at the top of a message or below an instruction.
#[derive(Debug, Default)]
pub(super) struct Instruction {
    /// Index of its program.
    pub(super) program_index: Option<u8>,
    /// Depth of the call; 0 when it is not told.
    pub(super) height: u8,
    /// Indexes of its accounts.
    pub(super) accounts: Vec<u8>,
    /// Its data.
    pub(super) data: Vec<u8>,
    /// Accounts or data cannot be what they are.
    pub(super) is_broken: bool,
    decoder: Decoder,
}

impl Instruction {
    /// Forgets it and keeps the memory.
    pub(super) fn clear(&mut self) {
        (self.program_index, self.height, self.is_broken) = (None, 0, false);
        self.accounts.clear();
        self.data.clear();
    }
}

impl<'de> Fields<'de> for Instruction {
    fn field<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        let Self { accounts, data, is_broken, decoder, .. } = self;
        match name {
            "programIdIndex" => self.program_index = map.next_value::<Number>()?.fit(),
            "stackHeight" => self.height = map.next_value::<Number>()?.fit().unwrap_or(0),
            "accounts" => map.next_value_seed(Indexes { to: accounts, decoder, is_broken })?,
            "data" => {
                let data_text = text(|text| {
                    *is_broken |= decoder.decode(text.as_bytes(), DATA_MAX, data).is_none();
                });
                let is_text = map.next_value_seed(data_text)?;
                self.is_broken |= !is_text;
            }
            // Only a parsed instruction names its program.
            "parsed" | "programId" => {
                self.is_broken = true;
                skip(map)?;
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

/// Account indexes: a list of numbers, or base58 in old replies.
struct Indexes<'a> {
    to: &'a mut Vec<u8>,
    decoder: &'a mut Decoder,
    is_broken: &'a mut bool,
}

mod indexes {
    use super::Indexes;
    use serde::de::{self, DeserializeSeed, SeqAccess, Visitor};
    use std::fmt;

    impl<'de> DeserializeSeed<'de> for Indexes<'_> {
        type Value = ();
        fn deserialize<D: de::Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
            from.deserialize_any(self)
        }
    }

    impl<'de> Visitor<'de> for Indexes<'_> {
        type Value = ();

        fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
            to.write_str("account indexes")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
            while let Some(number) = list.next_element::<super::Number>()? {
                match number.fit() {
                    Some(index) => self.to.push(index),
                    None => *self.is_broken = true,
                }
            }
            Ok(())
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
            let done = self.decoder.decode(text.as_bytes(), super::DATA_MAX, self.to);
            *self.is_broken |= done.is_none();
            Ok(())
        }
    }
}

/// The parts of a transaction.
#[derive(Debug, Default)]
pub(super) struct Message {
    signatures: Vec<[u8; 64]>,
    header: [Option<u8>; 3],
    keys: Vec<Key>,
    blockhash: Option<Key>,
    /// Program, accounts and bytes of data of each instruction.
    instructions: Vec<(u8, usize, usize)>,
    /// Accounts and data of all instructions.
    bodies: Vec<u8>,
    lookups: Lookups,
    config: Option<Config>,
    instruction: Instruction,
    /// There is a message at all.
    has_message: bool,
    /// Keys or instructions are objects of encoding jsonParsed.
    is_parsed: bool,
    is_broken: bool,
}

/// The lookup tables of a message.
#[derive(Debug, Default)]
struct Lookups {
    is_there: bool,
    count: usize,
    /// Their wire bytes.
    bytes: Vec<u8>,
    table: Option<Key>,
    indexes: [Vec<u8>; 2],
    is_broken: bool,
}

impl Message {
    /// Forgets it and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.signatures.clear();
        self.keys.clear();
        self.instructions.clear();
        self.bodies.clear();
        self.lookups.bytes.clear();
        (self.lookups.is_there, self.lookups.count, self.lookups.is_broken) = (false, 0, false);
        (self.header, self.blockhash, self.config) = ([None; 3], None, None);
        (self.has_message, self.is_parsed, self.is_broken) = (false, false, false);
    }

    /// Puts the wire bytes into `wire`, in place of what was there. Without `version` it is v1 with
    /// a configuration, v0 with lookup tables, else legacy.
    ///
    /// # Errors
    /// There is no message, it is parsed, or a part is missing or cannot be what it is.
    pub(super) fn write(&self, version: Option<Version>, wire: &mut Vec<u8>) -> Result<(), Reject> {
        wire.clear();
        if !self.has_message {
            return Err(Reject::Details);
        }
        if self.is_parsed {
            return Err(Reject::Parsed);
        }
        let version = version.unwrap_or(match (&self.config, self.lookups.is_there) {
            (Some(_), _) => Version::V1,
            (None, true) => Version::V0,
            (None, false) => Version::Legacy,
        });
        let broken = self.is_broken || self.lookups.is_broken;
        if broken || (version != Version::V0 && self.lookups.count > 0) {
            return Err(Reject::Message);
        }
        let written = match version {
            Version::V1 => self.write_v1(wire),
            Version::Legacy | Version::V0 => self.write_compact(version, wire),
        };
        written.ok_or(Reject::Message)
    }

    fn write_compact(&self, version: Version, wire: &mut Vec<u8>) -> Option<()> {
        push_count(self.signatures.len(), wire)?;
        wire.extend(self.signatures.as_flattened());
        if version == Version::V0 {
            wire.push(0x80);
        }
        wire.extend(self.header()?);
        push_count(self.keys.len(), wire)?;
        wire.extend(self.keys.as_flattened());
        wire.extend(self.blockhash?);
        push_count(self.instructions.len(), wire)?;
        let mut bodies = self.bodies.as_slice();
        for (program_index, account_count, data_len) in &self.instructions {
            let (accounts, rest) = bodies.split_at_checked(*account_count)?;
            let (data, rest) = rest.split_at_checked(*data_len)?;
            bodies = rest;
            wire.push(*program_index);
            push_count(accounts.len(), wire)?;
            wire.extend(accounts);
            push_count(data.len(), wire)?;
            wire.extend(data);
        }
        if version == Version::V0 {
            push_count(self.lookups.count, wire)?;
            wire.extend(&self.lookups.bytes);
        }
        Some(())
    }

    fn write_v1(&self, wire: &mut Vec<u8>) -> Option<()> {
        let config = self.config.unwrap_or_default();
        wire.push(0x81);
        wire.extend(self.header()?);
        let values = [config.compute_unit_limit, config.loaded_data_limit, config.heap_len];
        let mut mask = if config.priority_fee_lamports.is_some() { 0b11u32 } else { 0 };
        for (bit, value) in [0b100, 0b1000, 0b1_0000].into_iter().zip(values) {
            mask |= if value.is_some() { bit } else { 0 };
        }
        wire.extend(mask.to_le_bytes());
        wire.extend(self.blockhash?);
        wire.push(u8::try_from(self.instructions.len()).ok()?);
        wire.push(u8::try_from(self.keys.len()).ok()?);
        wire.extend(self.keys.as_flattened());
        wire.extend(config.priority_fee_lamports.iter().flat_map(|fee| fee.to_le_bytes()));
        wire.extend(values.iter().flatten().flat_map(|value| value.to_le_bytes()));
        for (program_index, account_count, data_len) in &self.instructions {
            wire.extend([*program_index, u8::try_from(*account_count).ok()?]);
            wire.extend(u16::try_from(*data_len).ok()?.to_le_bytes());
        }
        wire.extend(&self.bodies);
        wire.extend(self.signatures.as_flattened());
        Some(())
    }

    fn header(&self) -> Option<[u8; 3]> {
        let [a, b, c] = self.header;
        Some([a?, b?, c?])
    }
}

/// Appends `count` as a compact-u16.
fn push_count(count: usize, to: &mut Vec<u8>) -> Option<()> {
    let (bytes, len) = compact_u16(u16::try_from(count).ok()?);
    to.extend(bytes.get(..len)?);
    Some(())
}

/// The fields of `transaction`.
impl<'de> Fields<'de> for Message {
    fn field<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        let Self { signatures, is_broken, .. } = self;
        match name {
            "signatures" => {
                let all = map.next_value_seed(texts(|text| match base58::signature(text) {
                    Some(signature) => signatures.push(signature),
                    None => *is_broken = true,
                }))?;
                self.is_broken |= !all;
            }
            "message" => {
                self.has_message = map.next_value_seed(Object(&mut Body(self)))?;
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

/// The fields of `message`.
struct Body<'a>(&'a mut Message);

impl<'de> Fields<'de> for Body<'_> {
    fn field<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        let message = &mut *self.0;
        match name {
            "header" => map.next_value_seed(Object(&mut Header(&mut message.header))).map(|_| ()),
            "accountKeys" => {
                let Message { keys, is_broken, .. } = message;
                let all = map.next_value_seed(texts(|text| match base58::key(text) {
                    Some(key) => keys.push(key),
                    None => *is_broken = true,
                }))?;
                // Keys with roles are objects.
                message.is_parsed |= !all;
                Ok(())
            }
            "recentBlockhash" => {
                let blockhash = &mut message.blockhash;
                map.next_value_seed(text(|text| *blockhash = base58::key(text))).map(|_| ())
            }
            "instructions" => map.next_value_seed(List(&mut Instructions(message))).map(|_| ()),
            "addressTableLookups" => {
                let lookups = &mut message.lookups;
                lookups.is_there = map.next_value_seed(List(lookups))?;
                Ok(())
            }
            "transactionConfig" => {
                let mut config = Config::default();
                if map.next_value_seed(Object(&mut Budget(&mut config)))? {
                    message.config = Some(config);
                }
                Ok(())
            }
            _ => skip(map),
        }
    }
}

struct Header<'a>(&'a mut [Option<u8>; 3]);

impl<'de> Fields<'de> for Header<'_> {
    fn field<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        let [required, readonly_signed, readonly_unsigned] = self.0;
        let to = match name {
            "numRequiredSignatures" => required,
            "numReadonlySignedAccounts" => readonly_signed,
            "numReadonlyUnsignedAccounts" => readonly_unsigned,
            _ => return skip(map),
        };
        *to = map.next_value::<Number>()?.fit();
        Ok(())
    }
}

struct Budget<'a>(&'a mut Config);

impl<'de> Fields<'de> for Budget<'_> {
    fn field<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        let to = match name {
            "priorityFee" => {
                self.0.priority_fee_lamports = map.next_value::<Number>()?.0;
                return Ok(());
            }
            "computeUnitLimit" => &mut self.0.compute_unit_limit,
            "loadedAccountsDataSizeLimit" => &mut self.0.loaded_data_limit,
            "heapSize" => &mut self.0.heap_len,
            _ => return skip(map),
        };
        *to = map.next_value::<Number>()?.fit();
        Ok(())
    }
}

struct Instructions<'a>(&'a mut Message);

impl<'de> Elements<'de> for Instructions<'_> {
    fn element<A: SeqAccess<'de>>(&mut self, list: &mut A) -> Result<Option<()>, A::Error> {
        let message = &mut *self.0;
        let instruction = &mut message.instruction;
        instruction.clear();
        let Some(is_object) = list.next_element_seed(Object(instruction))? else { return Ok(None) };
        match instruction.program_index {
            Some(program_index) if is_object && !instruction.is_broken => {
                let counts = (program_index, instruction.accounts.len(), instruction.data.len());
                message.instructions.push(counts);
                message.bodies.extend(&instruction.accounts);
                message.bodies.extend(&instruction.data);
            }
            _ => message.is_broken = true,
        }
        Ok(Some(()))
    }
}

impl<'de> Elements<'de> for Lookups {
    fn element<A: SeqAccess<'de>>(&mut self, list: &mut A) -> Result<Option<()>, A::Error> {
        self.table = None;
        self.indexes.iter_mut().for_each(Vec::clear);
        if list.next_element_seed(Object(self))?.is_none() {
            return Ok(None);
        }
        self.count += 1;
        let Some(table) = self.table else {
            self.is_broken = true;
            return Ok(Some(()));
        };
        self.bytes.extend(table);
        for indexes in &self.indexes {
            let count = push_count(indexes.len(), &mut self.bytes);
            self.is_broken |= count.is_none();
            self.bytes.extend(indexes);
        }
        Ok(Some(()))
    }
}

impl<'de> Fields<'de> for Lookups {
    fn field<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        let Self { table, indexes: [writable, readonly], is_broken, .. } = self;
        let to = match name {
            "accountKey" => {
                let data_text = text(|text| *table = base58::key(text));
                return map.next_value_seed(data_text).map(|_| ());
            }
            "writableIndexes" => writable,
            "readonlyIndexes" => readonly,
            _ => return skip(map),
        };
        map.next_value_seed(numbers(|number| match number.fit() {
            Some(index) => to.push(index),
            None => *is_broken = true,
        }))?;
        Ok(())
    }
}
