//! Reading: never panics, its ranges tile the source, and blocks of any size give the same.

#![no_main]

use aimapper_fuzz::{Case, check_account, check_same};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(mut case) = Case::new(bytes) else {
        return;
    };
    let (one, two) = (case.choices.block(), case.choices.block());
    let portions = case.portions(one);
    check_account(&case, &portions);
    check_same(
        &portions,
        &case.portions(two),
        &format!("blocks {one} and {two}"),
    );
});
