-- The process that has the task on its screen: two windows of one rater get different tasks. 0: from before this was known.
ALTER TABLE claim ADD COLUMN process INTEGER NOT NULL DEFAULT 0;
