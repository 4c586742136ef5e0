-- An audit has an identity, which is the same in every copy of the project, and a name that somebody gave it. Where
-- others were given the same name before, it goes by a longer one: `name`, that of the round of its answers.
ALTER TABLE audit ADD COLUMN identity TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN given_name TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN named_at INTEGER NOT NULL DEFAULT 0;  -- Unix milliseconds

-- Of what stays when it is drawn further, so that copies agree on it.
UPDATE audit SET given_name = name, named_at = at, identity =
    printf('%s/%s/%d/%!.15g/%!.15g/%s/', name, drawn_by, seed, tolerance, confidence, maybe)
    || ifnull((SELECT group_concat(stratum.name || ':' || stratum.labels, ',')
               FROM (SELECT name, labels FROM audit_stratum WHERE audit_stratum.audit = audit.id ORDER BY number) AS stratum), '')
    || '/'
    || ifnull((SELECT group_concat(drawn.name || ':' || drawn.class, ',')
               FROM (SELECT image.name, class FROM audit_draw JOIN image ON image.id = audit_draw.image
                     WHERE audit_draw.audit = audit.id ORDER BY place LIMIT 1) AS drawn), '');
CREATE UNIQUE INDEX audit_by_identity ON audit (identity);
