CREATE TABLE version (
    installation TEXT COLLATE "C" NOT NULL,
    class        TEXT COLLATE "C" NOT NULL,
    key          TEXT COLLATE "C" NOT NULL,
    call         BIGINT           NOT NULL,
    value        BYTEA,
    PRIMARY KEY (installation, class, key, call)
);
INSERT INTO version SELECT installation, 'state', key, call, value FROM state_version;
DROP TABLE state_version;
