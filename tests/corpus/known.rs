//! What the venues' decoders know foreign bytes by: the openings of their instructions, events and
//! accounts.
//!
//! As a fuzzer takes its dictionary from a binary, this one is read out of `src/dex`: of each venue's
//! file or folder the arrays of 8 bytes and the long integers (discriminators), the other integers
//! (lengths of layouts), the texts in hex and base64 (bytes of mainnet that its tests hold). Each is
//! shown to the decoders of the venues that the source is about, and what one of them knows is kept.
//! So a new venue, and a new discriminator of an old one, is covered without a line here.

use crate::random::Random;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mev::dex::{self, AccountBook, AccountFault, Channel, Clock, Decoded, Event, Found, IxFault};
use mev::dex::{Part, SELF_CALL, spec};
use mev::ids::{Key, TOKEN, Venue};
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

/// Channels by the number that the body of events has them under.
pub(crate) const CHANNELS: [Channel; 3] = [Channel::SelfCall, Channel::Data, Channel::RayLog];

/// Pools that are tried to find where their mints stand.
const MINT_TRIALS: usize = 4000;

/// Lengths of accounts that are tried one by one.
const LEN_MAX: usize = 2048;

/// What a program's decoders know.
pub(crate) struct Known {
    pub(crate) venue: Venue,
    /// The program's number among all programs.
    pub(crate) program: u8,
    /// Beginnings of instructions that are not refused as unknown.
    pub(crate) instructions: Vec<Vec<u8>>,
    /// Those of them that swap.
    pub(crate) swaps: Vec<Vec<u8>>,
    /// Beginnings of events, each with the number of its channel.
    pub(crate) events: Vec<(u8, Vec<u8>)>,
    /// Beginnings of pools, each with a length that is not refused.
    pub(crate) pools: Vec<(Vec<u8>, usize)>,
    /// Where a pool has its mints, if no mint is asked for.
    pub(crate) mints_at: [u16; 2],
    /// Beginnings and lengths of what pools need beside vaults and mints.
    pub(crate) parts: Vec<(Vec<u8>, usize)>,
}

/// What is known of every program, in the order of the programs.
pub(crate) fn known() -> &'static [Known] {
    static KNOWN: OnceLock<Vec<Known>> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let sources = sources();
        let venues = Venue::ALL.iter().flat_map(|venue| {
            let of_venue = |words: &&Words| words.venues.contains(venue);
            let words: Vec<&Words> = sources.iter().filter(of_venue).collect();
            assert!(!words.is_empty(), "{venue:?} has no source");
            venue.programs().iter().map(move |program| (*venue, program, words.clone()))
        });
        (0u8..)
            .zip(venues)
            .map(|(number, (venue, program, words))| know(number, venue, program, &words))
            .collect()
    })
}

/// What a venue's source holds.
struct Words {
    venues: Vec<Venue>,
    /// Arrays of 8 bytes, and integers of as many.
    hashes: Vec<[u8; 8]>,
    /// Integers that an account's length may be.
    lens: Vec<usize>,
    /// Texts, decoded.
    texts: Vec<Vec<u8>>,
}

/// What each file or folder of `src/dex` holds that is about a venue.
fn sources() -> Vec<Words> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/src/dex");
    let folder = fs::read_dir(root).unwrap();
    let mut paths: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.sort_unstable();
    let words = paths.iter().map(|path| {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let events = format!("{root}/../../testdata/events/{name}.txt");
        read(&source(path), &fs::read_to_string(events).unwrap_or_default())
    });
    // The table and the shared parts name many venues, and hold nothing of theirs.
    words
        .filter(|words| !words.hashes.is_empty() || (1..20).contains(&words.venues.len()))
        .collect()
}

/// The text of a file, or of all files of a folder.
fn source(path: &Path) -> String {
    if !path.is_dir() {
        return fs::read_to_string(path).unwrap();
    }
    let folder = fs::read_dir(path).unwrap();
    let mut paths: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.sort_unstable();
    paths.iter().map(|path| source(path)).collect()
}

fn read(source: &str, events: &str) -> Words {
    let named = |venue: &&Venue| {
        source.split("Venue::").skip(1).any(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
            rest[..end] == format!("{venue:?}")
        })
    };
    let arrays = source.split('[').skip(1).filter_map(|rest| Some(rest.split_once(']')?.0));
    let integers = source.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let integers = integers.filter_map(|word| word.replace('_', "").parse().ok());
    let mut lens: Vec<usize> = integers.clone().filter(|n| (24..=20_000).contains(n)).collect();
    let long = integers.filter(|n| *n > 1 << 40).map(usize::to_le_bytes);
    let mut hashes: Vec<[u8; 8]> = arrays.filter_map(array).chain(long).collect();
    let texts = source.split('"').chain(events.split_ascii_whitespace());
    let mut texts: Vec<Vec<u8>> = texts.filter_map(text).collect();
    lens.sort_unstable();
    lens.dedup();
    hashes.sort_unstable();
    hashes.dedup();
    texts.sort_unstable();
    texts.dedup();
    Words { venues: Venue::ALL.iter().filter(named).copied().collect(), hashes, lens, texts }
}

/// The bytes of `0x01, 0x02, ..`, if there are eight.
fn array(text: &str) -> Option<[u8; 8]> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let byte = |part: &str| u8::from_str_radix(part.strip_prefix("0x")?, 16).ok();
    parts.map(byte).collect::<Option<Vec<u8>>>()?.try_into().ok()
}

/// The bytes of a text in hex or base64, if they may be an instruction's or an event's.
fn text(text: &str) -> Option<Vec<u8>> {
    let text: String =
        text.split_whitespace().flat_map(|part| part.trim_end_matches('\\').chars()).collect();
    if text.len() < 16 || !text.is_ascii() {
        return None;
    }
    let pairs = text.as_bytes().chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
        u8::from_str_radix(pair, 16).ok()
    });
    pairs.collect::<Option<Vec<u8>>>().or_else(|| STANDARD.decode(&text).ok())
}

/// Shows a program's decoders what its sources hold.
fn know(number: u8, venue: Venue, program: &Key, words: &[&Words]) -> Known {
    let hashes = || words.iter().flat_map(|words| words.hashes.iter().map(|hash| hash.to_vec()));
    let texts = || words.iter().flat_map(|words| words.texts.iter().cloned());
    let tags = || (0..=u8::MAX).map(|tag| vec![tag]);
    let candidates = hashes().chain(texts()).chain(tags());
    let (mut instructions, mut swaps) = (Vec::new(), Vec::new());
    for data in candidates {
        let found = instruction(program, &data);
        swaps.extend((found == Some(true)).then(|| data.clone()));
        instructions.extend(found.map(|_| data));
    }
    let sent = |bytes: Vec<u8>| [&SELF_CALL[..], &bytes].concat();
    let candidates = (0..3).flat_map(|channel| {
        let all = hashes().chain(texts()).chain(tags());
        all.flat_map(move |bytes| [(channel, bytes.clone()), (channel, sent(bytes))])
    });
    let events: Vec<_> = candidates.filter(|event| is_event(venue, event)).collect();
    let openings: Vec<Vec<u8>> = hashes()
        .filter(|hash| !instructions.contains(hash))
        .filter(|hash| !events.iter().any(|(_, event)| event.ends_with(hash)))
        .chain([vec![]])
        .collect();
    let lens: Vec<usize> = words.iter().flat_map(|words| words.lens.iter().copied()).collect();
    let pools = pools(program, &openings, &lens);
    let parts = parts(program, &pools, &openings, &lens);
    let mints_at = mints_at(program, &pools).unwrap_or_default();
    Known { venue, program: number, instructions, swaps, events, pools, mints_at, parts }
}

/// Whether an instruction of `program` that begins with `data` swaps; `None` for an unknown one.
fn instruction(program: &Key, data: &[u8]) -> Option<bool> {
    let keys: Vec<Key> = (0..60).map(|n| [n; 32]).collect();
    let indices: Vec<u8> = (0..60).collect();
    if data.starts_with(&SELF_CALL) {
        return None;
    }
    let found = [0, 1].map(|fill| {
        let data = &[data, &[fill; 200]].concat();
        let ix = dex::Instruction { program, data, indices: &indices, keys: &keys, loaded: &[] };
        match dex::decode(&ix)? {
            Decoded::Refused(IxFault::Unknown) => None,
            decoded => Some(matches!(decoded, Decoded::Route(_)) || decoded.swap_count() > 0),
        }
    });
    found[0].max(found[1])
}

/// Whether an event of `venue` that begins with `bytes` is not unknown.
fn is_event(venue: Venue, (channel, bytes): &(u8, Vec<u8>)) -> bool {
    [0, 1].iter().any(|fill| {
        let bytes = [bytes.as_slice(), &[*fill; 700]].concat();
        !matches!(spec(venue).event(CHANNELS[usize::from(*channel)], &bytes), Event::Unknown)
    })
}

/// What is wrong with accounts of `program`, in the order in which joining them finds it.
fn faults(accounts: &[(Key, &[u8], usize)], program: &Key) -> Vec<Wrong> {
    let mut book = AccountBook::new();
    for (key, opening, len) in accounts {
        let mut data = opening.to_vec();
        data.resize(*len, 1);
        book.insert(*key, *program, data, 9);
    }
    let mut faults = Vec::new();
    book.pools(Clock::default(), &mut |found| match found {
        Found::Refused { key, fault, .. } => faults.push(Wrong::Refused(*key, fault)),
        Found::Missing { part: Part::Config | Part::TickArray, key, .. } => {
            faults.push(Wrong::Missing(*key));
        }
        _ => faults.push(Wrong::Else),
    });
    faults
}

/// Something that joining accounts finds.
#[derive(Clone, Copy, PartialEq)]
enum Wrong {
    Refused(Key, AccountFault),
    /// An account of the venue's own is not there.
    Missing(Key),
    Else,
}

/// Those of `lens` that are not refused for the account `key`, last of `others`, under `opening`.
fn fitting(
    (key, program): (Key, &Key),
    others: &[(Key, &[u8], usize)],
    opening: &[u8],
    lens: &[usize],
) -> Vec<(Vec<u8>, usize)> {
    let mut all = others.to_vec();
    let fits = |len: &&usize| {
        all.truncate(others.len());
        all.push((key, opening, **len));
        let faults = faults(&all, program);
        let is_wrong = |wrong: &Wrong| {
            use AccountFault::{Discriminator, WrongLen};
            [WrongLen, Discriminator].map(|fault| Wrong::Refused(key, fault)).contains(wrong)
        };
        !faults.is_empty() && !faults.iter().any(is_wrong)
    };
    lens.iter().filter(fits).map(|len| (opening.to_vec(), *len)).collect()
}

/// The beginnings and lengths that a pool of `program` may have.
fn pools(program: &Key, openings: &[Vec<u8>], lens: &[usize]) -> Vec<(Vec<u8>, usize)> {
    let key = [7; 32];
    let unknown = Wrong::Refused(key, AccountFault::Discriminator);
    let is_taken = |opening: &&Vec<u8>| {
        let faults = faults(&[(key, opening, 10_000)], program);
        !faults.is_empty() && !faults.contains(&unknown)
    };
    let taken: Vec<_> = openings.iter().filter(is_taken).collect();
    // Where the length is looked at first, only those that the source names are tried.
    let tried = if taken.len() > 8 { 0 } else { LEN_MAX };
    let lens: Vec<usize> = (0..tried).chain(lens.iter().copied()).chain([10_000]).collect();
    taken.iter().flat_map(|opening| fitting((key, program), &[], opening, &lens)).collect()
}

/// The beginnings and lengths of the accounts that pools of `program` lack.
fn parts(
    program: &Key,
    pools: &[(Vec<u8>, usize)],
    openings: &[Vec<u8>],
    lens: &[usize],
) -> Vec<(Vec<u8>, usize)> {
    let pool = |(opening, len): &'_ (Vec<u8>, usize)| (opening.clone(), *len);
    let lacking = pools.iter().find_map(|of| {
        faults(&[([7; 32], &of.0, of.1)], program).into_iter().find_map(|wrong| match wrong {
            Wrong::Missing(key) => Some((pool(of), key)),
            _ => None,
        })
    });
    let Some(((opening, len), key)) = lacking else { return vec![] };
    let others = [([7; 32], opening.as_slice(), len)];
    let lens: Vec<usize> = lens.iter().copied().chain([10_000]).collect();
    let of = |opening: &Vec<u8>| fitting((key, program), &others, opening, &lens);
    openings.iter().flat_map(of).collect()
}

/// Where pools of `program` have the mints of their vaults: found by trying every place of a pool.
fn mints_at(program: &Key, pools: &[(Vec<u8>, usize)]) -> Option<[u16; 2]> {
    let mut random = Random::new(5);
    for (opening, len) in pools.iter().cycle().take(MINT_TRIALS) {
        let rest = random.account(len.saturating_sub(opening.len()));
        let mut book = AccountBook::new();
        let data = [opening.as_slice(), &rest].concat();
        book.insert([7; 32], *program, data.clone(), 9);
        let mut vaults = Vec::new();
        book.pools(Clock::default(), &mut |found| match found {
            Found::Missing { part: Part::VaultA | Part::VaultB, key, .. } => vaults.push(*key),
            _ => vaults.push([7; 32]),
        });
        let [a, b] = *vaults.as_slice() else { continue };
        if a == b || [a, b].contains(&[7; 32]) {
            continue;
        }
        book.insert(b, TOKEN, vec![0; 165], 9);
        let mut place = |vault: Key| {
            let mut refuses = |mint: &Key| {
                let held = [mint.as_slice(), &[5; 32], &[9; 44], &[1], &[0; 56]].concat();
                book.insert(vault, TOKEN, held, 9);
                let mut refuses = false;
                book.pools(Clock::default(), &mut |found| {
                    let is_mint = |fault| fault == AccountFault::VaultMint;
                    refuses |= matches!(found, Found::Refused { key, fault, .. }
                        if *key == vault && is_mint(fault));
                });
                refuses
            };
            let mut places = data.windows(32).map(|window| refuses(window.try_into().unwrap()));
            // Where any mint will do, the vault was not looked at.
            let first = places.next()?;
            let at = places.position(|refused| !refused).filter(|_| first)?;
            Some(u16::try_from(at + 1).unwrap())
        };
        if let Some(places) = place(a).zip(place(b)) {
            return Some(places.into());
        }
    }
    None
}
