use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

const LIMIT: usize = 3;
const QUEUE: usize = 40;
const ANSWERED: End = End::Answered { accepted: true };

fn caller(number: u8) -> CallerKey {
    CallerKey::numbered(u32::from(number))
}

fn turns() -> Turns {
    Turns::new(LIMIT, QUEUE)
}

/// Lets everybody begin who may, and tells whose calls those are.
fn begin_all(turns: &mut Turns) -> Vec<(CallerKey, Ticket)> {
    std::iter::from_fn(|| turns.begin()).collect()
}

fn owners(begun: &[(CallerKey, Ticket)]) -> Vec<CallerKey> {
    begun.iter().map(|(caller, _)| *caller).collect()
}

#[test]
fn a_caller_has_one_call_in_flight_and_his_others_wait_in_their_order() {
    let mut turns = turns();
    let tickets: Vec<_> = (0..3).filter_map(|_| turns.enter(caller(1), true)).collect();

    let mut served = Vec::new();
    while let [(_, ticket)] = begin_all(&mut turns).as_slice() {
        served.push(*ticket);
        turns.end(*ticket, ANSWERED);
    }

    assert_eq!(served, tickets);
    assert_eq!((turns.in_flight(), turns.waiting()), (0, 0));
}

#[test]
fn callers_take_turns_however_many_calls_one_of_them_has() {
    let mut turns = Turns::new(1, QUEUE);
    for _ in 0..5 {
        turns.enter(caller(1), true);
    }
    turns.enter(caller(2), true);
    turns.enter(caller(3), true);

    let mut order = Vec::new();
    while let Some((caller, ticket)) = turns.begin() {
        order.push(caller);
        turns.end(ticket, ANSWERED);
    }

    let expected = [1, 2, 3, 1, 1, 1, 1].map(caller);
    assert_eq!(order, expected);
}

#[test]
fn strangers_share_one_turn_while_somebody_known_waits() {
    let mut turns = Turns::new(2, QUEUE);
    for stranger in 100..110 {
        turns.enter(caller(stranger), false);
    }
    turns.enter(caller(1), true);
    turns.enter(caller(2), true);

    let first = begin_all(&mut turns);
    assert_eq!(owners(&first), [100, 1].map(caller));

    // The stranger's call goes on; whoever is known does not wait for a second one.
    turns.end(first[1].1, ANSWERED);
    assert_eq!(owners(&begin_all(&mut turns)), [caller(2)]);
}

#[test]
fn what_nobody_known_waits_for_is_the_strangers_too() {
    let mut turns = turns();
    for stranger in 100..110 {
        turns.enter(caller(stranger), false);
    }

    assert_eq!(begin_all(&mut turns).len(), LIMIT);
}

#[test]
fn places_are_bounded_for_all_for_one_and_for_strangers() {
    let mut turns = Turns::new(1, 200);
    turns.enter(caller(1), true);
    begin_all(&mut turns);

    let one = (0..100).filter_map(|_| turns.enter(caller(1), true)).count();
    let strangers = (0..=255).filter_map(|_| turns.enter(caller(99), false)).count()
        + (100..250).filter_map(|number| turns.enter(caller(number), false)).count();
    let known = (2..90).filter_map(|number| turns.enter(caller(number), true)).count();

    assert_eq!(one, MAX_PER_CALLER);
    assert_eq!(strangers, 100);
    assert_eq!(known, 200 - MAX_PER_CALLER - 100);
}

#[test]
fn an_accepted_stranger_is_known_with_all_who_wait_in_his_line() {
    let mut turns = Turns::new(1, QUEUE);
    turns.enter(caller(1), false);
    turns.enter(caller(1), false);
    turns.enter(caller(100), false);
    let [(_, ticket)] = begin_all(&mut turns)[..] else {
        panic!("one call begins");
    };

    turns.end(ticket, ANSWERED);

    assert_eq!(turns.strangers_waiting, 1);
    assert_eq!(turns.round, [RoundEntry::Strangers, RoundEntry::Known(caller(1))]);
}

#[test]
fn the_limit_halves_when_overburdened_and_rises_after_ten_answers() {
    let mut turns = Turns::new(4, QUEUE);
    let mut limits = Vec::new();
    let call = |turns: &mut Turns, end, times: usize| {
        for _ in 0..times {
            turns.enter(caller(1), true);
            let (_, ticket) = turns.begin().expect("nothing else is in flight");
            turns.end(ticket, end);
        }
        turns.limit()
    };

    for _ in 0..3 {
        turns.halve();
        limits.push(turns.limit());
    }
    for (end, times) in
        [(ANSWERED, 9), (End::Nothing, 5), (ANSWERED, 1), (ANSWERED, 20), (ANSWERED, 20)]
    {
        limits.push(call(&mut turns, end, times));
    }

    assert_eq!(limits, [2, 1, 1, 1, 1, 2, 4, 4]);
}

#[test]
fn a_call_in_flight_keeps_its_place_when_its_owner_leaves() {
    let mut turns = Turns::new(1, QUEUE);
    let ticket = turns.enter(caller(1), true).expect("a place");
    begin_all(&mut turns);
    turns.enter(caller(2), true);

    turns.leave(caller(1), ticket);

    assert_eq!(turns.in_flight(), 1);
    assert_eq!(turns.begin(), None);
}

#[test]
fn dismissed_tickets_wait_no_more() {
    let mut turns = turns();
    let first = turns.enter(caller(1), true).expect("a place");
    begin_all(&mut turns);
    let others: Vec<_> = (0..4).filter_map(|_| turns.enter(caller(1), true)).collect();

    assert_eq!(turns.dismiss(caller(1)), others);
    turns.end(first, End::Answered { accepted: false });

    assert_eq!(turns.begin(), None);
    assert_eq!((turns.in_flight(), turns.waiting(), turns.lines.len()), (0, 0, 0));
}

/// Something that happens to the queue. Numbers choose among what there is at that time.
#[derive(Clone, Debug)]
enum Event {
    Enter(u8),
    BeginAtOnce(u8),
    Begin,
    End(usize, End),
    Halve,
    Leave(usize),
    Dismiss(u8),
}

fn event() -> impl Strategy<Value = Event> {
    let end = prop_oneof![
        4 => any::<bool>().prop_map(|accepted| End::Answered { accepted }),
        1 => Just(End::Nothing),
    ];
    prop_oneof![
        6 => (0_u8..10).prop_map(Event::Enter),
        2 => (0_u8..10).prop_map(Event::BeginAtOnce),
        4 => Just(Event::Begin),
        4 => (any::<usize>(), end).prop_map(|(which, end)| Event::End(which, end)),
        1 => Just(Event::Halve),
        1 => any::<usize>().prop_map(Event::Leave),
        1 => (0_u8..10).prop_map(Event::Dismiss),
    ]
}

/// What must be so, kept beside the queue: callers below 5 are known from the start.
#[derive(Default)]
struct Model {
    known: BTreeSet<CallerKey>,
    waiting: BTreeMap<Ticket, CallerKey>,
    in_flight: BTreeMap<Ticket, CallerKey>,
    /// For each known caller who could begin: who began since he could.
    passed_by: BTreeMap<CallerKey, Vec<CallerKey>>,
}

impl Model {
    fn could_begin(&self) -> BTreeSet<CallerKey> {
        let busy: BTreeSet<_> = self.in_flight.values().collect();
        let waiting = self.waiting.values();
        waiting.filter(|caller| !busy.contains(caller)).copied().collect()
    }

    fn begin(&mut self, caller: CallerKey, ticket: Ticket) {
        let strangers = self.in_flight.values().filter(|owner| !self.known.contains(owner)).count();
        let somebody_known = self.could_begin().iter().any(|other| self.known.contains(other));
        assert!(
            self.known.contains(&caller) || strangers == 0 || !somebody_known,
            "a second stranger before somebody known"
        );
        assert_eq!(self.waiting.remove(&ticket), Some(caller), "nobody waits with this ticket");
        assert!(!self.in_flight.values().any(|owner| *owner == caller), "two calls of one caller");
        self.in_flight.insert(ticket, caller);
        self.passed_by.remove(&caller);
        for began in self.passed_by.values_mut() {
            began.push(caller);
        }
    }

    fn check(&mut self, turns: &Turns) {
        assert_eq!(turns.waiting(), self.waiting.len());
        assert_eq!(turns.in_flight(), self.in_flight.len());
        assert!(turns.in_flight() <= LIMIT);
        let stranger = |caller: &&CallerKey| !self.known.contains(caller);
        assert_eq!(turns.strangers_waiting, self.waiting.values().filter(stranger).count());
        assert_eq!(turns.strangers_in_flight, self.in_flight.values().filter(stranger).count());

        let could = self.could_begin();
        self.passed_by.retain(|caller, _| could.contains(caller));
        for caller in could.iter().filter(|caller| self.known.contains(caller)) {
            self.passed_by.entry(*caller).or_default();
        }
        for began in self.passed_by.values() {
            for caller in began {
                let times = began.iter().filter(|other| *other == caller).count();
                assert!(times <= 1, "somebody had two turns while another could have had one");
            }
            let strangers = began.iter().filter(|caller| !self.known.contains(caller)).count();
            assert!(strangers <= 2, "strangers had more than their turn");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_rules_hold_and_everybody_is_served(
        events in prop::collection::vec(event(), 1..200),
    ) {
        let mut turns = turns();
        let mut model = Model::default();
        model.known.extend((0..5).map(caller));

        for event in events {
            match event {
                Event::Enter(number) => {
                    let caller = caller(number);
                    if let Some(ticket) = turns.enter(caller, model.known.contains(&caller)) {
                        model.waiting.insert(ticket, caller);
                    }
                }
                Event::BeginAtOnce(number) => {
                    let caller = caller(number);
                    let free = turns.in_flight() < turns.limit() && model.could_begin().is_empty();
                    let busy = model.in_flight.values().any(|owner| *owner == caller);
                    let begun = turns.begin_at_once(caller, model.known.contains(&caller));
                    prop_assert_eq!(begun.is_some(), free && !busy);
                    if let Some(ticket) = begun {
                        model.waiting.insert(ticket, caller);
                        model.begin(caller, ticket);
                    }
                }
                Event::Begin => {
                    let possible = turns.in_flight() < turns.limit() && !model.could_begin().is_empty();
                    let begun = turns.begin();
                    prop_assert_eq!(begun.is_some(), possible);
                    if let Some((caller, ticket)) = begun {
                        model.begin(caller, ticket);
                    }
                }
                Event::End(which, end) => {
                    let flying: Vec<_> = model.in_flight.keys().copied().collect();
                    if let Some(ticket) = flying.get(which % flying.len().max(1)) {
                        turns.end(*ticket, end);
                        let owner = model.in_flight.remove(ticket);
                        if end == ANSWERED {
                            model.known.extend(owner);
                        }
                    }
                }
                Event::Halve => turns.halve(),
                Event::Leave(which) => {
                    let waiting: Vec<_> = model.waiting.keys().copied().collect();
                    if let Some(ticket) = waiting.get(which % waiting.len().max(1))
                        && let Some(owner) = model.waiting.remove(ticket)
                    {
                        turns.leave(owner, *ticket);
                    }
                }
                Event::Dismiss(number) => {
                    let dismissed = turns.dismiss(caller(number));
                    let before = model.waiting.len();
                    model.waiting.retain(|_, owner| *owner != caller(number));
                    prop_assert_eq!(before - model.waiting.len(), dismissed.len());
                }
            }
            model.check(&turns);
        }

        // In the end everybody who still waits is served, and nothing is left behind.
        let mut rounds = 0;
        while turns.waiting() + turns.in_flight() > 0 {
            rounds += 1;
            prop_assert!(rounds < 1_000, "somebody waits for ever");
            while let Some((caller, ticket)) = turns.begin() {
                model.begin(caller, ticket);
            }
            if let Some(ticket) = model.in_flight.keys().next().copied() {
                model.in_flight.remove(&ticket);
                turns.end(ticket, ANSWERED);
                model.known.clear();
                model.known.extend(turns.lines.iter().filter(|(_, line)| line.known).map(|(key, _)| *key));
            }
        }
        prop_assert!(turns.lines.is_empty() && turns.round.is_empty() && turns.strangers.is_empty());
    }
}
