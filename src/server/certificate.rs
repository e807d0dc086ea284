//! The gateway's own certificate: read from PEM files, and read anew when they change.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::time::sleep;
use x509_parser::parse_x509_certificate;

use crate::config::KeyPair;

/// How often a server looks at the files.
pub const INTERVAL: Duration = Duration::from_secs(10);

/// How often the operator is told that the end is near.
const DAY: Duration = Duration::from_hours(24);

/// From when on the operator is warned, in seconds before the end.
const WARNING: i64 = 30 * 24 * 60 * 60;

/// The certificate in use, which may be replaced while the server runs.
#[derive(Debug)]
pub struct Certificate {
    files: KeyPair,
    current: RwLock<Arc<CertifiedKey>>,
}

impl Certificate {
    /// Reads the pair. The error names the file and what is wrong.
    pub fn read(files: &KeyPair) -> Result<Arc<Self>, String> {
        let current = files.load().map_err(|(_, fault)| fault)?;
        warn_of_expiry(&current);
        Ok(Arc::new(Self { files: files.clone(), current: RwLock::new(current) }))
    }

    /// What a listener needs to serve with it.
    pub fn server_config(self: &Arc<Self>) -> Result<ServerConfig, String> {
        let resolver: Arc<dyn ResolvesServerCert> = Arc::<Self>::clone(self);
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        Ok(config.with_no_client_auth().with_cert_resolver(resolver))
    }

    /// Looks at the files after every `interval`, for ever, and takes a renewed pair. One that does not load is told of once
    /// and the old one stays.
    pub async fn follow(self: Arc<Self>, interval: Duration) {
        let mut refused = None;
        let mut warned = Instant::now();
        loop {
            sleep(interval).await;
            match self.files.load() {
                Ok(new) if new.cert == self.current().cert => refused = None,
                Ok(new) => {
                    tracing::info!("certificate renewed");
                    warn_of_expiry(&new);
                    *self.current.write().unwrap_or_else(PoisonError::into_inner) = new;
                    refused = None;
                }
                Err(fault) if refused.as_ref() == Some(&fault) => {}
                Err(fault) => {
                    let (setting, fault) = refused.insert(fault);
                    tracing::warn!(
                        setting,
                        fault,
                        "the renewed certificate cannot be used, the old one stays"
                    );
                }
            }
            if warned.elapsed() > DAY {
                warned = Instant::now();
                warn_of_expiry(&self.current());
            }
        }
    }

    fn current(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}

fn warn_of_expiry(certificate: &CertifiedKey) {
    let Some(Ok((_, parsed))) = certificate.cert.first().map(|der| parse_x509_certificate(der))
    else {
        return;
    };
    let validity = parsed.validity();
    let left = validity.not_after.timestamp() - x509_parser::time::ASN1Time::now().timestamp();
    if left < WARNING {
        let until = validity.not_after.to_string();
        tracing::warn!(until, "the gateway's certificate expires soon or has expired");
    }
}
