CREATE TABLE highest (
    installation TEXT COLLATE "C" NOT NULL,
    repository   TEXT COLLATE "C" NOT NULL,
    major        BIGINT           NOT NULL,
    minor        BIGINT           NOT NULL,
    patch        BIGINT           NOT NULL,
    PRIMARY KEY (installation, repository)
);
