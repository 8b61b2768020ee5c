//! The command from outside: the binary is run over files, and its exit codes, outputs and words
//! are held. Nothing here knows how it works inside.

#[cfg(test)]
mod defaults;
#[cfg(test)]
mod determinism;
#[cfg(test)]
mod endings;
#[cfg(test)]
mod evaluating;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod packed;
#[cfg(test)]
mod reading;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod signs;
#[cfg(test)]
mod tables;
#[cfg(test)]
mod times;
