//! A pair's accounts as raw bytes: files named after their part, in a folder named after the pair.
//!
//! | file | account | its key |
//! |---|---|---|
//! | `lb_pair.bin` | LbPair | the folder's name |
//! | `bin_array*.bin` | BinArray | derived from the pair and the index in it |
//! | `reserve_x.bin`, `reserve_y.bin`, `token_x_mint.bin`, `token_y_mint.bin`, `oracle.bin` | what they are called | in the pair |
//! | `bitmap_extension.bin` | BinArrayBitmapExtension | derived from the pair |
//!
//! It is how MeteoraAg/dlmm-sdk commons/tests/fixtures @fb02e51 keeps them. Raw bytes tell neither
//! slot nor owner: the slot is unknown, the owner is the program whose account it must be.

use crate::bytes::{array_at, key_at, u8_at};
use crate::error::{Error, Result};
use crate::ids::{Key, METEORA_DLMM, TOKEN, TOKEN_2022};

use super::super::AccountBook;
use super::super::build::derived;
use super::array::array_address;

impl AccountBook {
    /// Takes in the accounts of the DLMM pair `pair` from `files`, each a name and what is in it.
    /// A name that does not end in `.bin` is passed over.
    ///
    /// # Errors
    /// Status 3 when there is no `lb_pair.bin`, when one of the files is too short to be what it is
    /// called, or when its name is none of those that are known.
    pub fn read_pair(&mut self, pair: Key, files: Vec<(String, Vec<u8>)>) -> Result<()> {
        let named = |name: &str| files.iter().find(|(known, _)| known == name);
        let state = named("lb_pair.bin").map(|(_, data)| data.clone());
        let state = state.ok_or_else(|| Error::foreign("no lb_pair.bin is in it"))?;
        for (name, data) in files {
            let Some(part) = name.strip_suffix(".bin") else { continue };
            let (key, owner) = place(part, &pair, &state, &data)
                .ok_or_else(|| Error::foreign(format!("{name} is no account of a DLMM pair")))?;
            self.insert(key, owner, data, 0);
        }
        Ok(())
    }
}

/// Key and owner of the account that `part` names.
fn place(part: &str, pair: &Key, state: &[u8], data: &[u8]) -> Option<(Key, Key)> {
    // LbPair's token program flags: 0 SPL Token, 1 Token-2022.
    let token = |flag| Some(if u8_at(state, flag)? == 0 { TOKEN } else { TOKEN_2022 });
    let (at, owner) = match part {
        "lb_pair" => return Some((*pair, METEORA_DLMM)),
        "bitmap_extension" => {
            return Some((derived(&METEORA_DLMM, &[b"bitmap", pair]), METEORA_DLMM));
        }
        "token_x_mint" => (88, token(880)?),
        "token_y_mint" => (120, token(881)?),
        "reserve_x" => (152, token(880)?),
        "reserve_y" => (184, token(881)?),
        "oracle" => (552, METEORA_DLMM),
        part if part.starts_with("bin_array") => {
            let index = i64::from_le_bytes(array_at(data, 8)?);
            return Some((array_address(pair, i32::try_from(index).ok()?), METEORA_DLMM));
        }
        _ => return None,
    };
    Some((*key_at(state, at)?, owner))
}
