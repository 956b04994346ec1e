//! Opportunities counted and summed by what they have in common.

use super::show::symbol;
use crate::bytes::base58;
use crate::ids::Venue;
use crate::record::Opportunity;
use crate::time::rfc3339;
use clap::ValueEnum;
use std::collections::BTreeMap;

/// What opportunities are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum By {
    /// Each pool that it goes through
    Pool,
    /// Each pair of tokens that it swaps, in either direction
    Pair,
    /// Each venue that it goes through
    Venue,
    /// The number of its hops
    Hops,
    /// The hour in which its trigger was received
    Hour,
}

/// One group.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    pub(super) key: String,
    pub(super) count: u64,
    pub(super) gross: i64,
    pub(super) flash_fee: u64,
    pub(super) base_fee: u64,
    pub(super) priority_fee: u64,
    pub(super) tip: u64,
    pub(super) net: i64,
    /// Nets, lowest first when done.
    nets: Vec<i64>,
    /// Part of the net of all opportunities, ppm.
    pub(super) share_ppm: u64,
}

impl Group {
    /// The net that `ppm` of the group's do not exceed.
    pub(super) fn quantile(&self, ppm: usize) -> Option<i64> {
        let last = self.nets.len().checked_sub(1)?;
        self.nets.get(last.saturating_mul(ppm).checked_div(1_000_000)?).copied()
    }

    fn take(&mut self, one: &Opportunity) {
        self.count = self.count.saturating_add(1);
        self.gross = self.gross.saturating_add(one.gross);
        self.flash_fee = self.flash_fee.saturating_add(one.flash_fee);
        self.base_fee = self.base_fee.saturating_add(one.base_fee);
        self.priority_fee = self.priority_fee.saturating_add(one.priority_fee);
        self.tip = self.tip.saturating_add(one.tip);
        self.net = self.net.saturating_add(one.net);
        self.nets.push(one.net);
    }
}

/// The groups of `found` by `by`, the largest net first; one that goes through a key twice counts
/// there once.
pub(super) fn group(found: &[Opportunity], by: By) -> Vec<Group> {
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    let mut whole = 0_i128;
    for one in found {
        whole = whole.saturating_add(i128::from(one.net));
        let mut keys = keys(one, by);
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            groups.entry(key).or_default().take(one);
        }
    }
    let mut groups: Vec<Group> =
        groups.into_iter().map(|(key, group)| Group { key, ..group }).collect();
    for group in &mut groups {
        group.nets.sort_unstable();
        let part = i128::from(group.net.max(0)).saturating_mul(1_000_000);
        let part = part.checked_div(whole.max(1)).unwrap_or(0);
        group.share_ppm = u64::try_from(part).unwrap_or(0);
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.net));
    groups
}

fn keys(one: &Opportunity, by: By) -> Vec<String> {
    let hops = usize::from(one.hops);
    match by {
        By::Pool => one.pools.iter().take(hops).map(|pool| base58::Key(pool).to_string()).collect(),
        By::Venue => {
            let names = one.venues.iter().take(hops);
            let name = |venue: &u16| Venue::from_number(*venue).map_or("?", Venue::name);
            names.map(|venue| name(venue).to_owned()).collect()
        }
        By::Hops => vec![hops.to_string()],
        By::Hour => {
            let hour = rfc3339(one.head.rx_ns);
            vec![format!("{}:00Z", hour.get(..13).unwrap_or(&hour))]
        }
        By::Pair => {
            let mints = one.mints.iter().take(hops);
            let next = one.mints.iter().take(hops).skip(1).chain([&one.base_mint]);
            let pair = |(from, to)| {
                let (low, high) = if from < to { (from, to) } else { (to, from) };
                format!("{}/{}", symbol(low), symbol(high))
            };
            mints.zip(next).map(pair).collect()
        }
    }
}

#[cfg(test)]
#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may stop where it is wrong"
)]
mod tests {
    use super::*;
    use crate::ids::{USDC, WSOL};

    fn found(net: i64, pools: [u8; 2], rx_ns: u64) -> Opportunity {
        let mut one = Opportunity::new(rx_ns);
        (one.hops, one.net, one.gross, one.tip) = (2, net, net + 5, 5);
        (one.pools[0], one.pools[1]) = ([pools[0]; 32], [pools[1]; 32]);
        (one.base_mint, one.mints[0], one.mints[1]) = (WSOL, WSOL, USDC);
        one.venues = [1, 3, 0, 0];
        one
    }

    #[test]
    fn groups_hold_what_they_should() {
        let hour = 3_600_000_000_000;
        let all = [found(10, [1, 2], 1), found(30, [1, 3], hour), found(20, [3, 2], hour + 1)];
        let by = |by| group(&all, by);
        let pools = by(By::Pool);
        assert_eq!(pools.iter().map(|one| one.net).collect::<Vec<_>>(), [50, 40, 30]);
        assert_eq!(pools[0].key, base58::Key(&[3; 32]).to_string());
        assert_eq!((pools[0].count, pools[0].gross, pools[0].tip), (2, 60, 10));
        assert_eq!((pools[0].share_ppm, pools[0].quantile(0)), (833_333, Some(20)));
        assert_eq!(
            (pools[0].quantile(500_000), pools[0].quantile(1_000_000)),
            (Some(20), Some(30))
        );
        let venues = by(By::Venue);
        assert_eq!(venues.len(), 2);
        assert!(venues.iter().all(|one| one.count == 3 && one.share_ppm == 1_000_000));
        assert_eq!((by(By::Pair).len(), by(By::Pair)[0].count), (1, 3), "both ways are one pair");
        assert_eq!((by(By::Hops)[0].key.as_str(), by(By::Hops).len()), ("2", 1));
        let hours: Vec<_> = by(By::Hour).into_iter().map(|one| (one.key, one.net)).collect();
        assert_eq!(hours, [("1970-01-01T01:00Z".into(), 50), ("1970-01-01T00:00Z".into(), 10)]);
        assert!(group(&[], By::Pool).is_empty());
    }
}
