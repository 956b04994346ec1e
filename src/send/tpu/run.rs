//! mev-send --tpu: reads files and keys, opens the road, sends or rehearses, reports.

use super::super::args::Args;
use super::super::desk::fault;
use super::super::live::Doors;
use super::super::live::pipe::live;
use super::super::receipt::unfit_reason;
use super::super::url::Endpoint;
use super::super::{Tally, URLS_MAX};
use super::receipt::{dry_run, unfit};
use super::road::{Road, Rpc, Setup};
use super::{Aim, FANOUT_MAX, Leading, Nodes, Slots};
use crate::cli::{Flow, Frame, Stats, filter};
use crate::error::{Error, Exit, Result};
use crate::keys::{Signer, secret_line};
use crate::net::quic::Identity;
use crate::record::{Bundle, Layout, Outcome, Receipt, Record, Slot};
use crate::stream::{Sink, Stage};
use crate::wire::leaders::{Leaders, Schedule};
use std::path::Path;

/// Kinds the stage takes; slot records it gives back.
pub(in crate::send) const CONSUMES: &[u16] = &[Bundle::SCHEMA.kind, Slot::SCHEMA.kind];

/// Receipts of a bundle that is not sent, at most: the leaders, one more in a last slot, and named peers.
const RECEIPTS_MAX: usize = FANOUT_MAX as usize + 1 + URLS_MAX;

/// Does the work.
pub(in crate::send) fn run(args: &Args, frame: &Frame) -> Result<Exit> {
    let aim = aim(args)?;
    let inputs = args.files.named()?;
    // A dry run reads the secrets that it would use, too.
    let identity = match &args.tpu.identity {
        Some(path) => Identity::new(Signer::from_file(path)?),
        None => Identity::random()?,
    };
    let url = args.tpu.leader_rpc.as_deref().map(secret_line).transpose()?;
    if !args.live {
        let mut rehearsal = Rehearsal { aim, slots: Slots::default(), tally: Tally::default() };
        let flow = filter(frame, &mut rehearsal, CONSUMES, &inputs)?;
        return end(&flow, &rehearsal.tally, None, frame);
    }
    // Who tells of leaders is asked, too, what became of what they were sent.
    let asked: Vec<_> = url.iter().map(|url| Endpoint::node(url)).collect();
    let rpc = url.map(|url| Rpc {
        url,
        leaders: args.tpu.leaders.is_none(),
        nodes: args.tpu.nodes.is_none(),
        timeout: args.timeout,
    });
    let settings = args.tpu.settings(args.timeout);
    let road =
        Road::open(Setup { settings, identity, aim, timeout: args.timeout, rpc, wrap: None })?;
    let doors = Doors { timeout: args.timeout, auth: None, signer: None };
    let (flow, tally, mut road) = live(frame, args, (asked, doors), &inputs, Some(road))?;
    if let Some(road) = &mut road {
        // Every attempt has ended.
        road.finish(drop);
    }
    end(&flow, &tally, road.as_ref(), frame)
}

/// What the files tell of leaders.
fn aim(args: &Args) -> Result<Aim> {
    let tpu = &args.tpu;
    let leading = match &tpu.leaders {
        Some(path) => {
            let read = |text: &[u8]| Schedule::read(text, tpu.epoch_start);
            Leading::Schedule(Leaders::Of(with_file(path, read)?))
        }
        None => Leading::Unknown,
    };
    let nodes = match &tpu.nodes {
        Some(path) => with_file(path, Nodes::read)?,
        None => Nodes::default(),
    };
    Ok(Aim { leading, nodes, peers: tpu.tpu_peer.clone(), fanout: tpu.fanout })
}

fn with_file<T>(path: &Path, take: impl FnOnce(&[u8]) -> Result<T>) -> Result<T> {
    let named = |error: Error| error.input(path.display().to_string());
    let text = std::fs::read(path).map_err(|e| named(Error::os("cannot read", &e)))?;
    take(&text).map_err(named)
}

/// Shows which leaders each bundle would go to, by the slots of the stream alone.
struct Rehearsal {
    aim: Aim,
    slots: Slots,
    tally: Tally,
}

impl Stage for Rehearsal {
    const MAX_OUT: usize = RECEIPTS_MAX * size_of::<Receipt>() + size_of::<Slot>();

    fn step(&mut self, input: Record<'_>, out: &mut impl Sink) {
        if let Some(slot) = input.typed::<Slot>() {
            self.slots.heard(slot.slot.saturating_add(1), 0);
            out.put(input);
        }
        let Some(bundle) = input.typed::<Bundle>() else { return };
        let Self { aim, slots, tally } = self;
        tally.bundles = tally.bundles.saturating_add(1);
        let mut put = |receipt: Receipt| {
            tally.count(&receipt);
            out.put(Record::of(&receipt));
        };
        let tail = input.tail::<Bundle>();
        if let Some(reason) = unfit_reason(bundle).or_else(|| fault(bundle, tail)) {
            put(unfit(bundle, reason));
            return;
        }
        slots.heard(bundle.slot, 0);
        let len = bundle.transactions(tail).map(<[u8]>::len).sum();
        let targets = aim.targets(slots.last());
        if targets.is_empty() {
            put(dry_run(bundle, None, len));
        }
        for target in targets {
            put(dry_run(bundle, Some(target), len));
        }
    }

    fn idle(&mut self, _now_ns: u64, _out: &mut impl Sink) {}

    fn finish(&mut self, _out: &mut impl Sink) {}
}

/// Reports, and gives the status of the run: 5 when nothing that was to be sent was written.
fn end(flow: &Flow, tally: &Tally, road: Option<&Road>, frame: &Frame) -> Result<Exit> {
    let mut stats = Stats::default();
    stats.number("bundles", tally.bundles).counts("receipts", tally.outcomes());
    if let Some(road) = road {
        let counts = road.counts();
        stats.number("connections", counts.opened()).number("transactions", counts.written());
        stats.number("bytes", counts.written_len()).number("acknowledged", counts.acknowledged());
        stats.counts("zero_rtt", counts.early()).counts("faults", counts.faults());
        stats.number("rpc_failed", road.rpc_failed());
    }
    stats.flow(flow);
    frame.report(&stats);
    let [written, unreachable, unknown, unfit] =
        [Outcome::Written, Outcome::Unreachable, Outcome::Unknown, Outcome::Unfit]
            .map(|outcome| tally.of(outcome));
    if unfit > 0 {
        frame.warn(&format!(
            "{unfit} receipts say unfit: their bundles are not signed or not whole"
        ));
    }
    if written == 0 && unreachable.saturating_add(unknown) > 0 {
        let words =
            format!("no bundle was written whole: {unreachable} not at all, {unknown} in part");
        return Err(Error::os("cannot send", &std::io::Error::other(words)));
    }
    Ok(Exit::Done)
}
