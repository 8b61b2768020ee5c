INSERT INTO tenants (id, name, created_at) VALUES ('t1', 'first', 1), ('t2', 'second', 2);
INSERT INTO users (tenant_id, id, issuer, subject, display_name, created_at, seen_at)
VALUES ('t1', 'u1', 'https://issuer', 'a', NULL, 1, 2), ('t2', 'u2', 'https://issuer', 'a', 'A', 1, 2);
