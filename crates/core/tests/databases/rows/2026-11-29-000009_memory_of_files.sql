INSERT INTO memory_decisions (tenant_id, id, target_name, field, source_column, verdict, rule, decided_by,
    decided_at, source_file)
VALUES ('t1', 'd9', 'ledger', 'amount', 'Summe', 'accepted', '{}', 'u1', 1, 'a.csv');
