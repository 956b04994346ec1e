//! What stands in deploy/ fits what the programs export: every metric that a dashboard or a rule names
//! is served by one of them, started here.

#![cfg(feature = "gateway")]
#![expect(clippy::unwrap_used, reason = "a test may stop where it stands")]

use gateway::{Ask, Gateway, ask};
use program::{Folder, stream};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

#[path = "support/gateway.rs"]
mod gateway;
#[path = "support/program.rs"]
mod program;

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(deploy().join(name)).unwrap()
}

fn dashboards() -> Vec<(String, Value)> {
    let folder = std::fs::read_dir(deploy().join("grafana/dashboards")).unwrap();
    let mut all: Vec<_> = folder
        .map(|entry| {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            (
                path.file_stem().unwrap().to_str().unwrap().to_owned(),
                serde_json::from_str(&text).unwrap(),
            )
        })
        .collect();
    all.sort_by(|one: &(String, Value), other| one.0.cmp(&other.0));
    all
}

/// Every expression of a dashboard.
fn expressions(dashboard: &Value) -> Vec<String> {
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().unwrap());
    targets.map(|target| target["expr"].as_str().unwrap().to_owned()).collect()
}

/// Every expression of the rules.
fn rules() -> Vec<String> {
    let text = read("alerts.yaml");
    let lines = text.lines().filter_map(|line| line.trim().strip_prefix("expr: "));
    lines.map(str::to_owned).collect()
}

/// The metrics that an expression names: words that begin with the prefix of our programs.
fn named(expression: &str) -> BTreeSet<String> {
    let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("mev_")).map(str::to_owned).collect()
}

/// The names of all samples in `text`, and of the labels with their values.
fn exported(text: &str, names: &mut BTreeSet<String>) {
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let name: String = line.chars().take_while(|c| *c != '{' && *c != ' ').collect();
        names.insert(name);
        if let Some((labels, _)) = line.split_once('}') {
            names.insert(format!("{labels}}}"));
        }
    }
}

/// A program that reads a pipe which stays open, with its counters at an address of its own.
struct Filter(Child);

impl Filter {
    /// Its counters.
    fn start(program: &str, args: &[&str], input: &[u8]) -> (Self, String) {
        let mut child = Command::new(program)
            .args(args)
            .args(["--metrics", "127.0.0.1:0", "--verbose"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.as_mut().unwrap();
        stdin.write_all(input).unwrap();
        stdin.flush().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = lines.find_map(|line| {
            let line = line.ok()?;
            let (_, at) = line.split_once("metrics at http://")?;
            Some(at.strip_suffix("/metrics")?.to_owned())
        });
        let address = address.unwrap_or_else(|| panic!("{program} serves no counters"));
        let mut stream = TcpStream::connect(address).unwrap();
        let reply = ask(&mut stream, &Ask { path: "/metrics", ..Ask::get() });
        (Self(child), String::from_utf8(reply.body).unwrap())
    }
}

impl Drop for Filter {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What all programs export together.
fn union() -> BTreeSet<String> {
    let folder = Folder::new("deploy");
    let mut names = BTreeSet::new();
    let input = stream(&[]);
    // All but the end, so that they wait for more.
    let open = &input[..64];
    let accounts = folder.write("pools.jsonl", program::accounts().as_bytes());
    let key = folder.write("id.json", program::keypair().0.as_bytes());
    let bundle = ["--accounts", program::arg(&accounts), "--keypair", program::arg(&key)];
    let filters: [(&str, &[&str], &[u8]); 5] = [
        (env!("CARGO_BIN_EXE_mev-capture"), &["udp", "127.0.0.1:0"], &[]),
        (env!("CARGO_BIN_EXE_mev-parse"), &[], open),
        (env!("CARGO_BIN_EXE_mev-arb"), &[], open),
        (env!("CARGO_BIN_EXE_mev-bundle"), &bundle, open),
        (env!("CARGO_BIN_EXE_mev-send"), &[], open),
    ];
    for (program, args, input) in filters {
        let (_running, text) = Filter::start(program, args, input);
        exported(&text, &mut names);
    }
    let text = "listen = \"127.0.0.1:0\"\nmetrics = \"127.0.0.1:0\"\n[send]\nurls = [\"http://127.0.0.1:9\"]\n";
    let gateway = Gateway::start(&folder.write("gateway.toml", text.as_bytes()), false);
    exported(&gateway.counters(), &mut names);
    names
}

#[test]
fn every_metric_that_a_dashboard_or_a_rule_names_is_exported() {
    let names = union();
    assert!(names.len() > 200, "{names:?}");
    let mut used = BTreeSet::new();
    let all = dashboards();
    let expressions: Vec<_> =
        all.iter().flat_map(|(_, dashboard)| expressions(dashboard)).chain(rules()).collect();
    for expression in &expressions {
        let found = named(expression);
        assert!(!found.is_empty() || expression.starts_with("up{"), "{expression}");
        for name in found {
            assert!(names.contains(&name), "{name} is exported by nobody: {expression}");
            used.insert(name);
        }
        // Label values that are named are ones that exist.
        for part in expression.split("mev_").skip(1) {
            let Some((name, rest)) = part.split_once('{') else { continue };
            let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            let Some((label, _)) = rest.split_once('}').filter(|_| plain) else { continue };
            let Some((label, values)) = label.split_once('=') else { continue };
            for value in values.trim_matches(['~', '"']).split('|') {
                let sample = format!("mev_{name}{{{label}=\"{value}\"}}");
                let begins = format!("mev_{name}{{{label}=\"{value}\"");
                let buckets = names.iter().any(|known| known.starts_with(&begins))
                    || names.iter().any(|known| {
                        known.contains(&format!("{label}=\"{value}\"")) && known.contains(name)
                    });
                assert!(names.contains(&sample) || buckets, "{sample}: {expression}");
            }
        }
    }
    assert!(used.len() > 40, "{used:?}");
}

#[test]
fn four_dashboards_are_whole() {
    let all = dashboards();
    let names: Vec<_> = all.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["latency", "opportunities", "performance", "system"]);
    let source = read("grafana/provisioning/datasources/prometheus.yaml");
    let uids: BTreeSet<_> = all.iter().map(|(_, board)| board["uid"].as_str().unwrap()).collect();
    assert_eq!(uids.len(), all.len());
    for (name, board) in &all {
        let panels = board["panels"].as_array().unwrap();
        assert!(panels.len() >= 8, "{name}");
        let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
        assert_eq!(ids.len(), panels.len());
        for panel in panels {
            let text = |field: &str| panel[field].as_str().unwrap_or_default().to_owned();
            assert!(!text("title").is_empty() && text("description").ends_with('.'), "{panel}");
            assert!(panel["fieldConfig"]["defaults"]["unit"].is_string(), "{panel}");
            let uid = panel["datasource"]["uid"].as_str().unwrap();
            assert!(source.contains(&format!("uid: {uid}\n")));
            let place = &panel["gridPos"];
            assert!(place["x"].as_u64().unwrap() + place["w"].as_u64().unwrap() <= 24);
        }
    }
}

#[test]
fn rules_say_what_to_look_at_and_no_password_is_given_along() {
    let text = read("alerts.yaml");
    let count = text.matches("- alert: ").count();
    assert!(count >= 10);
    for part in ["expr: ", "labels: {severity: ", "annotations: {summary: \""] {
        assert_eq!(text.matches(part).count(), count, "{part}");
    }
    let compose = read("compose.yaml");
    assert!(compose.contains("GF_SECURITY_ADMIN_PASSWORD__FILE: /run/secrets/grafana_password"));
    assert!(
        !compose.contains("ADMIN_PASSWORD:") && compose.contains("ANONYMOUS_ENABLED: \"false\"")
    );
    for name in ["alerts.yaml", "prometheus.yaml", "gateway.toml"] {
        assert!(compose.contains(&format!("./{name}")) || compose.contains(name), "{name}");
    }
    // What a checkout must not hold.
    let ignored = std::fs::read_to_string(deploy().join("../.gitignore")).unwrap();
    assert!(ignored.lines().any(|line| line == "/deploy/secrets/"));
}

/// The example configuration is one that the gateway follows, once its files are there.
#[test]
fn the_example_configuration_checks() {
    let folder = Folder::new("deploy-example");
    let (_, _) = gateway::certificate(&folder);
    gateway::key_file(&folder, "audit.json", 3);
    folder.write("revoked.txt", b"");
    let place = folder.path("");
    let place = place.to_str().unwrap().trim_end_matches('/').to_owned();
    let text = read("gateway.toml").replace("/run/gateway", &place);
    let path = folder.write("gateway.toml", text.as_bytes());
    let args = ["serve", "--config", program::arg(&path), "--check", "--live"];
    let ran = program::run(env!("CARGO_BIN_EXE_mev-send"), &args, b"");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.err);
    assert!(ran.text().contains("0.0.0.0:8443 with TLS") && ran.text().contains("live"));
}
