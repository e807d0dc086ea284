//! What can be done with the objects of a [`Table`]: each verb is one call to Unity Connection and back.
//!
//! | verb | call | answer |
//! | --- | --- | --- |
//! | [`Incoming::list`] | `GET` of the list | 200, the items |
//! | [`Incoming::get`] | `GET` of one object | 200, the object |
//! | [`Incoming::create`] | `POST` to the list | 201, where it is |
//! | [`Incoming::update`] | `PUT` of what changes | 204 |
//! | [`Incoming::delete`] | `DELETE` | 204 |
//! | [`Incoming::set_secret`] | `PUT`, with the secret in the query | 204 |

use std::time::SystemTime;

use actix_web::http::Method;

use super::preconditions::Representation;
use super::respond::written;
use super::{Call, Incoming, Read, Response, Write};
use crate::error::Error;
use crate::request::JsonBody;
use crate::table::Table;
use crate::table::address::Address;
use crate::table::write::{Purpose, Writing};
use crate::upstream::turn::Turn;

impl Incoming {
    /// Reads a list, with this query of Unity Connection's.
    pub fn list(
        self,
        table: &'static Table,
        query: Option<String>,
    ) -> impl Future<Output = Response> {
        let mut path = self.path(table);
        if let Some(query) = query {
            path.extend(["?", &query]);
        }
        let read = move |call: &Self, path: &str| {
            let address = call.address(table);
            let translate = move |body: &[u8]| table.read_list(body, &address, SystemTime::now());
            Read { not_found: table.parent_not_found, ..Read::new(path, translate) }
        };
        self.read(path, read)
    }

    /// Reads one object.
    pub fn get(self, table: &'static Table) -> impl Future<Output = Response> {
        let read = move |call: &Self, path: &str| read_one(table, path, call.address(table));
        let path = self.path(table);
        self.read(path, read)
    }

    /// Makes an object of a body's properties.
    pub async fn create(self, table: &'static Table, body: JsonBody) -> Response {
        let address = self.address(table);
        let document = self.document(table, Purpose::Create, &body)?;
        let call = Call { body: document.into(), ..Call::new(Method::POST, self.path(table)) };
        let write = Write {
            call,
            not_found: table.parent_not_found,
            rejected: table.rejected,
            current: Representation::None,
        };
        Ok(written(self.write(write).await?, &address.collection))
    }

    /// Changes those properties of an object that a body has.
    pub async fn update(self, table: &'static Table, body: JsonBody) -> Response {
        let address = self.address(table);
        let document = self.document(table, Purpose::Change, &body)?;
        let call = Call { body: document.into(), ..Call::new(Method::PUT, self.path(table)) };
        let write = Write { current: self.current(table), ..write_one(table, call) };
        Ok(written(self.write(write).await?, &address.collection))
    }

    /// Deletes an object.
    pub async fn delete(self, table: &'static Table) -> Response {
        let address = self.address(table);
        let call = Call::new(Method::DELETE, self.path(table));
        let write = Write { current: self.current(table), ..write_one(table, call) };
        Ok(written(self.write(write).await?, &address.collection))
    }

    /// Sets the secret that a body has. Where a 400 can mean a conflict, the object is read to find out.
    pub async fn set_secret(self, table: &'static Table, JsonBody(body): JsonBody) -> Response {
        let address = self.address(table);
        let object = table.conflict.map(|conflict| (conflict, self.read_one(conflict.object)));
        let call = Call {
            secret: Some(table.write_secret(&body)?),
            ends_session: table.ends_session,
            ..Call::new(Method::PUT, self.path(table))
        };
        let write = write_one(table, call);
        let set = async move |turn: &mut Turn| match (write.ask(turn).await, object) {
            (Err(Error::Resource(_, told)), Some((conflict, object))) if told.status == 400 => {
                let shown = object.ask(turn).await.is_ok_and(|json| (conflict.is_shown)(&json));
                let refusal = table.rejected.filter(|_| !shown).unwrap_or(conflict.refusal);
                Err(Error::Resource(refusal, told))
            }
            (result, _) => result,
        };
        let set = self.change(Representation::None, set);
        Ok(written(set.await?, &address.collection))
    }

    /// Unity Connection's path of what is asked for.
    pub fn path(&self, table: &Table) -> String {
        table.upstream_path(&self.parameters.0)
    }

    /// Where the request's objects are.
    pub fn address(&self, table: &Table) -> Address {
        Address::new(table, self.public_path(), &self.parameters.0)
    }

    /// What preconditions of a write to the object are held against.
    pub fn current(&self, table: &'static Table) -> Representation {
        if table.has_get {
            Representation::Json(self.read_one(table))
        } else {
            Representation::None
        }
    }

    fn read_one(&self, table: &'static Table) -> Read {
        read_one(table, &self.path(table), self.address(table))
    }

    /// The document to send for a body.
    pub fn document(
        &self,
        table: &Table,
        purpose: Purpose,
        JsonBody(body): &JsonBody,
    ) -> Result<String, Error> {
        let address = self.address(table);
        let writing = Writing {
            purpose,
            key: address.key.as_deref(),
            now: SystemTime::now(),
            no_end_date: self.gateway.settings.no_end_date,
        };
        table.write(body, writing)
    }
}

/// The read of one object.
pub fn read_one(table: &'static Table, path: &str, address: Address) -> Read {
    let translate = move |body: &[u8]| table.read_one(body, &address, SystemTime::now());
    Read { not_found: table.not_found, ..Read::new(path, translate) }
}

/// The write of one object, at an address that has no GET.
pub fn write_one(table: &'static Table, call: Call) -> Write {
    Write {
        call,
        not_found: table.not_found,
        rejected: table.rejected,
        current: Representation::None,
    }
}
