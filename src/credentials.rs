//! Whose request it is: credentials that are passed through, never read for their meaning and
//! never printed.

use std::fmt;

use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use uuid::Uuid;

use crate::error::Error;

pub use caller_key::{BuildPlain, CallerKey};

mod caller_key;

/// The longest `Authorization` value that is passed on, in bytes.
const MAX_LENGTH: usize = 8 * 1024;

/// An `Authorization` value, kept byte for byte (RFC 9110, section 11.6.2). It prints as nothing.
#[derive(Clone)]
pub struct Credentials(HeaderValue);

impl Credentials {
    /// Takes the one `Authorization` field of a request: `Basic` or `Bearer` in any case, with a
    /// value.
    pub fn parse(headers: &HeaderMap) -> Result<Self, Error> {
        let mut fields = headers.get_all(AUTHORIZATION);
        let (Some(value), None) = (fields.next(), fields.next()) else {
            return Err(Error::CredentialsMissing);
        };
        let mut parts = value.as_bytes().splitn(2, |byte| *byte == b' ');
        let scheme = parts.next().unwrap_or_default();
        let rest = parts.next().unwrap_or_default().trim_ascii();
        let known = scheme.eq_ignore_ascii_case(b"basic") || scheme.eq_ignore_ascii_case(b"bearer");
        if !known || rest.is_empty() || value.len() > MAX_LENGTH {
            return Err(Error::CredentialsMissing);
        }
        let mut value = value.clone();
        value.set_sensitive(true);
        Ok(Self(value))
    }

    /// The field value for Unity Connection.
    pub fn header(&self) -> HeaderValue {
        self.0.clone()
    }

    /// What of it must not be seen: the value, and for `Basic` the password that it encodes.
    fn secrets(&self) -> Vec<SecretString> {
        let (_, value) = self.parts();
        let mut secrets = vec![SecretString::from(String::from_utf8_lossy(value).into_owned())];
        if let Some(pair) = decode_leniently(value) {
            // Old clients encode in ISO 8859-1.
            let pair = String::from_utf8(pair)
                .unwrap_or_else(|pair| pair.as_bytes().iter().map(|b| char::from(*b)).collect());
            if let Some((_, password)) = pair.split_once(':') {
                secrets.push(SecretString::from(password));
            }
        }
        secrets
    }

    /// The scheme, and the value without the blanks round it.
    fn parts(&self) -> (&[u8], &[u8]) {
        let bytes = self.0.as_bytes();
        let end = bytes.iter().position(|byte| *byte == b' ').unwrap_or(bytes.len());
        let (scheme, value) = bytes.split_at(end);
        (scheme, value.trim_ascii())
    }
}

/// Decodes base64 as Unity Connection's Tomcat does: both alphabets, characters of neither skipped,
/// nothing read after a `=`, bits that make no byte left out. `None` where no byte is left.
fn decode_leniently(value: &[u8]) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone);
    const DECODER: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);

    let end = value.iter().position(|byte| *byte == b'=').unwrap_or(value.len());
    let (value, _) = value.split_at(end);
    // Most are as they should be. malloc gives room for so little faster than calloc, which base64 would ask.
    let mut bytes = Vec::with_capacity(value.len());
    if DECODER.decode_vec(value, &mut bytes).is_ok() {
        return Some(bytes).filter(|bytes| !bytes.is_empty());
    }
    let mut characters: Vec<u8> = value
        .iter()
        .filter_map(|byte| match byte {
            b'-' => Some(b'+'),
            b'_' => Some(b'/'),
            b'+' | b'/' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => Some(*byte),
            _ => None,
        })
        .collect();
    if characters.len() % 4 == 1 {
        characters.pop();
    }
    DECODER.decode(characters).ok().filter(|bytes| !bytes.is_empty())
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Credentials")
    }
}

/// Says whether `text` holds these credentials or `password`: raw, percent-encoded in any spelling,
/// or in base64, be it within a longer text. `seen` says what may come through of a text that is a secret.
pub fn discloses(
    text: &str,
    credentials: &Credentials,
    password: Option<&SecretString>,
    seen: impl Fn(&str) -> [String; 2],
) -> bool {
    let decoded = percent_decode_str(text).decode_utf8_lossy();
    let form = text.replace('+', " ");
    let form = percent_decode_str(&form).decode_utf8_lossy();
    let holds = |secret: &str| {
        let mut texts = [text, &decoded, &form].into_iter();
        !secret.is_empty() && texts.any(|text| text.contains(secret))
    };

    let mut secrets = credentials.secrets();
    secrets.extend(password.cloned());
    secrets.iter().map(ExposeSecret::expose_secret).any(|secret| {
        let told = |form: &str| holds(form) || in_base64(form).iter().any(|encoded| holds(encoded));
        told(secret) || seen(secret).iter().any(|form| told(form))
    })
}

/// What base64 makes of `secret`, alone and wherever it begins in a longer text.
fn in_base64(secret: &str) -> Vec<String> {
    /// Fewer characters would be found in too many texts.
    const TELLING: usize = 4;

    let mut encodings = Vec::new();
    for alphabet in [BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD] {
        encodings.push(alphabet.encode(secret));
        // The characters that the neighbours of the secret have no part in.
        for (before, skip) in [("", 0), ("x", 2), ("xx", 3)] {
            let text = [before, secret].concat();
            let whole = text.len() * 8 / 6;
            let encoded = alphabet.encode(&text);
            let within = encoded.get(skip..whole).unwrap_or_default();
            if within.len() >= TELLING {
                encodings.push(within.to_owned());
            }
        }
    }
    encodings
}

/// Makes callers' keys: HMAC-SHA256.
#[derive(Clone)]
pub struct CallerKeys(Hmac<Sha256>);

impl CallerKeys {
    /// Draws the key.
    pub fn new() -> Self {
        let [first, second] = [Uuid::new_v4(), Uuid::new_v4()].map(Uuid::into_bytes);
        Self::with_key(&[first, second].concat())
    }

    /// Takes the key, so that all who have it know callers by the same digests.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "HMAC takes keys of any length"
    )]
    pub fn with_key(key: &[u8]) -> Self {
        Self(Hmac::new_from_slice(key).expect("a key of any length"))
    }

    /// The caller of a request with these fields.
    pub fn caller(&self, headers: &HeaderMap) -> Result<Caller, Error> {
        let credentials = Credentials::parse(headers)?;
        let key = self.key(&credentials);
        Ok(Caller { credentials, key })
    }

    /// The same for all spellings of the same credentials.
    fn key(&self, credentials: &Credentials) -> CallerKey {
        let (scheme, value) = credentials.parts();
        let is_basic = scheme.eq_ignore_ascii_case(b"basic");
        let mut digest = self.0.clone();
        if let Some(pair) = is_basic.then(|| decode_leniently(value)).flatten() {
            digest.update(b"basic pair ");
            digest.update(&pair);
        } else {
            digest.update(if is_basic { b"basic bytes " } else { b"bearer bytes " });
            digest.update(value);
        }
        CallerKey::new(digest.finalize().into_bytes().into())
    }
}

impl Default for CallerKeys {
    fn default() -> Self {
        Self::new()
    }
}

/// The caller: whoever the request's credentials belong to.
#[derive(Clone, Debug)]
pub struct Caller {
    /// What is sent to Unity Connection on the caller's behalf.
    pub credentials: Credentials,
    /// What is kept for the caller is kept under this.
    pub key: CallerKey,
}

/// The challenge of a 401 (RFC 9110, section 11.6.1). It is ours, never Unity Connection's. A
/// script gets a scheme for which no browser opens a sign-in box of its own.
pub fn challenge(headers: &HeaderMap) -> HeaderValue {
    let destination = headers.get(HeaderName::from_static("sec-fetch-dest"));
    let script = destination.is_some_and(|value| value == "empty")
        || headers.contains_key(HeaderName::from_static("x-requested-with"));
    HeaderValue::from_static(if script {
        r#"Bearer realm="Unity Connection""#
    } else {
        r#"Basic realm="Unity Connection", charset="UTF-8""#
    })
}
