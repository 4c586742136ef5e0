-- The fold of each image, where a model was trained once a fold: keys (8 bytes) and folds (4), little-endian, by key.
ALTER TABLE model ADD COLUMN folds BLOB;

-- Images whose label the newest `clean` dropped, the most doubtful first, and what it proposes in its place.
CREATE TABLE dropped (
    image    INTEGER PRIMARY KEY REFERENCES image (id),
    position INTEGER NOT NULL UNIQUE
) STRICT;
CREATE TABLE alternative (
    image INTEGER NOT NULL REFERENCES dropped (image) ON DELETE CASCADE,
    class INTEGER NOT NULL REFERENCES class (idx),
    PRIMARY KEY (image, class)
) STRICT, WITHOUT ROWID;
