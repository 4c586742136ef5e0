-- An audit asks of labels that images were given whether they are right. Its name is its round's; votes in it are answers.
CREATE TABLE audit (
    id         INTEGER PRIMARY KEY,
    name       TEXT    NOT NULL UNIQUE,
    given      TEXT    NOT NULL,        -- what is audited, in words
    drawn_by   TEXT    NOT NULL CHECK (drawn_by IN ('uniform', 'class', 'score')),
    seed       INTEGER NOT NULL,
    tolerance  REAL    NOT NULL,
    confidence REAL    NOT NULL,
    maybe      TEXT    NOT NULL CHECK (maybe IN ('wrong', 'right', 'half')),
    at         INTEGER NOT NULL         -- Unix milliseconds
) STRICT;

CREATE TABLE audit_stratum (
    audit  INTEGER NOT NULL REFERENCES audit (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,            -- from 0
    name   TEXT    NOT NULL,
    labels INTEGER NOT NULL,            -- how many there are, drawn or not
    PRIMARY KEY (audit, number)
) STRICT, WITHOUT ROWID;

-- The labels drawn, in the order in which they are looked at.
CREATE TABLE audit_draw (
    audit   INTEGER NOT NULL REFERENCES audit (id) ON DELETE CASCADE,
    place   INTEGER NOT NULL,           -- from 0
    image   INTEGER NOT NULL REFERENCES image (id),
    class   INTEGER NOT NULL REFERENCES class (idx),
    stratum INTEGER NOT NULL,
    block   INTEGER NOT NULL,           -- labels of one block are drawn from all strata together
    PRIMARY KEY (audit, place)
) STRICT, WITHOUT ROWID;

-- Who has a label of an audit on the screen, so that no two auditors look at the same one. A claim runs out by itself.
CREATE TABLE audit_claim (
    audit INTEGER NOT NULL REFERENCES audit (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    rater INTEGER NOT NULL REFERENCES rater (id),
    until INTEGER NOT NULL,             -- Unix milliseconds
    PRIMARY KEY (audit, place)
) STRICT, WITHOUT ROWID;
