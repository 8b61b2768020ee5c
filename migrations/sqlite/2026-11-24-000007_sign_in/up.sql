-- A person or a program, whatever tenants it works in.
CREATE TABLE accounts (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    username TEXT NOT NULL UNIQUE,
    display_name TEXT,
    email TEXT,
    active BOOLEAN NOT NULL DEFAULT true,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
);

CREATE INDEX accounts_by_email ON accounts (email);

-- How an account is known to an issuer. `subject` is what it is found by, `sub` the issuer's own name for
-- it at the last sight.
CREATE TABLE identities (
    id TEXT NOT NULL PRIMARY KEY,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    id_key TEXT NOT NULL,
    sub TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    UNIQUE (issuer, id_key, subject)
);

CREATE INDEX identities_by_account ON identities (account_id);

-- Empty in rows from before there were accounts; filled when they are seen again.
ALTER TABLE users ADD COLUMN account_id TEXT REFERENCES accounts (id);

CREATE UNIQUE INDEX users_by_account ON users (tenant_id, account_id);

-- Sessions of browsers. Of the cookie only a hash is here, of the provider's tokens only what is sealed.
CREATE TABLE sessions (
    hash TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    issuer TEXT NOT NULL,
    sub TEXT NOT NULL,
    sid TEXT,
    principal TEXT NOT NULL,
    sealed TEXT NOT NULL,
    renew_at BIGINT NOT NULL,
    renewing_until BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
);

CREATE INDEX sessions_by_sub ON sessions (issuer, sub);
CREATE INDEX sessions_by_sid ON sessions (issuer, sid);
CREATE INDEX sessions_by_account ON sessions (account_id);

-- Browsers that were sent to the provider and are not back.
CREATE TABLE login_attempts (
    state_hash TEXT NOT NULL PRIMARY KEY,
    browser_hash TEXT NOT NULL,
    nonce TEXT NOT NULL,
    pkce_verifier TEXT NOT NULL,
    next TEXT NOT NULL,
    account_id TEXT REFERENCES accounts (id),
    created_at BIGINT NOT NULL
);

CREATE INDEX login_attempts_by_age ON login_attempts (created_at);

-- Tokens that do not count any more, though they have not ended: those of a session (`sid`), those of a
-- subject up to a time (`sub`), and logout tokens that were taken (`jti`).
CREATE TABLE revocations (
    issuer TEXT NOT NULL,
    what TEXT NOT NULL,
    name TEXT NOT NULL,
    at BIGINT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (issuer, what, name)
);

-- Who came, went, was let in or not.
CREATE TABLE audit (
    id TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    event TEXT NOT NULL,
    account_id TEXT,
    issuer TEXT,
    reason TEXT
);

CREATE INDEX audit_by_account ON audit (account_id, at);
