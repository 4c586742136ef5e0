-- Votes and notes are only ever added; everything else describes what they are about.

CREATE TABLE setting (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- A copy of the project is one file on one machine; (copy, sequence) names a row for ever, whatever copies are merged.
CREATE TABLE copy (
    id    INTEGER PRIMARY KEY,
    uuid  TEXT    NOT NULL UNIQUE,
    place TEXT    NOT NULL,             -- machine, device and inode of the file that mints the numbers
    next  INTEGER NOT NULL DEFAULT 1    -- the next sequence number
) STRICT;

CREATE TABLE class (
    idx   INTEGER PRIMARY KEY,
    wnid  TEXT UNIQUE,
    name  TEXT NOT NULL,
    gloss TEXT
) STRICT;

CREATE TABLE synset (
    node TEXT PRIMARY KEY,
    name TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE hypernym (
    child  TEXT    NOT NULL,
    rank   INTEGER NOT NULL,
    parent TEXT    NOT NULL,
    PRIMARY KEY (child, rank, parent)
) STRICT, WITHOUT ROWID;

CREATE TABLE heading (
    node  TEXT PRIMARY KEY,
    title TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE image (
    id     INTEGER PRIMARY KEY,
    name   TEXT NOT NULL UNIQUE,
    path   BLOB,                        -- bytes of the path, relative to the project file where it lies below it; NULL: known by name only
    size   INTEGER,                     -- bytes
    sha256 BLOB,
    width  INTEGER,                     -- pixels, upright
    height INTEGER
) STRICT;

CREATE TABLE original_label (
    image INTEGER PRIMARY KEY REFERENCES image (id),
    class INTEGER NOT NULL REFERENCES class (idx)
) STRICT;

CREATE TABLE source (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE proposal (
    image  INTEGER NOT NULL REFERENCES image (id),
    class  INTEGER NOT NULL REFERENCES class (idx),
    source INTEGER NOT NULL REFERENCES source (id),
    score  REAL,
    PRIMARY KEY (image, class, source)
) STRICT, WITHOUT ROWID;

CREATE TABLE task (
    id       INTEGER PRIMARY KEY,
    image    INTEGER NOT NULL REFERENCES image (id),
    ordinal  INTEGER NOT NULL,          -- from 0 within the image
    position INTEGER NOT NULL,          -- from 0 within the plan
    UNIQUE (image, ordinal)
) STRICT;
CREATE INDEX task_by_position ON task (position);

CREATE TABLE question (
    id       INTEGER PRIMARY KEY,
    image    INTEGER NOT NULL REFERENCES image (id),
    class    INTEGER NOT NULL REFERENCES class (idx),
    task     INTEGER REFERENCES task (id),  -- NULL: asked once, in no task of the plan now
    position INTEGER NOT NULL DEFAULT 0,    -- within the task
    added    INTEGER NOT NULL DEFAULT 0 CHECK (added IN (0, 1)),  -- 1: put forward by a rater, not by the plan
    UNIQUE (image, class)
) STRICT;
CREATE INDEX question_by_task ON question (task, position) WHERE task IS NOT NULL;

CREATE TABLE rater (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL CHECK (role IN ('rater', 'expert', 'adjudicator', 'auditor'))
) STRICT;

CREATE TABLE round (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- Clustered by question: what a question needs for its score lies together, the newest vote of a rater last.
CREATE TABLE vote (
    question INTEGER NOT NULL REFERENCES question (id),
    round    INTEGER NOT NULL REFERENCES round (id),
    rater    INTEGER NOT NULL REFERENCES rater (id),
    at       INTEGER NOT NULL,          -- Unix milliseconds; 0: unknown
    copy     INTEGER NOT NULL REFERENCES copy (id),
    sequence INTEGER NOT NULL,
    answer   INTEGER CHECK (answer IN (0, 1, 2)),  -- no, maybe, yes; NULL: taken back
    spent    INTEGER,                   -- milliseconds
    PRIMARY KEY (question, round, rater, at, copy, sequence)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX vote_by_copy ON vote (copy, sequence);
CREATE INDEX vote_by_rater ON vote (rater, round, question);
CREATE TRIGGER vote_is_never_changed BEFORE UPDATE ON vote
BEGIN SELECT RAISE(ABORT, 'votes are only ever added'); END;
CREATE TRIGGER vote_is_never_deleted BEFORE DELETE ON vote
BEGIN SELECT RAISE(ABORT, 'votes are only ever added'); END;

CREATE TABLE note (
    copy     INTEGER NOT NULL REFERENCES copy (id),
    sequence INTEGER NOT NULL,
    image    INTEGER NOT NULL REFERENCES image (id),
    rater    INTEGER NOT NULL REFERENCES rater (id),
    kind     TEXT    NOT NULL CHECK (kind IN ('flag', 'unflag', 'comment')),
    text     TEXT    NOT NULL DEFAULT '',
    at       INTEGER NOT NULL,
    PRIMARY KEY (copy, sequence)
) STRICT, WITHOUT ROWID;
CREATE INDEX note_by_image ON note (image, at);
CREATE TRIGGER note_is_never_changed BEFORE UPDATE ON note
BEGIN SELECT RAISE(ABORT, 'notes are only ever added'); END;
CREATE TRIGGER note_is_never_deleted BEFORE DELETE ON note
BEGIN SELECT RAISE(ABORT, 'notes are only ever added'); END;

CREATE TABLE run (
    id         INTEGER PRIMARY KEY,
    method     TEXT    NOT NULL,
    parameters TEXT    NOT NULL,        -- JSON
    remarks    TEXT    NOT NULL,        -- JSON list of texts
    at         INTEGER NOT NULL
) STRICT;

CREATE TABLE score (
    run      INTEGER NOT NULL REFERENCES run (id),
    question INTEGER NOT NULL REFERENCES question (id),
    score    REAL    NOT NULL,
    in_set   INTEGER NOT NULL CHECK (in_set IN (0, 1)),
    disputed INTEGER NOT NULL CHECK (disputed IN (0, 1)),
    PRIMARY KEY (run, question)
) STRICT, WITHOUT ROWID;
