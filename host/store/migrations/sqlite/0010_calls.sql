-- Calls of transforms as they were made, so that they can be made again: see the engine's replay.
CREATE TABLE call (
    position     INTEGER PRIMARY KEY AUTOINCREMENT,
    installation TEXT    NOT NULL,
    made_at      INTEGER NOT NULL,
    record       TEXT    NOT NULL
);
CREATE INDEX call_by_time ON call (installation, made_at);

-- Each value of the state with the call that wrote it; call 0 wrote what was there before calls were recorded. No value: deleted.
CREATE TABLE state_version (
    installation TEXT    NOT NULL,
    key          TEXT    NOT NULL,
    call         INTEGER NOT NULL,
    value        BLOB,
    PRIMARY KEY (installation, key, call)
) WITHOUT ROWID;
