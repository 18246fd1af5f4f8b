//! A pull scanner over one JSON text: tokens in, borrowed values out.
//!
//! It knows JSON, not OTLP. Text without escapes borrows from the input. A value of the wrong type is not a syntax error:
//! the reader above decides what it means and skips it. Skipping does not recurse, so nesting cannot exhaust the stack.

use bumpalo::Bump;

use crate::text::plain_end;

/// Why a text is not JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Byte offset in the text.
    pub offset: usize,
    /// One clause: `expected a comma`.
    pub what: &'static str,
    /// Whether the text ended too early, as a line does that is still being written.
    pub at_end: bool,
}

pub(super) type Scan<T> = Result<T, SyntaxError>;

/// What the next value is, by its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Object,
    Array,
    String,
    Number,
    True,
    False,
    Null,
}

/// The scanner.
pub(super) struct Scanner<'a> {
    text: &'a str,
    pos: usize,
    pub(super) arena: &'a Bump,
    /// Set when a string held half of a surrogate pair, which no UTF-8 text can.
    pub(super) lone_surrogate: bool,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str, arena: &'a Bump) -> Self {
        Self { text, pos: 0, arena, lone_surrogate: false }
    }

    pub(super) fn position(&self) -> usize {
        self.pos
    }

    pub(super) fn slice(&self, start: usize) -> &'a str {
        &self.text[start..self.pos]
    }

    pub(super) fn error<T>(&self, what: &'static str) -> Scan<T> {
        Err(SyntaxError { offset: self.pos, what, at_end: self.pos >= self.text.len() })
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.pos).copied()
    }

    #[inline]
    pub(super) fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.byte() {
            self.pos += 1;
        }
    }

    /// Whether only white space is left.
    pub(super) fn at_end(&mut self) -> bool {
        self.skip_space();
        self.pos == self.text.len()
    }

    #[inline]
    pub(super) fn peek(&mut self) -> Scan<Token> {
        self.skip_space();
        match self.byte() {
            Some(b'{') => Ok(Token::Object),
            Some(b'[') => Ok(Token::Array),
            Some(b'"') => Ok(Token::String),
            Some(b'-' | b'0'..=b'9') => Ok(Token::Number),
            Some(b't') => Ok(Token::True),
            Some(b'f') => Ok(Token::False),
            Some(b'n') => Ok(Token::Null),
            _ => self.error("expected a value"),
        }
    }

    /// Opens an object or a list; false when it is empty and closed already.
    #[inline]
    pub(super) fn open(&mut self, close: u8) -> Scan<bool> {
        self.pos += 1;
        self.skip_space();
        if self.byte() == Some(close) {
            self.pos += 1;
            return Ok(false);
        }
        Ok(true)
    }

    /// After an entry: true when another one follows, false when the object or list has been closed.
    #[inline]
    pub(super) fn more(&mut self, close: u8) -> Scan<bool> {
        self.skip_space();
        match self.byte() {
            Some(b',') => {
                self.pos += 1;
                self.skip_space();
                Ok(true)
            }
            Some(byte) if byte == close => {
                self.pos += 1;
                Ok(false)
            }
            _ => self.error("expected a comma or the end of the object or list"),
        }
    }

    /// A key and its colon.
    #[inline]
    pub(super) fn key(&mut self) -> Scan<&'a str> {
        if self.byte() != Some(b'"') {
            return self.error("expected a key in quotes");
        }
        let key = self.string()?;
        self.skip_space();
        if self.byte() != Some(b':') {
            return self.error("expected a colon");
        }
        self.pos += 1;
        Ok(key)
    }

    /// A string; the scanner stands on its opening quote.
    #[inline]
    pub(super) fn string(&mut self) -> Scan<&'a str> {
        let start = self.pos + 1;
        let end = plain_end(self.text.as_bytes(), start);
        match self.text.as_bytes().get(end) {
            Some(b'"') => {
                self.pos = end + 1;
                Ok(&self.text[start..end])
            }
            Some(b'\\') => self.escaped_string(start, end),
            Some(_) => {
                self.pos = end;
                self.error("control character in a string")
            }
            None => {
                self.pos = end;
                self.error("the text ends inside a string")
            }
        }
    }

    /// Passes over a text that stands here, byte for byte; false, and nothing passed, when another does.
    #[inline(always)] // so that texts of known length are compared in place
    pub(super) fn passes(&mut self, text: &[u8]) -> bool {
        let found = self.text.as_bytes()[self.pos..].starts_with(text);
        if found {
            self.pos += text.len();
        }
        found
    }

    /// What has not been read yet.
    #[inline]
    pub(super) fn rest(&self) -> &'a [u8] {
        &self.text.as_bytes()[self.pos..]
    }

    /// The same as text; the scanner stands between two characters.
    #[inline]
    pub(super) fn rest_of_text(&self) -> &'a str {
        &self.text[self.pos..]
    }

    /// Passes over bytes that [`Self::rest`] has.
    #[inline]
    pub(super) fn pass(&mut self, length: usize) {
        self.pos += length;
    }

    /// Whether the next byte is this one.
    #[inline]
    pub(super) fn is_at(&self, byte: u8) -> bool {
        self.byte() == Some(byte)
    }

    /// Goes back to a place that [`Self::position`] gave.
    #[inline]
    pub(super) fn go_back(&mut self, position: usize) {
        self.pos = position;
    }

    /// The rest of a string whose opening quote has been passed, if nothing in it is escaped.
    #[inline]
    pub(super) fn plain_rest(&mut self) -> Option<&'a str> {
        let end = plain_end(self.text.as_bytes(), self.pos);
        if self.text.as_bytes().get(end) != Some(&b'"') {
            return None;
        }
        let text = &self.text[self.pos..end];
        self.pos = end + 1;
        Some(text)
    }

    /// A string with escapes from `first` on.
    fn escaped_string(&mut self, start: usize, first: usize) -> Scan<&'a str> {
        let mut out = bumpalo::collections::String::with_capacity_in(self.escaped_length(start, first), self.arena);
        out.push_str(&self.text[start..first]);
        self.pos = first;
        loop {
            match self.byte() {
                Some(b'"') => {
                    self.pos += 1;
                    return Ok(out.into_bump_str());
                }
                Some(b'\\') => {
                    self.pos += 1;
                    let character = self.escape()?;
                    out.push(character);
                }
                Some(byte) if byte < 0x20 => return self.error("control character in a string"),
                Some(_) => {
                    let end = plain_end(self.text.as_bytes(), self.pos);
                    out.push_str(&self.text[self.pos..end]);
                    self.pos = end;
                }
                None => return self.error("the text ends inside a string"),
            }
        }
    }

    /// How long the string with escapes from `first` on is in the text, which is never longer without them.
    fn escaped_length(&self, start: usize, first: usize) -> usize {
        let bytes = self.text.as_bytes();
        let mut end = first;
        while bytes.get(end) == Some(&b'\\') {
            end = plain_end(bytes, (end + 2).min(bytes.len()));
        }
        end - start
    }

    fn escape(&mut self) -> Scan<char> {
        let byte = self.byte();
        self.pos += 1;
        Ok(match byte {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let high = self.hex4()?;
                match high {
                    0xD800..=0xDBFF if self.text.as_bytes()[self.pos..].starts_with(b"\\u") => {
                        let after_high = self.pos;
                        self.pos += 2;
                        let low = self.hex4()?;
                        if (0xDC00..=0xDFFF).contains(&low) {
                            let code = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
                            char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
                        } else {
                            self.pos = after_high;
                            self.lone_surrogate = true;
                            char::REPLACEMENT_CHARACTER
                        }
                    }
                    _ => char::from_u32(high).unwrap_or_else(|| {
                        self.lone_surrogate = true;
                        char::REPLACEMENT_CHARACTER
                    }),
                }
            }
            _ => {
                self.pos -= 1;
                return self.error("unknown escape in a string");
            }
        })
    }

    fn hex4(&mut self) -> Scan<u32> {
        let mut code = 0;
        for _ in 0..4 {
            let Some(digit) = self.byte().and_then(|b| (b as char).to_digit(16)) else {
                return self.error("expected four hexadecimal digits");
            };
            code = code * 16 + digit;
            self.pos += 1;
        }
        Ok(code)
    }

    /// The text of a number; the scanner stands on its first byte.
    #[inline]
    pub(super) fn number(&mut self) -> Scan<&'a str> {
        let start = self.pos;
        if self.byte() == Some(b'-') {
            self.pos += 1;
        }
        match self.byte() {
            Some(b'0') => self.pos += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return self.error("expected a digit"),
        }
        if self.byte() == Some(b'.') {
            self.pos += 1;
            self.some_digits()?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.pos += 1;
            if let Some(b'+' | b'-') = self.byte() {
                self.pos += 1;
            }
            self.some_digits()?;
        }
        if let Some(b'0'..=b'9' | b'.' | b'+' | b'-' | b'a'..=b'z' | b'A'..=b'Z' | b'_') = self.byte() {
            return self.error("malformed number");
        }
        Ok(&self.text[start..self.pos])
    }

    #[inline]
    fn digits(&mut self) {
        while let Some(b'0'..=b'9') = self.byte() {
            self.pos += 1;
        }
    }

    fn some_digits(&mut self) -> Scan<()> {
        if !matches!(self.byte(), Some(b'0'..=b'9')) {
            return self.error("expected a digit");
        }
        self.digits();
        Ok(())
    }

    /// `true`, `false` or `null`.
    #[inline]
    pub(super) fn literal(&mut self, word: &'static str) -> Scan<()> {
        let rest = &self.text.as_bytes()[self.pos..];
        if rest.starts_with(word.as_bytes()) {
            self.pos += word.len();
            return Ok(());
        }
        self.pos += rest.iter().zip(word.bytes()).take_while(|(held, wanted)| *held == wanted).count();
        self.error("expected true, false or null")
    }

    /// Skips `null`; false when the next value is another.
    #[inline]
    pub(super) fn null(&mut self) -> Scan<bool> {
        self.skip_space();
        if self.byte() == Some(b'n') {
            self.literal("null")?;
            return Ok(true);
        }
        Ok(false)
    }

    /// Skips one value of any kind and depth.
    pub(super) fn skip(&mut self) -> Scan<()> {
        let mut open: Vec<u8> = Vec::new();
        loop {
            // A value begins here.
            let opened = match self.peek()? {
                Token::Object => self.open(b'}')?.then_some(b'}'),
                Token::Array => self.open(b']')?.then_some(b']'),
                Token::String => self.string().map(|_| None)?,
                Token::Number => self.number().map(|_| None)?,
                Token::True => self.literal("true").map(|()| None)?,
                Token::False => self.literal("false").map(|()| None)?,
                Token::Null => self.literal("null").map(|()| None)?,
            };
            match opened {
                Some(close) => open.push(close),
                None => loop {
                    let Some(close) = open.last().copied() else {
                        return Ok(());
                    };
                    if self.more(close)? {
                        break;
                    }
                    open.pop();
                },
            }
            if open.last() == Some(&b'}') {
                self.key()?;
            }
        }
    }
}

/// The text without white space outside strings.
pub(super) fn compact<'a>(text: &str, arena: &'a Bump) -> &'a str {
    let mut out = bumpalo::collections::String::with_capacity_in(text.len(), arena);
    let (mut in_string, mut escaped) = (false, false);
    for character in text.chars() {
        if in_string {
            in_string = escaped || character != '"';
            escaped = !escaped && character == '\\';
        } else if character == '"' {
            in_string = true;
        } else if character.is_ascii_whitespace() {
            continue;
        }
        out.push(character);
    }
    out.into_bump_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skipped(text: &str) -> bool {
        let arena = Bump::new();
        let mut scanner = Scanner::new(text, &arena);
        scanner.skip().is_ok() && scanner.at_end()
    }

    #[test]
    fn accepts_what_json_accepts_and_nothing_else() {
        for good in ["{}", "[]", "[1,-2.5e+3,0]", r#"{"a":[{"b":null}],"c":"\u00e9\n"}"#, " [ true , false ] ", "\"\""]
        {
            assert!(skipped(good), "{good}");
        }
        for bad in [
            "",
            "{",
            "[1,]",
            "{\"a\"}",
            "{\"a\":1,}",
            "01",
            "1.",
            "-",
            "1e",
            "+1",
            "nul",
            "\"\\x\"",
            "\"\u{1}\"",
            "[1 2]",
            "{'a':1}",
            "tru",
            "\"\\u12g4\"",
            "1x",
            "]",
            "NaN",
        ] {
            assert!(!skipped(bad), "{bad}");
        }
    }

    #[test]
    fn nesting_of_any_depth_is_skipped_without_recursion() {
        let deep = "[".repeat(200_000) + &"]".repeat(200_000);
        assert!(skipped(&deep));
    }

    #[test]
    fn surrogate_pairs_join_and_lone_ones_are_noticed() {
        let arena = Bump::new();
        let mut scanner = Scanner::new(r#""\ud83d\ude00 \/""#, &arena);
        assert_eq!(scanner.string(), Ok("😀 /"));
        assert!(!scanner.lone_surrogate);
        for lone in [r#""\ud83d""#, r#""\ude00x""#, r#""\ud83dA""#, r#""\ud83d\n""#] {
            let mut scanner = Scanner::new(lone, &arena);
            assert!(scanner.string().is_ok());
            assert!(scanner.lone_surrogate, "{lone}");
        }
    }

    #[test]
    fn a_text_that_ends_too_early_is_told_from_a_malformed_one() {
        let arena = Bump::new();
        for cut in ["{\"a\":[1,2", "{\"a\":\"x", "{\"a\"", "{\"a\":tr", "{", "[1", "{\"a\":\"\\u12"] {
            let error = Scanner::new(cut, &arena).skip().err();
            assert_eq!(error.map(|e| e.at_end), Some(true), "{cut}");
        }
        let error = Scanner::new("{\"a\":1;", &arena).skip().err();
        assert_eq!(error.map(|e| e.at_end), Some(false));
    }

    #[test]
    fn every_length_of_plain_text_ends_at_its_quote() {
        let arena = Bump::new();
        for length in 0..40 {
            let text = format!("\"{}é\"", "x".repeat(length));
            assert_eq!(Scanner::new(&text, &arena).string(), Ok(&text[1..text.len() - 1]));
        }
    }
}
