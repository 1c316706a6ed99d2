-- Ids and causes in no order of time touch a page each. FTS5 writes those of a batch in one place, and merges (ADR 50).
CREATE VIRTUAL TABLE named USING fts5(names, content='', contentless_delete=1, detail=none, tokenize=ascii);
-- In small pieces, with each batch that is written.
INSERT INTO named (named, rank) VALUES ('automerge', 0);
CREATE INDEX causation_by_effect ON causation (effect, cause);
INSERT INTO named (rowid, names)
SELECT m.position,
       'i' || SUBSTR(m.id, 1, 16) || COALESCE((SELECT GROUP_CONCAT(' c' || c.cause, '') FROM causation c WHERE c.effect = m.position), '')
FROM message m ORDER BY m.position;
DROP TABLE causation;
DROP INDEX message_by_id;

-- Said otherwise than in the index of the topic, so that it is taken where a city is asked for.
DROP INDEX holding_by_city;
CREATE INDEX holding_by_city ON message (domain, kind, region / 100, time, id) WHERE holds > 0;
