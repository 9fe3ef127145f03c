-- Figures that are served: the publishers', curated ones that match none, and curated ones that still hold annotations
-- which their match no longer has; of a curated one the version that stands for it.
CREATE TABLE work.figures AS
SELECT *, NULL::BIGINT AS rank FROM work.publication_figures
UNION ALL BY NAME
SELECT * EXCLUDE (sender, review_stage, figure_group, is_gold, is_first)
FROM work.curated_figures AS c
WHERE c.is_first
  AND (c.figure_id NOT IN (SELECT curated_figure_id FROM work.matches)
       OR c.figure_id IN (SELECT curated_figure_id FROM work.annotations WHERE is_lost));
