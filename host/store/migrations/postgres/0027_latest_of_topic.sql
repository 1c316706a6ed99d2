-- What holds is asked of a topic, newest first. A key that has changed its topic has a row in each: what held of it before is found from there.
ALTER TABLE latest DROP CONSTRAINT latest_pkey, ADD PRIMARY KEY (source, type, key, domain, kind);
DROP INDEX latest_by_topic;
CREATE INDEX latest_by_topic ON latest (domain, kind, time, id);
