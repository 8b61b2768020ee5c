//! A handler gets its caller only by naming what it requires.

use std::marker::PhantomData;

use aimapper_core::auth::{Principal, Role};
use aimapper_core::id::{TenantId, UserId};

/// What a route asks of its caller.
pub trait Requirement: 'static {
    /// The lowest role that is enough; nothing if any verified caller may.
    const ROLE: Option<Role>;
}

/// The one who asks, as the database knows it.
#[derive(Debug, Clone)]
pub struct Caller {
    /// What the token says.
    pub principal: Principal,
    /// Whose rows these are.
    pub tenant: TenantId,
    /// The user.
    pub user: UserId,
}

/// A caller who fulfils a requirement.
#[derive(Debug, Clone)]
pub struct Guarded<R: Requirement> {
    /// Who it is.
    pub caller: Caller,
    requirement: PhantomData<R>,
}
