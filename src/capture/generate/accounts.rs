//! Account bytes: what the programs would have written for a [`World`], and the account file.
//!
//! The inverse of the decoders in [`crate::dex`], field for field from the same sources; the tests
//! read everything back through them. Fields that no swap looks at (fee growth, rewards, owners of
//! the protocol) are zero.

use crate::bytes::base58;
use crate::dex;
use crate::ids::{Key, ORCA_WHIRLPOOL, RAYDIUM_AMM_V4, RAYDIUM_CPMM, SYSTEM, TOKEN, WSOL};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::pools::{AmmV4, Blueprint, Cpmm, Site, Whirlpool, vault_owner};
use super::world::{Token, World};

/// An account at the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its address.
    pub key: Key,
    /// The program that owns it.
    pub owner: Key,
    /// What it holds for rent and as native money.
    pub lamports: u64,
    /// Its data.
    pub data: Vec<u8>,
}

impl Account {
    /// An account that holds just the rent of its data.
    fn new(key: Key, owner: Key, data: Vec<u8>) -> Self {
        let lamports = rent_lamports(data.len());
        Self { key, owner, lamports, data }
    }

    /// The account as a line of an account file, as RPC replies show accounts.
    pub fn line(&self, slot: u64) -> String {
        format!(
            "{{\"pubkey\":\"{}\",\"account\":{{\"data\":[\"{}\",\"base64\"],\"executable\":false,\
             \"lamports\":{},\"owner\":\"{}\",\"rentEpoch\":{},\"space\":{}}},\"slot\":{slot}}}\n",
            base58::Key(&self.key),
            STANDARD.encode(&self.data),
            self.lamports,
            base58::Key(&self.owner),
            u64::MAX,
            self.data.len(),
        )
    }
}

/// The least that frees an account of `len` bytes from rent (solana rent 3.0, default parameters:
/// two years of 3480 lamports a byte-year over the data and 128 bytes).
fn rent_lamports(len: usize) -> u64 {
    let len = u64::try_from(len).unwrap_or(u64::MAX).saturating_add(128);
    len.saturating_mul(2 * 3480)
}

/// Every account of `world`, in the order: mints, pools with their parts, wallets.
pub fn all(world: &World) -> Vec<Account> {
    let mut accounts: Vec<Account> =
        world.tokens.iter().map(|token| Account::new(token.mint, TOKEN, mint(token))).collect();
    for pool in &world.pools {
        pool_accounts(pool, &mut accounts);
    }
    for wallet in &world.wallets {
        let owner = wallet.signer.key;
        let lamports = 1_000_000_000_000;
        accounts.push(Account { key: owner, owner: SYSTEM, lamports, data: Vec::new() });
        for (token, (mint, account)) in world.tokens.iter().zip(&wallet.accounts) {
            // Worth ten million dollars: no run spends it.
            let amount = token.raw(10_000_000_000_000).min(u64::MAX >> 8);
            accounts.push(token_account(*account, mint, &owner, amount));
        }
    }
    // Pools share their fee configurations.
    let mut seen = std::collections::HashSet::new();
    accounts.retain(|account| seen.insert(account.key));
    accounts
}

fn pool_accounts(pool: &Blueprint, accounts: &mut Vec<Account>) {
    let owed = match &pool.venue {
        Site::AmmV4(amm) => {
            let info = amm_info(pool, amm);
            accounts.push(Account::new(pool.address, RAYDIUM_AMM_V4, info));
            amm.owed
        }
        Site::Cpmm(cpmm) => {
            let (observation, config) = (observation(pool), cpmm_config(cpmm));
            accounts.push(Account::new(pool.address, RAYDIUM_CPMM, cpmm_state(pool, cpmm)));
            accounts.push(Account::new(cpmm.config.1, RAYDIUM_CPMM, config));
            accounts.push(Account::new(cpmm.observation, RAYDIUM_CPMM, observation));
            cpmm.owed
        }
        Site::Whirlpool(orca) => {
            accounts.push(Account::new(pool.address, ORCA_WHIRLPOOL, whirlpool(pool, orca)));
            let step = usize::try_from(orca.array_span()).unwrap_or(1);
            for start in (orca.positions.first_tick..orca.positions.end_tick).step_by(step) {
                let address = dex::tick_array_address(&pool.address, start);
                accounts.push(Account::new(address, ORCA_WHIRLPOOL, tick_array(pool, orca, start)));
            }
            [0, 0]
        }
    };
    let owner = vault_owner(pool);
    for (((vault, token), reserve), owed) in
        pool.vaults.iter().zip(&pool.tokens).zip(pool.reserves).zip(owed)
    {
        let amount = reserve.saturating_add(owed);
        accounts.push(token_account(*vault, &token.mint, &owner, amount));
    }
}

/// Fields written at their offsets into zeros.
struct Fields(Vec<u8>);

impl Fields {
    fn zeros(len: usize) -> Self {
        Self(vec![0; len])
    }

    fn put(&mut self, at: usize, bytes: &[u8]) -> &mut Self {
        let to = self.0.get_mut(at..at.saturating_add(bytes.len()));
        debug_assert!(to.is_some(), "a field of {} bytes at {at} leaves its account", bytes.len());
        if let Some(to) = to {
            to.copy_from_slice(bytes);
        }
        self
    }

    fn u64(&mut self, at: usize, value: u64) -> &mut Self {
        self.put(at, &value.to_le_bytes())
    }
}

/// SPL Token `Mint`, 82 bytes, without authorities (spl-token 8.0 state.rs).
fn mint(token: &Token) -> Vec<u8> {
    let mut fields = Fields::zeros(82);
    let supply = if token.mint == WSOL { 0 } else { u64::MAX >> 2 };
    fields.u64(36, supply).put(44, &[token.decimals, 1]);
    fields.0
}

/// SPL Token `Account`, 165 bytes; one of wrapped SOL holds its amount in lamports too.
fn token_account(key: Key, mint: &Key, owner: &Key, amount: u64) -> Account {
    let mut fields = Fields::zeros(165);
    fields.put(0, mint).put(32, owner).u64(64, amount).put(108, &[1]);
    let rent = rent_lamports(165);
    let native = *mint == WSOL;
    if native {
        fields.put(109, &1u32.to_le_bytes()).u64(113, rent);
    }
    let lamports = if native { rent.saturating_add(amount) } else { rent };
    Account { key, owner: TOKEN, lamports, data: fields.0 }
}

/// Bump of the address of every Raydium AMM v4 pool's authority.
const NONCE: u8 = 254;

/// Raydium AMM v4 `AmmInfo`, 752 bytes (raydium-amm @27f461d state.rs).
fn amm_info(pool: &Blueprint, amm: &AmmV4) -> Vec<u8> {
    /// Takes swaps and has no orders in the book.
    const SWAP_ONLY: u64 = 6;
    let mut fields = Fields::zeros(752);
    fields.u64(0, SWAP_ONLY).u64(8, NONCE.into()).u64(16, 7).u64(24, 3);
    for (at, token) in [32, 40].into_iter().zip(&pool.tokens) {
        fields.u64(at, u64::from(token.decimals));
    }
    // Minimum separation, trade fee, profit share and swap fee, as `Fees::initialize` sets them.
    for (at, (num, den)) in
        [(128, (5, 10_000)), (144, (25, 10_000)), (160, (12, 100)), (176, (25, 10_000))]
    {
        fields.u64(at, num).u64(at + 8, den);
    }
    fields.u64(192, amm.owed[0]).u64(200, amm.owed[1]);
    fields.put(336, &pool.vaults[0]).put(368, &pool.vaults[1]);
    fields.put(400, &pool.tokens[0].mint).put(432, &pool.tokens[1].mint);
    fields.put(464, &amm.lp_mint).put(496, &amm.open_orders).put(528, &amm.market);
    fields.put(560, &super::traffic::ORDER_BOOK_PROGRAM).put(592, &amm.target_orders);
    fields.u64(720, pool.reserves[0]);
    fields.0
}

/// Raydium CPMM `PoolState`, 637 bytes (raydium-cp-swap @609780f states/pool.rs).
fn cpmm_state(pool: &Blueprint, cpmm: &Cpmm) -> Vec<u8> {
    let mut fields = Fields::zeros(637);
    fields.put(0, &[0xf7, 0xed, 0xe3, 0xf5, 0xd7, 0xc3, 0xde, 0x46]);
    fields.put(8, &cpmm.config.1);
    fields.put(72, &pool.vaults[0]).put(104, &pool.vaults[1]).put(136, &cpmm.lp_mint);
    fields.put(168, &pool.tokens[0].mint).put(200, &pool.tokens[1].mint);
    fields.put(232, &TOKEN).put(264, &TOKEN).put(296, &cpmm.observation);
    // Authority's bump, status 0 (everything allowed), decimals of the shares and the tokens.
    let [a, b] = [&pool.tokens[0], &pool.tokens[1]];
    fields.put(328, &[cpmm.bumps[1], 0, 9, a.decimals, b.decimals]);
    fields.u64(333, pool.reserves[0]).u64(341, cpmm.owed[0]).u64(349, cpmm.owed[1]);
    fields.put(389, &[cpmm.creator_side, u8::from(cpmm.config.0.creator_ppm > 0)]);
    fields.0
}

/// Raydium CPMM `AmmConfig`, 236 bytes: the protocol takes 12 % of the fee and the fund 4 %.
fn cpmm_config(cpmm: &Cpmm) -> Vec<u8> {
    let mut fields = Fields::zeros(236);
    fields.put(0, &[0xda, 0xf4, 0x21, 0x68, 0xcb, 0xcb, 0x2b, 0x6f]).put(8, &[255, 0]);
    fields.put(10, &cpmm.config.0.index.to_le_bytes());
    fields.u64(12, cpmm.config.0.trade_ppm).u64(20, 120_000).u64(28, 40_000);
    fields.u64(108, cpmm.config.0.creator_ppm);
    fields.0
}

/// Raydium CPMM `ObservationState`, 4075 bytes: a history without entries.
fn observation(pool: &Blueprint) -> Vec<u8> {
    let mut fields = Fields::zeros(4075);
    fields.put(0, &[0x7a, 0xae, 0xc5, 0x35, 0x81, 0x09, 0xa5, 0x84]).put(11, &pool.address);
    fields.0
}

/// Orca `Whirlpool`, 653 bytes (orca-so/whirlpools @630c0e0 state/whirlpool.rs).
fn whirlpool(pool: &Blueprint, orca: &Whirlpool) -> Vec<u8> {
    /// The protocol's part of the fee, in parts of 10 000, as most live pools have it.
    const PROTOCOL: u16 = 1300;
    let mut fields = Fields::zeros(653);
    fields.put(0, &[0x3f, 0x95, 0xd1, 0x0c, 0xe1, 0x80, 0x63, 0x09]).put(8, &orca.config);
    // A fee tier of the spacing's own number has no adaptive fee.
    let spacing = orca.spacing.to_le_bytes();
    fields.put(40, &[orca.bump]).put(41, &spacing).put(43, &spacing);
    fields.put(45, &orca.fee_ppm.to_le_bytes()).put(47, &PROTOCOL.to_le_bytes());
    fields.put(49, &orca.positions.liquidity.to_le_bytes());
    fields.put(65, &orca.sqrt_price.to_le_bytes()).put(81, &orca.tick.to_le_bytes());
    fields.put(101, &pool.tokens[0].mint).put(133, &pool.vaults[0]);
    fields.put(181, &pool.tokens[1].mint).put(213, &pool.vaults[1]);
    fields.0
}

/// Orca `TickArray` (9988 bytes) or `DynamicTickArray` (148 and 112 for each initialised tick).
fn tick_array(pool: &Blueprint, orca: &Whirlpool, start: i32) -> Vec<u8> {
    let cells: Vec<(usize, [u8; 113])> = orca
        .array(start)
        .filter_map(|(tick, gross)| {
            let index = (tick.tick - start) / i32::from(orca.spacing);
            let mut cell = [0; 113];
            let parts = [&[1][..], &tick.liquidity_net.to_le_bytes(), &gross.to_le_bytes()];
            cell.get_mut(..33)?.copy_from_slice(&parts.concat());
            Some((usize::try_from(index).ok()?, cell))
        })
        .collect();
    if !orca.dynamic {
        let mut fields = Fields::zeros(9988);
        fields.put(0, &[0x45, 0x61, 0xbd, 0xbe, 0x6e, 0x07, 0x42, 0xbb]);
        fields.put(8, &start.to_le_bytes()).put(9956, &pool.address);
        for (index, cell) in &cells {
            fields.put(12 + index * 113, cell);
        }
        return fields.0;
    }
    let bitmap = cells.iter().fold(0u128, |bits, (index, _)| bits | 1 << index);
    let mut data = vec![0x11, 0xd8, 0xf6, 0x8e, 0xe1, 0xc7, 0xda, 0x38];
    data.extend(start.to_le_bytes());
    data.extend(pool.address);
    data.extend(bitmap.to_le_bytes());
    let mut next = 0;
    for (index, cell) in cells {
        data.resize(data.len() + index - next, 0);
        data.extend(cell);
        next = index + 1;
    }
    let rest = usize::try_from(super::positions::ARRAY_TICKS).unwrap_or(0) - next;
    data.resize(data.len() + rest, 0);
    data
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::pools::cpmm_authority;
    use super::super::share::Share;
    use super::super::world::Scale;
    use super::*;
    use crate::dex::accounts_file;
    use crate::ids::RAYDIUM_AMM_V4_AUTHORITY;
    use solana_sdk::pubkey::Pubkey;

    fn world() -> World {
        let spread: Share = "0%".parse().unwrap();
        World::new(11, &Scale { tokens: 4, pools_per_pair: 6, wallets: 2, spread })
    }

    #[test]
    fn the_account_file_reads_back_as_the_accounts() {
        let accounts = all(&world());
        let text: String = accounts.iter().map(|account| account.line(9)).collect();
        let mut at = 0;
        let read = accounts_file::read(text.as_bytes(), &mut |entry| {
            let (account, contents) = (&accounts[at], entry.contents.unwrap());
            assert_eq!((entry.key, entry.slot), (account.key, 9));
            assert_eq!((contents.owner, &contents.data), (account.owner, &account.data));
            at += 1;
        });
        assert_eq!(read.unwrap(), accounts.len() as u64);
        let keys: std::collections::HashSet<_> = accounts.iter().map(|a| a.key).collect();
        assert_eq!(keys.len(), accounts.len(), "no account is there twice");
    }

    #[test]
    fn derived_addresses_are_those_of_mainnet() {
        let program = Pubkey::new_from_array(RAYDIUM_AMM_V4);
        let authority = Pubkey::create_program_address(&[b"amm authority", &[NONCE]], &program);
        assert_eq!(authority.unwrap().to_bytes(), RAYDIUM_AMM_V4_AUTHORITY);
        let key = |text| base58::key(text).unwrap();
        assert_eq!(cpmm_authority().0, key("GpMZbSM2GgvTKHJirzeGfMFoaZ8UR2X7F4v8vHTvxFbL"));
        let world = world();
        let zero = world.pools.iter().find_map(|pool| match &pool.venue {
            Site::Cpmm(cpmm) if cpmm.config.0.index == 0 => Some(cpmm.config.1),
            _ => None,
        });
        // The configuration of the real pool in ../shared/data/pools.
        assert_eq!(zero, Some(key("D4FPEruKEHrG5TenZ2mpDGEfu1iUvTiqBxvpU8HLBvC2")));
    }

    #[test]
    fn vaults_hold_what_is_owed_beside_the_reserves() {
        let world = world();
        let accounts = all(&world);
        for pool in &world.pools {
            let owed = match &pool.venue {
                Site::AmmV4(amm) => amm.owed,
                Site::Cpmm(cpmm) => cpmm.owed,
                Site::Whirlpool(_) => [0, 0],
            };
            let sides = pool.vaults.iter().zip(&pool.tokens).zip(pool.reserves).zip(owed);
            for (((vault, token), reserve), owed) in sides {
                let vault = accounts.iter().find(|account| account.key == *vault).unwrap();
                let read = dex::token_account(&vault.owner, &vault.data).unwrap();
                assert_eq!(read.amount, reserve + owed);
                assert_eq!((*read.mint, *read.owner), (token.mint, vault_owner(pool)));
                let native = if *read.mint == WSOL { read.amount } else { 0 };
                assert_eq!(vault.lamports, 2_039_280 + native, "as on mainnet");
            }
        }
    }

    #[test]
    fn every_array_of_a_whirlpool_is_there_in_either_form() {
        let world = world();
        let accounts = all(&world);
        let (mut fixed, mut dynamic) = (0, 0);
        for pool in &world.pools {
            let Site::Whirlpool(orca) = &pool.venue else { continue };
            let arrays = accounts.iter().filter(|account| {
                let at = if orca.dynamic { 12 } else { 9956 };
                account.owner == ORCA_WHIRLPOOL
                    && account.data.get(at..at + 32) == Some(&pool.address)
            });
            for array in arrays {
                match array.data.len() {
                    9988 => fixed += 1,
                    len => {
                        assert_eq!((len - 148) % 112, 0);
                        dynamic += 1;
                    }
                }
            }
        }
        assert!(fixed > 20 && dynamic > 20, "{fixed} {dynamic}");
    }
}
