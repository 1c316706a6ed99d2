-- What each installation was granted, from when on: so that a message tells what its plugin was allowed when it made it.
CREATE TABLE granted (
    installation TEXT   NOT NULL,
    since        BIGINT NOT NULL,
    plugin       TEXT   NOT NULL,
    grants       TEXT   NOT NULL,
    PRIMARY KEY (installation, since)
) WITHOUT ROWID;

-- What sinks have done with messages: delivered, or given up for a reason.
CREATE TABLE delivery (
    message      TEXT   NOT NULL,
    installation TEXT   NOT NULL,
    at           BIGINT NOT NULL,
    plugin       TEXT   NOT NULL,
    key          TEXT   NOT NULL,
    reason       TEXT,
    PRIMARY KEY (message, installation, at)
) WITHOUT ROWID;
CREATE INDEX delivery_by_time ON delivery (at);
