-- What holds is asked of a topic, or of a city's part of it, newest first. A key that has moved has a row where it was, too: what held of it
-- before is found from there.
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
    city     INTEGER NOT NULL,
    PRIMARY KEY (source, type, key, domain, kind, city)
) WITHOUT ROWID;
INSERT INTO latest_of_topic SELECT source, type, key, id, time, domain, kind, detail, region, region / 100 FROM latest;
DROP TABLE latest;
ALTER TABLE latest_of_topic RENAME TO latest;
CREATE INDEX latest_by_topic ON latest (domain, kind, time, id);
CREATE INDEX latest_by_city ON latest (domain, kind, city, time, id);
CREATE INDEX message_by_city ON message (domain, kind, region / 100, time, id);

-- A station's series is a part of one index, and so is what was said of a key.
DROP INDEX message_by_key;
CREATE INDEX message_by_source ON message (source, time, id, type, key);

-- The list of warnings is not looked for among the observations.
CREATE INDEX message_not_bulk ON message (kind, received) WHERE lane <> 'bulk';
