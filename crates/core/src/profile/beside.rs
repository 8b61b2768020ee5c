//! Profiling beside the reading: each thread has some of the columns and takes all of their batches in
//! order, so that the result is the one of taking everything in a row.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

use super::column::ColumnPartial;
use super::partial::{Cells, ColumnCells, Partial, Profile};

/// Batches that may wait for one thread.
const WAITING: usize = 2;

/// A [`Partial`] whose columns are on threads of their own.
#[derive(Debug)]
pub struct Profiling<'scope> {
    /// Names and overrides; its columns are those that no thread has.
    rest: Partial,
    groups: Vec<Group<'scope>>,
}

#[derive(Debug)]
struct Group<'scope> {
    queue: SyncSender<Share>,
    thread: ScopedJoinHandle<'scope, Vec<ColumnPartial>>,
}

/// The cells of some columns, and their rows.
type Share = (Vec<ColumnCells>, Arc<[(u64, u64)]>);

impl Partial {
    /// Takes what follows on up to `threads` threads; with fewer than two on the calling one.
    #[must_use]
    pub fn beside<'scope>(
        mut self,
        scope: &'scope Scope<'scope, '_>,
        threads: usize,
    ) -> Profiling<'scope> {
        let mut groups = Vec::new();
        let hands = threads.min(self.columns.len());
        if hands > 1 {
            let columns = std::mem::take(&mut self.columns);
            for columns in dealt(columns, hands) {
                let (queue, batches) = sync_channel(WAITING);
                let thread = scope.spawn(move || profiled(columns, &batches));
                groups.push(Group { queue, thread });
            }
        }
        Profiling { rest: self, groups }
    }
}

impl Profiling<'_> {
    /// Adds the batch that follows.
    pub fn add(&mut self, cells: Cells) {
        if self.groups.is_empty() {
            self.rest.add(&cells);
            return;
        }
        let shares = dealt(cells.columns, self.groups.len());
        for (group, columns) in self.groups.iter().zip(shares) {
            // A thread that is gone has panicked, which is told in the end.
            let _gone = group.queue.send((columns, Arc::clone(&cells.rows)));
        }
    }

    /// The profile of all that was added.
    ///
    /// # Panics
    /// A panic of one of the threads goes on here.
    #[must_use]
    pub fn finish(self) -> Profile {
        let mut all = self.rest;
        let mut dealt: Vec<std::vec::IntoIter<ColumnPartial>> = Vec::new();
        for Group { queue, thread } in self.groups {
            drop(queue);
            match thread.join() {
                Ok(columns) => dealt.push(columns.into_iter()),
                Err(panic) => resume_unwind(panic),
            }
        }
        loop {
            let before = all.columns.len();
            all.columns
                .extend(dealt.iter_mut().filter_map(Iterator::next));
            if all.columns.len() == before {
                return all.finish();
            }
        }
    }
}

/// Deals columns to so many hands in turn.
fn dealt<T>(columns: Vec<T>, hands: usize) -> Vec<Vec<T>> {
    let mut all: Vec<Vec<T>> = (0..hands).map(|_| Vec::new()).collect();
    let mut turn = 0;
    for column in columns {
        if let Some(hand) = all.get_mut(turn) {
            hand.push(column);
        }
        turn = (turn + 1) % hands.max(1);
    }
    all
}

fn profiled(mut columns: Vec<ColumnPartial>, batches: &Receiver<Share>) -> Vec<ColumnPartial> {
    while let Ok((cells, rows)) = batches.recv() {
        for (column, cells) in columns.iter_mut().zip(&cells) {
            column.add(&rows, cells);
        }
    }
    columns
}
