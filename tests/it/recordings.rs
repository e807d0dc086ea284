//! Recordings: voice names and greetings, down and up, within bounds.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::rt::net::TcpStream;
use actix_web::web::Bytes;
use cupi_gateway::gateway::audio::outgoing::Outgoing;
use cupi_gateway::simulator::Simulator;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::join;
use tokio::time::{self, timeout};

use crate::process::Process;
use crate::raw::{Step, answer, send};
use crate::support::{
    ACCOUNTS, DEADLINE, FUNG, Reply, TestGateway, ask, basic, etag, problem, simulate, together,
};

const VOICE_NAME: &str = "/api/v1/user/voice-name";
const GREETING: &str = "/api/v1/greetings/standard/recordings/1033";
const OFF_HOURS: &str = "/api/v1/greetings/off-hours/recordings/1031";
const LIST: &str = "/api/v1/private-lists/00000064-115a-4000-8000-000000000002/voice-name";

/// Every address of a recording, where Unity Connection has it, and the problem of an upload to what is not there.
const ALL: [(&str, &str, Option<&str>); 3] = [
    (VOICE_NAME, "/vmrest/user/voicename", None),
    (
        OFF_HOURS,
        "/vmrest/user/greetings/Off%20Hours/greetingstreamfiles/1031",
        Some("greeting_not_found"),
    ),
    (
        LIST,
        "/vmrest/user/privatelists/00000064-115a-4000-8000-000000000002/voicename",
        Some("private_list_not_found"),
    ),
];

const WAV: (&str, &str) = ("content-type", "audio/wav");

/// Room for one recording of 64 KiB a caller.
const SMALL: &str =
    "audio.max_size = '64KiB'\naudio.memory = '128KiB'\naudio.upload_timeout = '60s'";

/// A recording with these bytes of sound: PCM, 16 bit, 8 kHz, mono.
fn wav(sound: &[u8]) -> Vec<u8> {
    let length = u32::try_from(sound.len()).unwrap();
    [
        b"RIFF",
        &(36 + length).to_le_bytes()[..],
        b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data",
        &length.to_le_bytes(),
        sound,
    ]
    .concat()
}

/// A recording with every byte in it.
fn noise() -> Vec<u8> {
    wav(&(0..=255).cycle().take(100_000).collect::<Vec<u8>>())
}

impl<U> TestGateway<U> {
    /// Uploads a recording with these headers.
    async fn put(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        ask("PUT", &format!("http://{}{path}", self.address), headers, body).await
    }
}

/// The beginning of an upload of so many bytes.
async fn begin(address: SocketAddr, authorization: &str, length: usize) -> TcpStream {
    let mut socket = TcpStream::connect(address).await.unwrap();
    // The 100 says that the room is reserved.
    let head = format!(
        "PUT {VOICE_NAME} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\nContent-Type: audio/wav\r\n\
         Content-Length: {length}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut interim = [0; 25];
    timeout(DEADLINE, socket.read_exact(&mut interim)).await.unwrap().unwrap();
    assert!(interim.starts_with(b"HTTP/1.1 100"));
    socket
}

/// Sends the rest of an upload and reads the status of the answer.
async fn end(mut socket: TcpStream, body: &[u8]) -> String {
    socket.write_all(body).await.unwrap();
    let mut answer = Vec::new();
    timeout(DEADLINE, socket.read_to_end(&mut answer)).await.unwrap().unwrap();
    String::from_utf8_lossy(&answer).lines().next().unwrap().to_owned()
}

#[actix_web::test]
async fn a_recording_comes_back_as_it_was_uploaded() {
    let gateway = TestGateway::start();

    for (path, upstream, _) in ALL {
        for media_type in ["audio/wav", "Audio/X-WAV; codecs=1", "audio/wave", "audio/vnd.wave"] {
            let set = gateway.put(path, &[FUNG, ("content-type", media_type)], &noise()).await;
            set.assert_written();
        }
        let asked = gateway.upstream.log().pop().unwrap();
        // Parameters are not looked at, whatever they are made of.
        let odd = [
            format!("PUT {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\n", FUNG.1).into_bytes(),
            b"Content-Type: audio/wav; name=\"\xe9\"\r\nConnection: close\r\n".to_vec(),
            format!("Content-Length: {}\r\n\r\n", noise().len()).into_bytes(),
            noise(),
        ];
        gateway.speak(&odd.concat()).await.assert_written();
        let played = gateway.get(path).await;

        assert_eq!((asked.method.as_str(), asked.path.as_str()), ("PUT", upstream));
        assert_eq!(asked.header("content-type").unwrap(), "audio/wav");
        assert_eq!(asked.header("content-length").unwrap(), noise().len().to_string());
        assert_eq!(asked.header("transfer-encoding"), None);
        assert!(asked.body == noise());
        let length = noise().len().to_string();
        let etag = etag(&noise());
        let expected = [
            ("accept-ranges", "none"),
            ("age", "0"),
            ("cache-control", "private, no-cache"),
            ("cache-status", "cupi-gateway; fwd=miss"),
            ("content-length", length.as_str()),
            ("content-type", "audio/wav"),
            ("etag", etag.as_str()),
            ("vary", "Authorization, Origin"),
            ("x-content-type-options", "nosniff"),
        ];
        assert_eq!((played.status, played.fields()), (200, expected.to_vec()), "{path}");
        assert!(played.body == noise(), "{path}");
        let asked = gateway.upstream.log().pop().unwrap();
        assert_eq!((asked.method.as_str(), asked.path.as_str()), ("GET", upstream));
        assert_eq!(asked.header("accept").unwrap(), "audio/wav, application/xml");
    }
}

#[actix_web::test]
async fn a_recording_is_shared_by_those_who_ask_together_but_never_kept() {
    let gateway = TestGateway::start_with("cache.ttl = '60s'");
    gateway.get(ACCOUNTS).await;
    gateway.upstream.clear_log();
    gateway.upstream.set("delay", "100ms").unwrap();

    let together = together(3, |_| gateway.get(VOICE_NAME)).await;
    let again = gateway.get(VOICE_NAME).await;
    let anew = gateway.ask("GET", VOICE_NAME, &[FUNG, ("cache-control", "no-cache")], "").await;

    let mut statuses: Vec<_> =
        together.iter().map(|reply| reply.header("cache-status").unwrap()).collect();
    statuses.sort_unstable();
    assert_eq!(
        statuses,
        [
            "cupi-gateway; fwd=miss",
            "cupi-gateway; fwd=miss; collapsed",
            "cupi-gateway; fwd=miss; collapsed"
        ]
    );
    assert_eq!(again.header("cache-status"), Some("cupi-gateway; fwd=miss"));
    assert_eq!(anew.header("cache-status"), Some("cupi-gateway; fwd=request"));
    assert_eq!(gateway.upstream.log().len(), 3);
}

#[actix_web::test]
async fn a_client_that_has_a_recording_gets_304_and_one_that_asks_for_a_part_gets_all() {
    let gateway = TestGateway::start();
    let whole = gateway.get(VOICE_NAME).await;
    let etag = whole.header("etag").unwrap();

    let same = gateway.ask("GET", VOICE_NAME, &[FUNG, ("if-none-match", etag)], "").await;
    let head = gateway.ask("HEAD", VOICE_NAME, &[FUNG], "").await;
    let part = gateway.ask("GET", VOICE_NAME, &[FUNG, ("range", "bytes=0-9")], "").await;

    assert_eq!((same.status, same.header("etag"), same.body.len()), (304, Some(etag), 0));
    assert_eq!(same.header("cache-status"), Some("cupi-gateway; fwd=miss"));
    assert_eq!((head.status, head.fields(), head.body.len()), (200, whole.fields(), 0));
    assert_eq!((part.status, part.body), (200, whole.body.clone()));
    assert_eq!(gateway.upstream.log().len(), 4);
    assert!(gateway.upstream.log().iter().all(|asked| asked.method == "GET"));
    assert!(gateway.upstream.log().iter().all(|asked| asked.header("range").is_none()));
}

#[actix_web::test]
async fn nothing_recorded_is_one_problem_in_whatever_form_it_comes() {
    let gateway = TestGateway::start();

    for (form, status) in [("404", 404), ("empty", 200), ("204", 204)] {
        gateway.upstream.set("no_recording", form).unwrap();
        let reply = gateway.get(OFF_HOURS).await;

        let told = reply.json()["upstream"].clone();
        assert_eq!(told["status"], status, "{form}");
        problem("recording_not_found", OFF_HOURS).upstream(told).about(&form).assert(&reply);
    }
}

#[actix_web::test]
async fn what_is_no_wav_file_is_no_answer_whatever_it_is_called() {
    let chunked = "200 OK\r\nContent-Type: audio/wav\r\nTransfer-Encoding: chunked";
    let cases = [
        (answer("200 OK\r\nContent-Type: audio/wav", b"<html>Sign in, please.</html>"), NO_WAV),
        (answer("200 OK", b"RIFF\0\0\0\0WAV"), NO_WAV),
        (answer("200 OK", b"RIFX\0\0\0\0WAVE"), NO_WAV),
        (answer("200 OK", b"RIFF\0\0\0\0AVI and so on"), NO_WAV),
        (answer("200 OK\r\nContent-Encoding: gzip", &wav(b"")), "it is compressed"),
        (
            send(&format!("HTTP/1.1 {chunked}\r\n\r\n10001\r\n{}", "x".repeat(65_537))),
            "it is larger than `audio.max_size`",
        ),
        (answer("200 OK", &wav(&vec![0; 65_536])), "it is larger than `audio.max_size`"),
        // The whole file, and no last chunk.
        (
            Step::Send(
                [format!("HTTP/1.1 {chunked}\r\n\r\n2c\r\n").as_bytes(), &wav(b""), b"\r\n"]
                    .concat(),
            ),
            "it was cut off",
        ),
        (answer("206 Partial Content", &wav(b"")), "it is not the success that was asked for"),
    ];
    for (step, reason) in cases {
        let gateway = TestGateway::raw_with(SMALL, vec![vec![step, Step::Close]]);

        let reply = gateway.get(VOICE_NAME).await;

        let told = reply.json()["upstream"].clone();
        problem("upstream_invalid_response", VOICE_NAME)
            .reason(reason)
            .upstream(told)
            .about(&reason)
            .assert(&reply);
    }
    let settings = format!("{SMALL}\nupstream.max_response_size = '1KiB'");
    let largest = wav(&vec![7; 65_536 - 44]);
    let script = vec![vec![answer("200 OK\r\nContent-Type: text/html", &largest)]];
    let gateway = TestGateway::raw_with(&settings, script);
    assert!(gateway.get(VOICE_NAME).await.body == largest);
}

const NO_WAV: &str = "it is not a WAV file";

#[actix_web::test]
async fn what_is_no_wav_file_is_not_sent_on() {
    let gateway = TestGateway::start_with(SMALL);
    let detail =
        "The body is not a WAV file. Send one, best mono G.711 µ-law or 16-bit PCM at 8 kHz.";
    let recording = wav(b"");

    for body in [&recording[..43], b"", b"RIFF", &[0; 44], &[&b"\0"[..], &recording].concat()] {
        let reply = gateway.put(GREETING, &[FUNG, WAV], body).await;
        problem("invalid_body", GREETING).detail(detail).assert(&reply);
    }
    for headers in [
        &[FUNG][..],
        &[FUNG, ("content-type", "audio/mpeg")],
        &[FUNG, ("content-type", "application/json")],
        &[FUNG, WAV, WAV],
    ] {
        let reply = gateway.put(GREETING, headers, &recording).await;
        problem("unsupported_media_type", GREETING)
            .detail("The body must be a WAV file. Send it with `Content-Type: audio/wav`.")
            .assert(&reply);
    }
    let encoded = gateway.put(GREETING, &[FUNG, WAV, ("content-encoding", "gzip")], b"x").await;
    assert_eq!((encoded.status, encoded.header("accept-encoding")), (415, Some("identity")));
    for condition in ["if-match", "if-none-match"] {
        let reply = gateway.put(GREETING, &[FUNG, WAV, (condition, "*")], &recording).await;
        problem("precondition_failed", GREETING).about(&condition).assert(&reply);
    }
    assert_eq!(gateway.upstream.log().len(), 0);
}

#[actix_web::test]
async fn what_unity_connection_says_to_an_upload_is_told() {
    for (path, _, not_found) in ALL {
        for (status, code) in [
            ("400 Bad Request", "recording_rejected"),
            ("409 Conflict", "recording_rejected"),
            ("422 Unprocessable Content", "recording_rejected"),
            ("404 Not Found", not_found.unwrap_or("upstream_error")),
            ("415 Unsupported Media Type", "upstream_error"),
            ("403 Forbidden", "forbidden"),
        ] {
            let gateway = TestGateway::raw(vec![answer(status, b"")]);
            let reply = gateway.put(path, &[FUNG, WAV], &wav(b"")).await;

            assert_eq!(reply.json()["code"], code, "{path} {status}");
            assert_eq!(reply.json()["outcomeUnknown"], Value::Null, "{path} {status}");
        }
        for success in ["200 OK", "201 Created", "204 No Content"] {
            let gateway = TestGateway::raw(vec![answer(success, b"")]);
            gateway.put(path, &[FUNG, WAV], &wav(b"")).await.assert_written();
        }
        for step in [
            answer("200 OK", b"<html>Sign in, please.</html>"),
            answer("202 Accepted", b""),
            answer("500 Internal Server Error", b""),
            Step::Close,
        ] {
            let gateway = TestGateway::raw(vec![step]);
            let reply = gateway.put(path, &[FUNG, WAV], &wav(b"")).await;

            assert_eq!((reply.status, &reply.json()["outcomeUnknown"]), (502, &json!(true)));
            assert_eq!(gateway.upstream.received().len(), 1);
        }
    }
}

#[actix_web::test]
async fn the_simulator_judges_language_length_and_right() {
    let gateway = TestGateway::start();
    let otto = basic("otto", "single-malt");
    let otto = [("authorization", otto.as_str()), WAV];

    let french = "/api/v1/greetings/busy/recordings/1036";
    let language = gateway.put(french, &[FUNG, WAV], &noise()).await;
    let right = gateway.put(VOICE_NAME, &otto, &noise()).await;
    let unset = gateway.get("/api/v1/greetings/standard").await.json();
    gateway.upstream.set("upload_sets_play_what", "on").unwrap();
    gateway.put("/api/v1/greetings/busy/recordings/1033", &[FUNG, WAV], &noise()).await;
    let busy = gateway.get("/api/v1/greetings/busy").await.json();

    assert_eq!((language.status, &language.json()["code"]), (422, &json!("recording_rejected")));
    assert!(right.status == 403 || right.status == 401, "{}", right.text());
    assert_eq!(unset["playWhat"], "recorded");
    assert_eq!(busy["playWhat"], "recorded");
}

#[actix_web::test]
async fn a_recording_that_is_too_large_is_refused_before_it_is_read() {
    let gateway = TestGateway::start_with(SMALL);
    let detail = "The recording is larger than 65536 bytes, the most that this gateway takes (`audio.max_size`). Send a shorter \
                  one, or one in G.711.";
    let head = format!(
        "PUT {VOICE_NAME} HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nContent-Type: audio/wav\r\nConnection: close\r\n",
        FUNG.1
    );

    let promised = format!("{head}Content-Length: 65537\r\n\r\n");
    let promised = gateway.speak(promised.as_bytes()).await;
    let counted = [
        format!("{head}Transfer-Encoding: chunked\r\n\r\n10001\r\n").as_bytes(),
        &vec![7; 65_537][..],
        b"\r\n0\r\n\r\n",
    ]
    .concat();
    let counted = gateway.speak(&counted).await;

    problem("body_too_large", VOICE_NAME).detail(detail).assert(&promised);
    problem("body_too_large", VOICE_NAME).detail(detail).assert(&counted);
    assert_eq!(gateway.upstream.log().len(), 0);
}

#[actix_web::test]
async fn an_upload_that_does_not_come_is_not_waited_for() {
    let settings = SMALL.replace("60s", "200ms");
    let gateway = TestGateway::start_with(&settings);

    let socket = begin(gateway.address, FUNG.1, 100).await;
    let status = end(socket, b"RIFF").await;
    let after = gateway.put(VOICE_NAME, &[FUNG, WAV], &wav(b"")).await;

    assert_eq!(status, "HTTP/1.1 408 Request Timeout");
    after.assert_written();
}

#[actix_web::test]
async fn a_caller_has_one_upload_at_a_time() {
    let gateway = TestGateway::start_with(SMALL);
    let recording = wav(b"");

    let first = begin(gateway.address, FUNG.1, recording.len()).await;
    let second = gateway.put(GREETING, &[FUNG, WAV], b"no recording").await;
    let asked = gateway.upstream.log().len();
    let first = end(first, &recording).await;
    let third = gateway.put(GREETING, &[FUNG, WAV], &recording).await;

    problem("overloaded", GREETING).header("retry-after", "5").assert(&second);
    assert_eq!((asked, first.as_str()), (0, "HTTP/1.1 204 No Content"));
    third.assert_written();
}

#[actix_web::test]
async fn strangers_hold_half_of_the_memory_together_and_leave_the_rest_to_others() {
    let gateway = TestGateway::start_with(SMALL);
    gateway.get(ACCOUNTS).await;
    let stranger = basic("nadia", "lonely-cloud");
    let large = wav(&vec![0; 60_000]);
    let other = basic("somebody", "else");

    let held = begin(gateway.address, &stranger, large.len()).await;
    let headers = [("authorization", other.as_str())];
    let up = gateway.put(VOICE_NAME, &[headers[0], WAV], &large).await;
    let down = gateway.ask("GET", VOICE_NAME, &headers, "").await;
    let asked = gateway.upstream.log().len();
    let known = gateway.put(VOICE_NAME, &[FUNG, WAV], &large).await;
    drop(held);

    problem("overloaded", VOICE_NAME).header("retry-after", "5").assert(&up);
    problem("overloaded", VOICE_NAME).header("retry-after", "5").assert(&down);
    assert_eq!(asked, 1);
    known.assert_written();
}

#[actix_web::test]
async fn room_is_given_back_whatever_comes_of_a_recording() {
    let gateway = TestGateway::start_with(SMALL);
    let large = wav(&vec![0; 65_000]);

    for _ in 0..5 {
        gateway.put(VOICE_NAME, &[FUNG, WAV], &large).await.assert_written();
        assert_eq!(gateway.put(VOICE_NAME, &[FUNG, WAV], &vec![0; 65_000]).await.status, 400);
        assert!(gateway.get(VOICE_NAME).await.body == large);
        assert_eq!(gateway.get(OFF_HOURS).await.status, 404);
    }
    let (one, two) = join!(gateway.get(VOICE_NAME), gateway.get(VOICE_NAME));
    assert_eq!((one.status, two.status), (200, 200));
}

#[actix_web::test]
async fn the_access_line_of_an_upload_names_its_place_and_size() {
    let simulator: Simulator = simulate();
    let (process, address) = Process::serve(&simulator.url(), &[]);
    let recording = wav(b"sound of a voice");

    ask("PUT", &format!("http://{address}{GREETING}"), &[FUNG, WAV], &recording).await;
    ask("PUT", &format!("http://{address}{LIST}"), &[FUNG, WAV], &recording).await;
    process.wait_for(1, "00000064-115a");
    let [_, log] = process.end();

    let access = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let access = access.filter(|line| line["target"] == "cupi_gateway::access");
    let told: Vec<_> = access
        .map(|line| json!([line["object"], line["recording_bytes"], line["outcome"]]))
        .collect();
    assert_eq!(
        told,
        [
            json!(["standard/1033", recording.len(), "done"]),
            json!(["00000064-115a-4000-8000-000000000002", recording.len(), "done"]),
        ]
    );
    assert!(!log.contains("sound of a voice"));
}

/// A recording in memory that says when it is given back.
struct Owned {
    bytes: Vec<u8>,
    _room: Arc<()>,
}

impl AsRef<[u8]> for Owned {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Takes so many bytes of a recording, and says whether there were as many.
async fn take(mut body: Pin<&mut Outgoing>, bytes: usize) -> bool {
    let mut taken = 0;
    while taken < bytes {
        match poll_fn(|context| body.as_mut().poll_next(context)).await {
            Some(Ok(part)) => taken += part.len(),
            Some(Err(_)) | None => return false,
        }
    }
    true
}

#[actix_web::test]
async fn a_client_that_takes_a_recording_too_slowly_loses_the_rest() {
    const STEP: usize = 64 * 1024;

    time::pause();
    for (seconds, steps) in [(9, 33), (11, 1), (1, 299)] {
        let room = Arc::new(());
        let owned = Owned { bytes: vec![0; 400 * STEP], _room: Arc::clone(&room) };
        let mut body = pin!(Outgoing::new(Bytes::from_owner(owned)));

        let mut taken = 0;
        while take(body.as_mut(), STEP).await {
            taken += 1;
            time::sleep(Duration::from_secs(seconds)).await;
        }

        assert!(taken == steps || taken == steps + 1, "{seconds} s: {taken} of {steps}");
        assert_eq!(Arc::strong_count(&room), 1);
    }
}

#[actix_web::test]
async fn a_recording_is_given_back_before_its_client_has_the_last_of_it() {
    let room = Arc::new(());
    let owned = Owned { bytes: vec![0; 20_000], _room: Arc::clone(&room) };
    let mut body = pin!(Outgoing::new(Bytes::from_owner(owned)));

    assert!(take(body.as_mut(), 20_000).await);

    assert_eq!(Arc::strong_count(&room), 1);
}
