//! A made market: its feed as a capture, the directory of its pools, and the chain that decides on it.

#![allow(dead_code, reason = "each benchmark uses a part")]

use mev::arb::{Engine, Options};
use mev::chain::Chain;
use mev::parse::{Config, Feed, Limits, Order, Parser, Verify, Wanted};
use std::path::Path;
use std::process::Command;

/// Datagrams in, opportunities out.
pub(crate) type Decider = Chain<Parser<'static>, Engine>;

/// What `mev-capture gen feed` made.
pub(crate) struct Market {
    /// A pcap of the datagrams: each swap, and the state of its pool after it.
    pub(crate) capture: Vec<u8>,
    /// The directory of the pools, one JSON line each.
    pub(crate) pools: Vec<u8>,
}

impl Market {
    /// `swaps` swaps of `mode` from seed 1, in four pairs of two pools each.
    pub(crate) fn make(mode: &str, swaps: u32) -> Self {
        Self::of(mode, swaps, 4)
    }

    /// As [`make`](Self::make), between `tokens` tokens: two of them are one pair.
    pub(crate) fn of(mode: &str, swaps: u32, tokens: u32) -> Self {
        let folder = std::env::temp_dir().join(format!("mev-market-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (capture, pools) = (folder.join("feed.pcap"), folder.join("pools"));
        let made = Command::new(env!("CARGO_BIN_EXE_mev-capture"))
            .args(["gen", "feed", "--mode", mode, "--seed", "1", "--count", &swaps.to_string()])
            .args(["--tokens", &tokens.to_string()])
            .args([Path::new("--pools-out"), &pools, Path::new("-f"), Path::new("pcap")])
            .args([Path::new("-o"), &capture])
            .status();
        assert!(made.unwrap().success());
        let [capture, pools] = [capture, pools].map(|path| std::fs::read(path).unwrap());
        std::fs::remove_dir_all(&folder).unwrap();
        Self { capture, pools }
    }

    /// Parse and arb as one, which know the pools of the directory.
    pub(crate) fn decider(&self) -> Decider {
        let mut feed = Feed::default();
        feed.read(&self.pools).unwrap();
        let verify = Verify { merkle: false, leader: None, poh: false };
        let config = Config {
            order: Order::Eager,
            verify,
            limits: Limits::DEFAULT,
            shred_version: None,
            rows: Wanted::ALL,
        };
        let parser = Parser::new(&config, feed).unwrap();
        Chain::new(parser, Engine::new(Options::default()), &[0x20, 0x21, 0x22])
    }
}

/// Tells `decider` the pools that the accounts in `text` describe.
pub(crate) fn learn(decider: &mut Decider, text: &[u8], arena: &mut mev::stream::Arena) {
    let mut book = mev::dex::AccountBook::new();
    book.read(text).unwrap();
    decider.input(|parser, out| parser.snapshot(&book, out, &mut |what| panic!("{what}")), arena);
    arena.clear();
}
