//! The document and Swagger UI on the wire.
//!
//! The files of Swagger UI lie in the binary as gzip makes them. Who takes gzip gets them as they are, borrowed and not
//! copied; for everybody else a file is unpacked once. The document lies there as it is, and is packed once.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::future::{Ready, ready};
use std::io::{Read, Write};
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::http::StatusCode;
use actix_web::http::header::{
    AcceptEncoding, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, ETag, Encoding,
    EntityTag, Header, IfNoneMatch, LOCATION, REFERRER_POLICY, VARY,
};
use actix_web::web::{self, Bytes, Data, Path, ServiceConfig};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::Value;
use url::Url;
use utoipa_swagger_ui::{Config, SwaggerFile};

use crate::error::Error;
use crate::request::NoQuery;

const DOCUMENT: &str = "/api/v1/openapi.json";
/// The document as it is committed: to make it takes longer than all the rest of a start, and as much memory.
const PRINTED: &str = include_str!("../../openapi/openapi.json");

/// The server that it names.
const SERVER: &str = r#""url": "/""#;

const SWAGGER_UI: &str = "/swagger-ui/";

/// The files of Swagger UI that are changed.
const PAGE: &str = "index.html";
const SETTINGS: &str = "swagger-initializer.js";

/// What is served, once for all workers.
pub struct Docs {
    /// The document.
    document: Bytes,
    /// The same, packed when it is asked for first: a start need not wait for that.
    packed: Mutex<Option<File>>,
    /// Swagger UI, if wanted.
    swagger_ui: Option<SwaggerUi>,
}

struct SwaggerUi {
    config: Arc<Config<'static>>,
    policy: String,
    /// Files that are not as they lie in the binary, packed.
    own: BTreeMap<&'static str, Bytes>,
    /// Files that were unpacked for clients that do not take gzip.
    unpacked: Mutex<BTreeMap<String, Bytes>>,
}

/// A file, packed.
#[derive(Clone)]
struct File {
    packed: Bytes,
    content_type: String,
}

impl Docs {
    /// Makes what clients see who reach the gateway at `public_url`.
    pub fn new(swagger_ui: bool, public_url: Option<&Url>) -> Arc<Self> {
        let document = match public_url {
            None => Bytes::from_static(PRINTED.as_bytes()),
            Some(url) => {
                let server = Value::from(url.as_str().trim_end_matches('/'));
                PRINTED.replacen(SERVER, &format!("\"url\": {server}"), 1).into()
            }
        };
        let swagger_ui = swagger_ui.then(|| SwaggerUi::new(public_url));
        Arc::new(Self { document, packed: Mutex::default(), swagger_ui })
    }

    fn packed(&self) -> File {
        let mut packed = self.packed.lock().unwrap_or_else(PoisonError::into_inner);
        let file = packed.get_or_insert_with(|| File {
            packed: pack(&self.document).into(),
            content_type: "application/json".to_owned(),
        });
        file.clone()
    }
}

impl SwaggerUi {
    fn new(public_url: Option<&Url>) -> Self {
        let config = Config::new([format!("..{DOCUMENT}")])
            .use_base_layout()
            .default_models_expand_depth(0)
            .validator_url("none")
            .try_it_out_enabled(true);
        let config = Arc::new(config);
        let find = |name| utoipa_swagger_ui::serve(name, Arc::clone(&config)).ok().flatten();
        let read = |name| find(name).map(|file| unpack(&file)).unwrap_or_default();
        let page = Bytes::from(pack(ours(&read(PAGE)).as_bytes()));
        let settings = Bytes::from(pack(with_plugins(&read(SETTINGS)).as_bytes()));
        let own = BTreeMap::from([("", page.clone()), (PAGE, page), (SETTINGS, settings)]);
        let public = public_url.map(|url| format!(" {}", url.origin().ascii_serialization()));
        // Swagger UI needs styles of its own in its page, recordings that came, and nothing from elsewhere.
        let policy = format!(
            "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
             media-src blob:; connect-src 'self'{}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            public.unwrap_or_default()
        );
        Self { config, policy, own, unpacked: Mutex::default() }
    }

    /// Finds a file.
    fn find(&self, name: &str) -> Option<File> {
        let file = utoipa_swagger_ui::serve(name, Arc::clone(&self.config)).ok().flatten()?;
        let packed = match (self.own.get(name), file.bytes) {
            (Some(own), _) => own.clone(),
            (None, Cow::Borrowed(bytes)) => Bytes::from_static(bytes),
            (None, Cow::Owned(bytes)) => bytes.into(),
        };
        Some(File { packed, content_type: file.content_type })
    }

    /// Unpacks a file, or finds it unpacked.
    fn unpacked(&self, name: &str, file: &File) -> Bytes {
        let mut unpacked = self.unpacked.lock().unwrap_or_else(PoisonError::into_inner);
        let file = unpacked.entry(name.to_owned()).or_insert_with(|| inflate(&file.packed).into());
        Bytes::clone(file)
    }
}

/// Registers the document and, if wanted, Swagger UI.
pub fn routes(docs: Arc<Docs>) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        // Relative to `/` and to `/swagger-ui`, so that a path that something in front strips stays.
        let ui = SWAGGER_UI.trim_start_matches('/');
        let target = if docs.swagger_ui.is_some() { ui } else { DOCUMENT.trim_start_matches('/') };
        config.service(web::resource("/").get(move || redirect(target)));
        config.service(web::resource(DOCUMENT).get(get_document));
        if docs.swagger_ui.is_some() {
            config.service(web::resource("/swagger-ui").get(move || redirect(ui)));
            config.service(web::resource("/swagger-ui/{file:.*}").get(get_swagger_ui));
        }
        config.app_data(Data::from(docs));
    }
}

async fn get_document(request: HttpRequest, docs: Data<Docs>, _query: NoQuery) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CACHE_CONTROL, "private, no-cache"))
        .insert_header((VARY, "Authorization, Origin, Accept-Encoding"));
    docs.packed().send(&request, response, || Bytes::clone(&docs.document))
}

async fn get_swagger_ui(
    request: HttpRequest,
    name: Path<String>,
    docs: Data<Docs>,
) -> Result<HttpResponse, Error> {
    let ui = docs.swagger_ui.as_ref().ok_or(Error::RouteNotFound)?;
    let file = ui.find(&name).ok_or(Error::RouteNotFound)?;
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header((CONTENT_SECURITY_POLICY, ui.policy.as_str()))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((VARY, "Accept-Encoding"));
    Ok(file.send(&request, response, || ui.unpacked(&name, &file)))
}

impl File {
    /// Answers with the file, packed for who takes that, or with 304 where the client has it.
    fn send(
        &self,
        request: &HttpRequest,
        mut response: HttpResponseBuilder,
        unpacked: impl FnOnce() -> Bytes,
    ) -> HttpResponse {
        let codings = [Encoding::gzip(), Encoding::identity()];
        let wanted = AcceptEncoding::parse(request).ok();
        let coding = wanted.and_then(|wanted| wanted.negotiate(codings.iter()));
        let packed = coding == Some(Encoding::gzip());
        let etag = self.etag(packed);

        response.insert_header(ETag(etag.clone()));
        let known = match request.get_header::<IfNoneMatch>() {
            Some(IfNoneMatch::Any) => true,
            Some(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(&etag)),
            None => false,
        };
        if known {
            return response.status(StatusCode::NOT_MODIFIED).finish();
        }
        response.content_type(self.content_type.as_str());
        if packed {
            let body = Bytes::clone(&self.packed);
            response.insert_header((CONTENT_ENCODING, "gzip")).body(body)
        } else {
            response.body(unpacked())
        }
    }

    /// The validator: the checksum and the length with which a file in gzip ends (RFC 1952, section 2.3.1).
    fn etag(&self, packed: bool) -> EntityTag {
        let end = self.packed.iter().rev().take(8);
        let digits = end.map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        EntityTag::new_strong(if packed { format!("{digits}-gzip") } else { digits })
    }
}

fn unpack(file: &SwaggerFile) -> Vec<u8> {
    if file.gzpipped { inflate(&file.bytes) } else { file.bytes.to_vec() }
}

#[expect(clippy::expect_used, reason = "these bytes were packed for this program")]
fn inflate(packed: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    GzDecoder::new(packed).read_to_end(&mut file).expect("gzip");
    file
}

#[expect(clippy::expect_used, reason = "writing to memory does not fail")]
fn pack(file: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(file).and_then(|()| packed.finish()).expect("memory")
}

/// The page gets a title and a few colours of ours, fits a phone, and says without scripts where the document is.
fn ours(page: &[u8]) -> String {
    const TITLE: &str = "<title>Swagger UI</title>";
    const HEAD: &str = concat!(
        "<title>cupi-gateway: Swagger UI</title>\n    ",
        r#"<meta name="viewport" content="width=device-width, initial-scale=1">"#
    );
    const STYLE: &str = include_str!("swagger_ui.css");
    const ROOT: &str = r#"<div id="swagger-ui"></div>"#;

    let page = String::from_utf8_lossy(page).replace(TITLE, HEAD);
    let page = page.replace(ROOT, &format!("{ROOT}\n    {}", without_scripts()));
    page.replace("</head>", &format!("<style>\n{STYLE}</style>\n</head>"))
}

/// What a reader sees whose browser runs no scripts.
fn without_scripts() -> String {
    format!(
        "<noscript><p>Swagger UI needs JavaScript. The API is described in <a href=\"..{DOCUMENT}\">openapi.json</a>.</p></noscript>"
    )
}

/// What Swagger UI does otherwise than by itself.
fn with_plugins(settings: &[u8]) -> String {
    const PLUGINS: &str = "plugins: [";
    const OURS: &str = include_str!("swagger_ui.js");
    const NAMES: &str = "Recordings, SignIn, Utf8, Folding, Dark";

    let settings = String::from_utf8_lossy(settings);
    let settings = settings.replace(PLUGINS, &format!("{PLUGINS}\n      {NAMES},"));
    format!("{OURS}\n{settings}")
}

fn redirect(target: &'static str) -> Ready<HttpResponse> {
    ready(HttpResponse::Found().insert_header((LOCATION, target)).finish())
}
