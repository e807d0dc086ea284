//! `shared.*`: the store of what replicas and restarts must remember of callers.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{SecretSlice, SecretString};
use url::Url;

use super::keys::Keys;

/// `shared.*`
#[derive(Clone, Debug)]
pub struct Shared {
    /// Where Valkey or Redis is, credentials included. Default: none.
    pub url: Option<SecretString>,
    /// The key of callers' digests. Default: one that is drawn at the start.
    pub key: Option<Arc<SecretSlice<u8>>>,
    /// How long the store may take for an answer. Default 100 ms.
    pub timeout: Duration,
}

/// The shortest key, in bytes: as long as the digests.
const SHORTEST_KEY: usize = 32;

impl Keys {
    /// Reads `shared.*`.
    pub fn shared(&mut self) -> Shared {
        const KEY_FILE: &str = "shared.key_file";

        let url = self.store("shared.url");
        let key = self.key_file(KEY_FILE);
        if url.is_some() && key.is_none() && !self.is_faulty(KEY_FILE) {
            self.fault(
                KEY_FILE,
                "is required beside shared.url: write the path of a file of at least 32 random bytes, the same on all \
                 replicas, as `openssl rand -out FILE 32` makes it",
            );
        }
        Shared { url, key, timeout: self.duration("shared.timeout", Duration::from_millis(100)) }
    }

    /// Reads the URL of a store. It is never quoted, since it may hold a password.
    fn store(&mut self, key: &'static str) -> Option<SecretString> {
        const FORM: &str = "a URL such as redis://valkey.example.com:6379/0 or rediss://user:password@valkey.example.com";

        let text = self.text(key, FORM)?;
        let is_store = |url: &Url| {
            let database = url.path().trim_start_matches('/');
            matches!(url.scheme(), "redis" | "rediss")
                && url.host_str().is_some_and(|host| !host.is_empty())
                && database.bytes().all(|byte| byte.is_ascii_digit())
                && database.len() <= 4
                && url.query().is_none()
                && url.fragment().is_none()
        };
        if Url::parse(&text).ok().is_some_and(|url| is_store(&url)) {
            return Some(text.into());
        }
        self.fault(
            key,
            &format!("write {FORM}, credentials percent-encoded, without query or fragment"),
        );
        None
    }

    /// Reads the key that a file holds.
    fn key_file(&mut self, key: &'static str) -> Option<Arc<SecretSlice<u8>>> {
        let path = self.text(key, "the path of a file")?;
        match fs::read(&path) {
            Ok(bytes) if bytes.len() >= SHORTEST_KEY => return Some(Arc::new(bytes.into())),
            Ok(bytes) => {
                let length = bytes.len();
                self.fault(key, &format!("{path} has {length} bytes: it must have at least {SHORTEST_KEY}, random ones"));
            }
            Err(error) => self.fault(key, &format!("{path} cannot be read: {error}")),
        }
        None
    }
}
