CREATE TABLE floor (
    installation   TEXT COLLATE "C" NOT NULL,
    stream         TEXT COLLATE "C" NOT NULL,
    stream_created BIGINT           NOT NULL,
    sequence       BIGINT           NOT NULL,
    PRIMARY KEY (installation, stream)
);
