-- The form of what each installation keeps, where it is not the first: the state_version of the release that wrote it.
CREATE TABLE form (
    installation TEXT   PRIMARY KEY,
    version      BIGINT NOT NULL
) WITHOUT ROWID;
