-- A run knows its round and the votes that went into it, so that label sets can follow the votes since.
ALTER TABLE run ADD COLUMN round TEXT NOT NULL DEFAULT 'main';

CREATE TABLE run_mark (
    run      INTEGER NOT NULL REFERENCES run (id),
    copy     INTEGER NOT NULL REFERENCES copy (id),
    sequence INTEGER NOT NULL,          -- the newest number of the copy that the run has seen
    PRIMARY KEY (run, copy)
) STRICT, WITHOUT ROWID;
