//! Takes jobs from the queue, runs them and ends each of them once.
