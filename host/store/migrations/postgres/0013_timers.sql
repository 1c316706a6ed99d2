-- Deadlines that installations have set themselves. `due` is when one is given to the plugin: at its deadline, later where it is
-- tried again.
CREATE TABLE timer (
    installation TEXT COLLATE "C" NOT NULL,
    name         TEXT COLLATE "C" NOT NULL,
    deadline     BIGINT NOT NULL,
    payload      BYTEA   NOT NULL,
    due          BIGINT NOT NULL,
    tries        BIGINT NOT NULL,
    PRIMARY KEY (installation, name)
);
CREATE INDEX timer_by_due ON timer (installation, due, name);
