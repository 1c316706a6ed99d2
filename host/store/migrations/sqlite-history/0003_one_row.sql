-- A message and what it states of what are one row, which is written once and found by one key. Its last columns are those that may be
-- long: the others are read without them.
CREATE TABLE message_in_one (
    id        TEXT PRIMARY KEY,
    lane      TEXT    NOT NULL,
    sequence  INTEGER NOT NULL,
    batch     INTEGER NOT NULL,
    time      INTEGER NOT NULL,
    received  INTEGER NOT NULL,
    domain    TEXT    NOT NULL,
    kind      TEXT    NOT NULL,
    detail    TEXT    NOT NULL,
    region    INTEGER NOT NULL,
    source    TEXT    NOT NULL,
    type      TEXT    NOT NULL,
    key       TEXT    NOT NULL,
    message   TEXT    NOT NULL,
    body      BLOB    NOT NULL
);
INSERT INTO message_in_one
SELECT m.id, m.lane, m.sequence, s.batch, m.time, m.received, m.domain, m.kind, s.detail, m.region, s.source, s.type, s.key, m.message,
       m.body
FROM message m JOIN statement s ON s.id = m.id ORDER BY m.rowid;
DROP TABLE statement;
DROP TABLE message;
ALTER TABLE message_in_one RENAME TO message;
CREATE INDEX message_by_received ON message (received);
CREATE INDEX message_by_topic ON message (domain, kind, time, id);
CREATE INDEX message_by_key ON message (source, type, key, time, id);

-- Whether a message is the latest is asked by what it is of.
DROP INDEX latest_by_id;

-- What a message was made of stands in its attributes. Only the other way needs rows.
CREATE TABLE causation_down (
    cause  TEXT NOT NULL,
    effect TEXT NOT NULL,
    PRIMARY KEY (cause, effect)
) WITHOUT ROWID;
INSERT INTO causation_down SELECT cause, effect FROM causation;
DROP TABLE causation;
ALTER TABLE causation_down RENAME TO causation;
