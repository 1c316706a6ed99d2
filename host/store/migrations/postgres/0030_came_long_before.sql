-- When what a call was given came, where that was long before the call, as with a dead letter's document that is driven again: the call is found
-- by it, and not by its own time.
ALTER TABLE call ADD COLUMN came BIGINT;
CREATE INDEX call_by_came ON call (installation, came) WHERE came IS NOT NULL;
