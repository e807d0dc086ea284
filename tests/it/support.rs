//! What tests share: a client of HTTP.

use std::time::Duration;

use actix_web::http::Method;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Longer than anything takes that a test waits for.
const DEADLINE: Duration = Duration::from_secs(60);

/// An answer as it arrived.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// Reads the first header of this name, given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(known, _)| known == name)?;
        Some(value)
    }

    /// Reads the body as text.
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// Reads the body as JSON.
    #[expect(dead_code, reason = "the tests of the gateway will read JSON")]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// Sends a request and reads the whole answer. Redirects are not followed, compression is not asked for.
pub async fn ask(method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    let client = awc::Client::builder()
        .disable_redirects()
        .timeout(DEADLINE)
        .finish();
    ask_by(&client, method, url, headers, body).await
}

/// Sends a request by this client and reads the whole answer.
pub async fn ask_by(
    client: &awc::Client,
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Reply {
    #[expect(clippy::disallowed_methods, reason = "tests are clients of their own")]
    let mut request = client.request(Method::from_bytes(method.as_bytes()).unwrap(), url);
    for header in headers {
        request = request.append_header(*header);
    }
    let answer = request.send_body(body.to_vec()).await.unwrap();
    let mut answer = answer.timeout(DEADLINE);
    let body = answer.body().limit(usize::MAX).await;
    let headers = answer.headers().iter();
    Reply {
        status: answer.status().as_u16(),
        headers: headers
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect(),
        body: body.unwrap().to_vec(),
    }
}

/// Makes the value of an `Authorization` header.
pub fn basic(alias: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{alias}:{password}")))
}
