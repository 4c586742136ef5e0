-- What one process writes is numbered under a key of its own, drawn at random: the same in every file that the rows go
-- to, so that the newest of a rater's votes is the same one everywhere.
CREATE TABLE copy_key (
    former INTEGER PRIMARY KEY,
    id     INTEGER NOT NULL,
    next   INTEGER NOT NULL
) STRICT;
-- 48 random bits of the uuid.
INSERT INTO copy_key
WITH RECURSIVE digit (former, digits, place, id, next) AS (
    SELECT id, lower(replace(uuid, '-', '')), 0, 0, next FROM copy
    UNION ALL
    SELECT former, digits, place + 1, (id << 4) + instr('0123456789abcdef', substr(digits, place + 1, 1)) - 1, next
    FROM digit WHERE place < 12
)
SELECT former, id, next FROM digit WHERE place = 12;

DROP TABLE copy;
CREATE TABLE copy (
    id   INTEGER PRIMARY KEY,
    next INTEGER NOT NULL               -- the next sequence number
) STRICT;
INSERT INTO copy SELECT id, next FROM copy_key;

CREATE TABLE keyed_vote (
    question INTEGER NOT NULL REFERENCES question (id),
    round    INTEGER NOT NULL REFERENCES round (id),
    rater    INTEGER NOT NULL REFERENCES rater (id),
    at       INTEGER NOT NULL,          -- Unix milliseconds; below 1000: unknown, an order alone
    copy     INTEGER NOT NULL REFERENCES copy (id),
    sequence INTEGER NOT NULL,
    answer   INTEGER CHECK (answer IN (0, 1, 2)),  -- no, maybe, yes; NULL: taken back
    spent    INTEGER,                   -- milliseconds
    PRIMARY KEY (question, round, rater, at, copy, sequence)
) STRICT, WITHOUT ROWID;
-- Where copies met in one time, the later one keeps the last word.
INSERT INTO keyed_vote
SELECT question, round, rater,
       at + CASE copy_key.former WHEN (SELECT min(former) FROM copy_key) THEN 0 ELSE (
           SELECT count(DISTINCT earlier.copy) FROM vote AS earlier
           WHERE earlier.question = vote.question AND earlier.round = vote.round AND earlier.rater = vote.rater
             AND earlier.at = vote.at AND earlier.copy < vote.copy) END,
       copy_key.id, sequence, answer, spent
FROM vote CROSS JOIN copy_key ON copy_key.former = vote.copy;
DROP TABLE vote;
ALTER TABLE keyed_vote RENAME TO vote;
CREATE UNIQUE INDEX vote_by_copy ON vote (copy, sequence);
CREATE INDEX vote_by_rater ON vote (rater, round, question);
CREATE TRIGGER vote_is_never_changed BEFORE UPDATE ON vote
BEGIN SELECT RAISE(ABORT, 'votes are only ever added'); END;
CREATE TRIGGER vote_is_never_deleted BEFORE DELETE ON vote
BEGIN SELECT RAISE(ABORT, 'votes are only ever added'); END;

CREATE TABLE keyed_note (
    copy     INTEGER NOT NULL REFERENCES copy (id),
    sequence INTEGER NOT NULL,
    image    INTEGER NOT NULL REFERENCES image (id),
    rater    INTEGER NOT NULL REFERENCES rater (id),
    kind     TEXT    NOT NULL CHECK (kind IN ('flag', 'unflag', 'comment')),
    text     TEXT    NOT NULL DEFAULT '',
    at       INTEGER NOT NULL,
    PRIMARY KEY (copy, sequence)
) STRICT, WITHOUT ROWID;
INSERT INTO keyed_note
SELECT copy_key.id, sequence, image, rater, kind, text, at
FROM note CROSS JOIN copy_key ON copy_key.former = note.copy;
DROP TABLE note;
ALTER TABLE keyed_note RENAME TO note;
CREATE INDEX note_by_image ON note (image, at);
CREATE TRIGGER note_is_never_changed BEFORE UPDATE ON note
BEGIN SELECT RAISE(ABORT, 'notes are only ever added'); END;
CREATE TRIGGER note_is_never_deleted BEFORE DELETE ON note
BEGIN SELECT RAISE(ABORT, 'notes are only ever added'); END;

UPDATE run_mark SET copy = (SELECT id FROM copy_key WHERE former = run_mark.copy);
DROP TABLE copy_key;
