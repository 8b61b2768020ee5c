DROP TABLE target_versions;
DROP TABLE targets;
DROP TABLE source_versions;
DROP TABLE sources;
