//! The receipt of a bundle: what was sent where, and what came back.

use super::follow::Taken;
use super::jito::{Class, verdict};
use super::reply::{Reply, Said};
use super::url::Endpoint;
use crate::net::http::Reason;
use crate::record::{Bundle, Layout, Outcome, Receipt, Road, Show, fixed_text};

/// Why `bundle` is not fit to be sent; `None` if it is.
pub fn unfit_reason(bundle: &Bundle) -> Option<&'static str> {
    let missing = Bundle::SCHEMA.field("missing").and_then(|field| match field.show {
        Show::Name(names) => names.get(usize::from(bundle.missing)).copied(),
        _ => None,
    });
    match missing {
        _ if bundle.txs == 0 => Some("no_transactions"),
        _ if bundle.missing != 0 => Some(missing.unwrap_or("incomplete")),
        _ if bundle.head.flags & Bundle::SIGNED == 0 => Some("not_signed"),
        _ => None,
    }
}

/// The receipt of a bundle that was not sent because of `reason`, which is the last word about it
/// unless the receipt says otherwise.
pub fn unfit(bundle: &Bundle, endpoint: &Endpoint, reason: &str) -> Receipt {
    let mut receipt = attempt(&begun(bundle), endpoint, 0);
    receipt.outcome = Outcome::Unfit as u8;
    receipt.text = fixed_text(reason);
    receipt
}

/// The receipt of a bundle whose request of `body_len` bytes was made and not sent.
pub fn dry_run(bundle: &Bundle, endpoint: &Endpoint, body_len: usize) -> Receipt {
    let mut receipt = attempt(&begun(bundle), endpoint, 0);
    receipt.body_len = u32::try_from(body_len).unwrap_or(u32::MAX);
    receipt
}

/// What every receipt of `bundle` has.
pub fn begun(bundle: &Bundle) -> Receipt {
    let mut receipt = Receipt::new(bundle.head.rx_ns);
    receipt.slot = bundle.slot;
    receipt.tip = bundle.tip;
    if bundle.present & Bundle::ID != 0 {
        receipt.id = bundle.id;
        receipt.present |= Receipt::ID;
    }
    receipt.txs = bundle.txs;
    receipt
}

/// The receipt of the `number`th attempt at `endpoint`, of which nothing is known yet, of the bundle
/// with the receipt `begun`.
pub fn attempt(begun: &Receipt, endpoint: &Endpoint, number: u16) -> Receipt {
    by(begun, endpoint.road(), endpoint.shown(), number)
}

/// The same over `road` to whom `url` shows.
pub fn by(begun: &Receipt, road: Road, url: &str, number: u16) -> Receipt {
    Receipt { attempt: number, road: road as u8, url: fixed_text(url), ..*begun }
}

/// The receipt of an `attempt` that came to `reply`, and how many milliseconds the remote asks to
/// wait.
///
/// Its text begins with the name of the verdict's class, or of the reason why there is no answer.
pub fn sent(attempt: &Receipt, reply: &Reply) -> (Receipt, Option<u64>) {
    let mut receipt = *attempt;
    (receipt.sent_ns, receipt.present) = (reply.sent_ns, receipt.present | Receipt::SENT);
    let said = match &reply.said {
        Said::Http(answer) => {
            receipt.http_status = answer.status;
            receipt.present |= Receipt::HTTP_STATUS;
            Ok(verdict(answer.status, &answer.body, &receipt.id))
        }
        Said::Verdict(verdict) => Ok(verdict.clone()),
        Said::Nothing(failure) => Err(failure),
    };
    let (outcome, name, words, wait_ms) = match said {
        Ok(verdict) => {
            receipt.answered_ns = reply.done_ns;
            receipt.present |= Receipt::ANSWERED;
            if let Some(code) = verdict.code {
                receipt.code = code;
                receipt.present |= Receipt::CODE;
            }
            let class = verdict.class;
            (class.outcome(), class.name(), verdict.words, verdict.retry_after_ms)
        }
        Err(failure) => {
            let outcome = match failure.reason {
                Reason::BadUrl | Reason::Connect | Reason::Tls | Reason::Timeout => {
                    Outcome::Unreachable
                }
                Reason::TooLarge | Reason::Broken => Outcome::Unknown,
            };
            (outcome, failure.reason.name(), failure.words.clone(), None)
        }
    };
    receipt.outcome = outcome as u8;
    receipt.text =
        if words.is_empty() { fixed_text(name) } else { fixed_text(&format!("{name}: {words}")) };
    (receipt, wait_ms)
}

/// Whether the attempt that `receipt` is about may have brought its bundle to the endpoint.
///
/// Refused was not taken, unless because a transaction of it has landed before: that may have been
/// this bundle's. Without a connection nothing arrived; after a silence it may have.
pub fn taken(receipt: &Receipt) -> Taken {
    let begins = |class: &str| receipt.text.starts_with(class.as_bytes());
    let is = |outcome: Outcome| receipt.outcome == outcome as u8;
    let refused = is(Outcome::Refused) && !begins(Class::AlreadyProcessed.name());
    let unsent = is(Outcome::DryRun) || is(Outcome::RateLimited) || is(Outcome::Unfit);
    let unconnected = [Reason::BadUrl, Reason::Connect, Reason::Tls].map(Reason::name);
    let nowhere = is(Outcome::Unreachable) && unconnected.into_iter().any(begins);
    // A leader's transport tells whether anything was written.
    let unwritten = is(Outcome::Unreachable) && receipt.road == Road::Tpu as u8;
    if refused || unsent || nowhere || unwritten { Taken::No } else { Taken::Maybe }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::http::{Answer, BODY_MAX, Client, Exchange, Failure};
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::time::Duration;

    fn bundle() -> Bundle {
        let mut bundle = Bundle::new(99);
        (bundle.slot, bundle.tip, bundle.txs) = (7, 10_000, 2);
        (bundle.id, bundle.present) = ([0xab; 32], Bundle::ID);
        bundle.head.flags = Bundle::SIGNED;
        bundle
    }

    fn endpoint() -> Endpoint {
        Endpoint::parse("https://host.example/api/v1/bundles?uuid=secret").unwrap()
    }

    fn text(field: &[u8]) -> &str {
        std::str::from_utf8(field).unwrap().trim_end_matches('\0')
    }

    fn sent_with(result: Result<Answer, Failure>) -> Receipt {
        let exchange = Exchange { sent_ns: 100, done_ns: 150, result };
        let mut first = attempt(&begun(&bundle()), &endpoint(), 3);
        first.body_len = 1234;
        let (receipt, _) = sent(&first, &exchange.into());
        assert_eq!(receipt.invalid(), None);
        assert_eq!((receipt.attempt, receipt.road), (3, Road::Jito as u8));
        assert_eq!((receipt.head.rx_ns, receipt.slot, receipt.tip), (99, 7, 10_000));
        assert_eq!((receipt.sent_ns, receipt.body_len, receipt.txs), (100, 1234, 2));
        assert_eq!(text(&receipt.url), "https://host.example/api/v1/bundles");
        receipt
    }

    #[test]
    fn an_answer_is_recorded_with_its_words() {
        let body = format!(r#"{{"result":"{}"}}"#, "ab".repeat(32)).into_bytes();
        let receipt = sent_with(Ok(Answer { status: 200, body }));
        assert_eq!(receipt.outcome, Outcome::Accepted as u8);
        assert_eq!((receipt.http_status, receipt.answered_ns), (200, 150));
        assert_eq!((text(&receipt.text), receipt.present & Receipt::CODE), ("accepted", 0));

        let body = br#"{"error":{"code":-32602,"message":"bundle contains an expired blockhash"},"id":null}"#;
        let receipt = sent_with(Ok(Answer { status: 400, body: body.to_vec() }));
        assert_eq!(receipt.outcome, Outcome::Refused as u8);
        assert_eq!((receipt.code, receipt.present & Receipt::CODE), (-32602, Receipt::CODE));
        assert_eq!(text(&receipt.text), "expired_blockhash: bundle contains an expired blockhash");
    }

    #[test]
    fn silence_is_recorded_with_its_reason() {
        for (reason, outcome) in [
            (Reason::BadUrl, Outcome::Unreachable),
            (Reason::Connect, Outcome::Unreachable),
            (Reason::Tls, Outcome::Unreachable),
            (Reason::Timeout, Outcome::Unreachable),
            (Reason::TooLarge, Outcome::Unknown),
            (Reason::Broken, Outcome::Unknown),
        ] {
            let receipt = sent_with(Err(Failure { reason, words: "why\n".repeat(40) }));
            assert_eq!(receipt.outcome, outcome as u8);
            assert_eq!(receipt.present, Receipt::SENT | Receipt::ID);
            let text = text(&receipt.text);
            assert!(text.starts_with(&format!("{}: why?why?", reason.name())), "{text}");
            assert_eq!(text.len(), 96);
        }
    }

    /// Sends to a server that answers with `answer` and keeps the connection.
    fn through_a_socket(answer: Option<String>, timeout: Duration) -> Receipt {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let endpoint = Endpoint::parse(&format!("http://{address}")).unwrap();
        let serving = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"}]}") {
                let mut some = [0; 1024];
                let count = stream.read(&mut some).unwrap();
                request.extend(&some[..count]);
            }
            if let Some(answer) = answer {
                // The client hangs up on an answer that is too long.
                let _ = stream.write_all(answer.as_bytes());
            }
            let _ = stream.read(&mut [0]);
        });
        let mut body = String::new();
        super::super::jito::send_bundle(1, [&[1u8; 1232][..], &[2; 99]], &mut body);
        let client = Client::new(timeout).unwrap();
        let exchange = client.post_json(&[&endpoint], &body).remove(0);
        drop(client);
        serving.join().unwrap();
        let (receipt, _) = sent(&attempt(&begun(&bundle()), &endpoint, 1), &exchange.into());
        assert_eq!(receipt.invalid(), None);
        receipt
    }

    #[test]
    fn every_kind_of_answer_comes_back_through_a_socket() {
        let reply = |status: &str, body: &str| {
            Some(format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len()))
        };
        let accepted = format!(r#"{{"jsonrpc":"2.0","result":"{}","id":1}}"#, "ab".repeat(32));
        let limited = r#"{"jsonrpc":"2.0","error":{"code":-32097,"message":"Network congested. Endpoint is globally rate limited.","data":null},"id":null}"#;
        let undecodable = r#"{"jsonrpc":"2.0","error":{"code":-32602,"message":"transaction #0 could not be decoded"},"id":1}"#;
        let (soon, at_once) = (Duration::from_secs(10), Duration::from_millis(50));
        for (answer, timeout, outcome, words) in [
            (reply("200 OK", &accepted), soon, Outcome::Accepted, "accepted"),
            (
                reply("429 Too Many Requests", limited),
                soon,
                Outcome::RateLimited,
                "rate_limited: N",
            ),
            (reply("400 Bad Request", undecodable), soon, Outcome::Refused, "undecodable: transa"),
            (reply("200 OK", "garbage"), soon, Outcome::Unknown, "not_understood: garbage"),
            (reply("200 OK", &"x".repeat(BODY_MAX + 1)), soon, Outcome::Unknown, "too_large"),
            (None, at_once, Outcome::Unreachable, "timeout: no answer in 50 ms"),
        ] {
            let receipt = through_a_socket(answer, timeout);
            assert_eq!(receipt.outcome, outcome as u8, "{words}");
            assert!(text(&receipt.text).starts_with(words), "{}", text(&receipt.text));
            let answered = receipt.present & Receipt::HTTP_STATUS != 0;
            assert_eq!(answered, receipt.http_status != 0);
        }
    }

    #[test]
    fn what_may_have_been_taken_is_told_by_the_receipt_alone() {
        use Outcome::{
            Accepted, DryRun, RateLimited, Refused, Unfit, Unknown, Unreachable, Written,
        };
        for (outcome, text, should) in [
            (DryRun, "", Taken::No),
            (Accepted, "accepted", Taken::Maybe),
            (Refused, "expired_blockhash: x", Taken::No),
            (Refused, "already_processed: x", Taken::Maybe),
            (RateLimited, "rate_limited: x", Taken::No),
            (Unreachable, "connect: refused", Taken::No),
            (Unreachable, "tls: x", Taken::No),
            (Unreachable, "timeout: no answer in 5 ms", Taken::Maybe),
            (Unknown, "server_error: x", Taken::Maybe),
            (Unknown, "broken: x", Taken::Maybe),
            (Unfit, "no_keypair", Taken::No),
            (Written, "written", Taken::Maybe),
        ] {
            let mut receipt = begun(&bundle());
            (receipt.outcome, receipt.text) = (outcome as u8, fixed_text(text));
            assert_eq!(taken(&receipt), should, "{outcome:?} {text}");
        }
    }

    #[test]
    fn what_is_not_sent_says_why() {
        let dry = dry_run(&bundle(), &endpoint(), 55);
        assert_eq!((dry.invalid(), dry.outcome, dry.body_len), (None, 0, 55));
        assert_eq!(dry.present, Receipt::ID);

        assert_eq!(unfit_reason(&bundle()), None);
        let mut unsigned = bundle();
        unsigned.head.flags = 0;
        assert_eq!(unfit_reason(&unsigned), Some("not_signed"));
        for (missing, reason) in [
            (1, "no_blockhash"),
            (2, "no_keypair"),
            (3, "no_blockhash_no_keypair"),
            (9, "incomplete"),
        ] {
            unsigned.missing = missing;
            assert_eq!(unfit_reason(&unsigned), Some(reason));
        }
        unsigned.txs = 0;
        assert_eq!(unfit_reason(&unsigned), Some("no_transactions"));
        unsigned.present = 0;
        unsigned.id = [0; 32];
        let receipt = unfit(&unsigned, &endpoint(), "no_transactions");
        assert_eq!((receipt.invalid(), receipt.present), (None, 0));
        assert_eq!(receipt.outcome, Outcome::Unfit as u8);
        assert_eq!(text(&receipt.text), "no_transactions");
    }
}
