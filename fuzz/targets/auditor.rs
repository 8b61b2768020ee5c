//! Auditing: never panics, and blocks of any size give the same.

#![no_main]

use aimapper_core::source::audit;
use aimapper_fuzz::Case;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(mut case) = Case::new(bytes) else {
        return;
    };
    let (one, two) = (case.choices.block(), case.choices.block());
    let counted = |block| audit(&case.input, &case.reading, block).expect("the source can be read");
    assert_eq!(counted(one), counted(two), "blocks {one} and {two}");
});
