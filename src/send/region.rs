//! Jito's regions by their names.

use crate::error::{Error, Result};

/// The block engines of mainnet (docs.jito.wtf, low latency transaction send, as of 2026-02):
/// the name that is typed and the first part of the host.
const REGIONS: [(&str, &str); 8] = [
    ("ams", "amsterdam"),
    ("dub", "dublin"),
    ("fra", "frankfurt"),
    ("lon", "london"),
    ("ny", "ny"),
    ("sin", "singapore"),
    ("slc", "slc"),
    ("tyo", "tokyo"),
];

/// The URLs of the regions that `names` holds, each a short or long name, or `all`.
///
/// # Errors
/// Status 2 on a name that is none; the hint holds all of them.
pub fn urls(names: &[String]) -> Result<Vec<String>> {
    let mut hosts: Vec<&str> = Vec::new();
    for name in names {
        let before = hosts.len();
        let named = |(short, long): &&(&str, &str)| name == "all" || name == short || name == long;
        hosts.extend(REGIONS.iter().filter(named).map(|(_, long)| long));
        if hosts.len() == before {
            let names = REGIONS.map(|(short, long)| format!("{short} ({long})")).join(", ");
            return Err(Error::usage(format!("--region: no region is named {name}"))
                .hint(format!("regions are {names}, or all")));
        }
    }
    hosts.sort_unstable();
    hosts.dedup();
    let url = |host| format!("https://{host}.mainnet.block-engine.jito.wtf");
    Ok(hosts.into_iter().map(url).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Exit;

    #[test]
    fn names_are_hosts_and_each_is_one() {
        let of = |names: &[&str]| urls(&names.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(
            of(&["ny", "fra", "ny"]).unwrap(),
            [
                "https://frankfurt.mainnet.block-engine.jito.wtf",
                "https://ny.mainnet.block-engine.jito.wtf"
            ]
        );
        assert_eq!(of(&["all"]).unwrap().len(), 8);
        assert_eq!(of(&["all", "tokyo", "tyo"]).unwrap(), of(&["all"]).unwrap());
        assert!(of(&[]).unwrap().is_empty());
        let error = of(&["ny", "paris"]).unwrap_err();
        assert_eq!(
            (error.exit(), error.to_string().as_str()),
            (Exit::Usage, "--region: no region is named paris")
        );
        assert!(error.advice().unwrap().contains("slc (slc), tyo (tokyo), or all"));
    }
}
