-- A run knows its round and the votes that went into it, so that label sets can follow the votes since.
ALTER TABLE run ADD COLUMN round TEXT NOT NULL DEFAULT 'main';

CREATE TABLE run_mark (
    run      INTEGER NOT NULL REFERENCES run (id),
    copy     INTEGER NOT NULL REFERENCES copy (id),
    sequence INTEGER NOT NULL,          -- the newest number of the copy that the run has seen
    PRIMARY KEY (run, copy)
) STRICT, WITHOUT ROWID;

-- A source that is not used proposes nothing to the plan.
ALTER TABLE source ADD COLUMN used INTEGER NOT NULL DEFAULT 1 CHECK (used IN (0, 1));

-- Which image each row of a matrix of predictions is; models that were run on the same list share it.
CREATE TABLE image_order (
    id     INTEGER PRIMARY KEY,
    images BLOB NOT NULL UNIQUE         -- keys of images, 8 bytes each, little-endian
) STRICT;

-- A source whose predictions lie in a file.
CREATE TABLE model (
    source      INTEGER PRIMARY KEY REFERENCES source (id),
    path        BLOB    NOT NULL,       -- as in image
    array       TEXT,                   -- which array of an npz
    size        INTEGER NOT NULL,       -- bytes
    sha256      BLOB    NOT NULL,
    kind        TEXT    NOT NULL CHECK (kind IN ('logits', 'probabilities')),
    image_order INTEGER REFERENCES image_order (id),  -- NULL: the file names its images
    images      INTEGER NOT NULL        -- how many it predicts
) STRICT;
