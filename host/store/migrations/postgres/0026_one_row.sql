-- A message and what it states of what are one row, which is written once and found by one key.
ALTER TABLE message ADD COLUMN batch BIGINT, ADD COLUMN detail TEXT COLLATE "C", ADD COLUMN source TEXT COLLATE "C",
    ADD COLUMN type TEXT COLLATE "C", ADD COLUMN key TEXT COLLATE "C";
UPDATE message SET batch = s.batch, detail = s.detail, source = s.source, type = s.type, key = s.key
FROM statement s WHERE s.id = message.id;
ALTER TABLE message ALTER COLUMN batch SET NOT NULL, ALTER COLUMN detail SET NOT NULL, ALTER COLUMN source SET NOT NULL,
    ALTER COLUMN type SET NOT NULL, ALTER COLUMN key SET NOT NULL;
DROP TABLE statement;
CREATE INDEX message_by_topic ON message (domain, kind, time, id);
CREATE INDEX message_by_key ON message (source, type, key, time, id);

-- Whether a message is the latest is asked by what it is of.
DROP INDEX latest_by_id;

-- What a message was made of stands in its attributes. Only the other way needs rows.
ALTER TABLE causation DROP CONSTRAINT causation_pkey, ADD PRIMARY KEY (cause, effect);
DROP INDEX causation_by_cause;
