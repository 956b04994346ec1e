//! An OpenAPI document held against what is answered: every answer is told of and follows its schema, and
//! whatever is told of is met.

use super::gateway::Reply;
use serde_json::Value;
use std::collections::BTreeSet;

/// A value follows a schema of the document, as far as it uses the language of schemas.
fn follows(document: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    if let Some(to) = schema["$ref"].as_str() {
        return follows(document, document.pointer(to.trim_start_matches('#')).unwrap(), value);
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        _ => return Err(format!("no type in {schema}")),
    };
    let is = |kind: &str| match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("unknown type {other}"),
    };
    if !kinds.iter().any(|kind| is(kind)) {
        return Err(format!("{value} is none of {kinds:?}"));
    }
    if let Some(all) = schema["enum"].as_array().filter(|all| !all.contains(value)) {
        return Err(format!("{value} is none of {all:?}"));
    }
    if schema["pattern"] == "^[0-9a-f]{64}$" {
        let text = value.as_str().unwrap_or_default();
        let hex = text.len() == 64 && text.bytes().all(|b| b"0123456789abcdef".contains(&b));
        hex.then_some(()).ok_or_else(|| format!("{text} is no id"))?;
    }
    if let (Some(items), Some(all)) = (schema.get("items"), value.as_array()) {
        all.iter().try_for_each(|one| follows(document, items, one))?;
    }
    let Some(fields) = value.as_object() else { return Ok(()) };
    let required = schema["required"].as_array().into_iter().flatten();
    for name in required.filter_map(Value::as_str) {
        fields.get(name).ok_or_else(|| format!("{name} is missing"))?;
    }
    let Some(properties) = schema["properties"].as_object() else { return Ok(()) };
    for (name, field) in fields {
        let schema = properties.get(name).ok_or_else(|| format!("{name} is not in the schema"))?;
        follows(document, schema, field)?;
    }
    Ok(())
}

/// The document, and what of it was met.
pub(crate) struct Met {
    document: Value,
    met: BTreeSet<(String, String, u16)>,
}

impl Met {
    pub(crate) fn new(document: Value) -> Self {
        Self { document, met: BTreeSet::new() }
    }

    /// Routes, methods and statuses that were told of and not met.
    pub(crate) fn missed(&self) -> Vec<(String, String, u16)> {
        self.told().difference(&self.met).cloned().collect()
    }

    /// A reply of a route of the document: its status is there, and its body follows the schema.
    pub(crate) fn meets(&mut self, route: &str, method: &str, reply: &Reply) {
        let status = reply.status.to_string();
        let answer = &self.document["paths"][route][method]["responses"][&status];
        let schema = &answer["content"]["application/json"]["schema"];
        assert!(schema.is_object(), "{method} {route} answers {status}, which nobody tells of");
        let json = reply.json();
        if let Err(why) = follows(&self.document, schema, &json) {
            panic!("{method} {route} {status}: {why}: {json}");
        }
        self.met.insert((route.to_owned(), method.to_owned(), reply.status));
    }

    /// All that the document tells of.
    fn told(&self) -> BTreeSet<(String, String, u16)> {
        let mut told = BTreeSet::new();
        for (route, methods) in self.document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                for status in operation["responses"].as_object().unwrap().keys() {
                    told.insert((route.clone(), method.clone(), status.parse().unwrap()));
                }
            }
        }
        told
    }
}
