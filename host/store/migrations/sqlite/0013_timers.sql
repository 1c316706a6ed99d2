-- Deadlines that installations have set themselves. `due` is when one is given to the plugin: at its deadline, later where it is
-- tried again.
CREATE TABLE timer (
    installation TEXT   NOT NULL,
    name         TEXT   NOT NULL,
    deadline     BIGINT NOT NULL,
    payload      BLOB   NOT NULL,
    due          BIGINT NOT NULL,
    tries        BIGINT NOT NULL,
    PRIMARY KEY (installation, name)
) WITHOUT ROWID;
CREATE INDEX timer_by_due ON timer (installation, due, name);
