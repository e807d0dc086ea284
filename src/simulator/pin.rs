//! The PIN that people sign in with by phone: it can be set, and nothing tells it.

use super::answer::{Refusal, Reply};
use super::person::Person;
use super::request::Request;
use super::switches::values::Toggle;

/// Everybody's PIN at first.
const FIRST: &str = "482913";

/// The shortest PIN.
const LEAST: usize = 6;

/// Answers a PUT, whose query holds the new PIN.
pub fn set(request: &Request<'_>, person: &mut Person) -> Result<Reply, Refusal> {
    request.must_be(&["PUT"], "application/xml")?;
    if request.switches.pin_fixed == Toggle::On {
        let message = "Access denied: CantChange is true.".to_owned();
        return Err(Refusal::new(request.switches.cos_refusal, "FORBIDDEN", message));
    }
    let pin = request.parameter("newpin").unwrap_or_default();
    let present = person.pin.as_deref().unwrap_or(FIRST);
    let fault = match pin.as_str() {
        "" => Some("The query parameter newpin is missing."),
        pin if !pin.bytes().all(|byte| byte.is_ascii_digit()) => Some("A PIN has digits alone."),
        pin if pin.len() < LEAST => Some("The credential is too short."),
        pin if is_trivial(pin) => Some("Trivial credentials are prohibited by credential policy"),
        pin if pin == present => Some("Repeat credentials prohibited by credential policy"),
        _ => None,
    };
    if let Some(message) = fault {
        return Err(Refusal::bad_input("INVALID_PARAMETER", message.to_owned()));
    }
    person.pin = Some(pin);
    Ok(Reply::done())
}

/// Tells whether a PIN is one digit repeated, or a run up or down.
fn is_trivial(pin: &str) -> bool {
    let steps: Vec<_> = pin
        .as_bytes()
        .windows(2)
        .map(|pair| match pair {
            [one, next] => i16::from(*next) - i16::from(*one),
            _ => 0,
        })
        .collect();
    [-1, 0, 1].iter().any(|step| steps.iter().all(|known| known == step))
}
