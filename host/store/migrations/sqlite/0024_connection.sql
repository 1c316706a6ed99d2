-- Which connection a session's call belongs to; none for all other calls.
ALTER TABLE call ADD COLUMN connection TEXT;
CREATE INDEX call_of_connection ON call (installation, connection, position) WHERE connection IS NOT NULL;
