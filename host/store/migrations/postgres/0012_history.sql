-- Of each message at hand what it states of what, so that series are read and what held at an instant is known. It goes with
-- its message.
CREATE TABLE statement (
    id       TEXT COLLATE "C" PRIMARY KEY REFERENCES message (id) ON DELETE CASCADE,
    source   TEXT COLLATE "C" NOT NULL,
    type     TEXT COLLATE "C" NOT NULL,
    key      TEXT COLLATE "C" NOT NULL,
    time     BIGINT NOT NULL,
    received BIGINT NOT NULL,
    domain   TEXT COLLATE "C" NOT NULL,
    kind     TEXT COLLATE "C" NOT NULL,
    detail   TEXT COLLATE "C" NOT NULL,
    region   BIGINT NOT NULL
);
CREATE INDEX statement_by_topic ON statement (domain, kind, time, id);
CREATE INDEX statement_by_key ON statement (source, type, key, time, id);

-- The messages that are at hand already. The detail is the last token of the subject, behind domain and kind.
INSERT INTO statement
SELECT id, message::json ->> 'source', message::json ->> 'type', message::json ->> 'key', time, received, domain, kind,
       SUBSTR(message::json ->> 'subject', LENGTH('em.00.00.00.') + LENGTH(domain) + LENGTH(kind) + 3), region
FROM message;
