-- Until when each host holds all that it has taken: one row is taken on, however many leases it has. A lease's own `until` counts where its
-- holder has no row.
CREATE TABLE lease_holder (
    name  TEXT PRIMARY KEY,
    until INTEGER NOT NULL
) WITHOUT ROWID;
