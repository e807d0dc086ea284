use super::*;

const ONE: CallerKey = CallerKey::numbered(0);

fn callers(toml: &str) -> Callers {
    let toml = format!("upstream.url = 'http://127.0.0.1'\n{toml}");
    let metrics = Metrics::new();
    let outbox = Outbox::none(metrics.shared_errors.clone());
    Callers::new(&Config::parse(&toml).expect("settings"), &metrics, outbox)
}

fn others(count: u64) -> impl Iterator<Item = CallerKey> {
    (1..=u32::try_from(count).expect("a number")).map(CallerKey::numbered)
}

#[test]
fn a_flood_of_rejections_evicts_no_record() {
    let callers = callers("");
    callers.accept(ONE);
    let before = callers.generation(ONE);
    callers.renew(ONE);
    let kept = callers.generation(ONE);

    for other in others(300_000) {
        callers.reject(other);
    }

    assert!(callers.is_known(ONE));
    assert_eq!(callers.generation(ONE), kept);
    assert_ne!(kept, before);
}

#[test]
fn a_record_that_was_evicted_comes_back_with_another_generation() {
    let callers = callers("");
    callers.accept(ONE);
    let mut seen = vec![callers.generation(ONE).expect("a record")];
    callers.renew(ONE);
    seen.push(callers.generation(ONE).expect("a record"));

    for other in others(2 * MAX_RECORDS) {
        callers.accept(other);
    }
    callers.records.run_pending_tasks();
    assert_eq!(callers.generation(ONE), None);
    assert!(!callers.is_known(ONE));
    callers.accept(ONE);

    assert!(!seen.contains(&callers.generation(ONE).expect("a record")));
}

#[test]
fn a_rejection_puts_what_is_kept_out_of_reach_without_a_pause_too() {
    let callers = callers("upstream.sign_in_pause = '0s'");
    callers.accept(ONE);
    let before = callers.generation(ONE);

    callers.reject(ONE);

    assert_eq!(callers.generation(ONE), None);
    assert!(callers.check_sign_in(ONE).is_ok());
    callers.accept(ONE);
    assert_ne!(callers.generation(ONE), before);
}
