INSERT INTO accounts (id, kind, username, created_at, seen_at) VALUES ('a', 'person', 'mia', 1, 1);
INSERT INTO identities (id, issuer, subject, account_id, id_key, sub, created_at, seen_at)
    VALUES ('i', 'https://sso', '7', 'a', 'sub', '7', 1, 1);
INSERT INTO sessions (hash, account_id, issuer, sub, principal, sealed, renew_at, created_at, seen_at)
    VALUES ('h', 'a', 'https://sso', '7', '{}', 'x', 1, 1, 1);
INSERT INTO login_attempts (state_hash, browser_hash, nonce, pkce_verifier, next, created_at)
    VALUES ('s', 'b', 'n', 'v', '/', 1);
INSERT INTO revocations (issuer, what, name, at, until) VALUES ('https://sso', 'sid', 's', 1, 2);
INSERT INTO audit (id, at, event) VALUES ('x', 1, 'signed_in');
