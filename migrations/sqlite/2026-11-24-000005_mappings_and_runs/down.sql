DROP TABLE memory_decisions;
DROP TABLE runs;
DROP TABLE mapping_decisions;
DROP TABLE mapping_versions;
DROP TABLE mappings;
