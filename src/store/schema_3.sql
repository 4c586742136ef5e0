-- Who has a task on the screen, so that no two raters answer for its last free place. A claim says nothing of votes: it runs out by itself.
CREATE TABLE claim (
    task  INTEGER NOT NULL REFERENCES task (id) ON DELETE CASCADE,
    round INTEGER NOT NULL REFERENCES round (id),
    rater INTEGER NOT NULL REFERENCES rater (id),
    until INTEGER NOT NULL,             -- Unix milliseconds
    PRIMARY KEY (task, round, rater)
) STRICT, WITHOUT ROWID;
