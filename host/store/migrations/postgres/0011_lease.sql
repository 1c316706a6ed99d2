CREATE TABLE lease (
    name   TEXT COLLATE "C" PRIMARY KEY,
    holder TEXT COLLATE "C" NOT NULL,
    epoch  BIGINT           NOT NULL,
    until  BIGINT           NOT NULL
);
