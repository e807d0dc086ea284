//! The public keys by which a server's signature can be checked here: those that ring knows.

use thiserror::Error;
use x509_parser::oid_registry::{
    OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_NIST_EC_P521,
    OID_PKCS1_RSAENCRYPTION, OID_SIG_ED25519,
};
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

/// The keys that can be used, for people.
pub const USABLE: &str = "RSA with 2048 to 8192 bits, ECDSA with P-256 or P-384, or Ed25519";

/// Why a key cannot be used.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum KeyFault {
    /// RSA with fewer or more bits than are taken.
    #[error("its RSA key has {0} bits")]
    Length(usize),
    /// ECDSA on a curve that is not known.
    #[error("its key is ECDSA with {0}, which is not supported")]
    Curve(&'static str),
    /// Neither RSA nor ECDSA nor Ed25519.
    #[error("its key is of a kind that is not supported")]
    Kind,
}

/// Fails for a key that cannot be used.
pub fn check_key(key: &SubjectPublicKeyInfo<'_>) -> Result<(), KeyFault> {
    let kind = &key.algorithm.algorithm;
    if *kind == OID_PKCS1_RSAENCRYPTION {
        let Ok(PublicKey::RSA(key)) = key.parsed() else {
            return Err(KeyFault::Kind);
        };
        let mut modulus = key.modulus.iter().skip_while(|byte| **byte == 0);
        let first = modulus.next().map_or(0, |byte| byte.ilog2() as usize + 1);
        match first + 8 * modulus.count() {
            2048..=8192 => Ok(()),
            bits => Err(KeyFault::Length(bits)),
        }
    } else if *kind == OID_KEY_TYPE_EC_PUBLIC_KEY {
        let curve = key.algorithm.parameters.as_ref().and_then(|curve| curve.as_oid().ok());
        match curve {
            Some(curve) if curve == OID_EC_P256 || curve == OID_NIST_EC_P384 => Ok(()),
            Some(curve) if curve == OID_NIST_EC_P521 => Err(KeyFault::Curve("P-521")),
            _ => Err(KeyFault::Curve("another curve than P-256 and P-384")),
        }
    } else if *kind == OID_SIG_ED25519 {
        Ok(())
    } else {
        Err(KeyFault::Kind)
    }
}
