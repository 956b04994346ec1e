//! The fuzz bodies, replayed on stable: over seeds, over every beginning of them, and over copies
//! that are damaged and inputs that are made from the venues' own discriminators.
//!
//! `MEV_FUZZ_EXECUTIONS=N` asks for N executions in all, spread by the bodies' shares; a body has
//! at least its seeds. The inputs are the same every time. A table says how many there were and
//! how many of them broke what their body asserts: `cargo test --test corpus -- --nocapture`.
//! `MEV_FUZZ_SEEDS=DIR` writes the seeds, a folder a body, for `cargo fuzz run BODY DIR/BODY`.

#![expect(clippy::unwrap_used, reason = "a test may stop where it stands")]
#![expect(clippy::print_stdout, reason = "the table, and what is skipped")]

#[path = "../../fuzz/bodies/mod.rs"]
mod bodies;
mod known;
mod random;
mod seeds;
mod venues;

use mev::dex::{Decoded, Event, Grade, Instruction};
use mev::ids::Venue;
use random::Random;
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::thread;

/// Executions unless `MEV_FUZZ_EXECUTIONS` asks for more, as `scripts/test --full` does.
const EXECUTIONS: u64 = 400_000;

/// Beginnings of a seed that are replayed.
const CUTS_MAX: usize = 300;

/// Inputs that are made for a fuzzer to go on from.
const MADE: usize = 2000;

/// A fuzz body, and what it is fed with.
#[derive(Clone, Copy)]
struct Body {
    /// The name of its target.
    name: &'static str,
    /// Its part of all executions, per mille.
    share: u64,
    run: fn(&[u8]),
    seeds: fn() -> Vec<Vec<u8>>,
    /// Makes inputs anew, beside damaged copies of the seeds.
    make: Option<fn(&mut Random) -> Vec<u8>>,
}

const fn body(name: &'static str, share: u64, run: fn(&[u8]), seeds: fn() -> Vec<Vec<u8>>) -> Body {
    Body { name, share, run, seeds, make: None }
}

/// The same, with inputs that `make` makes.
const fn made(body: Body, make: fn(&mut Random) -> Vec<u8>) -> Body {
    Body { make: Some(make), ..body }
}

/// Every body; those that take longest stand first.
static BODIES: [Body; 17] = [
    body("deshred", 3, bodies::deshred, seeds::deshredders),
    body("recover", 8, bodies::recover, seeds::recoveries),
    made(body("history", 20, bodies::history, Vec::new), venues::history),
    made(body("rows", 60, bodies::rows, Vec::new), venues::rows),
    body("text", 10, bodies::text, seeds::texts),
    made(body("accounts", 60, bodies::accounts, Vec::new), venues::accounts),
    made(body("quote", 140, bodies::quote, Vec::new), venues::quote),
    body("accounts_file", 3, bodies::accounts_file, seeds::account_files),
    made(body("instruction", 380, bodies::instruction, venues::instructions), venues::instruction),
    made(body("event", 250, bodies::event, venues::events), venues::event),
    body("stream", 4, bodies::stream, seeds::streams),
    body("capture", 10, bodies::capture, seeds::captures),
    body("shred", 14, bodies::shred, seeds::shreds),
    body("txn", 14, bodies::txn, seeds::transactions),
    body("entry", 14, bodies::entry, seeds::entries),
    body("feed", 5, bodies::feed, seeds::datagrams),
    body("dump", 5, bodies::dump, seeds::dumps),
];

/// A body at work.
struct Replay {
    body: &'static Body,
    random: Random,
    /// Inputs to go on from: the seeds, and those that led to something new.
    seeds: Vec<Vec<u8>>,
    met: HashSet<u64>,
    executions: u64,
    /// The input that broke what the body asserts; the body was not run further.
    finding: Option<Vec<u8>>,
}

impl Replay {
    /// Runs `body` `wanted` times; more if it has more seeds, less if an input breaks it.
    fn of(body: &'static Body, wanted: u64) -> Self {
        let (seeds, random, met) = ((body.seeds)(), Random::new(7), HashSet::new());
        let cuts =
            seeds.iter().flat_map(|seed| (0..seed.len().min(CUTS_MAX)).map(|at| &seed[..at]));
        let cuts = cuts.take(usize::try_from(wanted / 4).unwrap());
        let mut replay = Self { body, random, seeds: vec![], met, executions: 0, finding: None };
        for input in seeds.iter().map(Vec::as_slice).chain(cuts) {
            replay.execute(input);
        }
        replay.seeds.extend(seeds);
        while replay.executions < wanted && replay.finding.is_none() {
            let input = replay.input();
            replay.execute(&input);
        }
        replay
    }

    /// One more input: made anew, or a damaged copy of one to go on from.
    fn input(&mut self) -> Vec<u8> {
        match self.body.make {
            Some(make) if self.seeds.is_empty() || self.random.below(2) == 0 => {
                make(&mut self.random)
            }
            _ => {
                let at = self.random.below(self.seeds.len());
                self.random.damage(&self.seeds[at])
            }
        }
    }

    fn execute(&mut self, input: &[u8]) {
        if self.finding.is_some() {
            return;
        }
        self.executions += 1;
        if catch_unwind(AssertUnwindSafe(|| (self.body.run)(input))).is_err() {
            self.finding = Some(input.to_vec());
        }
        let mut leads_on = false;
        bodies::take_met(|what| leads_on |= self.met.insert(what));
        if leads_on {
            self.seeds.push(input.to_vec());
        }
    }
}

#[test]
fn no_input_breaks_what_the_bodies_assert() {
    let asked = std::env::var("MEV_FUZZ_EXECUTIONS");
    let total = asked.map_or(EXECUTIONS, |asked| asked.parse().unwrap());
    let mut replays: Vec<Option<Replay>> = BODIES.iter().map(|_| None).collect();
    let next = Mutex::new(BODIES.iter().zip(&mut replays));
    let work = || {
        while let Some((body, replay)) = { next.lock().unwrap().next() } {
            *replay = Some(Replay::of(body, total * body.share / 1000));
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let (mut executions, mut findings) = (0, 0);
    println!("{:<14}{:>12}{:>10}{:>10}", "body", "executions", "outcomes", "findings");
    for replay in replays.iter().flatten() {
        let (name, found) = (replay.body.name, u64::from(replay.finding.is_some()));
        println!("{name:<14}{:>12}{:>10}{found:>10}", replay.executions, replay.met.len());
        (executions, findings) = (executions + replay.executions, findings + found);
    }
    println!("{:<14}{executions:>12}{:>10}{findings:>10}", "all", "");
    for replay in replays.iter().flatten() {
        if let Some(input) = &replay.finding {
            println!("{}: {}", replay.body.name, mev::bytes::hex::Hex(input));
        }
    }
    assert_eq!(findings, 0, "the inputs stand above");
}

#[test]
fn every_body_has_its_target() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz");
    let manifest = std::fs::read_to_string(format!("{root}/Cargo.toml")).unwrap();
    let mut targets: Vec<String> = std::fs::read_dir(format!("{root}/fuzz_targets"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let mut names: Vec<&str> = BODIES.iter().map(|body| body.name).collect();
    targets.sort_unstable();
    names.sort_unstable();
    assert_eq!(targets, names);
    for name in names {
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name}");
        let target = std::fs::read_to_string(format!("{root}/fuzz_targets/{name}.rs")).unwrap();
        assert!(target.contains(&format!("bodies::{name}(bytes)")), "{name}");
    }
    assert_eq!(BODIES.iter().map(|body| body.share).sum::<u64>(), 1000);
}

/// What is made is not refused at the door: every venue's instructions and events are decoded.
#[test]
fn what_is_made_reaches_every_decoder() {
    let mut random = Random::new(3);
    let keys: Vec<mev::ids::Key> = (0..60).map(|n| [n; 32]).collect();
    let indices: Vec<u8> = (0..60).collect();
    let (mut decoded, mut told) = (HashSet::new(), HashSet::new());
    for _ in 0..60_000 {
        let input = venues::instruction(&mut random);
        let (program, data) = (bodies::program(input[0]), &input[4..]);
        let ix = Instruction { program, data, indices: &indices, keys: &keys, loaded: &[] };
        let venue = mev::dex::venue_of(program).unwrap().venue;
        if !matches!(mev::dex::decode(&ix).unwrap(), Decoded::NotSwap | Decoded::Refused(_)) {
            decoded.insert(venue);
        }
        let input = venues::event(&mut random);
        let venue = Venue::ALL[usize::from(input[0])];
        let channel = known::CHANNELS[usize::from(input[1])];
        let event = mev::dex::spec(venue).event(channel, &input[2..]);
        if !matches!(event, Event::Unknown | Event::Other) {
            told.insert(venue);
        }
    }
    for spec in mev::dex::VENUES {
        let (venue, coverage) = (spec.venue, spec.coverage);
        assert!(coverage.intents == Grade::None || decoded.contains(&venue), "{venue:?}");
        assert!(coverage.fills == Grade::None || told.contains(&venue), "{venue:?}");
    }
}

/// Of made histories some lead to opportunities, measured exposures and findings.
#[test]
fn what_is_made_reaches_every_stage_of_arb() {
    let mut random = Random::new(5);
    let mut seen = HashSet::new();
    for _ in 0..4000 {
        seen.extend(bodies::seen(&venues::history(&mut random)));
    }
    // Opportunities by hops, a measured exposure, arbitrages, sandwiches: as `bodies::seen` numbers them.
    assert!([1002, 1003, 1004, 2000].iter().all(|number| seen.contains(number)), "{seen:?}");
    for what in [3016..3032, 3032..3048] {
        assert!(seen.iter().any(|number| what.contains(number)), "{what:?} of {seen:?}");
    }
}

/// Writes what the bodies begin with where `MEV_FUZZ_SEEDS` says, for a fuzzer to go on from.
#[test]
fn seeds_are_written_where_asked() {
    let Ok(dir) = std::env::var("MEV_FUZZ_SEEDS") else { return };
    for body in &BODIES {
        let mut random = Random::new(7);
        let folder = format!("{dir}/{}", body.name);
        std::fs::create_dir_all(&folder).unwrap();
        let mut seeds = (body.seeds)();
        if let Some(make) = body.make {
            seeds.extend((0..MADE).map(|_| make(&mut random)));
        }
        for (number, seed) in seeds.iter().enumerate() {
            std::fs::write(format!("{folder}/{number:06}"), seed).unwrap();
        }
    }
}
