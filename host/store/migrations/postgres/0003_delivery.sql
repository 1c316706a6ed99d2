ALTER TABLE outbox ADD COLUMN kind TEXT COLLATE "C" NOT NULL DEFAULT 'message';

CREATE TABLE parked (
    position       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    installation   TEXT COLLATE "C" NOT NULL,
    stream         TEXT COLLATE "C" NOT NULL,
    stream_created BIGINT           NOT NULL,
    sequence       BIGINT           NOT NULL,
    subject        TEXT COLLATE "C" NOT NULL,
    partition      TEXT COLLATE "C" NOT NULL,
    message        TEXT COLLATE "C" NOT NULL,
    body           BYTEA            NOT NULL,
    tries          BIGINT           NOT NULL,
    due            BIGINT           NOT NULL,
    reason         TEXT COLLATE "C" NOT NULL
);
CREATE INDEX parked_by_partition ON parked (installation, stream, partition, position);

CREATE TABLE attempt (
    installation   TEXT COLLATE "C" NOT NULL,
    stream         TEXT COLLATE "C" NOT NULL,
    stream_created BIGINT           NOT NULL,
    sequence       BIGINT           NOT NULL,
    number         BIGINT           NOT NULL,
    is_open        BIGINT           NOT NULL,
    PRIMARY KEY (installation, stream, stream_created, sequence)
);

CREATE TABLE checkpoint (
    lane           TEXT COLLATE "C" PRIMARY KEY,
    taken_at       BIGINT NOT NULL,
    stream_created BIGINT NOT NULL,
    sequence       BIGINT NOT NULL,
    held_since     BIGINT,
    held_at        BIGINT
);

CREATE TABLE state_size (
    installation TEXT COLLATE "C" PRIMARY KEY,
    bytes        BIGINT NOT NULL
);
INSERT INTO state_size
    SELECT installation, CAST(SUM(OCTET_LENGTH(key) + OCTET_LENGTH(value)) AS BIGINT) FROM state GROUP BY installation;
