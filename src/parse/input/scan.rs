//! Where a JSON document ends, found without reading it.
//!
//! The scan counts braces and brackets outside of strings. It also notices at once, or one document
//! later, that a document was cut short and another follows: a line break inside a string, or an
//! opening brace where JSON allows none. Then the document is broken there, and its neighbour is
//! not.

/// A scan that goes on where it stopped when more bytes have come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scan {
    at: usize,
    depth: u32,
    string: bool,
    /// The last byte outside of strings that is no blank.
    before: u8,
}

/// What a scan found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The document goes on behind the bytes.
    More,
    /// It is this long.
    Whole(usize),
    /// It cannot go on at this byte.
    Broken(usize),
}

/// Nesting at most, as serde_json's.
const DEPTH_MAX: u32 = 127;

impl Scan {
    /// Scans on in `bytes`, the document from its opening brace on and what follows it.
    pub(super) fn step(&mut self, bytes: &[u8]) -> Step {
        while let Some(byte) = bytes.get(self.at) {
            if self.string {
                if let Some(broken) = self.in_string(bytes) {
                    return broken;
                }
                continue;
            }
            match byte {
                b'"' => self.string = true,
                b'{' if self.depth > 0 && !matches!(self.before, b':' | b',' | b'[') => {
                    return Step::Broken(self.at);
                }
                b'{' | b'[' => {
                    self.depth += 1;
                    if self.depth > DEPTH_MAX {
                        return Step::Broken(self.at);
                    }
                }
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Step::Whole(self.at + 1);
                    }
                }
                _ => {}
            }
            if !byte.is_ascii_whitespace() {
                self.before = *byte;
            }
            self.at += 1;
        }
        Step::More
    }

    /// Moves to the end of the string, or of the bytes.
    fn in_string(&mut self, bytes: &[u8]) -> Option<Step> {
        self.at += plain(bytes.get(self.at..).unwrap_or_default());
        match bytes.get(self.at)? {
            b'"' => {
                self.string = false;
                self.at += 1;
            }
            b'\n' => return Some(Step::Broken(self.at)),
            _ => match bytes.get(self.at + 1) {
                // The escaped byte is not there yet.
                None => return Some(Step::More),
                Some(b'\n') => return Some(Step::Broken(self.at + 1)),
                Some(_) => self.at += 2,
            },
        }
        None
    }
}

/// Bytes before the first that means something inside a string.
fn plain(bytes: &[u8]) -> usize {
    let meant = |byte: &u8| matches!(byte, b'"' | b'\\' | b'\n');
    // Whole chunks without a branch, which the compiler turns into vector compares.
    let chunks = bytes.chunks_exact(32);
    let plain = chunks.take_while(|chunk| !chunk.iter().fold(false, |any, b| any | meant(b)));
    let at = plain.count() * 32;
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(meant).unwrap_or(rest.len())
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;

    fn scan(text: &str) -> Step {
        let whole = Scan::default().step(text.as_bytes());
        // Byte by byte it finds the same.
        let mut scan = Scan::default();
        let pieces = (1..=text.len()).map(|len| scan.step(&text.as_bytes()[..len]));
        let first = pieces.into_iter().find(|step| *step != Step::More);
        assert_eq!(first.unwrap_or(Step::More), whole, "{text}");
        whole
    }

    #[test]
    fn a_document_ends_where_its_brace_closes() {
        let long = "x".repeat(100);
        for text in [
            "{}".to_owned(),
            r#"{"a":[1,{"b":"}\"]"},[]],"c":{}}"#.to_owned(),
            format!("{{\"{long}\\\\\":\n \"{long}\\\"{long}\"}}"),
            "{\"a\": [\n{\"b\": 1},\n{\"c\": 2}\n]\n}".to_owned(),
        ] {
            assert_eq!(scan(&format!("{text}{text}\n")), Step::Whole(text.len()));
            assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
            assert_eq!(scan(&text[..text.len() - 1]), Step::More);
        }
    }

    #[test]
    fn a_cut_document_does_not_swallow_the_rest() {
        let next = "\n{\"b\":1}\n{\"c\":2}";
        let whole = r#"{"k":"v","l":[1,{"m":true}],"n":null}"#;
        for cut in 1..whole.len() {
            let text = format!("{}{next}", &whole[..cut]);
            let Step::Broken(at) = scan(&text) else { panic!("{text}") };
            assert!(at >= cut && at <= cut + 10, "{text}: {at}");
        }
    }

    #[test]
    fn nesting_ends_somewhere() {
        let text = "{\"a\":".repeat(200);
        assert_eq!(scan(&text), Step::Broken(127 * 5));
    }
}
