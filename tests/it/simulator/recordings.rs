//! Recordings: what is given, what is taken, and where none is.

use super::{assert_done, assert_refused, get, send, set, start};
use crate::support::{Reply, ask};
use cupi_gateway::simulator::Simulator;

const VOICE_NAME: &str = "/vmrest/user/voicename";
const STANDARD: &str = "/vmrest/user/greetings/Standard/greetingstreamfiles";
const OFF_HOURS: &str = "/vmrest/user/greetings/Off%20Hours/greetingstreamfiles";
const LIST: &str = "/vmrest/user/privatelists/00000064-115a-4000-8000-000000000002/voicename";
const EMPTY: &str = "/vmrest/user/privatelists/00000064-115a-4000-8000-000000000001/voicename";

/// A WAV file of one format, with so many bytes of sound.
fn wav(tag: u16, byte_rate: u32, sound: usize) -> Vec<u8> {
    let length = u32::try_from(sound).unwrap();
    [
        b"RIFF",
        &(36 + length).to_le_bytes()[..],
        b"WAVEfmt ",
        &16_u32.to_le_bytes(),
        &tag.to_le_bytes(),
        &1_u16.to_le_bytes(),
        &8000_u32.to_le_bytes(),
        &byte_rate.to_le_bytes(),
        &2_u16.to_le_bytes(),
        &16_u16.to_le_bytes(),
        b"data",
        &length.to_le_bytes(),
        &vec![0; sound],
    ]
    .concat()
}

async fn put(simulator: &Simulator, alias: &str, path: &str, file: &[u8]) -> Reply {
    let authorization = format!("Bearer token-{alias}");
    let headers = [("authorization", authorization.as_str()), ("content-type", "Audio/WAV; x=y")];
    ask("PUT", &format!("{}{path}", simulator.url()), &headers, file).await
}

async fn read(simulator: &Simulator, alias: &str, path: &str) -> Reply {
    send(simulator, alias, ["GET", path, ""]).await
}

#[actix_web::test]
async fn what_fung_recorded_is_silence_of_known_length() {
    let simulator = start();

    for (path, sound) in [
        (VOICE_NAME, 1600),
        (&format!("{STANDARD}/1031"), 3200),
        (&format!("{STANDARD}/1033"), 3200),
        ("/vmrest/user/greetings/Alternate/greetingstreamfiles/1033", 3200),
        (LIST, 800),
    ] {
        let file = read(&simulator, "fung", path).await;

        assert_eq!((file.status, file.header("content-type")), (200, Some("audio/wav")), "{path}");
        assert_eq!(file.body, wav(1, 16_000, sound), "{path}");
    }
}

#[actix_web::test]
async fn a_recording_is_replaced_and_given_back_as_it_was() {
    let simulator = start();
    let file = wav(7, 8000, 8000);

    for (path, kept) in [
        (VOICE_NAME, "user/voicename"),
        (&format!("{OFF_HOURS}/1031"), "user/greetings/Off Hours/greetingstreamfiles/1031"),
        (EMPTY, "user/privatelists/00000064-115a-4000-8000-000000000001/voicename"),
    ] {
        assert_done(&put(&simulator, "fung", path, &file).await);

        assert_eq!(read(&simulator, "fung", path).await.body, file);
        assert_eq!(simulator.recording("fung", kept), Some(file.clone()));
    }
}

#[actix_web::test]
async fn a_greetings_languages_are_listed() {
    let simulator = start();
    let file = |path: &str| format!("<GreetingStreamFile><URI>{path}</URI></GreetingStreamFile>");
    let list = |files: &str| format!("<GreetingStreamFiles>{files}</GreetingStreamFiles>");
    let [german, english] =
        ["1031", "1033"].map(|language| file(&format!("{STANDARD}/{language}")));

    assert_eq!(get(&simulator, "fung", STANDARD).await, list(&[german, english].concat()));
    assert_eq!(get(&simulator, "fung", OFF_HOURS).await, "<GreetingStreamFiles/>");

    assert_done(&put(&simulator, "fung", &format!("{OFF_HOURS}/1031"), &wav(1, 16_000, 0)).await);
    let one = file(&format!("{OFF_HOURS}/1031"));
    assert_eq!(get(&simulator, "fung", OFF_HOURS).await, list(&one));
    set(&simulator, &[("bare_root", "on"), ("off_hours", "closed")]);
    let closed = "/vmrest/user/greetings/Closed/greetingstreamfiles";
    assert_eq!(get(&simulator, "fung", closed).await, file(&format!("{closed}/1031")));
    assert_eq!(read(&simulator, "fung", &format!("{closed}/1031")).await.status, 200);
    assert_refused(&read(&simulator, "fung", OFF_HOURS).await, 404, "NOT_FOUND");
    let posted = send(&simulator, "fung", ["POST", STANDARD, ""]).await;
    assert_eq!((posted.status, posted.header("allow")), (405, Some("GET")));
}

#[actix_web::test]
async fn where_nothing_is_recorded_the_switch_decides() {
    let simulator = start();
    let paths = [VOICE_NAME, "/vmrest/user/greetings/Busy/greetingstreamfiles/1033"];

    for path in paths {
        assert_refused(&read(&simulator, "nadia", path).await, 404, "NOT_FOUND");
    }
    set(&simulator, &[("no_recording", "empty")]);
    for path in paths {
        let none = read(&simulator, "nadia", path).await;
        assert_eq!((none.status, none.header("content-type")), (200, Some("audio/wav")));
        assert!(none.body.is_empty());
    }
    set(&simulator, &[("no_recording", "204")]);
    assert_done(&read(&simulator, "nadia", VOICE_NAME).await);
    assert_done(&read(&simulator, "fung", EMPTY).await);
    for path in [
        "/vmrest/user/greetings/Nope/greetingstreamfiles/1033",
        "/vmrest/user/greetings/Nope/greetingstreamfiles",
        "/vmrest/user/privatelists/00000064-115a-4000-8000-000000000009/voicename",
    ] {
        assert_refused(&read(&simulator, "fung", path).await, 404, "NOT_FOUND");
    }
}

#[actix_web::test]
async fn the_media_type_can_lie() {
    let simulator = start();
    set(&simulator, &[("audio_type", "application/octet-stream")]);

    let file = read(&simulator, "fung", VOICE_NAME).await;

    assert_eq!(file.header("content-type"), Some("application/octet-stream"));
    assert_eq!(file.body.len(), 1644);
}

#[actix_web::test]
async fn other_media_types_and_methods_are_refused() {
    let simulator = start();

    for path in [VOICE_NAME, LIST, &format!("{STANDARD}/1033")] {
        let xml = send(&simulator, "fung", ["PUT", path, "<CallControl/>"]).await;
        assert_eq!(
            (xml.status, xml.header("content-type")),
            (415, Some("text/html;charset=utf-8"))
        );
        for method in ["POST", "DELETE"] {
            let refused = send(&simulator, "fung", [method, path, ""]).await;
            assert_eq!((refused.status, refused.header("allow")), (405, Some("GET, PUT")));
        }
    }
}

#[actix_web::test]
async fn formats_are_judged() {
    let simulator = start();
    for tag in [1, 6, 7, 0x31, 0x45, 0x64] {
        assert_done(&put(&simulator, "fung", VOICE_NAME, &wav(tag, 8000, 80)).await);
    }
    // Other chunks may stand before the sound, one of them of odd length; what is promised need not come.
    let mut chunks = wav(1, 16_000, 8);
    chunks.splice(12..12, *b"LIST\x03\0\0\0abc\0");
    assert_done(&put(&simulator, "fung", VOICE_NAME, &chunks).await);
    let mut stream = wav(1, 16_000, 8);
    stream.splice(40..44, [0xff; 4]);
    assert_done(&put(&simulator, "fung", VOICE_NAME, &stream).await);
    let kept = simulator.recording("fung", "user/voicename");

    let whole = wav(1, 16_000, 80);
    let no_sound = &whole[..36];
    let mut other = whole.clone();
    other[8..12].copy_from_slice(b"AVI ");
    for file in [
        b"".as_slice(),
        b"RIFF",
        &whole[..20],
        no_sound,
        &other,
        b"<html>",
        &wav(2, 8000, 80),
        &wav(1, 0, 80),
    ] {
        let refused = put(&simulator, "fung", VOICE_NAME, file).await;
        assert_refused(&refused, 400, "INVALID_PARAMETER");
    }
    assert_eq!(simulator.recording("fung", "user/voicename"), kept);
}

#[actix_web::test]
async fn length_and_language_are_judged() {
    let simulator = start();
    let greeting = format!("{STANDARD}/1033");

    for (alias, path, seconds) in [
        ("fung", VOICE_NAME, 30),
        ("fung", greeting.as_str(), 90),
        ("otto", &greeting, 1),
        ("fung", EMPTY, 30),
    ] {
        assert_done(&put(&simulator, alias, path, &wav(1, 8000, 8000 * seconds)).await);
        let refused = put(&simulator, alias, path, &wav(1, 8000, 8000 * seconds + 1)).await;
        assert_refused(&refused, 400, "INVALID_PARAMETER");
    }
    let file = wav(1, 16_000, 80);
    let french = format!("{STANDARD}/1036");
    assert_refused(&put(&simulator, "fung", &french, &file).await, 400, "INVALID_PARAMETER");
    set(&simulator, &[("languages", "1036,2057")]);
    assert_done(&put(&simulator, "fung", &french, &file).await);
    assert_refused(&put(&simulator, "fung", &greeting, &file).await, 400, "INVALID_PARAMETER");
    assert_eq!(read(&simulator, "fung", &greeting).await.status, 200);
}

#[actix_web::test]
async fn a_voice_name_takes_the_right_to_record_it() {
    let simulator = start();
    let file = wav(1, 16_000, 80);

    for status in ["403", "400", "401", "404"] {
        set(&simulator, &[("cos_refusal", status)]);
        let refused = put(&simulator, "otto", VOICE_NAME, &file).await;
        assert_eq!(refused.status.to_string(), status);
    }
    assert_eq!(simulator.recording("otto", "user/voicename"), None);
}

#[actix_web::test]
async fn an_upload_sets_what_plays_where_the_switch_says_so() {
    let simulator = start();
    let plays = async |what: &str| {
        let greeting = get(&simulator, "nadia", "/vmrest/user/greetings/Off%20Hours").await;
        greeting.contains(&format!("<PlayWhat>{what}</PlayWhat>"))
    };
    let path = format!("{OFF_HOURS}/1033");

    assert_done(&put(&simulator, "nadia", &path, &wav(1, 16_000, 80)).await);
    assert!(plays("0").await);
    set(&simulator, &[("upload_sets_play_what", "on")]);
    assert_done(&put(&simulator, "nadia", &path, &wav(1, 16_000, 80)).await);
    assert!(plays("1").await);
}

#[actix_web::test]
async fn the_largest_recording_of_any_class_of_service_is_taken() {
    let simulator = start();
    let cos = vec![("MaxGreetingLength", "1200")];
    simulator.set_objects("fung", "cos", &[cos]).unwrap();
    let file = wav(1, 16_000, 1200 * 16_000);

    assert_done(&put(&simulator, "fung", &format!("{STANDARD}/1033"), &file).await);

    assert_eq!(read(&simulator, "fung", &format!("{STANDARD}/1033")).await.body.len(), file.len());
    // The log keeps its beginning.
    assert_eq!(simulator.log()[0].body, file[..1 << 20]);
}

#[actix_web::test]
async fn recordings_are_put_in_place_whatever_they_hold() {
    let simulator = start();

    simulator.set_recording("nadia", "user/voicename", b"<html>").unwrap();

    assert_eq!(read(&simulator, "nadia", VOICE_NAME).await.text(), "<html>");
    set(&simulator, &[("cut", "length")]);
    simulator.set("cut", "off").unwrap();
    set(&simulator, &[("framing", "chunked")]);
    let chunked = read(&simulator, "nadia", VOICE_NAME).await;
    assert_eq!((chunked.text().as_str(), chunked.header("content-length")), ("<html>", None));
}
