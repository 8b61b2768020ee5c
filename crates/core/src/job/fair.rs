//! Whose turn it is. Start-time fair queueing (P. Goyal, H. Vin, H. Cheng, SIGCOMM 1996): each job
//! that is let through moves its tenant's clock on by one over the tenant's weight, and the tenant
//! whose clock is furthest back goes next. One that comes back from a pause starts at the time of
//! the others, so it neither waits behind their backlog nor is paid for its pause.

use crate::id::TenantId;

/// How far one job moves the clock of a tenant of weight one.
const STEP: i64 = 1_000_000;

/// Where the clock of a tenant stands; both are zero for one that was never served.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Clock {
    /// Virtual time at which its last job started.
    pub started: i64,
    /// Virtual time at which that job is paid off.
    pub finished: i64,
}

/// A tenant with jobs that are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// The tenant.
    pub tenant: TenantId,
    /// Its share: one of weight two gets twice as many turns. Below one counts as one.
    pub weight: i32,
    /// Jobs of its that are due.
    pub due: u64,
    /// Jobs that it may still have under way at once, if that is limited.
    pub allowance: Option<u64>,
    /// Its clock.
    pub clock: Clock,
}

/// One turn of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// The tenant.
    pub tenant: TenantId,
    /// Its clock once the job is let through.
    pub clock: Clock,
}

/// The next turns, at most `room`, in order. `now` is the virtual time: the latest start of any job
/// of this class, waiting tenants or not. The same arguments give the same turns; ties go to the
/// smaller id.
#[must_use]
pub fn pick(waiting: &[Waiting], now: i64, room: usize) -> Vec<Turn> {
    let mut now = now;
    let mut waiting = waiting.to_vec();
    let mut turns = Vec::new();
    while turns.len() < room {
        let next = waiting
            .iter_mut()
            .filter(|one| one.due > 0 && one.allowance != Some(0))
            .min_by_key(|one| (one.clock.finished.max(now), one.tenant));
        let Some(next) = next else { break };
        let started = next.clock.finished.max(now);
        next.clock = Clock {
            started,
            finished: started.saturating_add(STEP / i64::from(next.weight.max(1))),
        };
        next.due -= 1;
        next.allowance = next.allowance.map(|left| left - 1);
        now = started;
        turns.push(Turn {
            tenant: next.tenant,
            clock: next.clock,
        });
    }
    turns
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tenant(number: u8) -> TenantId {
        TenantId::from_parts(0, &[number; 10])
    }

    fn waiting(number: u8, weight: i32, due: u64) -> Waiting {
        Waiting {
            tenant: tenant(number),
            weight,
            due,
            allowance: None,
            clock: Clock::default(),
        }
    }

    fn order(turns: &[Turn], names: &[(u8, char)]) -> String {
        turns
            .iter()
            .map(|turn| {
                names
                    .iter()
                    .find(|(n, _)| tenant(*n) == turn.tenant)
                    .unwrap()
                    .1
            })
            .collect()
    }

    #[test]
    fn one_job_does_not_wait_behind_a_thousand() {
        let names = [(1, 'A'), (2, 'B')];
        let mut a = waiting(1, 1, 1_000);
        let turns = pick(&[a], 0, 5);
        a.clock = turns.last().unwrap().clock;
        a.due -= 5;
        let turns = pick(&[a, waiting(2, 1, 1)], a.clock.started, 4);
        assert_eq!(order(&turns, &names), "BAAA");
    }

    #[test]
    fn weights_are_shares_and_a_pause_is_not_paid() {
        let names = [(1, 'A'), (2, 'B')];
        let turns = pick(&[waiting(1, 2, 100), waiting(2, 1, 100)], 0, 9);
        assert_eq!(order(&turns, &names), "ABAABAABA");
        // B was away while A had many turns: it comes next, and then they alternate.
        let mut a = waiting(1, 1, 100);
        a.clock = Clock {
            started: 50 * STEP,
            finished: 51 * STEP,
        };
        let turns = pick(&[a, waiting(2, 1, 100)], 50 * STEP, 6);
        assert_eq!(order(&turns, &names), "BABABA");
    }

    #[test]
    fn a_limit_holds_and_an_empty_room_gives_nothing() {
        let mut a = waiting(1, 1, 10);
        a.allowance = Some(2);
        assert_eq!(pick(&[a], 0, 9).len(), 2);
        assert_eq!(pick(&[waiting(1, 1, 10)], 0, 0), []);
        assert_eq!(pick(&[], 0, 9), []);
    }

    proptest! {
        /// Whatever the weights, while all wait nobody gets more than one turn ahead of its share.
        #[test]
        fn shares_hold_within_one_turn(weights in proptest::collection::vec(1_i32..20, 2..6)) {
            let all: Vec<Waiting> = (1..)
                .zip(&weights)
                .map(|(number, weight)| waiting(number, *weight, u64::MAX))
                .collect();
            let turns = pick(&all, 0, 400);
            let total: i32 = weights.iter().sum();
            for one in &all {
                let got = turns.iter().filter(|turn| turn.tenant == one.tenant).count();
                let share = 400.0 * f64::from(one.weight) / f64::from(total);
                let off = (f64::from(u32::try_from(got).unwrap()) - share).abs();
                prop_assert!(off <= f64::from(total), "{got} turns for a share of {share}");
            }
        }
    }
}
