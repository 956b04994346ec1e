//! The document that says what the routes take and give: OpenAPI 3.1, made from the same tables as the
//! routes' refusals.
//!
//! `tests/serve.rs` meets every route, status and schema in it.

use super::code::Code;
use super::queue::Priority;
use super::token::Role;
use crate::bundle::Rule;
use crate::record::{Outcome, Simulated};
use serde_json::{Map, Value, json};

/// Statuses of what reads a body.
const OF_BODIES: [u16; 8] = [400, 401, 403, 408, 413, 422, 429, 503];

/// The whole document.
pub(super) fn document() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "mev-send serve",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Bundles of many callers, checked, queued, sent and followed.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": paths(),
        "components": {
            "schemas": schemas(),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            },
        },
    })
}

fn paths() -> Value {
    json!({
        "/bundle/submit": {"post": operation(
            "Checks a bundle, and sends it unless this is a dry run",
            Role::Submit,
            &[(202, "Taken: it is in the journal and in the audit log", "Taken")],
            &OF_BODIES,
        )},
        "/bundle/simulate": {"post": operation(
            "Runs a bundle on a Solana VM in memory",
            Role::Simulate,
            &[(200, "What came of it", "Simulation")],
            // No rule is asked: a bundle that breaks one is simulated all the same.
            &[400, 401, 403, 408, 413, 429, 503],
        )},
        "/bundle/{id}": {"get": with_id(operation(
            "What became of a bundle that was taken lately",
            Role::Read,
            &[(200, "The last word about it, or pending", "Word")],
            &[401, 403, 404, 429, 503],
        ))},
        "/health": {"get": {
            "summary": "Whether bundles are taken",
            "responses": responses(
                &[(200, "They are", "Health"), (503, "They are not", "Health")], &[],
            ),
        }},
        "/openapi.json": {"get": {
            "summary": "This document",
            "responses": {"200": {
                "description": "OpenAPI 3.1",
                "content": {"application/json": {"schema": {"type": "object"}}},
            }},
        }},
    })
}

fn operation(summary: &str, role: Role, good: &[(u16, &str, &str)], bad: &[u16]) -> Value {
    let mut made = json!({
        "summary": summary,
        "description": format!("Needs the role {}.", role.name()),
        "security": [{"token": []}],
        "responses": responses(good, bad),
    });
    if role != Role::Read {
        made["requestBody"] = json!({
            "required": true,
            "content": {
                "application/json": {"schema": reference("Bundle")},
                "application/octet-stream": {"schema": {
                    "type": "string",
                    "format": "binary",
                    "description": "A bundle record as mev-bundle writes it, or a stream of one.",
                }},
            },
        });
        made["parameters"] = json!([{
            "name": "priority", "in": "query", "required": false,
            "description": "The class of a bundle record; JSON says its own.",
            "schema": reference("Priority"),
        }]);
    }
    made
}

fn with_id(mut operation: Value) -> Value {
    operation["parameters"] = json!([{
        "name": "id", "in": "path", "required": true,
        "schema": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    }]);
    operation
}

fn responses(good: &[(u16, &str, &str)], bad: &[u16]) -> Value {
    let content = |schema: &str| json!({"application/json": {"schema": reference(schema)}});
    let mut made = Map::new();
    for (status, what, schema) in good {
        let answer = json!({"description": what, "content": content(schema)});
        made.insert(status.to_string(), answer);
    }
    for status in bad {
        let codes = Code::ALL.iter().filter(|code| code.status() == *status);
        let names: Vec<_> = codes.map(|code| code.name()).collect();
        let rules = if *status == 422 { ", or the rule that is broken" } else { "" };
        let what = format!("Refused: {}{rules}", names.join(", "));
        let answer = json!({"description": what, "content": content("Refusal")});
        made.insert(status.to_string(), answer);
    }
    Value::Object(made)
}

fn reference(schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}

fn schemas() -> Value {
    let codes = Code::ALL.iter().map(|code| code.name()).chain(Rule::NAMES.iter().copied());
    let codes: Vec<_> = codes.collect();
    let statuses: Vec<_> = ["pending"].into_iter().chain(Outcome::NAMES.iter().copied()).collect();
    let classes = Priority::ALL.map(Priority::name);
    let id = json!({"type": "string", "pattern": "^[0-9a-f]{64}$"});
    json!({
        "Priority": {"type": "string", "enum": classes},
        "Bundle": object(&["transactions", "tip_lamports"], &json!({
            "transactions": {
                "type": "array", "minItems": 1, "maxItems": 5,
                "items": {"type": "string", "description": "Signed, in base64 or base58."},
            },
            "tip_lamports": {"type": "integer", "minimum": 1000},
            "priority": reference("Priority"),
            "slot": {"type": "integer", "minimum": 0},
        })),
        "Taken": object(&["bundle_id", "status"], &json!({
            "bundle_id": id,
            "status": {"type": "string", "enum": ["queued", "checked"]},
            "dry_run": {"type": "boolean", "const": true},
        })),
        "Word": object(&["bundle_id", "status", "slot"], &json!({
            "bundle_id": id,
            "status": {"type": "string", "enum": statuses},
            "slot": {"type": ["integer", "null"]},
        })),
        "Simulation": object(&["bundle_id", "verdict", "profit_lamports", "fault", "transactions"], &json!({
            "bundle_id": id,
            "verdict": {"type": "string", "enum": Simulated::NAMES},
            "profit_lamports": {"type": ["integer", "null"]},
            "fault": {"type": ["object", "null"]},
            "missing": {"type": "array", "items": {"type": "string"}},
            "transactions": {"type": "array", "items": {"type": "object"}},
        })),
        "Health": object(&["status", "live", "queue"], &json!({
            "status": {"type": "string"},
            "live": {"type": "boolean"},
            "queue": {"type": "integer", "minimum": 0},
        })),
        "Refusal": object(&["code", "reason", "tx_index"], &json!({
            "code": {"type": "string", "enum": codes},
            "reason": {"type": "string"},
            "tx_index": {"type": ["integer", "null"], "minimum": 0},
        })),
    })
}

fn object(required: &[&str], properties: &Value) -> Value {
    json!({
        "type": "object",
        "required": required,
        "additionalProperties": false,
        "properties": properties,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything that `value` refers to.
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
                map.values().for_each(|value| references(value, found));
            }
            Value::Array(all) => all.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_status_is_known() {
        let document = document();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 20);
        for reference in found {
            assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
        }
        // A reason whose status no route tells of would surprise a caller.
        let mut told: Vec<u16> = OF_BODIES.to_vec();
        told.extend([404, 405]);
        assert!(Code::ALL.iter().all(|code| told.contains(&code.status())));
    }
}
