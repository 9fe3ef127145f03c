-- The same with the panel starts that the serving model read in them.
SELECT f.legend_sha256, any_value(f.legend) AS legend,
       list(DISTINCT s.start_offset ORDER BY s.start_offset) FILTER (s.start_offset IS NOT NULL) AS starts
FROM work.figures AS f
LEFT JOIN work.panel_starts AS s ON s.legend_sha256 = f.legend_sha256
WHERE f.legend IS NOT NULL
  AND f.figure_id NOT IN (SELECT figure_id FROM work.curator_panels)
  AND f.legend_sha256 NOT IN (SELECT legend_sha256 FROM work.segments)
GROUP BY f.legend_sha256
ORDER BY f.legend_sha256;
