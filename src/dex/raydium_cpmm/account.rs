//! Pool and configuration accounts.

use crate::bytes::{key_at, u8_at, u64_at};
use crate::ids::{Key, RAYDIUM_CPMM, TOKEN, Venue};
use crate::record::{Pool, PoolStatus};

use super::super::accounts::{
    Account, AccountBook, AccountFault, Clock, Found, Out, Part, PoolKeys, Unsupported, with_mints,
};

const POOL_STATE: [u8; 8] = [0xf7, 0xed, 0xe3, 0xf5, 0xd7, 0xc3, 0xde, 0x46];
const POOL_STATE_LEN: usize = 637;
const AMM_CONFIG: [u8; 8] = [0xda, 0xf4, 0x21, 0x68, 0xcb, 0xcb, 0x2b, 0x6f];
const AMM_CONFIG_LEN: usize = 236;

/// The program's other accounts.
const OTHER_ACCOUNTS: [(&str, [u8; 8]); 3] = [
    ("ObservationState", [0x7a, 0xae, 0xc5, 0x35, 0x81, 0x09, 0xa5, 0x84]),
    ("Permission", [0xe0, 0x53, 0x1c, 0x4f, 0x0a, 0xfd, 0xa1, 0x1c]),
    ("CreatorFeeShare", [0x1e, 0xeb, 0x62, 0xfc, 0x1a, 0xc5, 0x42, 0x56]),
];

/// What a swap needs of a PoolState account.
#[derive(Clone, Copy, Debug)]
pub(super) struct PoolState<'a> {
    pub(super) config: &'a Key,
    pub(super) vaults: [&'a Key; 2],
    pub(super) mints: [&'a Key; 2],
    pub(super) programs: [&'a Key; 2],
    pub(super) observation: &'a Key,
    status: u8,
    decimals: [u8; 2],
    /// Protocol, fund and creator fees that lie in the vaults, by token.
    owed: [[u64; 3]; 2],
    open_time: u64,
    creator_side: u8,
    creator_fee: bool,
}

impl<'a> PoolState<'a> {
    pub(super) fn read(data: &'a [u8]) -> Result<Self, AccountFault> {
        if data.first_chunk() != Some(&POOL_STATE) {
            return Err(AccountFault::Discriminator);
        }
        if data.len() != POOL_STATE_LEN {
            return Err(AccountFault::WrongLen);
        }
        Self::fields(data).ok_or(AccountFault::WrongLen)
    }

    fn fields(data: &'a [u8]) -> Option<Self> {
        Some(Self {
            config: key_at(data, 8)?,
            vaults: [key_at(data, 72)?, key_at(data, 104)?],
            mints: [key_at(data, 168)?, key_at(data, 200)?],
            programs: [key_at(data, 232)?, key_at(data, 264)?],
            observation: key_at(data, 296)?,
            status: u8_at(data, 329)?,
            decimals: [u8_at(data, 331)?, u8_at(data, 332)?],
            owed: [
                [u64_at(data, 341)?, u64_at(data, 357)?, u64_at(data, 397)?],
                [u64_at(data, 349)?, u64_at(data, 365)?, u64_at(data, 405)?],
            ],
            open_time: u64_at(data, 373)?,
            creator_side: u8_at(data, 389)?,
            creator_fee: u8_at(data, 390)? != 0,
        })
    }
}

/// The rates of an AmmConfig account, ppm: trade, protocol, fund, creator.
fn config_rates(data: &[u8]) -> Result<[u64; 4], AccountFault> {
    if data.first_chunk() != Some(&AMM_CONFIG) {
        return Err(AccountFault::Discriminator);
    }
    if data.len() != AMM_CONFIG_LEN {
        return Err(AccountFault::WrongLen);
    }
    let rate = |at| u64_at(data, at).ok_or(AccountFault::WrongLen);
    Ok([rate(12)?, rate(20)?, rate(28)?, rate(108)?])
}

pub(in crate::dex) fn pools(book: &AccountBook, clock: Clock, out: &mut Out<'_>) {
    let venue = Venue::RaydiumCpmm;
    for (key, account) in book.owned_by(&RAYDIUM_CPMM) {
        let known = account.data.first_chunk().is_some_and(|kind| {
            *kind == AMM_CONFIG || OTHER_ACCOUNTS.iter().any(|(_, other)| other == kind)
        });
        if known {
            continue;
        }
        let state = match PoolState::read(&account.data) {
            Ok(state) => state,
            Err(fault) => {
                out(Found::Refused { pool: key, key, venue, fault });
                continue;
            }
        };
        let mut parts = vec![(Part::Config, state.config)];
        parts.extend([(Part::VaultA, state.vaults[0]), (Part::VaultB, state.vaults[1])]);
        let mints = [(Part::MintA, state.mints[0]), (Part::MintB, state.mints[1])];
        // An SPL Token mint says nothing that the pool does not; a Token-2022 mint has extensions.
        parts.extend(
            mints.into_iter().zip(state.programs).filter(|(_, p)| **p != TOKEN).map(|x| x.0),
        );
        if book.complete(key, venue, &parts, out) {
            match join(book, clock, (key, account), &state) {
                Ok((pool, unsupported)) => out(Found::Pool { pool: &pool, unsupported }),
                Err((part, fault)) => out(Found::Refused { pool: key, key: &part, venue, fault }),
            }
        }
    }
}

type Joined = (Pool, Option<Unsupported>);

fn join(
    book: &AccountBook,
    clock: Clock,
    (key, account): (&Key, &Account),
    state: &PoolState<'_>,
) -> Result<Joined, (Key, AccountFault)> {
    let at_pool = |fault| (*key, fault);
    if state.mints[0] == state.mints[1] {
        return Err(at_pool(AccountFault::SameMint));
    }
    if state.creator_side > 2 {
        return Err(at_pool(AccountFault::Value));
    }
    let at_config = |fault| (*state.config, fault);
    let config = book.get(state.config).ok_or(at_config(AccountFault::NotInitialised))?;
    if config.owner != RAYDIUM_CPMM {
        return Err(at_config(AccountFault::Owner));
    }
    let [trade, protocol, fund, creator] = config_rates(&config.data).map_err(at_config)?;
    let creator = if state.creator_fee { creator } else { 0 };
    let ppm = |rate: u64| u32::try_from(rate).ok().filter(|rate| *rate <= 1_000_000);
    let bad_fee = at_config(AccountFault::Fee);
    if trade.checked_add(creator).and_then(ppm).is_none_or(|total| total == 1_000_000)
        || protocol.checked_add(fund).and_then(ppm).is_none()
    {
        return Err(bad_fee);
    }
    let side = |vault_key: &Key, mint: &Key, owed: &[u64; 3]| {
        let vault = book.vault(vault_key, mint).map_err(|fault| (*vault_key, fault))?;
        let left = owed.iter().try_fold(vault.amount, |left, owed| left.checked_sub(*owed));
        match left {
            None => Err((*vault_key, AccountFault::Owed)),
            Some(0) => Err((*vault_key, AccountFault::ZeroReserve)),
            Some(reserve) => Ok((reserve, vault)),
        }
    };
    let (reserve_a, vault_a) = side(state.vaults[0], state.mints[0], &state.owed[0])?;
    let (reserve_b, vault_b) = side(state.vaults[1], state.mints[1], &state.owed[1])?;
    let keys = PoolKeys {
        pool: key,
        program: RAYDIUM_CPMM,
        venue: Venue::RaydiumCpmm,
        mints: state.mints,
        vaults: state.vaults,
    };
    let slots = [account.slot, vault_a.slot, vault_b.slot];
    let mut pool = keys.record(slots, [reserve_a, reserve_b]);
    (pool.fee_num, pool.fee_den) = (trade, 1_000_000);
    pool.protocol_ppm = ppm(protocol).ok_or(bad_fee)?;
    pool.fund_ppm = ppm(fund).ok_or(bad_fee)?;
    pool.creator_ppm = ppm(creator).ok_or(bad_fee)?;
    pool.creator_side = state.creator_side;
    [pool.decimals_a, pool.decimals_b] = state.decimals;
    pool.open_time = state.open_time;
    pool.present |= Pool::DECIMALS | Pool::DECIMALS_B | Pool::OPEN_TIME;
    // pool.rs `PoolStatusBitIndex::Swap` is bit 2; a set bit switches off.
    if state.status & 4 != 0 || vault_a.frozen || vault_b.frozen {
        pool.status = PoolStatus::Disabled as u8;
    } else if clock.unix_s.is_some_and(|now| now < state.open_time) {
        pool.status = PoolStatus::Waiting as u8;
    }
    let mint = |side: &Key, program: &Key| match *program {
        TOKEN => Ok(None),
        _ => book.mint(side, clock).map(Some).map_err(|fault| (*side, fault)),
    };
    let mints =
        [mint(state.mints[0], state.programs[0])?, mint(state.mints[1], state.programs[1])?];
    let unsupported = with_mints(&mut pool, mints, None);
    Ok((pool, unsupported))
}
