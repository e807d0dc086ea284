//! The parts alone: actix-web that answers out of a map, awc, quick-xml and `serde_json`, and none of the gateway's duties. What
//! a request costs here is the least that it can cost in a gateway that is made of them.
//!
//! Usage: bare ADDRESS URL warm|cold

use std::cell::RefCell;
use std::collections::HashMap;
use std::env;
use std::io;
use std::rc::Rc;

use actix_web::error::{ErrorBadGateway, ErrorUnauthorized};
use actix_web::http::header::{ACCEPT, AUTHORIZATION, ContentType, HeaderValue};
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, Error, HttpRequest, HttpResponse, HttpServer};
use awc::Client;
use quick_xml::Reader;
use quick_xml::events::Event;

const PATH: &str = "/api/v1/accounts";

struct Parts {
    url: String,
    is_warm: bool,
    client: Client,
    kept: RefCell<HashMap<HeaderValue, Bytes>>,
}

#[actix_web::main]
async fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [address, url, mode] = arguments.as_slice() else {
        return Err(io::Error::other("usage: bare ADDRESS URL warm|cold"));
    };
    let (url, is_warm) = (url.clone(), mode == "warm");
    let parts = move || Parts {
        url: url.clone(),
        is_warm,
        client: Client::default(),
        kept: RefCell::default(),
    };
    HttpServer::new(move || {
        App::new().app_data(Data::new(Rc::new(parts()))).route(PATH, web::get().to(answer))
    })
    .workers(1)
    .bind(address)?
    .run()
    .await
}

async fn answer(request: HttpRequest, parts: Data<Rc<Parts>>) -> Result<HttpResponse, Error> {
    let caller = request.headers().get(AUTHORIZATION).ok_or(ErrorUnauthorized(""))?;
    let kept = parts.kept.borrow().get(caller).filter(|_| parts.is_warm).cloned();
    let body = match kept {
        Some(body) => body,
        None => fetch(&parts, caller).await?,
    };
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(body))
}

async fn fetch(parts: &Parts, caller: &HeaderValue) -> Result<Bytes, Error> {
    let failed = |error: &dyn std::error::Error| ErrorBadGateway(error.to_string());
    #[expect(clippy::disallowed_methods, reason = "there is no door here")]
    let call = parts
        .client
        .get(&parts.url)
        .no_decompress()
        .insert_header((AUTHORIZATION, caller.clone()))
        .insert_header((ACCEPT, "application/xml"));
    let mut response = call.send().await.map_err(|error| failed(&error))?;
    let document = response.body().await.map_err(|error| failed(&error))?;
    let body = Bytes::from(translate(&document).map_err(|error| failed(&*error))?);
    if parts.is_warm {
        parts.kept.borrow_mut().insert(caller.clone(), body.clone());
    }
    Ok(body)
}

/// Each object of a list as it stands: element by element, texts only.
fn translate(document: &[u8]) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let mut events = Reader::from_str(std::str::from_utf8(document)?);
    let mut json = b"{\"items\":[".to_vec();
    let (mut depth, mut total, mut text) = (0, 0, String::new());
    let mut is_first = true;
    loop {
        match events.read_event()? {
            Event::Start(_) if depth == 1 => {
                json.extend_from_slice(if total > 0 { b",{" } else { b"{" });
                (depth, total, is_first) = (2, total + 1, true);
            }
            Event::Start(tag) => {
                depth += 1;
                if depth == 3 {
                    if !is_first {
                        json.push(b',');
                    }
                    is_first = false;
                    serde_json::to_writer(&mut json, tag.name().as_ref())?;
                    json.push(b':');
                    text.clear();
                }
            }
            Event::Text(more) => text.push_str(&more),
            Event::GeneralRef(reference) => {
                text.extend(quick_xml::escape::resolve_predefined_entity(&reference));
            }
            Event::End(_) => {
                match depth {
                    3 => serde_json::to_writer(&mut json, &text)?,
                    2 => json.push(b'}'),
                    _ => {}
                }
                depth -= 1;
            }
            Event::Eof => break,
            _ => {}
        }
    }
    json.extend_from_slice(b"],\"total\":");
    serde_json::to_writer(&mut json, &total)?;
    json.push(b'}');
    Ok(json)
}
