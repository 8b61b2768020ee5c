//! The conformance suite of the job system: what holds whatever the database and the queue are. Each
//! rule is a function over a [`Ground`] and runs on every pair of them.
//!
//! Nothing sleeps. What waits in the database comes due by moving its times ([`Ground::elapse`]), and
//! the clock of the tasks stands still until all of them wait; with a broker, which is no task, it goes
//! on, and the worker's pace is quicker.

#![cfg(test)]

mod accept;
mod away;
mod broker;
mod cancel;
#[path = "../../../core/tests/databases/mod.rs"]
mod databases;
mod ends;
mod fair;
mod ground;
mod leases;
mod retries;
mod serving;
mod tenancy;

use std::time::Duration;

use databases::Which;
use ground::Ground;
use tokio::time::timeout;

/// By the clock of the tasks, which jumps from one timer to the next: no rule takes as long.
const PATIENCE: Duration = Duration::from_secs(300);

/// Runs rules on a pair of database and queue.
macro_rules! pair {
    ($pair:ident: $ground:expr; $($module:ident: $($rule:ident)+;)+) => {
        mod $pair {
            use super::*;
            $($(
                #[test]
                fn $rule() {
                    let ground: Ground = $ground;
                    let runtime = tokio::runtime::Builder::new_current_thread()
                        .enable_all()
                        .start_paused(ground.stands_still())
                        .build()
                        .unwrap();
                    let rule = $module::$rule(&ground);
                    runtime.block_on(async {
                        assert!(timeout(PATIENCE, rule).await.is_ok(), "it never ends");
                        broker::clean_up(&ground.queue).await;
                    });
                }
            )+)+
        }
    };
}

/// The rules, once for all pairs.
macro_rules! suite {
    ($($pair:ident: $ground:expr;)+) => {$(
        pair! {
            $pair: $ground;
            accept:
                an_accepted_job_outlives_the_process
                a_transaction_that_fails_leaves_nothing
                a_crash_before_the_hint_loses_nothing
                a_crash_after_the_hint_runs_nothing_twice
                a_queue_that_is_away_refuses_no_job
                a_repeated_request_gets_the_same_job
                two_requests_at_once_make_one_job
                a_key_is_per_tenant_and_route_and_expires
                a_job_waits_for_its_time;
            ends:
                of_many_claims_one_is_the_job
                whatever_the_interleaving_each_job_ends_once
                all_at_once_each_job_ends_once
                a_stale_worker_changes_no_row
                outputs_are_listed_with_the_end
                an_overtaken_attempt_leaves_files_for_the_sweep
                events_are_numbered_and_can_be_followed;
            leases:
                a_lease_that_runs_out_brings_the_job_back
                three_crashes_without_a_step_are_the_end
                a_step_forward_forgives_crashes
                a_worker_keeps_its_lease_as_long_as_it_works
                a_worker_that_lost_its_job_stops
                a_worker_that_is_shut_down_gives_back
                a_hint_that_nobody_takes_is_published_again;
            cancel:
                one_that_waits_is_cancelled_at_once
                one_that_is_dispatched_is_cancelled_at_once
                one_that_runs_is_stopped
                one_whose_worker_is_lost_is_not_tried_again
                one_that_has_ended_stays_as_it_is;
            fair:
                one_job_does_not_wait_behind_a_thousand
                weights_are_shares
                a_tenant_keeps_to_its_limit
                within_a_tenant_priority_and_age_decide
                no_more_hints_than_there_is_room;
            retries:
                what_may_pass_is_tried_again_later
                after_so_many_attempts_it_failed
                what_would_fail_again_ends_at_once
                somebody_else_may_ask_for_a_delay
                an_ended_job_can_be_redriven
                redriving_goes_on_from_the_checkpoint;
            serving:
                slots_run_everything_and_stop
                jobs_that_run_when_the_process_ends_are_given_back;
            tenancy:
                another_tenants_job_is_not_there;
        }
    )+};
}

suite! {
    sqlite_in_process: Ground::in_process(Which::Sqlite);
    postgresql_in_process: Ground::in_process(Which::Postgres);
    postgresql_rabbitmq: Ground::broker(Which::Postgres);
}

// A queue that ends with its process.
pair! {
    the_next_process: Ground::in_process(Which::Sqlite);
    leases: a_process_that_takes_over_starts_at_once;
}

// A queue that a network lies before.
pair! {
    the_broker: Ground::broker(Which::Postgres);
    away:
        a_queue_that_was_deleted_is_made_again
        a_message_that_is_no_hint_is_put_aside
        a_late_acknowledgement_is_no_success
        a_hint_that_is_held_comes_again_when_the_connection_is_lost
        a_slot_that_works_holds_no_hint
        a_slot_that_is_free_again_gets_the_next_hint
        a_hint_that_is_given_back_comes_to_another_slot
        a_broker_that_is_away_delays_and_loses_nothing
        a_consumer_hears_again_after_the_connection_was_lost;
}
