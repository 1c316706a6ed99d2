-- Of each message at hand what it states of what, so that series are read and what held at an instant is known. It goes with
-- its message.
CREATE TABLE statement (
    id       TEXT   PRIMARY KEY REFERENCES message (id) ON DELETE CASCADE,
    source   TEXT   NOT NULL,
    type     TEXT   NOT NULL,
    key      TEXT   NOT NULL,
    time     BIGINT NOT NULL,
    received BIGINT NOT NULL,
    domain   TEXT   NOT NULL,
    kind     TEXT   NOT NULL,
    detail   TEXT   NOT NULL,
    region   BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX statement_by_topic ON statement (domain, kind, time, id);
CREATE INDEX statement_by_key ON statement (source, type, key, time, id);

-- The messages that are at hand already. The detail is the last token of the subject, behind domain and kind.
INSERT INTO statement
SELECT id, json_extract(message, '$.source'), json_extract(message, '$.type'), json_extract(message, '$.key'), time, received, domain, kind,
       SUBSTR(json_extract(message, '$.subject'), LENGTH('em.00.00.00.') + LENGTH(domain) + LENGTH(kind) + 3), region
FROM message;
