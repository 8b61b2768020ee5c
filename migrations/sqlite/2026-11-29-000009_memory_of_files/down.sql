ALTER TABLE memory_decisions DROP COLUMN source_file;
