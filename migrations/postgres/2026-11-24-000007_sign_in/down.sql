DROP TABLE audit;
DROP TABLE revocations;
DROP TABLE login_attempts;
DROP TABLE sessions;
DROP INDEX users_by_account;
ALTER TABLE users DROP COLUMN account_id;
DROP TABLE identities;
DROP TABLE accounts;
