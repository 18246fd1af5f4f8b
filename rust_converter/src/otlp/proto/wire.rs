//! Protobuf's wire format: fields in, borrowed slices out. It knows no OTLP and does not recurse.

/// Why bytes are not a protobuf message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProtoError {
    /// Byte offset in the request.
    pub offset: usize,
    /// One clause.
    pub what: &'static str,
}

pub(super) type Wire<T> = Result<T, ProtoError>;

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Field<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    Bytes(Message<'a>),
}

/// What the value of a [`Message::usual_entry`] holds.
pub(super) enum Scalar<'a> {
    Text(Message<'a>),
    Bool(bool),
    Int(i64),
    Double(f64),
}

/// A message, or a part of one that is still to be read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Message<'a> {
    pub(super) bytes: &'a [u8],
    /// Where it begins in the request, for errors.
    offset: usize,
}

impl<'a> Message<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0 }
    }

    pub(super) fn error<T>(&self, what: &'static str) -> Wire<T> {
        Err(ProtoError { offset: self.offset, what })
    }

    pub(super) fn advance(&mut self, length: usize) {
        self.bytes = &self.bytes[length..];
        self.offset += length;
    }

    #[inline]
    pub(super) fn varint(&mut self) -> Wire<u64> {
        if let Some(byte) = self.bytes.first()
            && *byte < 0x80
        {
            let value = u64::from(*byte);
            self.advance(1);
            return Ok(value);
        }
        let mut value = 0u64;
        for (index, byte) in self.bytes.iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f).checked_shl(7 * index as u32).unwrap_or(0);
            if *byte < 0x80 {
                if index == 9 && *byte > 1 {
                    return self.error("an integer beyond 64 bits");
                }
                self.advance(index + 1);
                return Ok(value);
            }
        }
        self.error("an integer that does not end")
    }

    fn take(&mut self, length: usize) -> Wire<Message<'a>> {
        let Some(bytes) = self.bytes.get(..length) else {
            return self.error("a field longer than its message");
        };
        let taken = Message { bytes, offset: self.offset };
        self.advance(length);
        Ok(taken)
    }

    pub(super) fn fixed64(&mut self) -> Wire<u64> {
        let taken = self.take(8)?;
        Ok(u64::from_le_bytes(taken.bytes.try_into().unwrap_or_default()))
    }

    fn fixed32(&mut self) -> Wire<u32> {
        let taken = self.take(4)?;
        Ok(u32::from_le_bytes(taken.bytes.try_into().unwrap_or_default()))
    }

    /// The next field with its number; nothing at the end. Groups, which OTLP never had, are skipped.
    #[inline]
    pub(super) fn next(&mut self) -> Wire<Option<(u32, Field<'a>)>> {
        const START_GROUP: u64 = 3;
        const END_GROUP: u64 = 4;
        let mut groups = 0usize;
        while !self.bytes.is_empty() {
            let tag = self.varint()?;
            let number = match u32::try_from(tag >> 3) {
                Ok(number) if number != 0 && number < 1 << 29 => number,
                _ => return self.error("a field number out of range"),
            };
            let field = match tag & 7 {
                0 => Field::Varint(self.varint()?),
                1 => Field::Fixed64(self.fixed64()?),
                2 => {
                    let length = usize::try_from(self.varint()?).unwrap_or(usize::MAX);
                    Field::Bytes(self.take(length)?)
                }
                START_GROUP => {
                    groups += 1;
                    continue;
                }
                END_GROUP if groups > 0 => {
                    groups -= 1;
                    continue;
                }
                5 => Field::Fixed32(self.fixed32()?),
                _ => return self.error("an unknown wire type"),
            };
            if groups == 0 {
                return Ok(Some((number, field)));
            }
        }
        if groups > 0 { self.error("a group that does not end") } else { Ok(None) }
    }

    /// A key and a scalar in the form that encoders write: field 1 is a text, field 2 a message of one field, and nothing
    /// else. Any other form may be right all the same and is read field by field.
    #[inline]
    pub(super) fn usual_entry(&self) -> Option<(Message<'a>, Scalar<'a>)> {
        const BOOL: u8 = 2 << 3;
        const INT: u8 = 3 << 3;
        const DOUBLE: u8 = 4 << 3 | 1;
        let mut rest = *self;
        let key = rest.usual_bytes(FIRST_BYTES)?;
        let mut value = rest.usual_bytes(SECOND_BYTES)?;
        if !rest.bytes.is_empty() {
            return None;
        }
        let kind = *value.bytes.first()?;
        if kind == FIRST_BYTES {
            let text = value.usual_bytes(FIRST_BYTES)?;
            return value.bytes.is_empty().then_some((key, Scalar::Text(text)));
        }
        value.advance(1);
        let scalar = match kind {
            BOOL => Scalar::Bool(value.varint().ok()? != 0),
            INT => Scalar::Int(value.varint().ok()? as i64),
            DOUBLE => Scalar::Double(f64::from_bits(value.fixed64().ok()?)),
            _ => return None,
        };
        value.bytes.is_empty().then_some((key, scalar))
    }

    /// The bytes of a field with this tag, if that is the next one and they are fewer than 2^14.
    #[inline]
    fn usual_bytes(&mut self, tag: u8) -> Option<Message<'a>> {
        let (length, header) = match *self.bytes {
            [found, length, ..] if found == tag && length < 0x80 => (usize::from(length), 2),
            [found, low, high, ..] if found == tag && high < 0x80 => {
                (usize::from(low & 0x7f) | usize::from(high) << 7, 3)
            }
            _ => return None,
        };
        let bytes = self.bytes.get(header..header + length)?;
        let taken = Message { bytes, offset: self.offset + header };
        self.advance(header + length);
        Some(taken)
    }
}

/// Tags of the fields 1 and 2 where they are texts or messages.
const FIRST_BYTES: u8 = 1 << 3 | 2;
const SECOND_BYTES: u8 = 2 << 3 | 2;
