CREATE TABLE lease_holder (
    name  TEXT COLLATE "C" PRIMARY KEY,
    until BIGINT           NOT NULL
);
