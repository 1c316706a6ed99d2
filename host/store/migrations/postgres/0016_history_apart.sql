ALTER TABLE statement ADD COLUMN batch BIGINT NOT NULL DEFAULT 0;
CREATE TABLE history_extent (
    bytes BIGINT NOT NULL,
    batch BIGINT NOT NULL
);
INSERT INTO history_extent SELECT COALESCE(SUM(OCTET_LENGTH(message) + OCTET_LENGTH(body)), 0), 0 FROM message;

CREATE TABLE answer (
    digest  TEXT COLLATE "C" PRIMARY KEY,
    bytes   BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    body    BYTEA  NOT NULL
);
CREATE INDEX answer_by_use ON answer (used_at, bytes);
