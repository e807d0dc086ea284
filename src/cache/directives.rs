//! What a request wants of the cache: its `Cache-Control` (RFC 9111, section 5.2.1).

use actix_web::http::header::{CACHE_CONTROL, HeaderMap};

/// The directives that are heeded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Directives {
    /// Nothing that was kept is wanted: `no-cache`, or `max-age=0`.
    pub no_cache: bool,
    /// Nothing is to be kept: `no-store`.
    pub no_store: bool,
}

impl Directives {
    /// Reads a request's fields.
    pub fn read(headers: &HeaderMap) -> Self {
        let fields = headers.get_all(CACHE_CONTROL).filter_map(|value| value.to_str().ok());
        let mut directives = Self::default();
        for directive in fields.flat_map(|text| text.split(',')) {
            let (name, argument) = directive.split_once('=').unwrap_or((directive, ""));
            let (name, argument) = (name.trim(), argument.trim().trim_matches('"'));
            let is_zero = !argument.is_empty() && argument.bytes().all(|digit| digit == b'0');
            directives.no_cache |= name.eq_ignore_ascii_case("no-cache")
                || (name.eq_ignore_ascii_case("max-age") && is_zero);
            directives.no_store |= name.eq_ignore_ascii_case("no-store");
        }
        directives
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[test]
    fn directives_are_read_in_any_spelling() {
        let cases = [
            ("", false, false),
            ("no-cache", true, false),
            ("No-Cache , x", true, false),
            ("max-age=0", true, false),
            ("MAX-AGE = \"00\"", true, false),
            ("max-age=10, max-age", false, false),
            ("no-store", false, true),
            ("private,NO-STORE,max-age=0", true, true),
            ("no-cached, no-storex, s-maxage=0", false, false),
        ];
        for (field, no_cache, no_store) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(CACHE_CONTROL, HeaderValue::from_static(field));

            let expected = Directives { no_cache, no_store };
            assert_eq!(Directives::read(&headers), expected, "{field}");
        }
    }
}
