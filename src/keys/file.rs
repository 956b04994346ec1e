//! Files that hold secrets: key pairs, and lines of text.

use crate::error::{Error, Result};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use zeroize::Zeroizing;

/// Bytes of a key file at most: 64 numbers of up to three digits, with room for layout.
const LEN_MAX: usize = 4096;
/// Permissions of anybody but the owner.
const OTHERS: u32 = 0o077;

/// The 64 bytes of the key file at `path`.
pub(super) fn read_pair(path: &Path) -> Result<Zeroizing<[u8; 64]>> {
    let text = read(path, "key file")?;
    parse(&text).ok_or_else(|| {
        Error::foreign(format!("{}; a key file is a JSON array of 64 numbers", name(&text)))
            .hint("solana-keygen new writes such a file; solana-keygen recover converts a phrase")
    })
}

/// The line of visible ASCII in the file at `path`, without the space around it. It is wiped when
/// dropped.
///
/// # Errors
/// Status 5 when it cannot be read or others could read it, 3 when it is no such line. No message
/// holds a byte of it.
pub fn secret_line(path: &Path) -> Result<Zeroizing<String>> {
    let named = |error: Error| error.input(path.display().to_string());
    let text = read(path, "secret file").map_err(named)?;
    let line = text.trim_ascii();
    let whole = !line.is_empty() && line.len() < LEN_MAX && line.iter().all(u8::is_ascii_graphic);
    match std::str::from_utf8(line) {
        Ok(line) if whole => Ok(Zeroizing::new(line.to_owned())),
        _ => Err(named(Error::foreign("the secret file is not one line of visible characters"))),
    }
}

/// The bytes of the file at `path`, which only its owner may use. They are wiped when dropped.
///
/// # Errors
/// Status 5 when it cannot be read or others could read it, 3 when it is longer than 4096 bytes.
pub fn secret_bytes(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let named = |error: Error| error.input(path.display().to_string());
    let text = read(path, "secret file").map_err(named)?;
    if text.len() > LEN_MAX {
        return Err(named(Error::foreign("the secret file is longer than 4096 bytes")));
    }
    Ok(text)
}

/// At most one byte more than [`LEN_MAX`] of the file at `path`, which only its owner may use;
/// `what` it is in messages.
fn read(path: &Path, what: &str) -> Result<Zeroizing<Vec<u8>>> {
    let file = File::open(path).map_err(|e| Error::os(format!("cannot open the {what}"), &e))?;
    // Of the file that was opened, so that nobody can exchange it in between.
    let meta = file.metadata();
    let mode = meta.map_err(|e| Error::os(format!("cannot examine the {what}"), &e))?.mode();
    if mode & OTHERS != 0 {
        let why = format!("mode {:03o} lets others than its owner use it", mode & 0o777);
        let why = io::Error::new(io::ErrorKind::PermissionDenied, why);
        return Err(Error::os(format!("{what} refused"), &why)
            .hint(format!("chmod 600 {}", path.display())));
    }
    // All the room at once: growing would leave copies behind that nobody wipes.
    let mut text = Zeroizing::new(Vec::with_capacity(LEN_MAX + 1));
    file.take(LEN_MAX as u64 + 1)
        .read_to_end(&mut text)
        .map_err(|e| Error::os(format!("cannot read the {what}"), &e))?;
    Ok(text)
}

/// The bytes of a JSON array of 64 numbers from 0 to 255.
fn parse(text: &[u8]) -> Option<Zeroizing<[u8; 64]>> {
    let inner = text.trim_ascii().strip_prefix(b"[")?.strip_suffix(b"]")?;
    let mut pair = Zeroizing::new([0; 64]);
    let mut places = pair.iter_mut();
    for number in inner.split(|byte| *byte == b',') {
        let digits = number.trim_ascii();
        if digits.is_empty() || digits.len() > 3 || (digits.len() > 1 && digits.starts_with(b"0")) {
            return None;
        }
        let value = digits.iter().try_fold(0u16, |value, digit| {
            digit.is_ascii_digit().then(|| value * 10 + u16::from(digit - b'0'))
        })?;
        *places.next()? = u8::try_from(value).ok()?;
    }
    places.next().is_none().then_some(pair)
}

/// What `text` is instead, as far as that can be told without showing any of it.
fn name(text: &[u8]) -> &'static str {
    if text.len() > LEN_MAX {
        return "the key file is too long";
    }
    let text = text.trim_ascii();
    match text.first() {
        None => "the key file is empty",
        Some(b'[') => "the key file is an array of something else",
        Some(b'{') => "the key file is a JSON object",
        _ if text.starts_with(b"-----BEGIN") => "the key file is PEM",
        _ if text.len() == 32 || (text.len() == 64 && !text.is_ascii()) => {
            "the key file holds bare bytes"
        }
        _ if text.iter().all(u8::is_ascii_hexdigit) => "the key file is hexadecimal",
        _ if text.iter().all(u8::is_ascii_alphanumeric) => "the key file is base58",
        _ if text.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b' ') => {
            "the key file is a seed phrase"
        }
        _ => "the key file is of an unknown format",
    }
}

#[cfg(test)]
mod tests {
    use super::super::Signer;
    use super::*;
    use crate::error::Exit;
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    /// A file of its own that goes away with the test.
    struct Temporary(PathBuf);

    impl Temporary {
        fn new(name: &str, text: &[u8], mode: u32) -> Self {
            let path = std::env::temp_dir().join(format!("mev-key-{}-{name}", std::process::id()));
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            Self(path)
        }
    }

    impl Drop for Temporary {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }

    /// A key file whose bytes are easily told from other text.
    fn text() -> String {
        let pair = [&[201; 32][..], &Signer::from_seed(&[201; 32]).public()].concat();
        format!("{pair:?}\n")
    }

    #[test]
    fn a_key_file_of_its_owner_alone_is_read() {
        for mode in [0o600, 0o400, 0o700] {
            let file = Temporary::new(&format!("ok{mode:o}"), text().as_bytes(), mode);
            let signer = Signer::from_file(&file.0).ok().unwrap();
            assert_eq!(signer.public(), Signer::from_seed(&[201; 32]).public());
        }
    }

    #[test]
    fn a_key_file_that_others_could_use_is_refused_with_advice() {
        for mode in [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o777] {
            let file = Temporary::new(&format!("open{mode:o}"), text().as_bytes(), mode);
            let error = Signer::from_file(&file.0).err().unwrap();
            assert_eq!(error.exit(), Exit::Os);
            assert!(error.advice().unwrap().starts_with("chmod 600 "), "{:?}", error.advice());
            assert!(error.to_string().contains(&format!("mode {mode:o}")), "{error}");
        }
    }

    #[test]
    fn other_formats_are_named_and_no_byte_is_shown() {
        let array = |count: usize| format!("{:?}", vec![201; count]);
        let cases: [(&str, String, &str); 12] = [
            ("empty", " \n".into(), "empty"),
            ("short", array(63), "array of something else"),
            ("long", array(65), "array of something else"),
            ("big", text().replacen("201", "256", 1), "array of something else"),
            ("sign", text().replacen("201", "-1", 1), "array of something else"),
            ("zero", text().replacen("201", "001", 1), "array of something else"),
            ("object", format!("{{\"key\":{}}}", array(64)), "JSON object"),
            ("pem", "-----BEGIN PRIVATE KEY-----\n201\n".into(), "PEM"),
            ("hex", "c9".repeat(64), "hexadecimal"),
            ("base58", "5KY3zq".repeat(14), "base58"),
            ("phrase", "abandon ability able about".into(), "seed phrase"),
            ("huge", " ".repeat(LEN_MAX) + &text(), "too long"),
        ];
        for (name, text, named) in cases {
            let file = Temporary::new(name, text.as_bytes(), 0o600);
            let error = Signer::from_file(&file.0).err().unwrap();
            let message = error.to_string();
            assert!(matches!(error.exit(), Exit::Foreign), "{name}: {message}");
            assert!(message.contains(named), "{name}: {message}");
            assert!(!message.replace(file.0.to_str().unwrap(), "").contains("201"), "{message}");
        }
        let file = Temporary::new("bare", &[0xc9; 64], 0o600);
        assert!(Signer::from_file(&file.0).err().unwrap().to_string().contains("bare bytes"));
    }

    #[test]
    fn a_secret_line_is_read_trimmed_and_never_shown() {
        let file = Temporary::new("line", b" 5f-uuid\r\n", 0o600);
        assert_eq!(*secret_line(&file.0).unwrap(), "5f-uuid");
        let file = Temporary::new("line-open", b"5f-uuid", 0o640);
        assert_eq!(secret_line(&file.0).unwrap_err().exit(), Exit::Os);
        for (name, text) in [("none", ""), ("two", "5f-a\n5f-b\n"), ("far", "5f-\u{e9}")] {
            let file = Temporary::new(&format!("line-{name}"), text.as_bytes(), 0o600);
            let error = secret_line(&file.0).unwrap_err();
            assert_eq!((error.exit(), error.to_string().contains("5f")), (Exit::Foreign, false));
        }
        let file = Temporary::new("line-long", &[b'x'; LEN_MAX], 0o600);
        assert_eq!(secret_line(&file.0).unwrap_err().exit(), Exit::Foreign);
        assert_eq!(secret_bytes(&file.0).unwrap().len(), LEN_MAX);
        let file = Temporary::new("bytes-long", &[b'x'; LEN_MAX + 1], 0o600);
        assert_eq!(secret_bytes(&file.0).unwrap_err().exit(), Exit::Foreign);
        let file = Temporary::new("bytes-open", b"x", 0o640);
        assert_eq!(secret_bytes(&file.0).unwrap_err().exit(), Exit::Os);
    }

    #[test]
    fn a_missing_file_and_broken_halves_have_their_own_statuses() {
        let missing = Signer::from_file(Path::new("/nonexistent/key.json")).err().unwrap();
        assert_eq!(missing.exit(), Exit::Os);
        let file = Temporary::new("halves", format!("{:?}", vec![201; 64]).as_bytes(), 0o600);
        let error = Signer::from_file(&file.0).err().unwrap();
        assert_eq!(error.exit(), Exit::Damaged);
        assert!(!error.to_string().replace(file.0.to_str().unwrap(), "").contains("201"));
    }
}
