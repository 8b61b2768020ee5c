INSERT INTO mappings (tenant_id, id, name, created_by, created_at) VALUES ('t1', 'm1', 'bank', 'u1', 1);
INSERT INTO mapping_versions (tenant_id, id, mapping_id, number, source_version_id, target_version_id,
    body, sha256, created_by, created_at)
VALUES ('t1', 'mv1', 'm1', 1, 'sv1', 'gv1', '{}', 'hash', 'u1', 1);
INSERT INTO mapping_decisions (tenant_id, id, mapping_version_id, field, verdict, rule, decided_by,
    decided_at)
VALUES ('t1', 'd1', 'mv1', 'amount', 'accepted', '{}', 'u1', 1);
INSERT INTO runs (tenant_id, id, job_id, mapping_version_id, source_version_id, format, max_rejects,
    created_by, created_at)
VALUES ('t1', 'r1', 'j1', 'mv1', 'sv1', 'csv', 0, 'u1', 1);
INSERT INTO memory_decisions (tenant_id, id, target_name, field, source_column, verdict, rule, decided_by,
    decided_at)
VALUES ('t1', 'd2', 'ledger', 'amount', 'Betrag', 'accepted', '{}', 'u1', 1);
