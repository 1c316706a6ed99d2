-- Each value of state, timers and records with the call that wrote it; call 0 wrote what was there before calls were recorded. No
-- value: deleted. Takes the place of state_version.
CREATE TABLE version (
    installation TEXT   NOT NULL,
    class        TEXT   NOT NULL,
    key          TEXT   NOT NULL,
    call         BIGINT NOT NULL,
    value        BLOB,
    PRIMARY KEY (installation, class, key, call)
) WITHOUT ROWID;
INSERT INTO version SELECT installation, 'state', key, call, value FROM state_version;
DROP TABLE state_version;
