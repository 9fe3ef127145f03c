-- Every current version of every curated figure, by its hash. `rank` orders the figures of a document as "current" does:
-- the latest statement first. `is_gold`: the version that counts (cur.gold_figures). `is_first`: the version of a figure
-- that stands for it where one is shown or matched: the gold one, else the best of the rest.
CREATE TABLE work.curated_figures AS
SELECT
    c.*,
    g.figure_id IS NOT NULL AS is_gold,
    row_number() OVER (PARTITION BY c.figure_id ORDER BY is_gold DESC, c.review_stage <> 'machine' DESC, rank) = 1 AS is_first
FROM (
    SELECT
        *,
        row_number() OVER (
            ORDER BY coalesce(stated_date, night) DESC, stated_version DESC, parser_version DESC, record_sha256 DESC, figure_id
        ) AS rank
    FROM cur.curated_figures
) AS c
LEFT JOIN (SELECT figure_id, record_sha256 FROM cur.gold_figures) AS g USING (figure_id, record_sha256);
