//! Recordings: `audio/wav` in both directions, held whole, bytes unchanged, and never kept.
//!
//! | verb | call | answer |
//! | --- | --- | --- |
//! | [`Incoming::get_recording`] | `GET` | 200, the recording |
//! | [`Incoming::set_recording`] | `PUT` | 204 |
//!
//! A recording is held whole, so that its first bytes can be looked at, that it has an `ETag`, and that no client's pace
//! holds a turn. [`memory`] bounds what all of them take.

use std::rc::Rc;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::Bytes;

use super::preconditions::Representation;
use super::respond::{self, written};
use super::{Call, Incoming, Response, Turn, Write};
use crate::cache::Fetched;
use crate::error::{Error, Refusal};
use crate::request::upload::{Bounds, Upload};
use crate::table::Table;
use crate::upstream::call::Limit;

use memory::{Claim, Direction};

pub mod memory;
pub mod outgoing;

/// The shortest upload: a RIFF header, a format and the head of its data.
const SHORTEST_UPLOAD: usize = 44;

impl Incoming {
    /// Reads a recording, together with all who ask for it now.
    pub async fn get_recording(self, table: &'static Table) -> Response {
        let path = self.path(table);
        let limit = Limit {
            size: self.gateway.audio.max_size,
            exceeded: "it is larger than `audio.max_size`",
        };
        let call = Call::download(&*path, limit);
        let (upstream, memory) =
            (Rc::clone(&self.gateway.upstream), Arc::clone(&self.gateway.memory));
        let (caller, record) = (self.caller.clone(), self.record.clone());
        let fetch = |_: &str| async move {
            let key = caller.key;
            let mut turn = upstream.turn(caller, record).await?;
            let is_known = upstream.is_known(key);
            let room = memory.reserve(Claim {
                caller: key,
                is_known,
                direction: Direction::Down,
                bytes: limit.size,
            })?;
            let recording = ask(&call, &mut turn).await?;
            Ok(Fetched { body: room.house(recording), generation: None })
        };
        let (response, status) = self.look_up(path, fetch).await?;
        Ok(respond::recording(self.request.headers(), &response, status))
    }

    /// Replaces a recording. Each check is made before the next byte of it is read.
    pub async fn set_recording(self, table: &'static Table, upload: Upload) -> Response {
        let Self { gateway, caller, record, .. } = &self;
        let (path, address) = (self.path(table), self.address(table));
        let max_size = gateway.audio.max_size;
        let bytes = upload.length().unwrap_or(max_size);
        if bytes > max_size {
            return Err(Error::RecordingTooLarge(max_size));
        }
        gateway.upstream.check_sign_in(caller.key).await?;
        let is_known = gateway.upstream.is_known(caller.key);
        let direction = Direction::Up;
        let mut room =
            gateway.memory.reserve(Claim { caller: caller.key, is_known, direction, bytes })?;
        let bounds = Bounds { size: bytes, max_size, timeout: gateway.audio.upload_timeout };
        let recording = upload.receive(bounds).await?;
        room.shrink(recording.len());
        if recording.len() < SHORTEST_UPLOAD || !is_wav(&recording) {
            return Err(Error::InvalidBody(NOT_A_WAV_FILE.to_owned()));
        }
        record.update(|progress| progress.recording = Some(recording.len()));
        let write = Write {
            call: Call::upload(path, recording),
            not_found: table.parent_not_found,
            rejected: Some(&REJECTED),
            current: Representation::Recording,
        };
        let set = self.change(Representation::Recording, async move |turn| {
            let result = write.ask(turn).await;
            drop(room);
            result
        });
        Ok(written(set.await?, &address.collection))
    }
}

/// Asks for a recording within a turn. Nothing recorded has three forms (it is not known which of them is Unity
/// Connection's), and the answer's media type is not believed.
async fn ask(call: &Call, turn: &mut Turn) -> Result<Bytes, Error> {
    let answer = turn.ask(call).await?;
    let reason = match answer.status {
        StatusCode::OK if answer.body.is_empty() => {
            return Err(Error::Resource(&NOT_FOUND, answer.told));
        }
        StatusCode::OK if is_wav(&answer.body) => return Ok(answer.body),
        StatusCode::OK => "it is not a WAV file",
        StatusCode::NO_CONTENT | StatusCode::NOT_FOUND => {
            return Err(Error::Resource(&NOT_FOUND, answer.told));
        }
        status if status.is_success() => "it is not the success that was asked for",
        _ => return Err(Error::UpstreamError(answer.told)),
    };
    turn.report_invalid(&reason);
    Err(Error::UpstreamInvalidResponse { reason: reason.into(), answer: Some(answer.told) })
}

/// Whether these are the bytes of a WAV file, as far as the first twelve of them say.
pub fn is_wav(bytes: &[u8]) -> bool {
    bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WAVE")
}

/// What is said of an upload that is no recording.
pub const NOT_A_WAV_FILE: &str =
    "The body is not a WAV file. Send one, best mono G.711 µ-law or 16-bit PCM at 8 kHz.";

/// The refusal of a download.
pub static NOT_FOUND: Refusal = Refusal::new(
    404,
    "recording_not_found",
    "No such recording",
    "Nothing is recorded here, or Unity Connection does not have what the recording would belong to. Upload a recording \
     first, or check the address.",
);

/// The refusal of an upload.
pub static REJECTED: Refusal = Refusal::new(
    422,
    "recording_rejected",
    "Recording rejected",
    "Unity Connection did not accept this recording. Its own words, where it sent some, stand in `upstream`; an audio format \
     that it does not know, a recording longer than the class of service allows and a language that is not installed are \
     usual causes.",
);
