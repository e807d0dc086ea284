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
    pub async fn list(self, table: &'static Table, query: Option<String>) -> Response {
        let address = self.address(table);
        let path = match query {
            Some(query) => format!("{}?{query}", address.upstream),
            None => address.upstream.clone(),
        };
        let translate = move |body: &[u8]| table.read_list(body, &address, SystemTime::now());
        self.read(Read { not_found: table.parent_not_found, ..Read::new(path, translate) }).await
    }

    /// Reads one object.
    pub async fn get(self, table: &'static Table) -> Response {
        let read = read_one(table, self.address(table));
        self.read(read).await
    }

    /// Makes an object of a body's properties.
    pub async fn create(self, table: &'static Table, body: JsonBody) -> Response {
        let address = self.address(table);
        let document = self.document(table, Purpose::Create, &body)?;
        let call = Call { body: document.into(), ..Call::new(Method::POST, &*address.upstream) };
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
        let call = Call { body: document.into(), ..Call::new(Method::PUT, &*address.upstream) };
        let write = Write { current: current(table, address.clone()), ..write_one(table, call) };
        Ok(written(self.write(write).await?, &address.collection))
    }

    /// Deletes an object.
    pub async fn delete(self, table: &'static Table) -> Response {
        let address = self.address(table);
        let call = Call::new(Method::DELETE, &*address.upstream);
        let write = Write { current: current(table, address.clone()), ..write_one(table, call) };
        Ok(written(self.write(write).await?, &address.collection))
    }

    /// Sets the secret that a body has. Where a 400 can mean a conflict, the object is read to find out.
    pub async fn set_secret(self, table: &'static Table, JsonBody(body): JsonBody) -> Response {
        let address = self.address(table);
        let object = table
            .conflict
            .map(|conflict| (conflict, read_one(conflict.object, self.address(conflict.object))));
        let call = Call {
            secret: Some(table.write_secret(&body)?),
            ends_session: table.ends_session,
            ..Call::new(Method::PUT, &*address.upstream)
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

    /// Where the request's objects are.
    pub fn address(&self, table: &Table) -> Address {
        Address::new(table, self.public_path(), &self.parameters.0)
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
pub fn read_one(table: &'static Table, address: Address) -> Read {
    let path = address.upstream.clone();
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

/// What preconditions of a write to one object are held against.
pub fn current(table: &'static Table, address: Address) -> Representation {
    if table.has_get {
        Representation::Json(read_one(table, address))
    } else {
        Representation::None
    }
}
