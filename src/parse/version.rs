//! Which shred version counts: that of most recent shreds, or the one that was asked for.

/// A running majority (Boyer and Moore) with a bound on how long a former majority lasts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Version {
    fixed: Option<u16>,
    /// The version that leads, and by how many shreds.
    leads: u16,
    by: u32,
}

impl Version {
    /// A former version is given up after this many shreds of others.
    const LEAD_MAX: u32 = 64;

    /// Only `fixed` counts, if there is one.
    pub(super) fn new(fixed: Option<u16>) -> Self {
        Self { fixed, leads: 0, by: 0 }
    }

    /// Whether a shred of version `version` counts.
    #[inline]
    pub(super) fn agrees(&mut self, version: u16) -> bool {
        if let Some(fixed) = self.fixed {
            return fixed == version;
        }
        if self.by == 0 {
            self.leads = version;
        }
        let agrees = self.leads == version;
        self.by = if agrees { (self.by + 1).min(Self::LEAD_MAX) } else { self.by - 1 };
        agrees
    }

    /// Forgets the majority: another input begins.
    pub(super) fn forget(&mut self) {
        self.by = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strays_are_refused_and_a_change_is_followed() {
        let mut version = Version::new(None);
        assert!((0..200).all(|_| version.agrees(50_093)));
        assert!(!version.agrees(6051) && version.agrees(50_093));
        let lost = (0..200).filter(|_| !version.agrees(7)).count();
        assert_eq!(lost, Version::LEAD_MAX as usize);
        version.forget();
        assert!(version.agrees(8573));
    }

    #[test]
    fn a_stray_at_the_start_costs_one_shred() {
        let mut version = Version::new(None);
        assert!(version.agrees(9));
        assert!(!version.agrees(50_093));
        assert!((0..100).all(|_| version.agrees(50_093)));
    }

    #[test]
    fn a_fixed_version_stands() {
        let mut version = Version::new(Some(5));
        assert!((0..100).all(|_| !version.agrees(6)) && version.agrees(5));
    }
}
