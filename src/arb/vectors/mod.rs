//! `mev-arb verify`: our arithmetic against vectors of exact integers made by an independent model.
//!
//! The file is one JSON object of groups. A group is known by the start of its name, and every field
//! that a case gives is checked by the code that decides in production, against the program-exact
//! quotes of the venues. What is not covered is named as skipped; what is odd is named as failed.

mod backrun;
mod cycle;
mod exposure;
mod graph;
mod ranges;
mod sandwich;
mod split;
mod stable;
mod stairs;

use std::fmt;

use serde_json::Value;

use super::cost::{CostModel, Flash, FlashFault, priority_fee};
use super::decide::log2_rate;
use super::size::Hop;
use crate::dex::Fault;

/// Token a of `pool` goes in, for tests.
#[cfg(test)]
pub(super) fn side(pool: &crate::record::Pool) -> super::decide::PoolHop<'_> {
    cycle::hop(pool)
}

/// Constant products by reserves and fee, for tests.
#[cfg(test)]
pub(super) fn sides(list: &[(u64, u64, u64, u64)]) -> Vec<crate::record::Pool> {
    list.iter().map(|(r_in, r_out, fee, den)| cycle::pool(*r_in, *r_out, *fee, *den)).collect()
}

/// What came of a file of vectors.
#[derive(Debug, Default)]
pub struct Report {
    passed: u64,
    failed: u64,
    skipped: u64,
    lines: Vec<String>,
}

impl Report {
    /// A line for each failure and each group that was skipped, in the order of the file.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// Whether nothing failed and something passed.
    pub fn holds(&self) -> bool {
        self.failed == 0 && self.passed > 0
    }

    fn check(&mut self, holds: bool, line: impl FnOnce() -> String) {
        if holds {
            self.passed = self.passed.saturating_add(1);
        } else {
            self.failed = self.failed.saturating_add(1);
            self.lines.push(line());
        }
    }

    fn skip(&mut self, group: &str) {
        self.skipped = self.skipped.saturating_add(1);
        self.lines.push(format!("{group}: skipped: not covered yet"));
    }
}

/// The closing line.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// Checks the vectors in `text`.
pub fn verify(text: &str) -> Report {
    let mut report = Report::default();
    let groups = match serde_json::from_str(text) {
        Ok(Value::Object(groups)) => groups,
        Ok(_) => {
            report.check(false, || "the file is no JSON object".to_owned());
            return report;
        }
        Err(error) => {
            report.check(false, || format!("the file is no JSON: {error}"));
            return report;
        }
    };
    for (name, group) in &groups {
        let mut case = Case { name: name.clone(), value: group, report: &mut report };
        let done = match name.as_str() {
            "_about" => Ok(()),
            "net_cost" => net_cost(&mut case),
            "priority_fee_edges" => case.rows(group, priority_row),
            "flash_fee_klend" => group_rows(group).and_then(|rows| case.rows(rows, klend_row)),
            "log_screen" => {
                let pools = groups.get("detection_graph").and_then(|graph| graph.get("pools"));
                case.rows(group, |row| screen_row(row, pools))
            }
            "detection_graph" => graph::case(&mut case),
            "backrun_after_victim" => backrun::after_victim(&mut case),
            "backrun_threshold" => {
                backrun::threshold(&mut case, groups.get("backrun_after_victim"))
            }
            "sandwich_detect" => sandwich::group(&mut case),
            "split_parallel_exhaustive" => split::case(&mut case),
            "sandwich_exposure" => exposure::case(&mut case),
            "sandwich_break_even" => {
                exposure::break_even(&mut case, groups.get("sandwich_exposure"))
            }
            "sandwich_tiny_exhaustive" => exposure::tiny(&mut case),
            "stable_vs_cpmm_exhaustive" => stable::case(&mut case),
            _ if name.starts_with("cpmm_") => ranges::case(&mut case),
            _ if is_cycle(name) => cycle::case(&mut case, &groups),
            _ => {
                case.report.skip(name);
                Ok(())
            }
        };
        if let Err(what) = done {
            report.check(false, || format!("{name}: {what}"));
        }
    }
    report
}

/// The swaps of the sandwich case `name` in the vectors `text`, as `verify` gives them to the stage.
///
/// # Errors
/// What is odd about the file.
pub(super) fn swaps_of(text: &str, name: &str) -> Result<Vec<crate::record::Swap>, String> {
    let groups: Value =
        serde_json::from_str(text).map_err(|error| format!("the file is no JSON: {error}"))?;
    sandwich::swaps_of(groups.get("sandwich_detect").ok_or("no sandwich_detect in it")?, name)
}

/// `cpmm` and a number of hops: a cycle of constant products.
fn is_cycle(name: &str) -> bool {
    name.strip_prefix("cpmm").is_some_and(|rest| rest.starts_with(['2', '3', '4']))
}

/// The smallest input that gives at least `amount_out`, where `out` never falls: doubled, then
/// halved. What cannot go in gives nothing more.
fn least_input(amount_out: u64, out: impl Fn(u64) -> Result<u64, Fault>) -> Result<u64, Fault> {
    let gives = |amount: u64| out(amount).is_ok_and(|out| out >= amount_out);
    let (mut low, mut high) = (0_u64, 1_u64);
    while !gives(high) {
        low = high;
        high = high.checked_mul(2).filter(|_| out(low).is_ok()).ok_or(Fault::Reserve)?;
    }
    while high.saturating_sub(low) > 1 {
        let middle = low.midpoint(high);
        if gives(middle) { high = middle } else { low = middle }
    }
    Ok(high)
}

/// Why a case cannot be read.
type Odd = String;

/// The `rows` of a group.
fn group_rows(group: &Value) -> Result<&Value, Odd> {
    group.get("rows").ok_or_else(|| "rows is missing".to_owned())
}

/// A case under its name.
struct Case<'a> {
    name: String,
    value: &'a Value,
    report: &'a mut Report,
}

impl Case<'_> {
    /// Checks each row of the list `rows` as a case of its own.
    fn rows(
        &mut self,
        rows: &Value,
        check: impl Fn(&mut Case<'_>) -> Result<(), Odd>,
    ) -> Result<(), Odd> {
        let rows = rows.as_array().ok_or("is no list")?;
        for (at, row) in rows.iter().enumerate() {
            let name = format!("{} row {at}", self.name);
            let mut case = Case { name, value: row, report: self.report };
            if let Err(what) = check(&mut case) {
                let name = case.name;
                self.report.check(false, || format!("{name}: {what}"));
            }
        }
        Ok(())
    }

    /// Whether the case gives `field`.
    fn has(&self, field: &str) -> bool {
        self.value.get(field).is_some()
    }

    /// An integer that the case must give.
    fn number<T: std::str::FromStr>(&self, field: &str) -> Result<T, Odd> {
        number(self.value, field)
    }

    /// An integer that the case may leave out.
    fn number_or<T: std::str::FromStr>(&self, field: &str, absent: T) -> Result<T, Odd> {
        if self.has(field) { self.number(field) } else { Ok(absent) }
    }

    /// Checks `got` against `field`, if the case gives it.
    fn check(&mut self, field: &str, got: impl fmt::Display) {
        let Some(value) = self.value.get(field) else { return };
        self.compare(field, value, got);
    }

    /// Checks `got` against `value`, which the case gives as `field`.
    fn compare(&mut self, field: &str, value: &Value, got: impl fmt::Display) {
        let want = plain(value);
        let got = got.to_string();
        let name = &self.name;
        self.report.check(want.as_deref() == Some(&got), || {
            let want = want.unwrap_or_else(|| value.to_string());
            format!("{name}: {field}: got {got}, want {want}")
        });
    }

    /// Checks a list of numbers against `field`, if the case gives it.
    fn check_list(&mut self, field: &str, got: &[u64]) {
        let Some(value) = self.value.get(field) else { return };
        let want: Option<Vec<_>> =
            value.as_array().and_then(|list| list.iter().map(plain).collect());
        let got: Vec<_> = got.iter().map(u64::to_string).collect();
        let name = &self.name;
        let same = want.as_ref() == Some(&got);
        self.report.check(same, || format!("{name}: {field}: got {got:?}, want {value}"));
    }

    /// Checks a condition that the case implies.
    fn holds(&mut self, what: &str, holds: bool) {
        let name = &self.name;
        self.report.check(holds, || format!("{name}: {what}"));
    }
}

/// A number or a word as it is compared.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// The integer `field` of `value`.
fn number<T: std::str::FromStr>(value: &Value, field: &str) -> Result<T, Odd> {
    let found = value.get(field).ok_or_else(|| format!("{field} is missing"))?;
    parse(found).ok_or_else(|| format!("{field} is {found}, no number of its range"))
}

fn parse<T: std::str::FromStr>(value: &Value) -> Option<T> {
    plain(value)?.parse().ok()
}

fn net_cost(case: &mut Case<'_>) -> Result<(), Odd> {
    let compute_units = case.number("cu_limit")?;
    let model = CostModel {
        signatures: case.number_or("signatures", 1)?,
        cu_price_micro: case.number("cu_price_micro")?,
        tip_bps: case.number("tip_bps")?,
        min_tip: case.number("min_tip")?,
    };
    let flash_fee = case.number_or("flash_fee", 0)?;
    let costs = model.costs(case.number("gross")?, flash_fee, compute_units);
    let costs = costs.ok_or("the costs leave their range")?;
    case.check("base_fee", costs.base_fee);
    case.check("priority_fee", costs.priority_fee);
    case.check("tip", costs.tip);
    case.check("net", costs.net);
    Ok(())
}

fn priority_row(case: &mut Case<'_>) -> Result<(), Odd> {
    let fee = priority_fee(case.number("cu_limit")?, case.number("micro")?);
    case.check("lamports", fee);
    Ok(())
}

fn klend_row(case: &mut Case<'_>) -> Result<(), Odd> {
    let flash = Flash::Klend { fee_sf: case.number("fee_sf")? };
    let got = match flash.fee(case.number("amount")?) {
        Ok(fee) => fee.to_string(),
        Err(FlashFault::BorrowTooSmall) => "BorrowTooSmall".to_owned(),
        Err(FlashFault::Disabled) => {
            // The program's error is FlashLoansDisabled; any word that says so will do.
            let want = case.value.get("fee").and_then(Value::as_str).unwrap_or_default();
            let said = want.to_ascii_lowercase().contains("disabled");
            if said { want.to_owned() } else { "Disabled".to_owned() }
        }
        Err(FlashFault::Rate) => "Rate".to_owned(),
    };
    case.check("fee", got);
    Ok(())
}

/// A rate's logarithm; the pools are those of the group `detection_graph`.
fn screen_row(case: &mut Case<'_>, pools: Option<&Value>) -> Result<(), Odd> {
    let at: usize = case.number("pool")?;
    let pools =
        pools.and_then(Value::as_array).ok_or("the pools of detection_graph are missing")?;
    let pool = pools.get(at).ok_or_else(|| format!("pool {at} is not in detection_graph"))?;
    let (a, b): (u64, u64) = (number(pool, "ra")?, number(pool, "rb")?);
    let (r_in, r_out) = match case.value.get("dir").and_then(Value::as_str) {
        Some("a->b") => (a, b),
        Some("b->a") => (b, a),
        _ => return Err("dir is neither a->b nor b->a".to_owned()),
    };
    let hop = cycle::pool(r_in, r_out, number(pool, "fee_1e6")?, 1_000_000);
    let hop = cycle::hop(&hop);
    let segment = hop.segment(&mut hop.start()).ok_or("the pool has no curve")?;
    let rate = log2_rate(&segment).ok_or("the rate has no logarithm")?;
    case.check("log2_q20_floor", rate);
    Ok(())
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may stop where it is wrong")]
mod tests {
    use super::*;

    const MINE: &str = r#"{
        "net_cost": {"gross": "80569587", "cu_limit": 250000, "cu_price_micro": 20001,
                     "priority_fee": "5001", "tip_bps": 5000, "min_tip": 10000,
                     "tip": "40279793", "net": "40279793"},
        "priority_fee_edges": [{"cu_limit": 200000, "micro": 6, "lamports": "2"}],
        "flash_fee_klend": {"rows": [
            {"amount": "1", "fee_sf": "11529215046068", "fee": "BorrowTooSmall"},
            {"amount": "5", "fee_sf": "18446744073709551615", "fee": "FlashLoansDisabled"},
            {"amount": "150000", "fee_sf": "11529215046068", "fee": "1"}]},
        "detection_graph": {"tokens": ["S", "U"], "cycles_total": 0, "cycles_with_K_gt_M": 0,
            "pools": [{"a": "S", "b": "U", "ra": "1000000000000", "rb": "150000000000", "fee_1e6": 2500}]},
        "unknown_group": {},
        "log_screen": [{"pool": 0, "dir": "a->b", "log2_q20_floor": -2873704},
                       {"pool": 0, "dir": "b->a", "log2_q20_floor": 2866129}],
        "cpmm2_mine": {
            "pools": [{"rin": "800000000000", "rout": "124000000000", "fee": 2500, "den": 1000000},
                      {"rin": "150000000000", "rout": "1000000000000", "fee": 2500, "den": 1000000}],
            "flash": [0, 1],
            "K": "123380775000000000000000000000000000", "closed_form_x": "6148757996",
            "trimmed_x": "6148757995", "trimmed_profit": "86013251", "rounding_bound_E": "16"}
    }"#;

    #[test]
    fn worked_examples_hold_and_the_rest_is_named() {
        let report = verify(MINE);
        assert_eq!(report.lines(), ["unknown_group: skipped: not covered yet"]);
        assert_eq!(report.to_string(), "18 passed, 0 failed, 1 skipped");
        assert!(report.holds());
    }

    #[test]
    fn every_number_is_looked_at() {
        // Each field that is an answer, changed, is a failure that names it.
        for (from, to) in [
            ("\"5001\"", "\"5002\""),
            ("\"40279793\",", "\"1\","),
            ("\"lamports\": \"2\"", "\"lamports\": \"1\""),
            ("\"BorrowTooSmall\"", "\"1\""),
            ("-2873704", "-2873703"),
            ("123380775", "123380776"),
            ("\"6148757996\"", "\"6148757997\""),
            ("\"6148757995\"", "\"6148757996\""),
            ("\"86013251\"", "\"86013252\""),
            ("\"16\"", "\"15\""),
        ] {
            let report = verify(&MINE.replacen(from, to, 1));
            assert!(!report.holds(), "{from} -> {to}");
            assert_eq!(report.failed, 1, "{from} -> {to}: {:?}", report.lines());
            assert_eq!(report.lines().len(), 2);
        }
    }

    #[test]
    fn odd_files_fail_by_name() {
        for (text, want) in [
            ("", "the file is no JSON"),
            ("[]", "the file is no JSON object"),
            (r#"{"net_cost": 5}"#, "net_cost: cu_limit is missing"),
            (r#"{"net_cost": {"cu_limit": -1}}"#, "net_cost: cu_limit is -1, no number"),
            (r#"{"priority_fee_edges": {}}"#, "priority_fee_edges: is no list"),
            (r#"{"priority_fee_edges": [7]}"#, "priority_fee_edges row 0: cu_limit is missing"),
            (r#"{"flash_fee_klend": []}"#, "flash_fee_klend: rows is missing"),
            (r#"{"log_screen": [{"pool": 0}]}"#, "log_screen row 0: the pools of detection_graph"),
            (r#"{"cpmm2_x": {}}"#, "cpmm2_x: pools is missing"),
            (r#"{"cpmm2_x": {"pools": []}}"#, "cpmm2_x: pools is empty"),
            (r#"{"cpmm2_x": {"pools": [{"rin": "1"}]}}"#, "cpmm2_x: rout is missing"),
            (r#"{"cpmm_clmm": []}"#, "cpmm_clmm: cpmm is missing"),
        ] {
            let report = verify(text);
            assert!(!report.holds());
            assert!(report.lines()[0].starts_with(want), "{text}: {:?}", report.lines());
        }
    }

    #[test]
    fn the_shared_vectors_hold() {
        let Some(text) = shared() else {
            println!("skipped: no shared folder with vectors/arb.json");
            return;
        };
        let report = verify(&text);
        let failed: Vec<_> =
            report.lines().iter().filter(|line| !line.contains(": skipped: ")).collect();
        assert!(failed.is_empty(), "{failed:#?}");
        assert!(report.holds() && report.passed > 150, "{report}");
    }

    fn shared() -> Option<String> {
        let folder = std::env::var_os("MEV_SHARED")
            .unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared").into());
        std::fs::read_to_string(std::path::Path::new(&folder).join("vectors/arb.json")).ok()
    }
}
