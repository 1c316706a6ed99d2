-- What holds is asked of a topic, newest first. A key that has changed its topic has a row in each: what held of it before is found from there.
CREATE TABLE latest_of_topic (
    source   TEXT NOT NULL,
    type     TEXT NOT NULL,
    key      TEXT NOT NULL,
    id       TEXT NOT NULL,
    time     INTEGER NOT NULL,
    domain   TEXT NOT NULL,
    kind     TEXT NOT NULL,
    detail   TEXT NOT NULL,
    region   INTEGER NOT NULL,
    PRIMARY KEY (source, type, key, domain, kind)
) WITHOUT ROWID;
INSERT INTO latest_of_topic SELECT source, type, key, id, time, domain, kind, detail, region FROM latest;
DROP TABLE latest;
ALTER TABLE latest_of_topic RENAME TO latest;
CREATE INDEX latest_by_topic ON latest (domain, kind, time, id);
