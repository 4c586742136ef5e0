-- Names the state of the file: each transaction draws a new name and keeps the one before. By it a log (-wal) is known to
-- belong to the file that it lies beside, and a file that was put in the place of an open one is noticed.
CREATE TABLE stamp (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    previous BLOB NOT NULL,
    own BLOB NOT NULL
) STRICT;
INSERT INTO stamp VALUES (1, randomblob(16), randomblob(16));
