CREATE TABLE granted (
    installation TEXT COLLATE "C" NOT NULL,
    since        BIGINT NOT NULL,
    plugin       TEXT COLLATE "C" NOT NULL,
    grants       TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (installation, since)
);

CREATE TABLE delivery (
    message      TEXT COLLATE "C" NOT NULL,
    installation TEXT COLLATE "C" NOT NULL,
    at           BIGINT NOT NULL,
    plugin       TEXT COLLATE "C" NOT NULL,
    key          TEXT COLLATE "C" NOT NULL,
    reason       TEXT COLLATE "C",
    PRIMARY KEY (message, installation, at)
);
CREATE INDEX delivery_by_time ON delivery (at);
