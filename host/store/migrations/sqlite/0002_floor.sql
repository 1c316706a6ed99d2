-- Up to where an installation has used up a stream, as of some minutes ago. Rows of `applied` below it are forgotten; a consumer
-- that has to be made again begins here.
CREATE TABLE floor (
    installation   TEXT    NOT NULL,
    stream         TEXT    NOT NULL,
    stream_created INTEGER NOT NULL,
    sequence       INTEGER NOT NULL,
    PRIMARY KEY (installation, stream)
) WITHOUT ROWID;
