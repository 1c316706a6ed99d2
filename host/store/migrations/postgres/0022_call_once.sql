ALTER TABLE call ADD COLUMN key TEXT COLLATE "C";
DROP INDEX call_by_time;
CREATE UNIQUE INDEX call_by_time ON call (installation, made_at, key);
