//! Tags as they stand in a body, and the names in them.

/// The name in the tag `<Name>` that a text begins with, and what follows it.
pub fn start_tag(text: &str) -> Option<(&str, &str)> {
    let tag = text.strip_prefix('<')?;
    let length = tag.bytes().position(|byte| !byte.is_ascii_alphanumeric())?;
    let (name, rest) = tag.split_at_checked(length)?;
    Some((name, rest.strip_prefix('>').filter(|_| length > 0)?))
}

/// The same where the name is this one.
#[inline]
pub fn expected_tag<'a>(text: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let tag = text.strip_prefix('<')?;
    let rest = tag.strip_prefix(name)?.strip_prefix('>')?;
    Some((tag.get(..name.len()).filter(|name| !name.is_empty())?, rest))
}

/// What follows the tag `</Name>` that a text begins with.
#[inline]
pub fn end_tag<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.strip_prefix("</")?.strip_prefix(name)?.strip_prefix('>')
}

/// A name without its namespace's prefix.
pub fn local(name: &str) -> &str {
    // Names are short: a search that is made for long texts costs more than it finds.
    let colon = name.bytes().rposition(|byte| byte == b':');
    colon.and_then(|colon| name.get(colon + 1..)).unwrap_or(name)
}
