//! The parallel driver: maps work over items on several threads and hands the results on in the
//! order of the items. What leaves it depends on the items alone, never on threads or timing.
//!
//! ```text
//! items (calling thread) -> queue -> workers -> results in any order -> sink (calling thread)
//! ```
//!
//! It never holds more than `in_flight` items and results together, never drops a panic, and never
//! starts work behind the first error of the sink.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// What a worker reports: the item's number with its result, or the panic that it ended in.
type Report<R> = (u64, Result<R, Box<dyn Any + Send>>);

/// Runs `work` over all items on `threads` threads and gives each result to `sink` in the order of
/// the items.
///
/// Items are drawn and results are sunk on the calling thread, so that neither the iterator nor
/// the sink has to be `Send`. At most `in_flight` items (at least one) are drawn and not yet sunk.
/// With fewer than two threads everything runs on the calling thread.
///
/// # Errors
/// The first error of the sink; no item is drawn after it.
///
/// # Panics
/// A panic in `work` goes on in the calling thread, in the order of the items.
pub fn in_order<T, R, E>(
    items: impl Iterator<Item = T>,
    threads: usize,
    in_flight: usize,
    work: impl Fn(T) -> R + Sync,
    mut sink: impl FnMut(R) -> Result<(), E>,
) -> Result<(), E>
where
    T: Send,
    R: Send,
{
    if threads < 2 {
        for item in items {
            sink(work(item))?;
        }
        return Ok(());
    }
    // The queues need no bound of their own: the calling thread counts what is under way.
    let (item_sender, item_receiver) = channel();
    let (report_sender, reports) = channel();
    let (queue, stop) = (Mutex::new(item_receiver), AtomicBool::new(false));
    thread::scope(|scope| {
        for _ in 0..threads {
            let report_sender = report_sender.clone();
            let (queue, stop, work) = (&queue, &stop, &work);
            scope.spawn(move || worker(queue, &report_sender, stop, work));
        }
        // Without this the calling thread would keep its own queue of reports open.
        drop(report_sender);
        let result = feed(items, item_sender, &reports, in_flight.max(1), &mut sink);
        stop.store(true, Ordering::Relaxed);
        result
    })
}

/// Draws items while there is room, and sinks the results in order. Dropping `queue` on the way
/// out is what ends the workers.
fn feed<T, R, E>(
    items: impl Iterator<Item = T>,
    queue: Sender<(u64, T)>,
    reports: &Receiver<Report<R>>,
    in_flight: usize,
    sink: &mut impl FnMut(R) -> Result<(), E>,
) -> Result<(), E> {
    let mut order = Reorder {
        next: 0,
        early: BTreeMap::new(),
    };
    let mut under_way = 0_usize;
    for (number, item) in (0..).zip(items) {
        // A send fails only when all workers are gone, and they outlive the queue.
        if queue.send((number, item)).is_err() {
            break;
        }
        under_way += 1;
        while let Ok(report) = reports.try_recv() {
            under_way -= order.take(report, sink)?;
        }
        while under_way >= in_flight {
            let Ok(report) = reports.recv() else { break };
            under_way -= order.take(report, sink)?;
        }
    }
    drop(queue);
    while let Ok(report) = reports.recv() {
        order.take(report, sink)?;
    }
    Ok(())
}

/// Holds results that came too early.
struct Reorder<R> {
    next: u64,
    early: BTreeMap<u64, Result<R, Box<dyn Any + Send>>>,
}

impl<R> Reorder<R> {
    /// Takes one report and sinks all results whose turn it is; how many were sunk.
    fn take<E>(
        &mut self,
        (number, result): Report<R>,
        sink: &mut impl FnMut(R) -> Result<(), E>,
    ) -> Result<usize, E> {
        self.early.insert(number, result);
        let mut sunk = 0;
        while let Some(result) = self.early.remove(&self.next) {
            match result {
                Ok(result) => sink(result)?,
                Err(panic) => resume_unwind(panic),
            }
            self.next += 1;
            sunk += 1;
        }
        Ok(sunk)
    }
}

/// Works until the queue is closed or `stop` is set.
fn worker<T, R>(
    queue: &Mutex<Receiver<(u64, T)>>,
    reports: &Sender<Report<R>>,
    stop: &AtomicBool,
    work: &(impl Fn(T) -> R + Sync),
) {
    loop {
        // The lock guards a receiver, which a panic elsewhere cannot leave half changed.
        let drawn = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((number, item)) = drawn else { return };
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let result = catch_unwind(AssertUnwindSafe(|| work(item)));
        if reports.send((number, result)).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::Condvar;

    use proptest::prelude::*;

    use super::*;

    fn squares(count: u64, threads: usize, in_flight: usize) -> Vec<u64> {
        let mut seen = Vec::new();
        let sink = |result| {
            seen.push(result);
            Ok::<(), ()>(())
        };
        in_order(0..count, threads, in_flight, |n| n * n, sink).unwrap();
        seen
    }

    #[test]
    fn one_two_and_four_threads_give_the_same_sequence() {
        let expected: Vec<u64> = (0..500).map(|n| n * n).collect();
        for threads in [0, 1, 2, 4] {
            for in_flight in [0, 1, 3, 64, 10_000] {
                assert_eq!(squares(500, threads, in_flight), expected);
            }
        }
    }

    /// Item 0 is held back until three later ones are done, so that results arrive out of order.
    #[test]
    fn late_results_keep_their_place() {
        let (done, changed) = (Mutex::new(0), Condvar::new());
        let work = |n: u32| {
            if n == 0 {
                let guard = done.lock().unwrap();
                drop(changed.wait_while(guard, |done| *done < 3).unwrap());
            } else {
                *done.lock().unwrap() += 1;
                changed.notify_all();
            }
            n
        };
        let mut seen = Vec::new();
        let sink = |n| {
            seen.push(n);
            Ok::<(), ()>(())
        };
        in_order(0..20, 2, 8, work, sink).unwrap();
        assert_eq!(seen, (0..20).collect::<Vec<_>>());
    }

    #[test]
    fn no_more_items_are_under_way_than_allowed() {
        let (drawn, sunk) = (Cell::new(0_usize), Cell::new(0_usize));
        let items = (0..200).inspect(|_| {
            drawn.set(drawn.get() + 1);
            assert!(drawn.get() - sunk.get() <= 5);
        });
        let sink = |_: i32| {
            sunk.set(sunk.get() + 1);
            Ok::<(), ()>(())
        };
        in_order(items, 4, 5, |n: i32| n, sink).unwrap();
        assert_eq!((drawn.get(), sunk.get()), (200, 200));
    }

    #[test]
    fn the_first_error_of_the_sink_stops_it() {
        for threads in [1, 3] {
            let drawn = Cell::new(0);
            let items = (0..1_000_000).inspect(|_| drawn.set(drawn.get() + 1));
            let mut seen = Vec::new();
            let sink = |n: i32| {
                seen.push(n);
                if n == 7 { Err("full") } else { Ok(()) }
            };
            assert_eq!(in_order(items, threads, 16, |n| n, sink), Err("full"));
            assert_eq!(seen, (0..8).collect::<Vec<_>>());
            assert!(drawn.get() < 100);
        }
    }

    #[test]
    fn a_panic_of_the_work_goes_on_behind_the_results_before_it() {
        for threads in [1, 2, 4] {
            let seen = Mutex::new(Vec::new());
            let run = || {
                let work = |n: u32| if n == 5 { panic!("five") } else { n };
                let sink = |n| {
                    seen.lock().unwrap().push(n);
                    Ok::<(), ()>(())
                };
                in_order(0..100, threads, 3, work, sink)
            };
            let panic = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
            assert_eq!(panic.downcast_ref::<&str>(), Some(&"five"));
            assert_eq!(*seen.lock().unwrap(), [0, 1, 2, 3, 4]);
        }
    }

    proptest! {
        #[test]
        fn any_shape_gives_the_same(count in 0_u64..80, threads in 0_usize..6, room in 0_usize..20) {
            prop_assert_eq!(squares(count, threads, room), squares(count, 1, 1));
        }
    }
}
