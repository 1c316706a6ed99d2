-- Committed outputs are messages and dead letters; what a row is stands in `kind`, its attributes in `message`.
ALTER TABLE outbox ADD COLUMN kind TEXT NOT NULL DEFAULT 'message';
CREATE INDEX outbox_by_installation ON outbox (installation, position);

-- Messages that wait, with the later ones of their partition, where a plugin asks for order.
CREATE TABLE parked (
    position       INTEGER PRIMARY KEY AUTOINCREMENT,
    installation   TEXT    NOT NULL,
    stream         TEXT    NOT NULL,
    stream_created INTEGER NOT NULL,
    sequence       INTEGER NOT NULL,
    subject        TEXT    NOT NULL,
    partition      TEXT    NOT NULL,
    message        TEXT    NOT NULL,
    body           BLOB    NOT NULL,
    tries          INTEGER NOT NULL,
    due            INTEGER NOT NULL,
    reason         TEXT    NOT NULL
);
CREATE INDEX parked_by_partition ON parked (installation, stream, partition, position);

-- Attempts of sinks: written before the attempt, removed with the commit that ends it. One that is open while nobody works on it
-- may have arrived.
CREATE TABLE attempt (
    installation   TEXT    NOT NULL,
    stream         TEXT    NOT NULL,
    stream_created INTEGER NOT NULL,
    sequence       INTEGER NOT NULL,
    number         INTEGER NOT NULL,
    is_open        INTEGER NOT NULL,
    PRIMARY KEY (installation, stream, stream_created, sequence)
) WITHOUT ROWID;

-- How far each lane was, as of when: see the publisher.
CREATE TABLE checkpoint (
    lane           TEXT PRIMARY KEY,
    taken_at       INTEGER NOT NULL,
    stream_created INTEGER NOT NULL,
    sequence       INTEGER NOT NULL,
    held_since     INTEGER,
    held_at        INTEGER
) WITHOUT ROWID;

-- Bytes that each installation's state takes, kept up with each write.
CREATE TABLE state_size (
    installation TEXT PRIMARY KEY,
    bytes        INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO state_size SELECT installation, SUM(LENGTH(CAST(key AS BLOB)) + LENGTH(value)) FROM state GROUP BY installation;
