//! Lists that Unity Connection lacks, made of single reads.
//!
//! A page needs all types of an object and would ask for one after the other. The gateway does the same for it, no more
//! and no faster: each read is exactly the single GET, with a turn and a cache entry of its own, so that other callers
//! come in between. A type that is answered 404 is left out. Any other failure ends the list: there is no partial one.

use std::sync::Arc;

use tokio::time::Instant;

use super::verbs::read_one;
use super::{Incoming, Response, respond};
use crate::cache;
use crate::cache::status::CacheStatus;
use crate::error::Error;
use crate::table::Table;
use crate::table::address::Address;

impl Incoming {
    /// Reads an object of each of the table's types, in their order.
    pub async fn list_types(self, table: &'static Table) -> Response {
        let settings = &self.gateway.settings;
        let key = table.key().unwrap_or_default();
        let deadline = Instant::now() + settings.queue_timeout + settings.timeout;
        let mut parts = Vec::new();
        let mut missing = None;
        for (name, _) in table.types {
            if Instant::now() >= deadline {
                return Err(Error::UpstreamTimeout(None));
            }
            let parameters = [(key.to_owned(), (*name).to_owned())];
            let read = |call: &Self, path: &str| {
                let address = Address::new(table, call.public_path(), &parameters);
                read_one(table, path, address)
            };
            match self.fetch(table.upstream_path(&parameters), read).await {
                Ok(part) => parts.push(part),
                Err(error @ Error::Resource(..)) => missing = Some(error),
                Err(error) => return Err(error),
            }
        }

        let (parts, statuses): (Vec<Arc<cache::Response>>, Vec<CacheStatus>) =
            parts.into_iter().unzip();
        match (cache::Response::list(&parts), missing) {
            (None, Some(missing)) => Err(missing),
            (None, None) => Err(Error::RouteNotFound),
            (Some(list), missing) => {
                let status = CacheStatus::of_all(&statuses, missing.is_none());
                Ok(respond::read(self.request.headers(), &list, status))
            }
        }
    }
}
