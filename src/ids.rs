//! Program ids, well-known accounts and the names of venues.

use five8_const::decode_32_const as key;

/// A 32-byte Solana address.
pub type Key = [u8; 32];

/// Wrapped SOL, the mint.
pub const WSOL: Key = key("So11111111111111111111111111111111111111112");
/// Circle's USDC, the mint.
pub const USDC: Key = key("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v");
/// The System program.
pub const SYSTEM: Key = [0; 32];
/// The owner of the programs that are part of a validator.
pub const NATIVE_LOADER: Key = key("NativeLoader1111111111111111111111111111111");
/// The programs that own other programs and their code.
pub const LOADERS: [Key; 5] = [
    key("BPFLoader1111111111111111111111111111111111"),
    key("BPFLoader2111111111111111111111111111111111"),
    key("BPFLoaderUpgradeab1e11111111111111111111111"),
    key("LoaderV411111111111111111111111111111111111"),
    NATIVE_LOADER,
];
/// The Compute Budget program.
pub const COMPUTE_BUDGET: Key = key("ComputeBudget111111111111111111111111111111");
/// The SPL Token program.
pub const TOKEN: Key = key("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
/// The Token-2022 program.
pub const TOKEN_2022: Key = key("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb");
/// The Associated Token Account program.
pub const ASSOCIATED_TOKEN: Key = key("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL");
/// The Memo program (v2).
pub const MEMO: Key = key("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr");
/// The Address Lookup Table program.
pub const LOOKUP_TABLE: Key = key("AddressLookupTab1e1111111111111111111111111");
/// The account of the cluster's clock.
pub const CLOCK: Key = key("SysvarC1ock11111111111111111111111111111111");
/// The account in which a transaction's instructions can be read while it runs.
pub const INSTRUCTIONS: Key = key("Sysvar1nstructions1111111111111111111111111");
/// The account of recent blockhashes.
pub const RECENT_BLOCKHASHES: Key = key("SysvarRecentB1ockHashes11111111111111111111");
/// The Vote program.
pub const VOTE: Key = key("Vote111111111111111111111111111111111111111");

/// Raydium AMM v4.
pub const RAYDIUM_AMM_V4: Key = key("675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8");
/// The authority of every Raydium AMM v4 pool.
pub const RAYDIUM_AMM_V4_AUTHORITY: Key = key("5Q544fKrFoe6tsEbD7S8EmxGTJYAKtTVhAW5Q5pge4j1");
/// Raydium CPMM.
pub const RAYDIUM_CPMM: Key = key("CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C");
/// Orca Whirlpool.
pub const ORCA_WHIRLPOOL: Key = key("whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc");
/// Meteora DLMM.
pub const METEORA_DLMM: Key = key("LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo");
/// Meteora's lending vaults, in which the reserves of DAMM v1 lie.
pub const METEORA_VAULT: Key = key("24Uqj9JCLxUeoC3hGfh5W3s9FM9uCHDS2SG3LYwBpyTi");

/// Kamino Lend.
pub const KAMINO_LEND: Key = key("KLend2g3cP87fffoy8q1mQqGKjrxjC8boSyAYavgmjD");
/// Save, formerly Solend.
pub const SAVE: Key = key("So1endDq2YkqhipRh3WViPa8hdiSpxWy6z3Z6tMCpAo");
/// marginfi v2.
pub const MARGINFI: Key = key("MFv2hWf31Z9kbCa1snEPYctwafyhdvnV7FZnsebVacA");
/// Flash loans of Jupiter Lend.
pub const JUPITER_FLASH: Key = key("jupgfSgfuAXv4B6R2Uxu85Z1qdzgju79s6MfZekN6XS");

/// The eight Jito tip accounts (docs.jito.wtf; each is the PDA `TIP_ACCOUNT_n` of the tip program
/// `T1pyyaTNZsKv2WcRAB8oVnk93mLJw2XzjtVYqCsaHqt`).
pub const JITO_TIP_ACCOUNTS: [Key; 8] = [
    key("96gYZGLnJYVFmbjzopPSU6QiEV5fGqZNyN9nmNhvrZU5"),
    key("HFqU5x63VTqvQss8hp11i4wVV8bD44PvwucfZ2bU7gRe"),
    key("Cw8CFyM9FkoMi7K7Crf6HNQqf4uEMzpKw6QNghXLvLkY"),
    key("ADaUMid9yfUytqMBgopwjb2DTLSokTSzL1zt6iGPaS49"),
    key("DfXygSm4jCyNCybVYYK6DwvWqjKee8pbDmJGcLWNDXjh"),
    key("ADuUkR4vqLUMWXxW9gh6D6L8pMSawimctcNZ5pGwDcEt"),
    key("DttWaMuVvTiduZRnguLF7jNxTgiMBZ1hyAumKUiL2KRL"),
    key("3AVi9Tg9Uo68tJfuvoKvqKNWKkC5wPdSSdeBnizKZ6jT"),
];

/// Declares the venues: number, name, program ids, and what each is.
macro_rules! venues {
    ($($(#[$doc:meta])* $venue:ident = $number:literal $name:literal [$($program:literal)*];)+) => {
        /// A place where tokens are swapped, or a router over such places. The number is what
        /// records carry and never changes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u16)]
        pub enum Venue {
            $($(#[$doc])* $venue = $number,)+
        }

        impl Venue {
            /// Every venue, in the order of its number.
            pub const ALL: &'static [Self] = &[$(Self::$venue),+];

            /// Names by number, as records show them; number 0 is no venue.
            pub const NAMES: &'static [&'static str] = &["none", $($name),+];

            /// Its programs; several where one code is deployed under several ids, none where no
            /// program stands behind it.
            pub const fn programs(self) -> &'static [Key] {
                match self {
                    $(Self::$venue => &const { [$(key($program)),*] },)+
                }
            }

            /// The venue of number `number`, if there is one.
            pub fn from_number(number: u16) -> Option<Self> {
                usize::from(number).checked_sub(1).and_then(|at| Self::ALL.get(at)).copied()
            }

            /// The name records show.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$venue => $name,)+
                }
            }
        }
    };
}

venues! {
    /// Raydium AMM v4, constant product.
    RaydiumAmmV4 = 1 "raydium_amm_v4" ["675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8"];
    /// Raydium CPMM, constant product with creator fees.
    RaydiumCpmm = 2 "raydium_cpmm" ["CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C"];
    /// Orca Whirlpool, concentrated liquidity.
    OrcaWhirlpool = 3 "orca_whirlpool" ["whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc"];
    /// The toolkit's own 48- and 64-byte datagrams: a constant product described by the feed alone.
    Feed = 4 "feed" [];
    /// Raydium CLMM, concentrated liquidity.
    RaydiumClmm = 5 "raydium_clmm" ["CAMMCzo5YL8w4VFF8KVHrK22GGUsp5VTaW7grrKgrWqK"];
    /// Raydium LaunchLab, bonding curves.
    RaydiumLaunchlab = 6 "raydium_launchlab" ["LanMV9sAd7wArD4vJFi2qDdfnVhFxYSUg6eADduJ3uj"];
    /// Raydium's stable AMM.
    RaydiumStable = 7 "raydium_stable" ["5quBtoiQqxF9Jv6KYKctB59NT3gtJD2Y65kdnB1Uev3h"];
    /// Meteora DLMM, liquidity in bins.
    MeteoraDlmm = 8 "meteora_dlmm" ["LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo"];
    /// Meteora DAMM v2, one range of concentrated liquidity.
    MeteoraDammV2 = 9 "meteora_damm_v2" ["cpamdpZCGKUy5JxQXB4dcpGPiikHawvSWAd6mEn1sGG"];
    /// Meteora DBC, bonding curves.
    MeteoraDbc = 10 "meteora_dbc" ["dbcij3LWUppWqq96dh6gJWwBifmcGfLSB5D4DuSMaqN"];
    /// Meteora DAMM v1, over lending vaults.
    MeteoraDammV1 = 11 "meteora_damm_v1" ["Eo7WjKq67rjJQSZxS6z3YkapzY3eMj6Xy8X5EQVn5UaB"];
    /// Pump, bonding curves.
    Pump = 12 "pump" ["6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P"];
    /// PumpSwap, constant product.
    PumpSwap = 13 "pump_swap" ["pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA"];
    /// Phoenix v1, an order book.
    Phoenix = 14 "phoenix" ["PhoeNiXZ8ByJGLkxNfZRnkUfjvmuYqLR89jjFHGqdXY"];
    /// OpenBook v2, an order book.
    OpenbookV2 = 15 "openbook_v2" ["opnb2LAfJYbRMAHHvqjCwQxanZn7ReEHp1k81EohpZb"];
    /// Manifest, an order book.
    Manifest = 16 "manifest" ["MNFSTqtC93rEfYHB6hF82sKdZpUDFWkViLByLd1k1Ms"];
    /// Lifinity v2, priced by oracles.
    LifinityV2 = 17 "lifinity_v2" ["2wT8Yq49kHgDzXuPxZSaeLaH1qbmGXtEyPy64bL7aD3c"];
    /// Saber, stable swap.
    Saber = 18 "saber" ["SSwpkEEcbUqx4vtoEByFjSkhKdCT862DNVb52nZg1UZ"];
    /// SPL token-swap and its forks: Orca v2 and v1, SPL, FluxBeam, Step, Dooar, Saros.
    TokenSwap = 19 "token_swap" [
        "9W959DqEETiGZocYWCQPaJ6sBmUzgfxXfqGeTEdp3aQP"
        "DjVE6JNiYqPL2QXyCUUh8rNjHrbz9hXHNYt99MQ59qw1"
        "SwaPpA9LAaLfeLi3a68M4DjnLqgtticKg6CnyNwgAC8"
        "SwapsVeCiPHMUAtzQWZw7RjsKjgCjhwU55QGu4U1Szw"
        "FLUXubRmkEi2q6K3Y9kBPg9248ggaZVsoSFhtJHSrm1X"
        "SSwpMgqNDsyV7mAgN9ady4bDVu5ySjmmXejXvy2vLt1"
        "Dooar9JkhdZ7J3LHN3A7YCuoGRUggXhQaG4kijfLGU2j"
        "SSwapUtytfBdBn1b9NUGG6foMVPtcWgpRU32HToDUZr"
    ];
    /// PancakeSwap v3, a fork of Raydium CLMM.
    PancakeClmm = 20 "pancake_clmm" ["HpNfyc2Saw7RKkQd8nEL4khUcuPhQ7WwY1B2qjx8jxFq"];
    /// Byreal, a fork of Raydium CLMM.
    ByrealClmm = 21 "byreal_clmm" ["REALQqNEomY6cQGZJUGwywTBD2UmDT32rZcNnfxQ5N2"];
    /// GAMMA, a fork of Raydium CPMM.
    Gamma = 22 "gamma" ["GAMMA7meSFWaBXF25oSUgmGRwaW6sCMFLmBNiMSdbHVT"];
    /// SolFi.
    Solfi = 23 "solfi" ["SoLFiHG9TfgtdUXUjWAxi3LtvYuFyDLVhBWxdMZxyCe"];
    /// SolFi v2.
    SolfiV2 = 24 "solfi_v2" ["SV2EYYJyRz2YhfXwXnhNAevDEui5Q6yrfyo13WtupPF"];
    /// Tessera.
    Tessera = 25 "tessera" ["TessVdML9pBGgG9yGks7o4HewRaXVAMuoVj4x83GLQH"];
    /// ZeroFi.
    Zerofi = 26 "zerofi" ["ZERor4xhbUycZ6gb9ntrhqscUcZmAbQDjEAtCf4hbZY"];
    /// BisonFi.
    Bisonfi = 27 "bisonfi" ["BiSoNHVpsVZW2F7rx2eQ59yQwKxzU5NvBcmKshCSUypi"];
    /// GoonFi v1.
    Goonfi = 28 "goonfi" ["goonERTdGsjnkZqWuVjs73BZ3Pb9qoCUdBUL17BnS5j"];
    /// GoonFi v2.
    GoonfiV2 = 29 "goonfi_v2" ["goonuddtQRrWqqn5nFyczVKaie28f3kDkHWkHtURSLE"];
    /// Obsidian.
    Obsidian = 30 "obsidian" ["HBVw6bZtcCaezhcBrmfyXBSBRWCdv72271xQ4GPvms2z"];
    /// Scorch.
    Scorch = 31 "scorch" ["SCoRcH8c2dpjvcJD6FiPbCSQyQgu3PcUAWj2Xxx3mqn"];
    /// Quay (its name is not certain).
    Quay = 32 "quay" ["QUayE6nexQWYNZAEqfN8FxoNwQDSu3CAzT2qq9J1ArG"];
    /// HumidiFi.
    Humidifi = 33 "humidifi" ["9H6tua7jkLhdm3w8BvgpTn5LZNU7g4ZynDmCiNN3q6Rp"];
    /// AlphaQ.
    Alphaq = 34 "alphaq" ["ALPHAQmeA7bjrVuccPsYPiCvsi428SNwte66Srvs4pHA"];
    /// Obric v2.
    ObricV2 = 35 "obric_v2" ["obriQD1zbpyLz95G5n7nJe6a4DPjpFwa5XYPoNm113y"];
    /// Quantum.
    Quantum = 36 "quantum" ["QuaNtZsgYRe5Z9Bk4LZ4cTD9tbkVoyCNf1R2BN9bBDv"];
    /// Aquifer.
    Aquifer = 37 "aquifer" ["AQU1FRd7papthgdrwPTTq5JacJh8YtwEXaBfKU3bTz45"];
    /// Hadron.
    Hadron = 38 "hadron" ["HADRoNbLovyqhCsocfYQYB7QdfCAAinN9HTePvBCVDQ8"];
    /// Stabble, stable pools.
    StabbleStable = 39 "stabble_stable" ["swapNyd8XiQwJ6ianp9snpu4brUqFxadzvHebnAXjJZ"];
    /// Stabble, weighted pools.
    StabbleWeighted = 40 "stabble_weighted" ["swapFpHZwjELNnjvThjajtiVmkz3yPQEHjLtka2fwHW"];
    /// Boop, bonding curves.
    Boop = 41 "boop" ["boop8hVGQGqehUK2iVEMEnMrL5RbjywRzHKBmBE7ry4"];
    /// Moonit, bonding curves.
    Moonit = 42 "moonit" ["MoonCVVNZFSYkqNXP6bxHLPL6QQJiMagDL3qcqUQTrG"];
    /// Virtuals.
    Virtuals = 43 "virtuals" ["5U3EU2ubXtK84QcRjWVmYt9RaDyA8gKxdUrPFXmZyaki"];
    /// Heaven.
    Heaven = 44 "heaven" ["HEAVENoP2qxoeuF8Dj2oT1GHEnu49U5mJYkdeC8BAX2o"];
    /// Vertigo.
    Vertigo = 45 "vertigo" ["vrTGoBuy5rYSxAfV3jaRJWHH6nN9WK4NRExGxsk1bCJ"];
    /// BonkSwap.
    Bonkswap = 46 "bonkswap" ["BSwp6bEBihVLdqJRKGgzjcGLHkcTuzmSo1TQkHepzH8p"];
    /// WooFi.
    Woofi = 47 "woofi" ["WooFif76YGRNjk1pA8wCsN67aQsD9f9iLsz4NcJ1AVb"];
    /// Saros DLMM.
    SarosDlmm = 48 "saros_dlmm" ["1qbkdrr3z4ryLA7pZykqxvxWPoeifcVKo6ZG9CfkvVE"];
    /// Sanctum, the infinity pool and the router.
    Sanctum = 49 "sanctum" [
        "5ocnV1qiCgaQR8Jb8xWnVbApfaygJ8tNoZfgPwsgx9kx"
        "stkitrT1Uoy18Dk1fTrgPw8W6MVzoCfYoAFT4MLsmhq"
    ];
    /// Wavebreak, bonding curves.
    Wavebreak = 50 "wavebreak" ["waveQX2yP3H1pVU8djGvEHmYg8uamQ84AuyGtpsrXTF"];
    /// Gavel (Plasma).
    Gavel = 51 "gavel" ["srAMMzfVHVAtgSJc8iH6CfKzuWuUTzLHVCE81QU1rgi"];
    /// Lifinity v1.
    Lifinity = 52 "lifinity" ["EewxydAPCCVuNEyrVN68PuSYdQ7wKn27V9Gjeoi8dy3S"];
    /// Jupiter v6, an aggregator.
    JupiterV6 = 53 "jupiter_v6" ["JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4"];
    /// OKX's router v2, an aggregator.
    OkxV2 = 54 "okx_v2" ["proVF4pMXVaYqmy4NjniPh4pqKNfMmsihgd4wdkCX3u"];
    /// OKX's router v1, an aggregator.
    OkxV1 = 55 "okx_v1" ["6m2CDdhRgxpH4WjvdzxAYbGxwdGUz5MziiL5jek2kBma"];
    /// DFlow v4, an aggregator.
    Dflow = 56 "dflow" ["DF1ow4tspfHX9JwWJsAb9epbkA8hmpSEAtxXy1V27QBH"];
    /// Titan, an aggregator.
    Titan = 57 "titan" ["T1TANpTeScyeqVzzgNViGDNrkQ6qHz9KrSBS4aNXvGT"];
    /// Raydium's router.
    RaydiumRoute = 58 "raydium_route" ["routeUGWgWzqBWFcrCfv8tritsqukccJPu3q5GPP3xS"];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn venue_numbers_names_and_order_agree() {
        assert_eq!(Venue::NAMES.len(), Venue::ALL.len() + 1);
        for (at, venue) in Venue::ALL.iter().copied().enumerate() {
            assert_eq!(venue as usize, at + 1);
            assert_eq!(Venue::from_number(venue as u16), Some(venue));
            assert_eq!(Venue::NAMES.get(at + 1), Some(&venue.name()));
        }
        assert_eq!(Venue::from_number(0), None);
        assert_eq!(Venue::OrcaWhirlpool.name(), "orca_whirlpool");
    }
}
