-- The history has a file of its own now, and is read again from the lanes.
DROP TABLE statement;
DROP TABLE causation;
DROP TABLE latest;
DROP TABLE message;
DROP TABLE tail;
