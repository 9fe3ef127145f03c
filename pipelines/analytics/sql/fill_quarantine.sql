-- One row an issue: the first and the last night it was rejected, with the words of the last, and its state of today.
INSERT INTO gen.out.quarantine BY NAME
WITH last AS (
    SELECT *, min(night) OVER issue AS first_night, count(DISTINCT night) OVER issue AS n_nights
    FROM work.issues
    WINDOW issue AS (PARTITION BY issue_id)
    QUALIFY row_number() OVER (
        PARTITION BY issue_id ORDER BY night DESC, coalesce(try_cast(split_part(run_key, '.', 2) AS INTEGER), 0) DESC
    ) = 1
)
SELECT
    l.issue_id, l.first_night AS night, l.night AS last_night, l.source, l.unit, l.reason,
    coalesce(s.status, 'open') AS status, l.message, l.name, l.locator, l.delivery_id, l.raw_sha256,
    coalesce(s.sender, '') AS sender, coalesce(l.rule, '') AS rule, coalesce(l.rule_version, '') AS rule_version,
    l.n_nights, coalesce(s.settled_by, '') AS settled_by, coalesce(s.owner, '') AS owner, coalesce(s.note, '') AS note,
    l.payload
FROM last AS l
LEFT JOIN work.issue_states AS s USING (issue_id)
ORDER BY l.reason, l.issue_id;
