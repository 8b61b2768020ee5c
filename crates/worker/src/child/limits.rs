//! The walls around a job's process: address space, time, file size, descriptors, no sockets.

use rustix::process::{Resource, Rlimit, setrlimit};

use crate::protocol::ProcessLimits;

/// Address space that is reserved and never used: stacks, arenas, the program itself.
const ROOM_BYTES: u64 = 2 << 30;
/// Open files: the source once for each pass and thread, spools, results.
const FILES: u64 = 256;

/// Why a wall could not be put up. The job is then not run.
#[derive(Debug, thiserror::Error)]
pub(super) enum LimitError {
    #[error("the system refuses a limit")]
    Refused(#[from] rustix::io::Errno),
    #[error("the system refuses a filter of system calls")]
    #[cfg(target_os = "linux")]
    Filter(#[from] seccompiler::Error),
}

/// Puts them up, for this process and for good.
pub(super) fn set(limits: &ProcessLimits) -> Result<(), LimitError> {
    let at_most = |resource, most: u64| {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        setrlimit(resource, limit)
    };
    at_most(Resource::As, limits.memory_bytes.saturating_add(ROOM_BYTES))?;
    at_most(Resource::Fsize, limits.file_bytes)?;
    at_most(Resource::Nofile, FILES)?;
    // What a process that dies leaves must not hold the memory, which is full of cells.
    at_most(Resource::Core, 0)?;
    let time = Rlimit {
        current: Some(limits.cpu_seconds),
        maximum: Some(limits.cpu_seconds.saturating_add(5)),
    };
    setrlimit(Resource::Cpu, time)?;
    no_sockets()
}

/// Lets every call to the network fail with EACCES.
#[cfg(target_os = "linux")]
fn no_sockets() -> Result<(), LimitError> {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};

    // Where the architecture has no filter, the other walls stand.
    let Ok(arch) = TargetArch::try_from(std::env::consts::ARCH) else {
        return Ok(());
    };
    let refused = match arch {
        TargetArch::x86_64 => SOCKET_X86_64,
        TargetArch::aarch64 | TargetArch::riscv64 => SOCKET_GENERIC,
    };
    let rules = [(refused, Vec::new())].into_iter().collect();
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::Allow,
        SeccompAction::Errno(EACCES),
        arch,
    )
    .map_err(seccompiler::Error::from)?;
    let program: BpfProgram = filter.try_into().map_err(seccompiler::Error::from)?;
    seccompiler::apply_filter(&program)?;
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn no_sockets() -> Result<(), LimitError> {
    Ok(())
}

/// `socket` in Linux's table for x86-64 (`arch/x86/entry/syscalls/syscall_64.tbl`).
#[cfg(target_os = "linux")]
const SOCKET_X86_64: i64 = 41;
/// `socket` in Linux's table for younger architectures (`include/uapi/asm-generic/unistd.h`).
#[cfg(target_os = "linux")]
const SOCKET_GENERIC: i64 = 198;
#[cfg(target_os = "linux")]
const EACCES: u32 = 13;
