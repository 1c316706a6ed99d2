-- The tables of migrations/sqlite, whose comments say what each is for. Text is compared byte by byte, as SQLite does.

CREATE TABLE cursor (
    installation   TEXT COLLATE "C" PRIMARY KEY,
    cursor         TEXT COLLATE "C",
    complete_until BIGINT
);

CREATE TABLE state (
    installation TEXT COLLATE "C" NOT NULL,
    key          TEXT COLLATE "C" NOT NULL,
    value        BYTEA            NOT NULL,
    PRIMARY KEY (installation, key)
);

CREATE TABLE applied (
    installation   TEXT COLLATE "C" NOT NULL,
    stream         TEXT COLLATE "C" NOT NULL,
    stream_created BIGINT           NOT NULL,
    sequence       BIGINT           NOT NULL,
    PRIMARY KEY (installation, stream, stream_created, sequence)
);

CREATE TABLE outbox (
    position     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    installation TEXT COLLATE "C" NOT NULL,
    message      TEXT COLLATE "C" NOT NULL,
    body         BYTEA            NOT NULL
);
CREATE INDEX outbox_by_installation ON outbox (installation, position);

CREATE TABLE message (
    id        TEXT COLLATE "C" PRIMARY KEY,
    lane      TEXT COLLATE "C" NOT NULL,
    sequence  BIGINT           NOT NULL,
    time      BIGINT           NOT NULL,
    received  BIGINT           NOT NULL,
    domain    TEXT COLLATE "C" NOT NULL,
    kind      TEXT COLLATE "C" NOT NULL,
    region    BIGINT           NOT NULL,
    message   TEXT COLLATE "C" NOT NULL,
    body      BYTEA            NOT NULL
);
CREATE INDEX message_by_received ON message (received);

CREATE TABLE latest (
    source   TEXT COLLATE "C" NOT NULL,
    type     TEXT COLLATE "C" NOT NULL,
    key      TEXT COLLATE "C" NOT NULL,
    id       TEXT COLLATE "C" NOT NULL,
    time     BIGINT           NOT NULL,
    domain   TEXT COLLATE "C" NOT NULL,
    kind     TEXT COLLATE "C" NOT NULL,
    detail   TEXT COLLATE "C" NOT NULL,
    region   BIGINT           NOT NULL,
    PRIMARY KEY (source, type, key)
);
CREATE INDEX latest_by_topic ON latest (domain, kind, time);
CREATE INDEX latest_by_id ON latest (id);

CREATE TABLE causation (
    effect TEXT COLLATE "C" NOT NULL,
    cause  TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (effect, cause)
);
CREATE INDEX causation_by_cause ON causation (cause);

CREATE TABLE tail (
    lane           TEXT COLLATE "C" PRIMARY KEY,
    stream_created BIGINT NOT NULL,
    sequence       BIGINT NOT NULL
);
