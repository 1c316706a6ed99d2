-- The highest version of a plugin that an installation ever ran: an older one needs the operator's word.
CREATE TABLE highest (
    installation TEXT   NOT NULL,
    repository   TEXT   NOT NULL,
    major        BIGINT NOT NULL,
    minor        BIGINT NOT NULL,
    patch        BIGINT NOT NULL,
    PRIMARY KEY (installation, repository)
) WITHOUT ROWID;
