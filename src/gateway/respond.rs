//! The responses of success: what was read, and what was created.

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT_RANGES, AGE, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue,
    LOCATION, VARY,
};
use actix_web::{HttpResponse, HttpResponseBuilder};
use serde::Serialize;
use utoipa::ToSchema;

use super::audio::outgoing::Outgoing;
use super::preconditions::Preconditions;
use crate::cache::{self, status::CacheStatus};
use crate::object_id::ObjectId;

/// What was created.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "objectId": "00000064-c0de-4000-8000-000000000001",
    "uri": "/api/v1/alternate-devices/00000064-c0de-4000-8000-000000000001",
}))]
pub struct Created {
    /// What it is known by.
    pub object_id: ObjectId,
    /// Where it is found.
    #[schema(format = UriReference)]
    pub uri: String,
}

/// 204; after a POST 201, with our link to what it made in the list at this path.
pub fn written(created: Option<ObjectId>, collection: &str) -> HttpResponse {
    let Some(object_id) = created else {
        return HttpResponse::NoContent().finish();
    };
    let uri = format!("{collection}/{object_id}");
    HttpResponse::Created().insert_header((LOCATION, uri.as_str())).json(Created { object_id, uri })
}

/// 200 with JSON, or 304 where the client has this very answer (RFC 9110, section 13.1.2).
pub fn read(headers: &HeaderMap, kept: &cache::Response, status: CacheStatus) -> HttpResponse {
    let mut response = head(kept, status);
    if Preconditions::read(headers).is_known(&kept.etag) {
        response.status(StatusCode::NOT_MODIFIED).finish()
    } else {
        response
            .insert_header((CONTENT_TYPE, HeaderValue::from_static("application/json")))
            .body(kept.body.clone())
    }
}

/// 200 with a recording, or 304. A part of it is never sent.
pub fn recording(headers: &HeaderMap, kept: &cache::Response, status: CacheStatus) -> HttpResponse {
    let mut response = head(kept, status);
    response.insert_header((ACCEPT_RANGES, HeaderValue::from_static("none")));
    if Preconditions::read(headers).is_known(&kept.etag) {
        response.status(StatusCode::NOT_MODIFIED).finish()
    } else {
        response
            .insert_header((CONTENT_TYPE, HeaderValue::from_static("audio/wav")))
            .body(Outgoing::new(kept.body.clone()))
    }
}

/// What every answer to a read says of itself.
fn head(kept: &cache::Response, status: CacheStatus) -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CACHE_CONTROL, HeaderValue::from_static("private, no-cache")))
        .insert_header((VARY, HeaderValue::from_static("Authorization, Origin")))
        .insert_header((ETAG, kept.etag.clone()))
        .insert_header((AGE, HeaderValue::from(kept.age())))
        .insert_header((CACHE_STATUS, status.header()));
    response
}

const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
