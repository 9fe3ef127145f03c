-- Legends of served figures that no curator segmented and that are not in the cache yet.
SELECT DISTINCT f.legend_sha256, f.legend
FROM work.figures AS f
WHERE f.legend IS NOT NULL
  AND f.figure_id NOT IN (SELECT figure_id FROM work.curator_panels)
  AND f.legend_sha256 NOT IN (SELECT legend_sha256 FROM work.segments)
ORDER BY f.legend_sha256;
