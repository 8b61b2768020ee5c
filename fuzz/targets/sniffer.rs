//! Deciding how a source is read: never panics, whatever the bytes are and whatever a person set.

#![no_main]

use aimapper_core::source::{Input, Limits, Overrides, Reading};
use aimapper_fuzz::Choices;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(input) = Input::spool("fuzz.csv", bytes) else {
        return;
    };
    let mut choices = Choices::new(bytes);
    let _ = Reading::decide(&input, &Overrides::default(), &Limits::default());
    for _ in 0..2 {
        let (overrides, limits) = (choices.overrides(), choices.limits());
        let _ = Reading::decide(&input, &overrides, &limits);
    }
});
