-- A call that is written down beside the work may be written again, when the host does not hear whether it was: its hash tells. What is
-- written in the transaction of a commit has none.
ALTER TABLE call ADD COLUMN key TEXT;
DROP INDEX call_by_time;
CREATE UNIQUE INDEX call_by_time ON call (installation, made_at, key);
