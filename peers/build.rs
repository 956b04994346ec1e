//! Tells the programs where the sources of sol-parser-sdk lie: its fixtures are read from there.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=Cargo.lock");
    let cargo = std::env::var_os("CARGO").expect("cargo runs build scripts");
    let target = std::env::var("TARGET").expect("cargo says for what it builds");
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", &target])
        .output()
        .expect("cargo runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo metadata: {said}");
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let sdk = packages.iter().find(|package| package["name"] == "sol-parser-sdk");
    let manifest = sdk.and_then(|sdk| sdk["manifest_path"].as_str()).expect("sol-parser-sdk");
    println!("cargo::rustc-env=SDK_MANIFEST={manifest}");
}
