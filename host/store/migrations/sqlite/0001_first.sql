-- What a source has read up to.
CREATE TABLE cursor (
    installation TEXT PRIMARY KEY,
    cursor       TEXT,
    complete_until INTEGER
) WITHOUT ROWID;

-- Keys and values of installations.
CREATE TABLE state (
    installation TEXT NOT NULL,
    key          TEXT NOT NULL,
    value        BLOB NOT NULL,
    PRIMARY KEY (installation, key)
) WITHOUT ROWID;

-- Inputs whose effects are committed. The primary key is the fence against committing one twice.
CREATE TABLE applied (
    installation   TEXT    NOT NULL,
    stream         TEXT    NOT NULL,
    stream_created INTEGER NOT NULL,
    sequence       INTEGER NOT NULL,
    PRIMARY KEY (installation, stream, stream_created, sequence)
) WITHOUT ROWID;

-- Committed outputs that the bus has not confirmed yet, in the order of their making.
CREATE TABLE outbox (
    position     INTEGER PRIMARY KEY AUTOINCREMENT,
    installation TEXT NOT NULL,
    message      TEXT NOT NULL,
    body         BLOB NOT NULL
);

-- Messages as they were stored on the lanes, for views, the API and lineage. Filled from the lanes' tails.
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

-- How far each lane has been read into `message`.
CREATE TABLE tail (
    lane           TEXT PRIMARY KEY,
    stream_created INTEGER NOT NULL,
    sequence       INTEGER NOT NULL
) WITHOUT ROWID;
