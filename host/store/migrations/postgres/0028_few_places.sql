-- What is looked for in no order of time (keys, causes) is short, and is there once.
ALTER TABLE history_extent ADD COLUMN position BIGINT NOT NULL DEFAULT 0;

-- `holds` is 1 where no later statement of the same source, type and key is of the same topic and city, else 0.
ALTER TABLE message ADD COLUMN position BIGINT, ADD COLUMN holds BIGINT NOT NULL DEFAULT 0;
UPDATE message SET position = counted.position
FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY batch, received, id) AS position FROM message) counted WHERE counted.id = message.id;
UPDATE message SET holds = 1 FROM latest l
WHERE l.source = message.source AND l.type = message.type AND l.key = message.key AND l.domain = message.domain
  AND l.kind = message.kind AND l.city = message.region / 100 AND l.id = message.id;
UPDATE history_extent SET position = (SELECT COALESCE(MAX(position), 0) FROM message);

-- What was made of a message, by the first letters of the cause's id.
CREATE TABLE causation_in_place (
    cause  TEXT COLLATE "C" NOT NULL,
    effect BIGINT NOT NULL,
    PRIMARY KEY (cause, effect)
);
INSERT INTO causation_in_place
SELECT DISTINCT SUBSTR(c.cause, 1, 16), m.position FROM causation c JOIN message m ON m.id = c.effect;

DROP TABLE latest;
DROP TABLE causation;
ALTER TABLE causation_in_place RENAME TO causation;
ALTER TABLE causation RENAME CONSTRAINT causation_in_place_pkey TO causation_pkey;
ALTER TABLE message DROP CONSTRAINT message_pkey, ADD PRIMARY KEY (position);
CREATE UNIQUE INDEX message_by_id ON message (id);
CREATE INDEX holding_by_key ON message (source, key) WHERE holds = 1;
CREATE INDEX holding_by_topic ON message (domain, kind, time, id) WHERE holds = 1;
CREATE INDEX holding_by_city ON message (domain, kind, (region / 100), time, id) WHERE holds = 1;
