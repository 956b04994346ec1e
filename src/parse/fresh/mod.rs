//! Account files that grow while packets come: what is appended to them is written as new states.
//!
//! `mev-capture accounts --every 1s -o FILE` appends the accounts that changed. Here the lines behind
//! what was read in the beginning are taken in whenever no packet waits, and every few hundred packets
//! when there is always one; what they change of pools and arrays is written as snapshots again, between
//! two inputs.

pub(super) mod run;

/// The whole lines of what was read of a file, piece by piece.
#[derive(Debug, Default)]
pub(super) struct Lines {
    text: Vec<u8>,
    taken: usize,
}

impl Lines {
    /// Takes a piece.
    pub(super) fn push(&mut self, piece: &[u8]) {
        self.text.drain(..self.taken);
        self.taken = 0;
        self.text.extend_from_slice(piece);
    }

    /// The lines that are whole and were not taken yet.
    pub(super) fn take(&mut self) -> &[u8] {
        let rest = self.text.get(self.taken..).unwrap_or_default();
        let whole = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let from = self.taken;
        self.taken = from + whole;
        self.text.get(from..self.taken).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole_however_they_were_cut() {
        let text = b"one\ntwo\n\nthree\nfo";
        for step in 1..text.len() {
            let (mut lines, mut got) = (Lines::default(), Vec::new());
            for piece in text.chunks(step) {
                lines.push(piece);
                let whole = lines.take();
                assert!(whole.is_empty() || whole.ends_with(b"\n"), "step {step}");
                got.extend_from_slice(whole);
                assert!(lines.take().is_empty());
            }
            assert_eq!(got, b"one\ntwo\n\nthree\n", "step {step}");
        }
    }
}
