//! CUPI's identifier of an object.
//!
//! Source: CUPI for End Users, every chapter: `ObjectId`, String(36), a lower-case GUID.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// CUPI's identifier of an object: a UUID, printed in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(value_type = String, format = Uuid, example = "75436abf-8784-450f-ac61-23a08be2c364")]
pub struct ObjectId(Uuid);

impl ObjectId {
    /// Reads 8-4-4-4-12 hexadecimal digits in any case.
    pub fn parse(text: &str) -> Option<Self> {
        // The parser takes three more spellings, none of which is 36 characters long.
        let uuid = (text.len() == 36).then(|| Uuid::try_parse(text).ok())??;
        Some(Self(uuid))
    }

    /// Writes its 36 characters.
    pub fn encode(self, buffer: &mut [u8; 36]) -> &str {
        self.0.as_hyphenated().encode_lower(buffer)
    }
}

impl std::fmt::Display for ObjectId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.as_hyphenated().fmt(formatter)
    }
}
