//! Reader and auditor agree on every record, everything adds up, and a reader that goes on where a
//! portion ended gives what one that never stopped gives.

#![no_main]

use aimapper_core::source::{Audit, audit};
use aimapper_fuzz::{Case, Choices, check_account, check_same};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // Portions are of thousands of records: now and then there have to be as many.
    let repeated = if !bytes.is_empty() && Choices::new(bytes).below(64) == 0 {
        Some(bytes.repeat((1 << 17) / bytes.len()))
    } else {
        None
    };
    let Some(mut case) = Case::new(repeated.as_deref().unwrap_or(bytes)) else {
        return;
    };
    let (mut one, mut two) = (case.choices.block(), case.choices.block());
    if repeated.is_some() {
        // Not byte by byte: that takes seconds.
        (one, two) = (one + 509, two + 4_096);
    }
    let portions = case.portions(one);
    check_account(&case, &portions);
    let Some(last) = portions.last() else {
        return;
    };
    let audit = audit(&case.input, &case.reading, two).expect("the source can be read");
    let read = Audit {
        counted: last.state.read,
        borders: last.state.borders,
        end: last.state.byte,
    };
    assert_eq!(audit, read, "the auditor, and then the reader");
    for (at, portion) in portions.iter().enumerate() {
        let behind = case.portions_behind(portion.state.clone(), two);
        let rest = portions.iter().skip(at + 1);
        check_same(&behind, rest, &format!("going on behind portion {at}"));
    }
});
