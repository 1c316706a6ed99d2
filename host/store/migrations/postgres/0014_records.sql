-- JSON documents of installations, with the bytes that each counts.
CREATE TABLE record (
    installation TEXT COLLATE "C" NOT NULL,
    collection   TEXT COLLATE "C" NOT NULL,
    id           TEXT COLLATE "C" NOT NULL,
    revision     BIGINT NOT NULL,
    body         BYTEA   NOT NULL,
    bytes        BIGINT NOT NULL,
    PRIMARY KEY (installation, collection, id)
);

-- Their keys in each index of their collection. PostgreSQL is told to order as Rust does.
CREATE TABLE record_key (
    installation TEXT COLLATE "C" NOT NULL,
    collection   TEXT COLLATE "C" NOT NULL,
    index_name   TEXT COLLATE "C" NOT NULL,
    key          TEXT COLLATE "C" NOT NULL,
    id           TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (installation, collection, index_name, key, id)
);
CREATE INDEX record_key_by_id ON record_key (installation, collection, id);

-- All records of an installation: the last revision given, their bytes, and the collections and indexes as they were declared when
-- the keys were made. The revision is the fence of a call's writes.
CREATE TABLE record_extent (
    installation TEXT COLLATE "C" PRIMARY KEY,
    revision     BIGINT NOT NULL,
    bytes        BIGINT NOT NULL,
    declared     TEXT COLLATE "C" NOT NULL
);
