//! Digits to numbers and ids: the common forms quickly, all others exactly.

use bumpalo::Bump;

/// The most digits that cannot overflow 64 bits.
const SAFE_DIGITS: usize = 19;

/// Up to 19 digits, the common case.
#[inline]
pub(super) fn plain_u64(text: &str) -> Option<u64> {
    if text.is_empty() || text.len() > SAFE_DIGITS {
        return None;
    }
    let (eights, rest) = text.as_bytes().as_chunks::<8>();
    let mut value = 0;
    for eight in eights {
        value = value * 100_000_000 + eight_digits(*eight)?;
    }
    for byte in rest {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + u64::from(digit);
    }
    Some(value)
}

/// The number that eight digits are, all of them at once.
#[inline]
fn eight_digits(digits: [u8; 8]) -> Option<u64> {
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    const HIGH_HALVES: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    let text = u64::from_le_bytes(digits);
    // Digits and what lies up to six above them have the high half 3; six more tells the digits.
    if (text & HIGH_HALVES) | ((text.wrapping_add(0x0606_0606_0606_0606) & HIGH_HALVES) >> 4) != ZEROS | (ZEROS >> 4) {
        return None;
    }
    let ones = text ^ ZEROS;
    let pairs = (ones.wrapping_mul(10) + (ones >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100) + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    Some((fours.wrapping_mul(10_000) + (fours >> 32)) & 0xffff_ffff)
}

/// A double of few enough digits that it is whole and exact.
#[inline]
pub(super) fn whole_double(text: &str) -> Option<f64> {
    const EXACT: usize = 15;
    plain_u64(text).filter(|_| text.len() <= EXACT).map(|whole| whole as f64)
}

/// [`plain_u64`] with a sign.
#[inline]
pub(super) fn plain_i64(text: &str) -> Option<i64> {
    match text.strip_prefix('-') {
        Some(digits) => i64::try_from(plain_u64(digits)?).ok().map(|value| -value),
        None => i64::try_from(plain_u64(text)?).ok(),
    }
}

/// The integer that a JSON number stands for; large ones never go through a double. `i128::MAX` stands for all beyond.
#[cold]
pub(super) fn exact_integer(numeral: &str) -> Option<i128> {
    const DIGITS: i64 = 38;
    let (negative, number) = numeral.strip_prefix('-').map_or((false, numeral), |rest| (true, rest));
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !are_digits(whole) || !are_digits(fraction) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let digits = [whole, fraction].concat();
    let digits = digits.trim_start_matches('0');
    let significant = digits.trim_end_matches('0');
    // The value is `significant` with `zeros` zeros behind it.
    let zeros = exponent.parse::<i32>().ok().map(i64::from)? - fraction.len() as i64
        + (digits.len() - significant.len()) as i64;
    if significant.is_empty() {
        return Some(0);
    }
    if zeros < 0 {
        return None;
    }
    if significant.len() as i64 + zeros > DIGITS {
        return Some(i128::MAX);
    }
    let value = significant.parse::<i128>().ok()? * 10i128.pow(zeros as u32);
    Some(if negative { -value } else { value })
}

/// Whether a text that Rust can parse as a number is one in JSON too (no `inf`, no leading `+` or `.`).
pub(super) fn is_json_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.starts_with(|c: char| c.is_ascii_digit()) && !text.ends_with('.')
}

/// A number in quotes at the start of the text, and the bytes it takes; nothing for more than 19 digits or another form.
#[inline]
pub(super) fn quoted_u64(text: &[u8]) -> Option<(u64, usize)> {
    if let [b'"', digit @ b'0'..=b'9', b'"', ..] = text {
        return Some((u64::from(digit - b'0'), 3));
    }
    // Times, which most are.
    if let Some([b'"', time @ .., b'"']) = text.first_chunk::<{ SAFE_DIGITS + 2 }>()
        && let (&[first, second], last) = time.as_chunks::<8>()
        && let &[a, b, c] = last
        && let (Some(first), Some(second)) = (eight_digits(first), eight_digits(second))
    {
        let [a, b, c] = [a, b, c].map(|byte| u64::from(byte.wrapping_sub(b'0')));
        let value = (first * 100_000_000 + second) * 1000 + a * 100 + b * 10 + c;
        return (a < 10 && b < 10 && c < 10).then_some((value, SAFE_DIGITS + 2));
    }
    let (value, length) = short_u64(text.strip_prefix(b"\"")?, SAFE_DIGITS)?;
    (text.get(length + 1) == Some(&b'"')).then_some((value, length + 2))
}

/// The digits at the start of the text as a number, and how many there are: one at least, `most` at most.
#[inline]
pub(super) fn short_u64(text: &[u8], most: usize) -> Option<(u64, usize)> {
    let (mut value, mut length) = (0, 0);
    while let Some(digit) = text.get(length).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
        if length == most {
            return None;
        }
        value = value * 10 + u64::from(digit);
        length += 1;
    }
    (length > 0).then_some((value, length))
}

/// A JSON number at the start of the text that 15 digits or fewer say exactly, and the bytes it takes; nothing for any
/// other, which another must read from its start.
#[inline]
pub(super) fn short_double(text: &[u8]) -> Option<(f64, usize)> {
    const MOST: usize = 15;
    const POWERS: [f64; MOST + 1] =
        [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
    let negative = text.first() == Some(&b'-');
    let start = usize::from(negative);
    let (whole, digits) = short_u64(text.get(start..)?, MOST)?;
    if digits > 1 && text[start] == b'0' {
        return None;
    }
    let mut end = start + digits;
    let mut value = whole as f64;
    if text.get(end) == Some(&b'.') {
        let (fraction, places) = short_u64(text.get(end + 1..)?, MOST - digits)?;
        end += 1 + places;
        // Both are exact, so that the quotient is the double next to the number.
        let power = *POWERS.get(places)?;
        value = (whole as f64 * power + fraction as f64) / power;
    }
    if matches!(text.get(end), Some(b'e' | b'E')) {
        return None;
    }
    Some((if negative { -value } else { value }, end))
}

/// The bytes that hexadecimal digits of either case stand for.
#[inline]
pub(super) fn hex<const N: usize>(text: &[[u8; 2]; N]) -> Option<[u8; N]> {
    let (mut halves, mut wrong) = ([[0u8; 2]; N], 0);
    for (half, character) in halves.as_flattened_mut().iter_mut().zip(text.as_flattened()) {
        let digit = character.wrapping_sub(b'0');
        let letter = (character | 0x20).wrapping_sub(b'a');
        wrong |= u8::from((digit > 9) & (letter > 5));
        *half = if digit > 9 { letter.wrapping_add(10) } else { digit };
    }
    let mut bytes = [0; N];
    for (byte, [high, low]) in bytes.iter_mut().zip(halves) {
        *byte = high << 4 | (low & 15);
    }
    (wrong == 0).then_some(bytes)
}

/// [`hex`] for a text of any length.
pub(super) fn from_hex<'a>(text: &str, arena: &'a Bump) -> Option<&'a [u8]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let mut fine = rest.is_empty();
    let bytes = arena.alloc_slice_fill_iter(pairs.iter().map(|pair| match hex(&[*pair]) {
        Some([byte]) => byte,
        None => {
            fine = false;
            0
        }
    }));
    fine.then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_doubles_are_what_the_standard_library_reads() {
        for text in
            ["0", "-0", "0.1", "19.99", "-3.000", "0.003564016", "123456789012345", "1234567.12345678", "9e", "7.25"]
        {
            let Some((value, length)) = short_double(text.as_bytes()) else {
                assert!(text.contains('e'), "{text}");
                continue;
            };
            assert_eq!((text.parse::<f64>().map(f64::to_bits), text.len()), (Ok(value.to_bits()), length), "{text}");
        }
        for text in ["", "-", "01", "1.", ".5", "1e5", "1.5E3", "1234567890123456", "0.1234567890123456"] {
            assert_eq!(short_double(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn numbers_in_quotes_end_at_their_quote() {
        assert_eq!(quoted_u64(br#""1768921952043123457","#), Some((1_768_921_952_043_123_457, 21)));
        assert_eq!(quoted_u64(br#""7""#), Some((7, 3)));
        for text in [r#""""#, r#""17689219520431234570""#, r#""1768921952043x23457""#, r#""-1""#, r#""12"#, "12"] {
            assert_eq!(quoted_u64(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn hexadecimal_digits_of_either_case_are_read() {
        assert_eq!(hex(&[*b"0a", *b"Bf", *b"99"]), Some([0x0a, 0xbf, 0x99]));
        for pair in [*b"0g", *b"/0", *b":0", *b"@1", *b"G1", *b"`1", *b"\x101"] {
            assert_eq!(hex(&[pair]), None);
        }
    }
}
