CREATE TABLE call (
    position     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    installation TEXT COLLATE "C" NOT NULL,
    made_at      BIGINT           NOT NULL,
    record       TEXT COLLATE "C" NOT NULL
);
CREATE INDEX call_by_time ON call (installation, made_at);

CREATE TABLE state_version (
    installation TEXT COLLATE "C" NOT NULL,
    key          TEXT COLLATE "C" NOT NULL,
    call         BIGINT           NOT NULL,
    value        BYTEA,
    PRIMARY KEY (installation, key, call)
);
