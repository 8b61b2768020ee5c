DROP INDEX login_attempts_by_browser;
DROP TABLE tickets;
