CREATE TABLE form (
    installation TEXT COLLATE "C" PRIMARY KEY,
    version      BIGINT           NOT NULL
);
