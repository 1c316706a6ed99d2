-- The grade of each quality report, with the component that it speaks of; read when the report is pushed.
CREATE TABLE report (
    repository TEXT NOT NULL,
    manifest   TEXT NOT NULL,
    -- SHA-256, as the report says it: sha256:…
    component  TEXT NOT NULL,
    grade      TEXT NOT NULL,
    PRIMARY KEY (repository, manifest),
    FOREIGN KEY (repository, manifest) REFERENCES manifest (repository, digest) ON DELETE CASCADE
) WITHOUT ROWID;
