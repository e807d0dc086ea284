//! Where clients reach the gateway, when something in front strips a path: `server.public_url`.

use super::Server;

impl Server {
    /// What clients see before each path: nothing, or a path without a slash at its end.
    pub fn public_path(&self) -> &str {
        self.public_url.as_ref().map_or("", |url| url.path().trim_end_matches('/'))
    }
}
