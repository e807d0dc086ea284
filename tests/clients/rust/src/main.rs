//! What a service does with the API, through a client that openapi-generator made: run against `demo`.
//!
//! Usage: client URL

use cupigateway::apis::accounts_api::{self, ListAccountsError, SetAccountPasswordError};
use cupigateway::apis::alternate_devices_api::{self, GetAlternateDeviceError};
use cupigateway::apis::configuration::Configuration;
use cupigateway::apis::{Error, user_api};
use cupigateway::models::account::LoginType;
use cupigateway::models::{AlternateDeviceChanges, AlternateDeviceToCreate, NewPassword};
use reqwest::Client;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

type Failure = Box<dyn std::error::Error>;

fn check(holds: bool, what: &str) {
    assert!(holds, "not so: {what}");
    println!("ok: {what}");
}

/// What the document says of an error.
fn refusal<T, E>(result: Result<T, Error<E>>) -> Option<E> {
    match result {
        Err(Error::ResponseError(answer)) => answer.entity,
        _ => None,
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let base_path = std::env::args().nth(1).ok_or("Usage: client URL")?;
    let nobody = Configuration { base_path, ..Configuration::new() };
    let basic_auth = Some(("fung".to_owned(), Some("winter-2010".to_owned())));
    let fung = Configuration { basic_auth, ..nobody.clone() };

    let listed = accounts_api::list_accounts(&fung, None, None).await?;
    check(listed.total == 2, "the caller's two accounts are listed");
    let (serviced, own): (Vec<_>, Vec<_>) = listed.items.into_iter().partition(|account| account.use_service_credentials);
    let ([serviced], [own]) = (&*serviced, &*own) else { return Err("one account of each kind".into()) };
    check(own.login_type == LoginType::UserId && own.user_id.as_deref() == Some("fung"), "a login type is a word");
    check(serviced.user_id.is_none(), "userId may be null");
    let password = NewPassword::new("pass:wörd 😀&%+".to_owned());
    accounts_api::set_account_password(&fung, &own.object_id.to_string(), password.clone(), None, None).await?;
    let refused = accounts_api::set_account_password(&fung, &serviced.object_id.to_string(), password, None, None).await;
    let Some(SetAccountPasswordError::Status400(problem)) = refusal(refused) else { return Err("a problem".into()) };
    check(problem.code == "password_not_settable", "a refusal is known by its code");

    let device = alternate_devices_api::create_alternate_device(&fung, AlternateDeviceToCreate::new("0044207946".to_owned())).await?;
    let id = device.object_id.to_string();
    let changes = AlternateDeviceChanges { display_name: Some("Holiday flat".to_owned()), ..Default::default() };
    alternate_devices_api::update_alternate_device(&fung, &id, changes, None, None).await?;
    let changed = alternate_devices_api::get_alternate_device(&fung, &id, None, None).await?;
    check(changed.display_name.as_deref() == Some("Holiday flat"), "a device is created and changed");
    alternate_devices_api::delete_alternate_device(&fung, &id, None, None).await?;
    let gone = refusal(alternate_devices_api::get_alternate_device(&fung, &id, None, None).await);
    let Some(GetAlternateDeviceError::Status400(problem)) = gone else { return Err("a problem".into()) };
    check(problem.code == "alternate_device_not_found", "a device that is deleted is not found");

    let spoken = user_api::get_voice_name(&fung, None, None).await?.bytes().await?;
    check(spoken.starts_with(b"RIFF"), "a recording comes as bytes");
    let file = std::env::temp_dir().join(format!("{}.wav", std::process::id()));
    std::fs::write(&file, [&spoken[..spoken.len() - 1], &[7]].concat())?;
    // The generator names no type for what it sends from a file.
    let wav = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("audio/wav"))]);
    let uploads = Configuration { client: Client::builder().default_headers(wav).build()?, ..fung.clone() };
    user_api::set_voice_name(&uploads, file.clone(), None, None).await?;
    let heard = user_api::get_voice_name(&fung, None, None).await?.bytes().await?;
    check(heard.ends_with(&[7]), "a recording is replaced");
    std::fs::remove_file(file)?;

    let refused = refusal(accounts_api::list_accounts(&nobody, None, None).await);
    let Some(ListAccountsError::Status400(problem)) = refused else { return Err("a problem".into()) };
    check(problem.code == "credentials_missing", "without credentials nothing is told");
    Ok(())
}
