INSERT INTO tickets (hash, account_id, path, principal, session_id, created_at)
    VALUES ('t', 'a', '/api/v1/me', '{}', 'h', 1);
