//! Recordings as WAV files: how one is made, and what Unity Connection takes.

use std::time::Duration;

use actix_web::web::Bytes;

/// The formats that are taken: PCM, A-law, µ-law, GSM 6.10, G.726, G.729.
const FORMATS: [u16; 6] = [1, 6, 7, 0x31, 0x45, 0x64];

/// Samples in a second.
const RATE: u32 = 8000;

/// Makes a silent recording of so many bytes of sound: PCM, 16 bit, 8 kHz, mono.
pub fn silence(bytes: usize) -> Bytes {
    let length = u32::try_from(bytes).unwrap_or(u32::MAX);
    let mut file = Vec::new();
    file.extend_from_slice(b"RIFF");
    file.extend_from_slice(&length.saturating_add(36).to_le_bytes());
    file.extend_from_slice(b"WAVEfmt ");
    file.extend_from_slice(&16_u32.to_le_bytes());
    for half in [1_u16, 1] {
        file.extend_from_slice(&half.to_le_bytes());
    }
    for whole in [RATE, 2 * RATE] {
        file.extend_from_slice(&whole.to_le_bytes());
    }
    for half in [2_u16, 16] {
        file.extend_from_slice(&half.to_le_bytes());
    }
    file.extend_from_slice(b"data");
    file.extend_from_slice(&length.to_le_bytes());
    file.resize(file.len() + bytes, 0);
    file.into()
}

/// Reads how long a recording is, or says why it is not taken.
pub fn duration(file: &[u8]) -> Result<Duration, &'static str> {
    let chunks = file.strip_prefix(b"RIFF").and_then(|rest| rest.get(4..)?.strip_prefix(b"WAVE"));
    let mut rest = chunks.ok_or("It is no WAV file.")?;
    let mut rate = None;
    while let Some((name, after)) = rest.split_first_chunk::<4>() {
        let Some((length, after)) = after.split_first_chunk::<4>() else {
            break;
        };
        let length = u32::from_le_bytes(*length) as usize;
        let chunk = after.get(..length).unwrap_or(after);
        match name {
            b"fmt " => rate = Some(byte_rate(chunk).ok_or("The format is not supported.")?),
            b"data" => {
                let rate = rate.ok_or("The sound comes before its format.")?;
                return Ok(Duration::from_secs(chunk.len() as u64) / rate);
            }
            _ => {}
        }
        // A chunk of odd length is followed by one byte more.
        rest = after.get(length.saturating_add(length % 2)..).unwrap_or_default();
    }
    Err("There is no sound in it.")
}

/// Reads the bytes in a second from the description of a format that is taken.
fn byte_rate(format: &[u8]) -> Option<u32> {
    let tag = u16::from_le_bytes(*format.first_chunk()?);
    let rate = u32::from_le_bytes(*format.get(8..)?.first_chunk()?);
    (FORMATS.contains(&tag) && rate > 0).then_some(rate)
}
