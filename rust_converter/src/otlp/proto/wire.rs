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
}
