-- What opens one address once, without a token. Of a ticket only a hash is here.
CREATE TABLE tickets (
    hash TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    path TEXT NOT NULL,
    principal TEXT NOT NULL,
    session_id TEXT,
    created_at BIGINT NOT NULL
);

CREATE INDEX tickets_by_account ON tickets (account_id, created_at);
CREATE INDEX tickets_by_age ON tickets (created_at);

-- How many attempts one browser has open is bounded.
CREATE INDEX login_attempts_by_browser ON login_attempts (browser_hash, created_at);
