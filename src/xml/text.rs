//! The characters of XML 1.0 and the text of a value: what is excluded, line ends, blanks around it.

use std::borrow::Cow;

use memchr::memchr_iter;

/// The number of a character reference: `10` or `xa`. One that is too great for any character is `u32::MAX`.
pub fn code_point(number: &str) -> Option<u32> {
    let (digits, radix) = match number.strip_prefix('x') {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    let is_number = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    is_number.then(|| u32::from_str_radix(digits, radix).unwrap_or(u32::MAX))
}

/// The character that a high and a low surrogate make together, as in UTF-16.
pub fn join(high: u32, low: u32) -> Option<char> {
    let units = [u16::try_from(high).ok()?, u16::try_from(low).ok()?];
    let is_high = matches!(high, 0xd800..=0xdbff);
    char::decode_utf16(units).next()?.ok().filter(|_| is_high)
}

/// The characters of XML 1.0 (section 2.2).
pub fn is_legal(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

/// Whether every text of a body reads as it stands: see [`normalized`].
pub fn is_verbatim(body: &str) -> bool {
    // Without a way out early it is done for many bytes at once.
    let is_changed = |byte: u8| byte < b' ' && byte != b'\t' && byte != b'\n';
    let changed = body.bytes().fold(false, |found, byte| found | is_changed(byte));
    // U+FFFE and U+FFFF, whose first byte is rare.
    let is_excluded = |at| matches!(body.as_bytes().get(at + 1..at + 3), Some([0xbf, 0xbe | 0xbf]));
    !changed && !memchr_iter(0xef, body.as_bytes()).any(is_excluded)
}

/// Text with line ends as XML has them (section 2.11), and U+FFFD for what XML excludes (section 2.2).
pub fn normalized(text: &str) -> Cow<'_, str> {
    if is_verbatim(text) {
        return Cow::Borrowed(text);
    }
    let mut normalized = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        normalized.push(match character {
            '\r' => {
                characters.next_if_eq(&'\n');
                '\n'
            }
            character if is_legal(character) => character,
            _ => char::REPLACEMENT_CHARACTER,
        });
    }
    Cow::Owned(normalized)
}

/// What XML takes for white space (section 2.3).
pub const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

/// Whether there is nothing but blanks.
pub fn is_blank(text: &str) -> bool {
    text.trim_matches(BLANKS).is_empty()
}

/// Text before a value, without the blanks that begin it and one `>` after them: the guide's own sample prints `<UseServiceCredentials>>false</UseServiceCredentials>`.
#[inline]
pub fn without_stray(text: Cow<'_, str>) -> Cow<'_, str> {
    match trim_start(text) {
        Cow::Borrowed(text) => Cow::Borrowed(text.strip_prefix('>').unwrap_or(text)),
        Cow::Owned(mut text) => {
            if text.starts_with('>') {
                text.remove(0);
            }
            Cow::Owned(text)
        }
    }
}

/// The value that a text is: without that `>` and the blanks round it.
#[inline]
pub fn value(text: &str) -> &str {
    let ends = [text.as_bytes().first(), text.as_bytes().last()];
    if !ends.iter().any(|byte| is_blank_byte(*byte) || *byte == Some(&b'>')) {
        return text;
    }
    let text = text.trim_start_matches(BLANKS);
    text.strip_prefix('>').unwrap_or(text).trim_matches(BLANKS)
}

/// Appends to a text. Blanks never begin it, so that they are not looked at again with each piece.
#[inline]
pub fn append<'a>(text: &mut Cow<'a, str>, more: Cow<'a, str>) {
    if text.is_empty() {
        *text = trim_start(more);
    } else {
        text.to_mut().push_str(&more);
    }
}

fn trim_start(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        text if !is_blank_byte(text.as_bytes().first()) => text,
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_start_matches(BLANKS)),
        Cow::Owned(text) => Cow::Owned(text.trim_start_matches(BLANKS).to_owned()),
    }
}

/// Text without the blanks that end it.
#[inline]
pub fn trim_end(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        text if !is_blank_byte(text.as_bytes().last()) => text,
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_end_matches(BLANKS)),
        Cow::Owned(mut text) => {
            text.truncate(text.trim_end_matches(BLANKS).len());
            Cow::Owned(text)
        }
    }
}

/// Most texts neither begin nor end with one: that is seen at once.
fn is_blank_byte(byte: Option<&u8>) -> bool {
    byte.is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}
