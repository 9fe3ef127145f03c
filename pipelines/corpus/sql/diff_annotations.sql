-- Annotations gained, lost, changed and same, counted by document (null for the same), class and whether they are
-- gold. Two that are gold, or of one sender and review stage, are one where class, text and place in the same legend are
-- equal; of the rest the n-th mention of a text in a figure is one with the n-th, and was moved.
WITH sides AS (
    SELECT 'before' AS side, * FROM before.diff_annotations UNION ALL SELECT 'after', * FROM after.diff_annotations
),
named AS (
    SELECT s.* EXCLUDE (doc_id), coalesce(n.doc_id, s.doc_id) AS doc_id
    FROM sides AS s LEFT JOIN diff_names AS n ON n.alias = s.doc_id
),
placed AS (
    SELECT *, row_number() OVER (
        PARTITION BY side, doc_id, key, is_gold, layer, entity_type, text, legend_sha256, start_offset, end_offset
        ORDER BY role, ids, panel_no, rest) AS copy
    FROM named
),
exact AS (
    SELECT doc_id, key, is_gold, layer, entity_type, text, legend_sha256, start_offset, end_offset, copy, count(*) AS n_sides,
           any_value(side) AS side, min(role) <> max(role) AS role, min(ids) <> max(ids) AS ids,
           min(panel_no) <> max(panel_no) AS panel, min(rest) <> max(rest) AS rest
    FROM placed
    GROUP BY ALL
),
moved AS (
    SELECT doc_id, is_gold, entity_type, any_value(side) AS side, count(*) AS n_sides
    FROM (
        SELECT *, row_number() OVER (PARTITION BY side, doc_id, key, is_gold, layer, entity_type, text
                                     ORDER BY start_offset, end_offset, legend_sha256, copy) AS nth
        FROM exact WHERE n_sides = 1
    )
    GROUP BY doc_id, key, is_gold, layer, entity_type, text, nth
),
changes AS (
    SELECT doc_id, is_gold, entity_type, CASE WHEN n_sides = 2 THEN 'changed' WHEN side = 'after' THEN 'gained' ELSE 'lost' END AS change,
           CASE WHEN n_sides = 2 THEN 'place' END AS what
    FROM moved
    UNION ALL
    SELECT CASE WHEN role OR ids OR panel OR rest THEN doc_id END, is_gold, entity_type,
           CASE WHEN role OR ids OR panel OR rest THEN 'changed' ELSE 'same' END,
           CASE WHEN role THEN 'role' WHEN ids THEN 'ids' WHEN panel THEN 'panel' WHEN rest THEN 'nesting' END
    FROM exact WHERE n_sides = 2
)
SELECT doc_id, is_gold, entity_type, change, what, count(*) AS n FROM changes GROUP BY ALL ORDER BY ALL
