-- Messages and statements lie in the order of their arrival. By their ids, which are hashes, each lay on a page of its own, and writing
-- one meant reading and writing as many bytes as several take.
CREATE TABLE message_in_order (
    id        TEXT PRIMARY KEY,
    lane      TEXT    NOT NULL,
    sequence  INTEGER NOT NULL,
    time      INTEGER NOT NULL,
    received  INTEGER NOT NULL,
    domain    TEXT    NOT NULL,
    kind      TEXT    NOT NULL,
    region    INTEGER NOT NULL,
    message   TEXT    NOT NULL,
    body      BLOB    NOT NULL
);
INSERT INTO message_in_order SELECT * FROM message ORDER BY received;

CREATE TABLE statement_in_order (
    id       TEXT   PRIMARY KEY REFERENCES message_in_order (id) ON DELETE CASCADE,
    source   TEXT   NOT NULL,
    type     TEXT   NOT NULL,
    key      TEXT   NOT NULL,
    time     BIGINT NOT NULL,
    received BIGINT NOT NULL,
    domain   TEXT   NOT NULL,
    kind     TEXT   NOT NULL,
    detail   TEXT   NOT NULL,
    region   BIGINT NOT NULL,
    batch    BIGINT NOT NULL
);
INSERT INTO statement_in_order SELECT * FROM statement ORDER BY batch;

DROP TABLE statement;
DROP TABLE message;
ALTER TABLE message_in_order RENAME TO message;
ALTER TABLE statement_in_order RENAME TO statement;

CREATE INDEX message_by_received ON message (received);
CREATE INDEX statement_by_topic ON statement (domain, kind, time, id);
CREATE INDEX statement_by_key ON statement (source, type, key, time, id);
