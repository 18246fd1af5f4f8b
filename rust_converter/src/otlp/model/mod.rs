//! Requests for the tests: made once as a tree of protobuf fields, written down as JSON and as protobuf in many ways.

mod requests;

pub(crate) use requests::request;

use super::{Metric, Request, canonical::Canonical, write_json};
use crate::text::{non_finite_name, push_hex, push_json_string};

/// A value with the type that decides how it is written.
#[derive(Clone, Debug)]
pub(crate) enum Held {
    Fixed64(u64),
    SFixed64(i64),
    Fixed32(u32),
    Uint32(u32),
    Int64(i64),
    Enum(i32),
    Sint32(i32),
    Bool(bool),
    Double(f64),
    Text(String),
    Id(Vec<u8>),
    Bytes(Vec<u8>),
    Message(Fields),
    Messages(Vec<Fields>),
    Fixed64s(Vec<u64>),
    Uint64s(Vec<u64>),
    Doubles(Vec<f64>),
}

/// The fields of a message: number, JSON name, value.
pub(crate) type Fields = Vec<(u32, &'static str, Held)>;

/// Choices of a writer, drawn from a seed; the seed 0 chooses the plain form.
#[derive(Clone, Debug)]
pub(crate) struct Style(pub u64);

impl Style {
    /// A number below `below`, by xorshift; always 0 for the plain form.
    fn pick(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        if self.0 != 0 {
            for end in (1..items.len()).rev() {
                items.swap(end, self.pick(end as u64 + 1) as usize);
            }
        }
    }
}

// --- JSON ---

const UNKNOWN: [&str; 4] =
    [r#""x":{"a":[1,{"b":null}]}"#, r#""extra":"\u00e9\\""#, r#""newField":null"#, r#""y_z":[[],{}]"#];

fn space(out: &mut String, style: &mut Style) {
    out.push_str(["", "", " ", "\n\t", "\r\n  "][style.pick(5) as usize]);
}

fn snake_case(name: &str) -> String {
    name.chars()
        .flat_map(|c| c.is_ascii_uppercase().then_some('_').into_iter().chain([c.to_ascii_lowercase()]))
        .collect()
}

/// Text with some of its characters escaped.
fn json_text(out: &mut String, text: &str, style: &mut Style) {
    if style.pick(2) == 0 {
        return push_json_string(out, text);
    }
    out.push('"');
    for character in text.chars() {
        if character == '/' {
            out.push_str("\\/");
        } else if style.pick(3) > 0 || matches!(character, '"' | '\\' | '\0'..='\x1f') {
            for unit in character.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(character);
        }
    }
    out.push('"');
}

fn json_double(out: &mut String, value: f64) {
    if value.is_finite() {
        out.push_str(&format!("{value:?}"));
    } else {
        push_json_string(out, non_finite_name(value));
    }
}

fn json_integer(out: &mut String, value: impl std::fmt::Display, quoted: bool, style: &mut Style) {
    let quoted = quoted ^ (style.pick(4) == 1);
    out.push_str(&if quoted { format!("\"{value}\"") } else { value.to_string() });
}

fn json_list<T>(out: &mut String, items: &[T], style: &mut Style, mut one: impl FnMut(&mut String, &T, &mut Style)) {
    out.push('[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        space(out, style);
        one(out, item, style);
        space(out, style);
    }
    out.push(']');
}

fn json_held(out: &mut String, held: &Held, style: &mut Style) {
    use base64::Engine as _;
    match held {
        Held::Fixed64(value) => json_integer(out, value, true, style),
        Held::SFixed64(value) | Held::Int64(value) => json_integer(out, value, true, style),
        Held::Fixed32(value) | Held::Uint32(value) => json_integer(out, value, false, style),
        Held::Enum(value) | Held::Sint32(value) => json_integer(out, value, false, style),
        Held::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Held::Double(value) => json_double(out, *value),
        Held::Text(text) => json_text(out, text, style),
        Held::Id(bytes) => {
            let mut hex = String::new();
            push_hex(&mut hex, bytes);
            out.push_str(&format!("\"{}\"", if style.pick(4) == 1 { hex.to_uppercase() } else { hex }));
        }
        Held::Bytes(bytes) => {
            let text = base64::engine::general_purpose::STANDARD.encode(bytes);
            out.push_str(&format!("\"{}\"", if style.pick(4) == 1 { text.trim_end_matches('=') } else { &text }));
        }
        Held::Message(fields) => json(out, fields, style),
        Held::Messages(list) => json_list(out, list, style, json),
        Held::Fixed64s(values) | Held::Uint64s(values) => {
            json_list(out, values, style, |out, value, style| json_integer(out, value, true, style));
        }
        Held::Doubles(values) => json_list(out, values, style, |out, value, _| json_double(out, *value)),
    }
}

/// A message as OTLP/JSON.
pub(crate) fn json(out: &mut String, fields: &Fields, style: &mut Style) {
    let mut order: Vec<usize> = (0..fields.len()).collect();
    style.shuffle(&mut order);
    out.push('{');
    let mut first = true;
    for index in order {
        let (_, name, held) = &fields[index];
        if !std::mem::take(&mut first) {
            out.push(',');
        }
        space(out, style);
        if style.pick(8) == 1 {
            out.push_str(UNKNOWN[style.pick(4) as usize]);
            out.push(',');
        }
        let name = if style.pick(8) == 1 { snake_case(name) } else { (*name).to_string() };
        json_text(out, &name, style);
        space(out, style);
        out.push(':');
        space(out, style);
        json_held(out, held, style);
        space(out, style);
    }
    out.push('}');
}

// --- Protobuf ---

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn tagged(number: u32, wire: u64) -> Vec<u8> {
    let mut out = Vec::new();
    varint(&mut out, u64::from(number) << 3 | wire);
    out
}

fn lengthy(number: u32, content: &[u8]) -> Vec<u8> {
    let mut out = tagged(number, 2);
    varint(&mut out, content.len() as u64);
    out.extend_from_slice(content);
    out
}

fn small(number: u32, value: u64) -> Vec<u8> {
    let mut out = tagged(number, 0);
    varint(&mut out, value);
    out
}

fn fixed(number: u32, bytes: &[u8]) -> Vec<u8> {
    [&tagged(number, if bytes.len() == 8 { 1 } else { 5 }), bytes].concat()
}

fn repeated(number: u32, values: Vec<Vec<u8>>, wire: u64, style: &mut Style) -> Vec<Vec<u8>> {
    if style.pick(2) == 0 {
        return vec![lengthy(number, &values.concat())];
    }
    values.iter().map(|value| [&tagged(number, wire), value.as_slice()].concat()).collect()
}

/// A field as the entries that hold it.
fn entries(number: u32, held: &Held, style: &mut Style) -> Vec<Vec<u8>> {
    let one = match held {
        Held::Fixed64(value) => fixed(number, &value.to_le_bytes()),
        Held::SFixed64(value) => fixed(number, &value.to_le_bytes()),
        Held::Double(value) => fixed(number, &value.to_le_bytes()),
        Held::Fixed32(value) => fixed(number, &value.to_le_bytes()),
        Held::Uint32(value) => small(number, u64::from(*value)),
        Held::Int64(value) => small(number, *value as u64),
        Held::Enum(value) => small(number, i64::from(*value) as u64),
        Held::Sint32(value) => small(number, u64::from(((value << 1) ^ (value >> 31)) as u32)),
        Held::Bool(flag) => small(number, u64::from(*flag)),
        Held::Text(text) => lengthy(number, text.as_bytes()),
        Held::Id(bytes) | Held::Bytes(bytes) => lengthy(number, bytes),
        Held::Message(fields) => lengthy(number, &proto(fields, style)),
        Held::Messages(list) => return list.iter().map(|fields| lengthy(number, &proto(fields, style))).collect(),
        Held::Fixed64s(values) => {
            return repeated(number, values.iter().map(|v| v.to_le_bytes().to_vec()).collect(), 1, style);
        }
        Held::Doubles(values) => {
            return repeated(number, values.iter().map(|v| v.to_le_bytes().to_vec()).collect(), 1, style);
        }
        Held::Uint64s(values) => {
            let each = |value: &u64| {
                let mut out = Vec::new();
                varint(&mut out, *value);
                out
            };
            return repeated(number, values.iter().map(each).collect(), 0, style);
        }
    };
    vec![one]
}

/// Fields that no version of OTLP has, of every wire type, a group among them.
const UNKNOWN_FIELDS: [&[u8]; 4] = [
    &[0xc0, 0x3e, 0x96, 0x01],
    &[0xc2, 0x3e, 3, b'a', b'b', b'c'],
    &[0xc5, 0x3e, 1, 2, 3, 4],
    &[0xc3, 0x3e, 8, 1, 0xc4, 0x3e],
];

/// A message as protobuf; repeated fields keep their order whatever stands between them.
pub(crate) fn proto(fields: &Fields, style: &mut Style) -> Vec<u8> {
    let mut held: Vec<(u32, Vec<u8>)> = Vec::new();
    for (number, _, value) in fields {
        held.extend(entries(*number, value, style).into_iter().map(|entry| (*number, entry)));
    }
    match style.pick(3) {
        0 => {}
        1 => held.sort_by_key(|(number, _)| std::cmp::Reverse(*number)),
        _ => {
            let mut places: Vec<usize> = (0..held.len()).collect();
            style.shuffle(&mut places);
            let mut mixed: Vec<u32> = places.iter().map(|place| held[*place].0).collect();
            let mut rest = std::mem::take(&mut held);
            for number in mixed.drain(..) {
                if let Some(next) = rest.iter().position(|(held, _)| *held == number) {
                    held.push(rest.remove(next));
                }
            }
        }
    }
    let mut out = Vec::new();
    for (_, entry) in held {
        if style.pick(6) == 1 {
            out.extend_from_slice(UNKNOWN_FIELDS[style.pick(4) as usize]);
        }
        out.extend_from_slice(&entry);
    }
    out
}

/// The request as JSON in the given style.
pub(crate) fn json_of(fields: &Fields, seed: u64) -> String {
    let mut out = String::new();
    json(&mut out, fields, &mut Style(seed));
    out
}

// --- What the readers made of it ---

/// Everything of a request that the mapping reads: each record in a request of its own, its hashes and its fault.
pub(crate) fn told(request: &Request<'_>) -> Vec<(String, u128, u128, Option<String>)> {
    let mut found = Vec::new();
    let mut canonical = Canonical::default();
    macro_rules! each {
        ($groups:expr, $names:expr, $each:expr) => {
            for group in $groups {
                let resource = canonical.resource(&group.resource, group.schema_url);
                for scope in group.scopes {
                    let around = write_json::Surroundings {
                        resource: &group.resource,
                        resource_schema_url: group.schema_url,
                        scope: &scope.scope,
                        schema_url: scope.schema_url,
                    };
                    for record in scope.records {
                        let outer = group.fault.or(scope.fault).or(record.fault);
                        #[allow(clippy::redundant_closure_call)]
                        for (text, hash, fault) in ($each)(&mut canonical, scope, record) {
                            let mut whole = String::new();
                            write_json::request(around, $names, |out| out.push_str(&text), &mut whole);
                            let fault = outer.map(|fault| fault.cause.to_string()).or(fault);
                            found.push((whole, resource, hash, fault));
                        }
                    }
                }
            }
        };
    }
    each!(request.logs, ["resourceLogs", "scopeLogs", "logRecords"], |canonical: &mut Canonical, _, record: &_| {
        let mut out = String::new();
        write_json::log(record, &mut out);
        [(out, canonical.log(record), None)]
    });
    each!(request.spans, ["resourceSpans", "scopeSpans", "spans"], |canonical: &mut Canonical, _, record: &_| {
        let mut out = String::new();
        write_json::span(record, &mut out);
        [(out, canonical.span(record), None)]
    });
    each!(
        request.metrics,
        ["resourceMetrics", "scopeMetrics", "metrics"],
        |canonical: &mut Canonical, scope: &super::ScopeGroup<'_, Metric<'_>>, metric: &Metric<'_>| {
            canonical.begin_metric(&scope.scope, scope.schema_url, metric);
            let mut each = Vec::new();
            for point in metric.points {
                let mut out = String::new();
                write_json::metric_with_point(metric, point, &mut out);
                each.push((out, canonical.point(point), point.fault.map(|fault| fault.cause.to_string())));
            }
            each
        }
    );
    found
}
