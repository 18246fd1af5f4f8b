//! Typed fields: what a JSON value means for a field of a given OTLP type, and the attribute lists that all records share.

use base64::Engine as _;
use base64::alphabet::STANDARD as STANDARD_ALPHABET;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bumpalo::Bump;

use super::memo::Recall;
use super::numerals::{exact_integer, from_hex, is_json_number, plain_i64, plain_u64, whole_double};
use super::scanner::{Scan, Scanner, Token, compact};
use crate::otlp::{Attributes, Fault, KeyValue, Number, Point, Resource, Scope, Value};

/// How deep attribute values may nest: the bound of protobuf's own readers.
pub(crate) const MAX_VALUE_DEPTH: usize = 100;

/// Base64 with or without padding, as JSON encoders of protobuf are free to write it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD_ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The scanner with what OTLP's fields need: scratch for lists and the first fault of the record at hand.
pub(super) struct Reader<'a> {
    pub(super) scanner: Scanner<'a>,
    fault: Option<&'a str>,
    entries: Vec<KeyValue<'a>>,
    values: Vec<Value<'a>>,
    /// Points of the metric at hand, in memory that is used again
    pub(super) points: Vec<Point<'a>>,
    /// What other requests said, where it is kept
    pub(super) memo: Option<&'a dyn Recall<'a>>,
    depth: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, arena: &'a Bump, memo: Option<&'a dyn Recall<'a>>) -> Self {
        Self {
            scanner: Scanner::new(text, arena),
            fault: None,
            entries: Vec::new(),
            values: Vec::new(),
            points: Vec::new(),
            memo,
            depth: 0,
        }
    }

    /// Goes back to the start of the record at hand, as if nothing of it had been read.
    pub(super) fn restart(&mut self, start: usize) {
        self.scanner.go_back(start);
        self.scanner.lone_surrogate = false;
        (self.fault, self.depth) = (None, 0);
        self.entries.clear();
        self.values.clear();
    }

    pub(super) fn arena(&self) -> &'a Bump {
        self.scanner.arena
    }

    /// Remembers the first rule that the record breaks.
    #[cold]
    pub(super) fn fail(&mut self, field: &str, why: &str) {
        if self.fault.is_none() {
            self.fault = Some(bumpalo::format!(in self.scanner.arena, "{} {}", field, why).into_bump_str());
        }
    }

    /// The fault since the last call, with lone surrogates counted as one.
    pub(super) fn take_fault(&mut self) -> Option<&'a str> {
        if std::mem::take(&mut self.scanner.lone_surrogate) {
            self.fail("a string", "holds half of a surrogate pair");
        }
        self.fault.take()
    }

    /// Whether [`Self::take_fault`] would give one.
    pub(super) fn has_fault(&self) -> bool {
        self.fault.is_some() || self.scanner.lone_surrogate
    }

    /// A fault with the text of the object that began at `start`.
    pub(super) fn fault_of(&self, cause: Option<&'a str>, start: usize) -> Option<Fault<'a>> {
        cause.map(|cause| Fault { cause, raw: Some(compact(self.scanner.slice(start), self.scanner.arena)) })
    }

    /// Reads an object entry by entry; `entry` must consume the value. The next value must be an object.
    #[inline]
    pub(super) fn object(&mut self, mut entry: impl FnMut(&mut Self, &str) -> Scan<()>) -> Scan<()> {
        if !self.scanner.open(b'}')? {
            return Ok(());
        }
        loop {
            let key = self.scanner.key()?;
            if !self.scanner.null()? {
                if key.contains('_') {
                    entry(self, &camel_case(key))?;
                } else {
                    entry(self, key)?;
                }
            }
            if !self.scanner.more(b'}')? {
                return Ok(());
            }
        }
    }

    /// [`Self::object`] for a value that may be something else, which is then a fault.
    pub(super) fn object_or_fault(&mut self, field: &str, entry: impl FnMut(&mut Self, &str) -> Scan<()>) -> Scan<()> {
        if self.scanner.peek()? == Token::Object {
            return self.object(entry);
        }
        self.fail(field, "is not an object");
        self.scanner.skip()
    }

    /// A list of messages; anything else is a fault.
    pub(super) fn list<T: Copy>(&mut self, field: &str, item: impl FnMut(&mut Self) -> Scan<T>) -> Scan<&'a [T]> {
        let mut items = Vec::new();
        self.list_into(field, &mut items, item)?;
        Ok(self.arena().alloc_slice_copy(&items))
    }

    /// [`Self::list`] behind what `items` has already.
    pub(super) fn list_into<T>(
        &mut self,
        field: &str,
        items: &mut Vec<T>,
        mut item: impl FnMut(&mut Self) -> Scan<T>,
    ) -> Scan<()> {
        self.each(field, |reader| {
            items.push(item(reader)?);
            Ok(())
        })
    }

    /// [`Self::list_into`] for records, which are large and read where they stay.
    pub(super) fn records_into<T: Default>(
        &mut self,
        field: &str,
        records: &mut Vec<T>,
        mut record: impl FnMut(&mut Self, &mut T) -> Scan<()>,
    ) -> Scan<()> {
        self.each(field, |reader| {
            records.push(T::default());
            records.last_mut().map_or(Ok(()), |place| record(reader, place))
        })
    }

    /// Reads each item of a list; anything else is a fault.
    #[inline]
    fn each(&mut self, field: &str, mut item: impl FnMut(&mut Self) -> Scan<()>) -> Scan<()> {
        if self.scanner.peek()? != Token::Array {
            self.fail(field, "is not a list");
            return self.scanner.skip();
        }
        if !self.scanner.open(b']')? {
            return Ok(());
        }
        loop {
            self.scanner.skip_space();
            item(self)?;
            if !self.scanner.more(b']')? {
                return Ok(());
            }
        }
    }

    /// Reads a record in the Collector's own form, else anew in any; gives where it began.
    #[inline]
    pub(super) fn usual_or_any<T>(
        &mut self,
        record: &mut T,
        usual: impl FnOnce(&mut Self, &mut T) -> Option<()>,
        any: impl FnOnce(&mut Self) -> Scan<T>,
    ) -> Scan<usize> {
        let start = self.scanner.position();
        if usual(self, record).is_none() {
            self.restart(start);
            *record = any(self)?;
        }
        Ok(start)
    }

    /// A string field.
    #[inline]
    pub(super) fn text(&mut self, field: &str) -> Scan<&'a str> {
        if self.scanner.peek()? == Token::String {
            return self.scanner.string();
        }
        self.fail(field, "is not a string");
        self.scanner.skip()?;
        Ok("")
    }

    /// A boolean field.
    pub(super) fn boolean(&mut self, field: &str) -> Scan<bool> {
        match self.scanner.peek()? {
            Token::True => self.scanner.literal("true").map(|()| true),
            Token::False => self.scanner.literal("false").map(|()| false),
            _ => {
                self.fail(field, "is not true or false");
                self.scanner.skip()?;
                Ok(false)
            }
        }
    }

    /// The text of a number, in quotes or not; nothing for a value of another type.
    #[inline]
    fn numeral(&mut self) -> Scan<Option<&'a str>> {
        match self.scanner.peek()? {
            Token::String => self.scanner.string().map(Some),
            Token::Number => self.scanner.number().map(Some),
            _ => self.scanner.skip().map(|()| None),
        }
    }

    /// An unsigned integer field of 64 bits.
    #[inline]
    pub(super) fn u64(&mut self, field: &str) -> Scan<u64> {
        let Some(numeral) = self.numeral()? else {
            self.fail(field, "is not an integer");
            return Ok(0);
        };
        Ok(match plain_u64(numeral) {
            Some(value) => value,
            None => self.integer(field, numeral, 0, i128::from(u64::MAX)) as u64,
        })
    }

    /// A signed integer field of 64 bits.
    #[inline]
    pub(super) fn i64(&mut self, field: &str) -> Scan<i64> {
        let Some(numeral) = self.numeral()? else {
            self.fail(field, "is not an integer");
            return Ok(0);
        };
        Ok(match plain_i64(numeral).or_else(|| numeral.parse().ok()) {
            Some(value) => value,
            None => self.integer(field, numeral, i128::from(i64::MIN), i128::from(i64::MAX)) as i64,
        })
    }

    /// An unsigned integer field of 32 bits.
    pub(super) fn u32(&mut self, field: &str) -> Scan<u32> {
        let Some(numeral) = self.numeral()? else {
            self.fail(field, "is not an integer");
            return Ok(0);
        };
        Ok(self.integer(field, numeral, 0, i128::from(u32::MAX)) as u32)
    }

    /// A signed integer field of 32 bits.
    pub(super) fn i32(&mut self, field: &str) -> Scan<i32> {
        let Some(numeral) = self.numeral()? else {
            self.fail(field, "is not an integer");
            return Ok(0);
        };
        Ok(self.integer(field, numeral, i128::from(i32::MIN), i128::from(i32::MAX)) as i32)
    }

    /// The integer that a numeral stands for (`5`, `-5`, `5.0`, `5e0`); a fault when it is none or out of range.
    fn integer(&mut self, field: &str, numeral: &str, low: i128, high: i128) -> i128 {
        match exact_integer(numeral) {
            Some(value) if (low..=high).contains(&value) => value,
            Some(_) => {
                self.fail(field, &format!("is out of range: {}", shown(numeral)));
                0
            }
            None => {
                self.fail(field, &format!("is not an integer: {}", shown(numeral)));
                0
            }
        }
    }

    /// A floating-point field.
    #[inline]
    pub(super) fn f64(&mut self, field: &str) -> Scan<f64> {
        let Some(numeral) = self.numeral()? else {
            self.fail(field, "is not a number");
            return Ok(0.0);
        };
        match numeral {
            "NaN" => return Ok(f64::NAN),
            "Infinity" => return Ok(f64::INFINITY),
            "-Infinity" => return Ok(f64::NEG_INFINITY),
            _ => {}
        }
        if let Some(value) = whole_double(numeral) {
            return Ok(value);
        }
        match numeral.parse::<f64>() {
            Ok(value) if value.is_finite() && is_json_number(numeral) => Ok(value),
            _ => {
                self.fail(field, &format!("is not a number: {}", shown(numeral)));
                Ok(0.0)
            }
        }
    }

    /// An enum field: a number, or one of `names` with the index of its value.
    pub(super) fn choice(&mut self, field: &str, prefix: &str, names: &[&str]) -> Scan<i32> {
        let Some(numeral) = self.numeral()? else {
            self.fail(field, "is not an enum value");
            return Ok(0);
        };
        if let Ok(number) = numeral.parse() {
            return Ok(number);
        }
        if let Some(name) = numeral.strip_prefix(prefix)
            && let Some(number) = names.iter().position(|n| *n == name)
        {
            return Ok(number as i32);
        }
        self.fail(field, &format!("is not an enum value: {}", shown(numeral)));
        Ok(0)
    }

    /// A trace or span id: hexadecimal, or base64 as very old writers had it (their lengths cannot be confused). All zero
    /// is no id.
    pub(super) fn id(&mut self, field: &str, length: usize) -> Scan<&'a [u8]> {
        let text = self.text(field)?;
        if text.bytes().all(|b| b == b'0') && (text.is_empty() || text.len() == length * 2) {
            return Ok(&[]);
        }
        if text.len() == (length * 8).div_ceil(24) * 4 && text.ends_with('=') {
            match BASE64.decode(text) {
                Ok(bytes) if bytes.iter().all(|byte| *byte == 0) && bytes.len() == length => return Ok(&[]),
                Ok(bytes) => return Ok(self.arena().alloc_slice_copy(&bytes)),
                Err(_) => {}
            }
        } else if let Some(bytes) = from_hex(text, self.arena()) {
            return Ok(bytes);
        }
        self.fail(field, &format!("is not hexadecimal: {}", shown(text)));
        Ok(&[])
    }

    /// `attributes` and other lists of key-value pairs.
    pub(super) fn attributes(&mut self, field: &str) -> Scan<Attributes<'a>> {
        if self.scanner.peek()? != Token::Array {
            self.fail(field, "is not a list");
            self.scanner.skip()?;
            return Ok(&[]);
        }
        if !self.scanner.open(b']')? {
            return Ok(&[]);
        }
        let base = self.entries.len();
        loop {
            let entry = self.key_value(field)?;
            self.entries.push(entry);
            if !self.scanner.more(b']')? {
                break;
            }
        }
        let entries = self.arena().alloc_slice_copy(&self.entries[base..]);
        self.entries.truncate(base);
        Ok(entries)
    }

    fn key_value(&mut self, field: &str) -> Scan<KeyValue<'a>> {
        let start = self.scanner.position();
        if let Some(entry) = self.usual_key_value() {
            return Ok(entry);
        }
        self.scanner.go_back(start);
        let mut entry = KeyValue { key: "", value: Value::Empty };
        self.object_or_fault(field, |reader, name| {
            match name {
                "key" => entry.key = reader.text("an attribute's key")?,
                // Pre-1.0 `labels` have a plain text.
                "value" if reader.scanner.peek()? == Token::String => {
                    entry.value = Value::Str(reader.scanner.string()?)
                }
                "value" => entry.value = reader.value()?,
                _ => reader.scanner.skip()?,
            }
            Ok(())
        })?;
        Ok(entry)
    }

    /// A pair as the Collector writes it; nothing for any other form, which may be right all the same.
    #[inline]
    fn usual_key_value(&mut self) -> Option<KeyValue<'a>> {
        if !self.scanner.passes(br#"{"key":""#) {
            return None;
        }
        let key = self.scanner.plain_rest()?;
        if !self.scanner.passes(br#","value":"#) {
            return None;
        }
        let value = self.usual_value()?;
        self.scanner.passes(b"}").then_some(KeyValue { key, value })
    }

    /// A scalar `AnyValue` as the Collector writes it; nothing for any other form.
    #[inline]
    fn usual_value(&mut self) -> Option<Value<'a>> {
        if self.depth == MAX_VALUE_DEPTH {
            return None;
        }
        let scanner = &mut self.scanner;
        let value = if scanner.passes(br#"{"stringValue":"#) {
            Value::Str(scanner.usual_text()?)
        } else if scanner.passes(br#"{"intValue":""#) {
            Value::Int(plain_i64(scanner.plain_rest()?)?)
        } else if scanner.passes(br#"{"doubleValue":"#) {
            Value::Double(scanner.usual_double()?)
        } else if scanner.passes(br#"{"boolValue":true"#) {
            Value::Bool(true)
        } else if scanner.passes(br#"{"boolValue":false"#) {
            Value::Bool(false)
        } else {
            return None;
        };
        scanner.passes(b"}").then_some(value)
    }

    /// An `AnyValue`.
    pub(super) fn value(&mut self) -> Scan<Value<'a>> {
        let start = self.scanner.position();
        if let Some(value) = self.usual_value() {
            return Ok(value);
        }
        self.scanner.go_back(start);
        self.any_value()
    }

    fn any_value(&mut self) -> Scan<Value<'a>> {
        if self.depth == MAX_VALUE_DEPTH {
            self.fail("an attribute", "nests deeper than 100 values");
            self.scanner.skip()?;
            return Ok(Value::Empty);
        }
        self.depth += 1;
        let mut value = Value::Empty;
        self.object_or_fault("an attribute's value", |reader, kind| {
            match kind {
                "stringValue" => value = Value::Str(reader.text(kind)?),
                "boolValue" => value = Value::Bool(reader.boolean(kind)?),
                "intValue" => value = Value::Int(reader.i64(kind)?),
                "doubleValue" => value = Value::Double(reader.f64(kind)?),
                "bytesValue" => value = Value::Bytes(reader.bytes(kind)?),
                "arrayValue" => value = Value::List(reader.array_value()?),
                "kvlistValue" => value = Value::Map(reader.kvlist_value()?),
                _ => reader.scanner.skip()?,
            }
            Ok(())
        })?;
        self.depth -= 1;
        Ok(value)
    }

    fn bytes(&mut self, field: &str) -> Scan<&'a [u8]> {
        let text = self.text(field)?;
        let standard = text.replace('-', "+").replace('_', "/");
        match BASE64.decode(standard) {
            Ok(bytes) => Ok(self.arena().alloc_slice_copy(&bytes)),
            Err(_) => {
                self.fail(field, "is not base64");
                Ok(&[])
            }
        }
    }

    fn array_value(&mut self) -> Scan<&'a [Value<'a>]> {
        let base = self.values.len();
        self.object_or_fault("arrayValue", |reader, key| {
            if key != "values" {
                return reader.scanner.skip();
            }
            reader.values.truncate(base);
            if reader.scanner.peek()? != Token::Array {
                reader.fail("arrayValue.values", "is not a list");
                return reader.scanner.skip();
            }
            if !reader.scanner.open(b']')? {
                return Ok(());
            }
            loop {
                let value = if reader.scanner.null()? { Value::Empty } else { reader.value()? };
                reader.values.push(value);
                if !reader.scanner.more(b']')? {
                    return Ok(());
                }
            }
        })?;
        let values = self.arena().alloc_slice_copy(&self.values[base..]);
        self.values.truncate(base);
        Ok(values)
    }

    fn kvlist_value(&mut self) -> Scan<Attributes<'a>> {
        let mut entries: Attributes<'a> = &[];
        self.object_or_fault("kvlistValue", |reader, key| {
            if key == "values" {
                entries = reader.attributes("kvlistValue.values")?;
                return Ok(());
            }
            reader.scanner.skip()
        })?;
        Ok(entries)
    }

    /// `resource`.
    pub(super) fn resource(&mut self) -> Scan<Resource<'a>> {
        let mut resource = Resource::default();
        self.object_or_fault("resource", |reader, key| {
            match key {
                "attributes" => resource.attributes = reader.attributes("resource.attributes")?,
                "droppedAttributesCount" => resource.dropped_attributes_count = reader.u32(key)?,
                _ => reader.scanner.skip()?,
            }
            Ok(())
        })?;
        Ok(resource)
    }

    /// `scope`, once `instrumentationLibrary`.
    pub(super) fn scope(&mut self) -> Scan<Scope<'a>> {
        let mut scope = Scope::default();
        self.object_or_fault("scope", |reader, key| {
            match key {
                "name" => scope.name = reader.text("scope.name")?,
                "version" => scope.version = reader.text("scope.version")?,
                "attributes" => scope.attributes = reader.attributes("scope.attributes")?,
                "droppedAttributesCount" => scope.dropped_attributes_count = reader.u32(key)?,
                _ => reader.scanner.skip()?,
            }
            Ok(())
        })?;
        Ok(scope)
    }

    /// A list of numbers.
    pub(super) fn numbers<T: Copy>(
        &mut self,
        field: &str,
        mut item: impl FnMut(&mut Self) -> Scan<T>,
    ) -> Scan<&'a [T]> {
        self.list(field, |reader| item(reader))
    }

    /// A number with presence: `asInt` or `asDouble`.
    pub(super) fn number(&mut self, field: &str) -> Scan<Number> {
        if field == "asInt" { self.i64(field).map(Number::Int) } else { self.f64(field).map(Number::Double) }
    }
}

/// The start of a text for a message.
fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("\"{short}\"")
}

/// protobuf's JSON form also admits the fields' own names.
#[cold]
fn camel_case(key: &str) -> String {
    let mut out = String::with_capacity(key.len());
    let mut upper = false;
    for character in key.chars() {
        if character == '_' {
            upper = true;
        } else if upper {
            out.push(character.to_ascii_uppercase());
            upper = false;
        } else {
            out.push(character);
        }
    }
    out
}
