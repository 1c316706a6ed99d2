-- JSON documents of installations, with the bytes that each counts.
CREATE TABLE record (
    installation TEXT   NOT NULL,
    collection   TEXT   NOT NULL,
    id           TEXT   NOT NULL,
    revision     BIGINT NOT NULL,
    body         BLOB   NOT NULL,
    bytes        BIGINT NOT NULL,
    PRIMARY KEY (installation, collection, id)
) WITHOUT ROWID;

-- Their keys in each index of their collection.
CREATE TABLE record_key (
    installation TEXT   NOT NULL,
    collection   TEXT   NOT NULL,
    index_name   TEXT   NOT NULL,
    key          TEXT   NOT NULL,
    id           TEXT   NOT NULL,
    PRIMARY KEY (installation, collection, index_name, key, id)
) WITHOUT ROWID;
CREATE INDEX record_key_by_id ON record_key (installation, collection, id);

-- All records of an installation: the last revision given, their bytes, and the collections and indexes as they were declared when
-- the keys were made. The revision is the fence of a call's writes.
CREATE TABLE record_extent (
    installation TEXT   PRIMARY KEY,
    revision     BIGINT NOT NULL,
    bytes        BIGINT NOT NULL,
    declared     TEXT   NOT NULL
) WITHOUT ROWID;
