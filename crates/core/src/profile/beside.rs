//! Merging beside the reading: each thread merges some of the columns, all of their batches in order, so
//! that the result is the one of merging everything in a row.

use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

use super::column::ColumnPartial;
use super::partial::{Partial, Profile};

/// Batches that may wait for one thread.
const WAITING: usize = 2;

/// A [`Partial`] whose columns are merged on threads of their own.
#[derive(Debug)]
pub struct Merging<'scope> {
    /// Names and overrides; its columns are those that no thread has.
    rest: Partial,
    groups: Vec<Group<'scope>>,
}

#[derive(Debug)]
struct Group<'scope> {
    queue: SyncSender<Vec<ColumnPartial>>,
    thread: ScopedJoinHandle<'scope, Vec<ColumnPartial>>,
}

impl Partial {
    /// Takes what follows on up to `threads` threads; with fewer than two on the calling one.
    #[must_use]
    pub fn beside<'scope>(
        mut self,
        scope: &'scope Scope<'scope, '_>,
        threads: usize,
    ) -> Merging<'scope> {
        let mut groups = Vec::new();
        let hands = threads.min(self.columns.len());
        if hands > 1 {
            let columns = std::mem::take(&mut self.columns);
            for columns in dealt(columns, hands) {
                let (queue, batches) = sync_channel(WAITING);
                let thread = scope.spawn(move || merged(columns, &batches));
                groups.push(Group { queue, thread });
            }
        }
        Merging { rest: self, groups }
    }
}

impl Merging<'_> {
    /// Adds the batch that follows.
    pub fn merge(&mut self, next: Partial) {
        if self.groups.is_empty() {
            self.rest.merge(next);
            return;
        }
        for (group, columns) in self
            .groups
            .iter()
            .zip(dealt(next.columns, self.groups.len()))
        {
            // A thread that is gone has panicked, which is told in the end.
            let _gone = group.queue.send(columns);
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
fn dealt(columns: Vec<ColumnPartial>, hands: usize) -> Vec<Vec<ColumnPartial>> {
    let mut all: Vec<Vec<ColumnPartial>> = (0..hands).map(|_| Vec::new()).collect();
    let mut turn = 0;
    for column in columns {
        if let Some(hand) = all.get_mut(turn) {
            hand.push(column);
        }
        turn = (turn + 1) % hands.max(1);
    }
    all
}

fn merged(
    mut columns: Vec<ColumnPartial>,
    batches: &Receiver<Vec<ColumnPartial>>,
) -> Vec<ColumnPartial> {
    while let Ok(next) = batches.recv() {
        for (column, next) in columns.iter_mut().zip(next) {
            column.merge(next);
        }
    }
    columns
}
