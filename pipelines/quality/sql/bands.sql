SELECT
  (
    SELECT CASE WHEN count(*) >= c.min_rows THEN avg((legend IS NOT NULL)::INTEGER) END
    FROM figures WHERE kind = 'publication'
  ) AS share_of_publication_figures_with_legend,
  (SELECT CASE WHEN count(*) >= c.min_rows THEN avg(is_labelled::INTEGER) END FROM panels) AS share_of_panels_labelled,
  (
    SELECT CASE WHEN count(*) >= c.min_rows THEN (SELECT count(*) FROM annotations SEMI JOIN panels USING (figure_id)) / count(*) END
    FROM panels WHERE is_labelled
  ) AS annotations_per_labelled_panel,
  (
    SELECT CASE WHEN count(*) >= c.min_rows THEN median(length(legend)) END
    FROM figures WHERE legend IS NOT NULL AND kind <> 'auxiliary'
  ) AS median_legend_characters
FROM context AS c
