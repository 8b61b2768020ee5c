INSERT INTO sources (tenant_id, id, name, created_by, created_at) VALUES ('t1', 's1', 'bank', 'u1', 1);
INSERT INTO source_versions (tenant_id, id, source_id, number, file_name, blob_id, decisions, created_by,
    created_at)
VALUES ('t1', 'sv1', 's1', 1, 'bank.csv', 'b2', '[]', 'u1', 1),
       ('t1', 'sv2', 's1', 2, 'bank.csv', NULL, '[]', 'u1', 1);
INSERT INTO targets (tenant_id, id, name, created_by, created_at) VALUES ('t1', 'g1', 'ledger', 'u1', 1);
INSERT INTO target_versions (tenant_id, id, target_id, number, body, sha256, created_by, created_at)
VALUES ('t1', 'gv1', 'g1', 1, '{}', 'hash', 'u1', 1);
