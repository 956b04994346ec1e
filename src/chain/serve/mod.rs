//! `mev-send serve`: an HTTP gateway that checks, queues, sends and follows bundles of many callers.
//!
//! ```text
//! caller --TLS--> token --> limit --> body --> bundle's rules, send's desk --> queue
//!                                                                                | one thread
//!        <-- 202 -- audit log <-- journal <----------------------------------- office --> block engines
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `args` `config` | the command line; the TOML file, and what can be checked of it |
//! | `code` | every reason to refuse, with its status |
//! | `token` `limit` | who a caller is; how often it may ask |
//! | `order` | from a body to a bundle that was checked, with the request that sends it |
//! | `queue` | who is served next |
//! | `app` | what the threads share |
//! | `dispatch` | the thread that sends and follows |
//! | `simulator` | the thread with the VM in memory |
//! | `audit` | what was done, in a file that tells when it was changed |
//! | `counters` `openapi` | what is shown of it; what callers may rely on |
//! | `http` `tls` `run` | routes, TLS, listeners, the end |
//!
//! It stands above the stages because it asks two of them: the rules are `bundle`'s, the sending is
//! `send`'s, the very office that a pipe feeds.
//!
//! Invariants:
//! - There is no payer's key here and nothing is signed but heads of the audit log.
//! - Beyond this machine it listens with TLS and keys for tokens, or not at all.
//! - A caller that is refused is told why by a name, and counted under it.
//! - 202 is said after the journal and the audit log have it: whatever happens to the process, there is
//!   one final receipt.
//! - Everything that waits is bounded: connections, heads, bodies, the queue, open bundles, the end.
//!
//! Not here: HTTP/2, CORS, tokens of its own making. A caller that needs them stands behind a proxy.

mod app;
mod args;
mod audit;
mod code;
mod config;
mod counters;
mod dispatch;
mod http;
mod limit;
mod openapi;
mod order;
mod queue;
mod run;
#[cfg(feature = "sim")]
mod simulator;
mod tls;
mod token;

use crate::cli::{Frame, Tool};
use crate::error::{Error, Exit, Result};
use crate::send;
use clap::{ArgMatches, Args, Command, FromArgMatches};

/// The program mev-send: the stage of that name, the gateway, and what looks into its audit log.
pub const SEND: &Tool =
    &Tool { augment, run: start, description: &DESCRIPTION, examples: &EXAMPLES, ..*send::TOOL };

const DESCRIPTION: [&str; send::TOOL.description.len() + MORE.len()] =
    join(send::TOOL.description, MORE);

const EXAMPLES: [(&str, &str); send::TOOL.examples.len() + MORE_EXAMPLES.len()] =
    join(send::TOOL.examples, MORE_EXAMPLES);

const MORE: &[&str] = &[
    "mev-send serve is an HTTP gateway for many callers: POST /bundle/submit and /bundle/simulate take \
     {\"transactions\": [base64 or base58 ..], \"tip_lamports\": N, \"priority\": \"High\"} or the bytes \
     of a bundle record, GET /bundle/ID says what became of one, /openapi.json describes all of it. It \
     holds no payer's key. tip_lamports must be the tip that the transactions pay; priority (Low, \
     Medium, High, VeryHigh, UltraHigh) orders the queue and nothing else. Callers show a JSON Web Token \
     signed with Ed25519, of at most 24 hours, with iss, aud, sub, nbf, exp, a kid and roles (submit, \
     simulate, read). Every refusal has a name and is counted.",
    "Its configuration is a TOML file: listen = \"ADDR:PORT\", metrics = \"127.0.0.1:PORT\"; [tls] \
     certificate, key; [tokens] issuer, audience, skew, revoked, [[tokens.keys]] kid, public; [limits] \
     requests_per_second, burst, body_bytes, queue, open, connections, patience, wait, drain; [audit] \
     file, key, rotate_bytes; [send] regions, urls, url_files, auth_file, journal, sync, \
     max_spend_lamports_per_hour, stop_file, rate, expiry, timeout; [simulate] accounts, \
     [[simulate.programs]] id, file. Without [tls] and [tokens] it listens on this machine alone. \
     Keys and URLs with secrets stand in files that only their owner can read.",
    "The audit log has an entry for everything a caller was granted or refused, each with the hash of \
     the one before; every thousandth is a signed head, and the newest head is in FILE.head as well: \
     keep copies of it elsewhere. mev-send audit verify finds what was changed, moved or cut off.",
];

const MORE_EXAMPLES: &[(&str, &str)] = &[
    (
        "mev-send serve --config gateway.toml --check",
        "Says where the gateway would listen, whom it would serve and where it would send.",
    ),
    (
        "mev-send serve --config gateway.toml --live",
        "Serves, and really sends; ends in order at SIGTERM.",
    ),
    (
        "mev-send audit verify audit.log --head 9WzDXwBbmkg8ZTbNMqUxvQRAyrZzDsGYdLVL9zYtAWWM \
         --newest kept.head",
        "Says whether the log is whole up to the head that was kept, and unchanged.",
    ),
];

/// Two lists as one.
const fn join<T: Copy, const N: usize>(one: &[T], other: &[T]) -> [T; N] {
    let mut all = match one {
        [first, ..] => [*first; N],
        [] => panic!("a tool has a description and examples"),
    };
    let mut at = 0;
    while at < N {
        all[at] = if at < one.len() { one[at] } else { other[at - one.len()] };
        at += 1;
    }
    all
}

const SERVE: &str = "serve";
const AUDIT: &str = "audit";

fn augment(command: Command) -> Command {
    (send::TOOL.augment)(command)
        .subcommand(args::Serve::augment_args(Command::new(SERVE)))
        .subcommand(args::Audit::augment_args(Command::new(AUDIT)))
}

fn start(matches: &ArgMatches, frame: &Frame) -> Result<Exit> {
    let wrong = |error: clap::Error| Error::usage(error.to_string());
    match matches.subcommand() {
        Some((SERVE, own)) => {
            run::serve(frame, &args::Serve::from_arg_matches(own).map_err(wrong)?)
        }
        Some((AUDIT, own)) => {
            run::audit(frame, &args::Audit::from_arg_matches(own).map_err(wrong)?)
        }
        _ => (send::TOOL.run)(matches, frame),
    }
}
