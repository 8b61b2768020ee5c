-- What was chosen before is shown with the file that it was chosen for.
ALTER TABLE memory_decisions ADD COLUMN source_file TEXT;
