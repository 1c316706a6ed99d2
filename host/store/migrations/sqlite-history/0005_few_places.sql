-- Where a message is put decides what it costs: a page that is touched for a few bytes is written whole, twice. So what is looked for in no
-- order of time (ids, keys, causes) is short, and is there once.
ALTER TABLE history_extent ADD COLUMN position INTEGER NOT NULL DEFAULT 0;

-- `holds` is 1 where no later statement of the same source, type and key is of the same topic and city, else 0. Its last columns are those
-- that may be long: the others are read without them.
CREATE TABLE message_in_place (
    position  INTEGER PRIMARY KEY,
    id        TEXT    NOT NULL,
    lane      TEXT    NOT NULL,
    sequence  INTEGER NOT NULL,
    batch     INTEGER NOT NULL,
    time      INTEGER NOT NULL,
    received  INTEGER NOT NULL,
    domain    TEXT    NOT NULL,
    kind      TEXT    NOT NULL,
    detail    TEXT    NOT NULL,
    region    INTEGER NOT NULL,
    holds     INTEGER NOT NULL,
    source    TEXT    NOT NULL,
    type      TEXT    NOT NULL,
    key       TEXT    NOT NULL,
    message   TEXT    NOT NULL,
    body      BLOB    NOT NULL
);
INSERT INTO message_in_place
SELECT m.rowid, m.id, m.lane, m.sequence, m.batch, m.time, m.received, m.domain, m.kind, m.detail, m.region,
       EXISTS (SELECT 1 FROM latest l WHERE l.source = m.source AND l.type = m.type AND l.key = m.key AND l.domain = m.domain
                   AND l.kind = m.kind AND l.city = m.region / 100 AND l.id = m.id),
       m.source, m.type, m.key, m.message, m.body
FROM message m ORDER BY m.rowid;
UPDATE history_extent SET position = (SELECT COALESCE(MAX(position), 0) FROM message_in_place);

-- What was made of a message, by the first letters of the cause's id.
CREATE TABLE causation_in_place (
    cause  TEXT    NOT NULL,
    effect INTEGER NOT NULL,
    PRIMARY KEY (cause, effect)
) WITHOUT ROWID;
INSERT INTO causation_in_place
SELECT DISTINCT SUBSTR(c.cause, 1, 16), m.rowid FROM causation c JOIN message m ON m.id = c.effect;

DROP TABLE latest;
DROP TABLE causation;
DROP TABLE message;
ALTER TABLE message_in_place RENAME TO message;
ALTER TABLE causation_in_place RENAME TO causation;
CREATE INDEX message_by_id ON message (SUBSTR(id, 1, 16));
CREATE INDEX message_by_received ON message (received);
CREATE INDEX message_by_source ON message (source, time, id, type, key);
CREATE INDEX message_by_topic ON message (domain, kind, time, id);
CREATE INDEX message_by_city ON message (domain, kind, region / 100, time, id);
CREATE INDEX message_not_bulk ON message (kind, received) WHERE lane <> 'bulk';
CREATE INDEX holding_by_key ON message (source, key) WHERE holds = 1;
CREATE INDEX holding_by_topic ON message (domain, kind, time, id) WHERE holds = 1;
CREATE INDEX holding_by_city ON message (domain, kind, region / 100, time, id) WHERE holds = 1;
