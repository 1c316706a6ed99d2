-- Which host an installation's work is pinned to, where several hosts share the database. Each new holder gets a new epoch.
CREATE TABLE lease (
    name   TEXT PRIMARY KEY,
    holder TEXT    NOT NULL,
    epoch  INTEGER NOT NULL,
    until  INTEGER NOT NULL
) WITHOUT ROWID;
