-- `rank` orders the curated figures of a document as "current" does: the latest statement first.
CREATE TABLE work.curated_figures AS
SELECT
    *,
    row_number() OVER (
        ORDER BY coalesce(stated_date, night) DESC, stated_version DESC, parser_version DESC, record_sha256 DESC, figure_id
    ) AS rank
FROM cur.curated_figures;
