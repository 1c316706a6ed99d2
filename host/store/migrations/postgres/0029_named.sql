-- Where messages are found by their ids and by their causes', asked as in SQLite.
CREATE TABLE named (
    named TEXT COLLATE "C" NOT NULL,
    rowid BIGINT NOT NULL,
    PRIMARY KEY (named, rowid)
);
INSERT INTO named SELECT 'i' || SUBSTR(id, 1, 16), position FROM message
UNION SELECT 'c' || cause, effect FROM causation;
CREATE INDEX named_by_rowid ON named (rowid);
DROP TABLE causation;
DROP INDEX message_by_id;

-- Said otherwise than in the index of the topic, so that it is taken where a city is asked for.
DROP INDEX holding_by_city;
CREATE INDEX holding_by_city ON message (domain, kind, (region / 100), time, id) WHERE holds > 0;
