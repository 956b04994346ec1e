//! Why a line or a document is not a transaction.

use crate::wire::txn::TxReject;

/// Why a line, a document or a transaction in one is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reject {
    /// A line is neither base64 nor base58.
    Line,
    /// A line is longer than the longest transaction can be written.
    LineLong,
    /// A JSON document is broken.
    Syntax,
    /// A JSON document is longer than is read.
    Long,
    /// A JSON document is neither a transaction, nor a block, nor a request or reply.
    Shape,
    /// A reply is an error.
    RpcError,
    /// A reply is empty: the server does not know the transaction or the block.
    Null,
    /// A transaction is in encoding jsonParsed, which has lost its bytes.
    Parsed,
    /// A transaction is in an encoding that is not read, or its text is not in the encoding named.
    Encoding,
    /// A block or a transaction comes without its message.
    Details,
    /// A message in JSON lacks a part, or a part cannot be what it should.
    Message,
    /// The bytes are no transaction.
    Bytes(TxReject),
}

impl Reject {
    /// Names by number, without those of [`TxReject`].
    pub const NAMES: [&'static str; 11] = [
        "line_encoding",
        "line_long",
        "json_syntax",
        "json_long",
        "json_shape",
        "json_error",
        "json_null",
        "json_parsed",
        "json_encoding",
        "json_details",
        "json_message",
    ];

    /// The place of its name in [`NAMES`](Self::NAMES), or the reason of the bytes.
    pub(in crate::parse) fn number(self) -> Result<usize, TxReject> {
        Ok(match self {
            Self::Line => 0,
            Self::LineLong => 1,
            Self::Syntax => 2,
            Self::Long => 3,
            Self::Shape => 4,
            Self::RpcError => 5,
            Self::Null => 6,
            Self::Parsed => 7,
            Self::Encoding => 8,
            Self::Details => 9,
            Self::Message => 10,
            Self::Bytes(why) => return Err(why),
        })
    }

    /// The name under which it is counted.
    pub fn name(self) -> &'static str {
        match self.number() {
            Ok(number) => Self::NAMES.get(number).copied().unwrap_or_default(),
            Err(why) => why.name(),
        }
    }

    /// What is wrong, for a message.
    pub fn what(self) -> &'static str {
        match self {
            Self::Line => "neither base64 nor base58",
            Self::LineLong => "longer than a transaction",
            Self::Syntax => "broken JSON",
            Self::Long => "longer than 128 MiB",
            Self::Shape => "neither a transaction, nor a block, nor a request or reply",
            Self::RpcError => "the reply is an error",
            Self::Null => "the server does not have it (null)",
            Self::Parsed => "encoding jsonParsed, which has lost the bytes",
            Self::Encoding => "an encoding that is not base64, base58 or json",
            Self::Details => "without its message",
            Self::Message => "a message that cannot be put together",
            Self::Bytes(_) => "the bytes are no transaction",
        }
    }

    /// What to ask the server for instead.
    pub fn remedy(self) -> Option<&'static str> {
        match self {
            Self::Parsed | Self::Encoding => {
                Some("ask the RPC server with encoding base64 or json")
            }
            Self::Details => Some("ask the RPC server with transactionDetails full"),
            _ => None,
        }
    }

    /// What the user can do when nothing else is in the input.
    pub fn hint(self) -> Option<&'static str> {
        match self {
            Self::Line | Self::Shape | Self::Syntax => Some(
                "mev-parse reads captures, record streams, ShredStream dumps, transactions in \
                 base64 or base58 one a line, and replies of getTransaction and getBlock",
            ),
            _ => self.remedy(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_own_name() {
        let all = [
            Reject::Line,
            Reject::LineLong,
            Reject::Syntax,
            Reject::Long,
            Reject::Shape,
            Reject::RpcError,
            Reject::Null,
            Reject::Parsed,
            Reject::Encoding,
            Reject::Details,
            Reject::Message,
        ];
        assert_eq!(all.map(Reject::name), Reject::NAMES);
        assert!(TxReject::NAMES.iter().all(|name| !Reject::NAMES.contains(name)));
        assert_eq!(Reject::Bytes(TxReject::Short).name(), "tx_short");
    }
}
