-- Messages as they were stored on the lanes, for views, the API and lineage, in a file of their own: writing them never keeps a commit
-- waiting. Filled from the lanes' tails.
CREATE TABLE message (
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
) WITHOUT ROWID;
CREATE INDEX message_by_received ON message (received);

-- The statement that holds for each source, type and key: the one with the latest time.
CREATE TABLE latest (
    source   TEXT    NOT NULL,
    type     TEXT    NOT NULL,
    key      TEXT    NOT NULL,
    id       TEXT    NOT NULL,
    time     INTEGER NOT NULL,
    domain   TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    detail   TEXT    NOT NULL,
    region   INTEGER NOT NULL,
    PRIMARY KEY (source, type, key)
) WITHOUT ROWID;
CREATE INDEX latest_by_topic ON latest (domain, kind, time);
CREATE INDEX latest_by_id ON latest (id);

-- Which message was derived from which.
CREATE TABLE causation (
    effect TEXT NOT NULL,
    cause  TEXT NOT NULL,
    PRIMARY KEY (effect, cause)
) WITHOUT ROWID;
CREATE INDEX causation_by_cause ON causation (cause);

-- Of each message what it states of what, so that series are read and what held at an instant is known. It goes with its message.
CREATE TABLE statement (
    id       TEXT   PRIMARY KEY REFERENCES message (id) ON DELETE CASCADE,
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
) WITHOUT ROWID;
CREATE INDEX statement_by_topic ON statement (domain, kind, time, id);
CREATE INDEX statement_by_key ON statement (source, type, key, time, id);

-- How far each lane has been read into `message`.
CREATE TABLE tail (
    lane           TEXT PRIMARY KEY,
    stream_created INTEGER NOT NULL,
    sequence       INTEGER NOT NULL
) WITHOUT ROWID;

-- Bytes that the messages take, attributes and bodies, and how many batches of them were written: who reads up to a batch finds the
-- same again later.
CREATE TABLE history_extent (
    bytes INTEGER NOT NULL,
    batch INTEGER NOT NULL
);
INSERT INTO history_extent VALUES (0, 0);

-- Bodies of HTTP answers that recorded calls were given, each once, by the SHA-256 of its bytes.
CREATE TABLE answer (
    digest  TEXT PRIMARY KEY,
    bytes   INTEGER NOT NULL,
    used_at INTEGER NOT NULL,
    body    BLOB    NOT NULL
);
CREATE INDEX answer_by_use ON answer (used_at, bytes);
