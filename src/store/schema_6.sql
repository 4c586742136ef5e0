-- Flags and comments are answered; an answer is a note too, and points to the one that it answers.
CREATE TABLE answerable_note (
    copy        INTEGER NOT NULL REFERENCES copy (id),
    sequence    INTEGER NOT NULL,
    image       INTEGER NOT NULL REFERENCES image (id),
    rater       INTEGER NOT NULL REFERENCES rater (id),
    kind        TEXT    NOT NULL CHECK (kind IN ('flag', 'unflag', 'comment', 'answer')),
    text        TEXT    NOT NULL DEFAULT '',
    at          INTEGER NOT NULL,       -- Unix milliseconds
    to_copy     INTEGER,
    to_sequence INTEGER,
    PRIMARY KEY (copy, sequence),
    -- Rows of other copies come in any order.
    FOREIGN KEY (to_copy, to_sequence) REFERENCES note (copy, sequence) DEFERRABLE INITIALLY DEFERRED,
    CHECK ((kind = 'answer') = (to_copy IS NOT NULL) AND (kind = 'answer') = (to_sequence IS NOT NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO answerable_note SELECT copy, sequence, image, rater, kind, text, at, NULL, NULL FROM note;
DROP TABLE note;
ALTER TABLE answerable_note RENAME TO note;
CREATE INDEX note_by_image ON note (image, at);
CREATE INDEX note_by_answered ON note (to_copy, to_sequence) WHERE to_copy IS NOT NULL;
CREATE TRIGGER note_is_never_changed BEFORE UPDATE ON note
BEGIN SELECT RAISE(ABORT, 'notes are only ever added'); END;
CREATE TRIGGER note_is_never_deleted BEFORE DELETE ON note
BEGIN SELECT RAISE(ABORT, 'notes are only ever added'); END;
