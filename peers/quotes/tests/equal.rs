//! Every difference has a cause that the program's source judges, and most orders have no difference.

use mev::dex::AccountBook;
use mev::record::Exact;
use peers_quotes::ask::{Ask, Rng};
use peers_quotes::clmm::Clmm;
use peers_quotes::dlmm::{Dlmm, input_of};
use peers_quotes::real;
use peers_quotes::saber::Saber;
use peers_quotes::tally::{Answer, Peer, Right, Tally};
use peers_quotes::token_swap::{TokenSwap, TokenSwapStable, TokenSwapStable3};
use peers_quotes::whirlpool::Whirlpool;

/// Orders to each peer.
const CASES: u64 = 20_000;

/// Runs a peer; at least `equal` of a hundred orders must be answered alike.
fn holds<P: Peer>(equal: u64) -> Tally {
    let tally = Tally::run::<P>(5, CASES);
    assert_eq!(tally.unexplained, Vec::<String>::new(), "{}", P::VENUE);
    assert_eq!(tally.differ(Right::Peer), 0, "{}", tally.causes::<P>());
    assert!(tally.equal * 100 >= CASES * equal, "{}: {} equal", P::VENUE, tally.equal);
    let counted = tally.equal + tally.refused + tally.beyond;
    let differ = tally.differ(Right::Ours) + tally.differ(Right::Both);
    assert_eq!(counted + differ, CASES, "every order is counted once");
    tally
}

#[test]
fn whirlpools_are_quoted_as_orca_does() {
    holds::<Whirlpool>(85);
}

#[test]
fn raydium_ranges_are_walked_as_the_program_does() {
    holds::<Clmm>(80);
}

#[test]
fn bins_are_walked_as_by_an_independent_hand() {
    holds::<Dlmm>(97);
}

#[test]
fn saber_gives_what_its_own_crate_gives() {
    holds::<Saber>(80);
}

#[test]
fn token_swap_gives_what_its_own_crate_gives() {
    let tally = holds::<TokenSwap>(50);
    assert_eq!(tally.differ(Right::Ours), 0);
}

/// The stable curve changed twice, and the crates are of before and after: the model of `token_swap`
/// gives each side's own numbers, or the difference would have no cause.
#[test]
fn the_stable_curve_differs_from_its_other_versions_as_they_differ() {
    assert!(holds::<TokenSwapStable>(50).differ(Right::Ours) > 0);
    assert!(holds::<TokenSwapStable3>(0).differ(Right::Ours) > 0);
}

/// What differs is found: answers of ours changed by one, in each of the fields that are compared.
#[test]
fn a_wrong_quote_is_seen() {
    fn seen<P: Peer>(change: impl Fn(&mut Answer)) -> usize {
        let (mut rng, mut tally) = (Rng(9), Tally::default());
        for _ in 0..200 {
            let ask = P::ask(&mut rng);
            let Ok(mut answer) = ask.ours() else { continue };
            change(&mut answer);
            tally.put::<P>(&ask, &Ok(answer));
        }
        assert_eq!(tally.equal, 0);
        tally.unexplained.len()
    }
    assert!(seen::<Whirlpool>(|answer| answer.amount_out += 1) > 50);
    assert!(seen::<Whirlpool>(|answer| answer.fee = answer.fee.map(|fee| fee + 1)) > 50);
    assert!(
        seen::<Clmm>(|answer| answer.range = answer.range.map(|at| (at.0 + 1, at.1, at.2))) > 50
    );
    assert!(seen::<Dlmm>(|answer| answer.amount_out += 1) > 50);
    assert!(seen::<Saber>(|answer| answer.reserves = answer.reserves.map(|r| (r.0, r.1 + 1))) > 50);
    assert!(seen::<TokenSwap>(|answer| answer.amount_in = answer.amount_in.map(|n| n + 1)) > 50);
}

#[test]
fn a_real_whirlpool_is_quoted_as_orca_does() {
    let Some(folder) = real::pools() else {
        println!("skipped: no data/pools in MEV_SHARED");
        return;
    };
    let text = std::fs::read(folder.join("orca-whirlpool-sol-usdc.jsonl")).unwrap();
    let mut book = AccountBook::new();
    book.read(&text).unwrap();
    let mut tally = Tally::default();
    for read in real::read(&book) {
        for ask in real::asks(&read, 3, 2_000, true) {
            tally.put::<Whirlpool>(&ask, &ask.ours());
        }
    }
    println!("{}{}", tally.row::<Whirlpool>(), tally.causes::<Whirlpool>());
    assert!(tally.equal > 1_000);
    assert_eq!((tally.unexplained, tally.explained.len()), (vec![], 0));
}

/// Both read the same bytes, each with its own eyes.
#[test]
fn real_pairs_of_bins_are_quoted_as_by_an_independent_hand() {
    let Some(folder) = real::pools() else {
        println!("skipped: no data/pools in MEV_SHARED");
        return;
    };
    let (mut equal, mut refused) = (0, 0);
    for pair in std::fs::read_dir(folder.join("meteora-dlmm")).unwrap() {
        let path = pair.unwrap().path();
        let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(&path)
            .unwrap()
            .map(|file| file.unwrap())
            .map(|file| {
                (file.file_name().into_string().unwrap(), std::fs::read(file.path()).unwrap())
            })
            .collect();
        files.sort();
        let of = |name: &str| {
            files
                .iter()
                .filter(|file| file.0.starts_with(name))
                .map(|file| file.1.clone())
                .collect()
        };
        let (state, arrays): (Vec<_>, Vec<_>) = (of("lb_pair"), of("bin_array_"));
        let mut book = AccountBook::new();
        let name = path.file_name().unwrap().to_str().unwrap();
        let mut key = [0; 32];
        five8::decode_32(name, &mut key).unwrap();
        book.read_pair(key, files).unwrap();
        for read in real::read(&book) {
            let asks: Vec<Ask> = real::asks(&read, 3, 5_000, false);
            for ask in asks.iter().filter(|ask| ask.order.exact == Exact::In) {
                let theirs = Dlmm::answer(&mut input_of(ask, &state[0], &arrays)).unwrap();
                let Ok(ours) = ask.ours() else {
                    // A transfer fee takes all that goes in.
                    assert_eq!((theirs.amount_out, ask.order.amount), (0, 1));
                    refused += 1;
                    continue;
                };
                assert!(ours.agrees(&theirs), "{:?}: {ours:?} beside {theirs:?}", ask.order);
                equal += 1;
            }
        }
    }
    assert_eq!(equal + refused, 10_000);
    assert!(equal > 9_000, "{refused} refused");
}
