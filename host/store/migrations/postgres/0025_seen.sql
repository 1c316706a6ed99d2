-- Behind which position a call saw what its installation keeps, where it is written down beside the work: it stands at the end, and commits
-- may have been made in between.
ALTER TABLE call ADD COLUMN seen BIGINT;
CREATE INDEX call_by_seen ON call (installation, seen, position) WHERE seen IS NOT NULL;

-- The newest position of all, also of a call that is forgotten by now, or not committed yet.
CREATE VIEW last_call AS SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS position FROM call_position_seq;
