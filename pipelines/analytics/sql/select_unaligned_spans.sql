-- Every distinct stretch of a matched curated figure whose text differs from the publisher's legend, panels and
-- annotations alike, that is not in the cache yet.
SELECT c.record_sha256, c.figure_id, c.legend AS source, p.legend AS target, p.legend_sha256,
       list(DISTINCT {'start': s.start_offset, 'end': s.end_offset, 'is_panel': s.is_panel}) AS spans
FROM work.matches AS m
JOIN work.curated_figures AS c ON c.figure_id = m.curated_figure_id
JOIN work.publication_figures AS p ON p.figure_id = m.figure_id AND p.legend_sha256 <> c.legend_sha256
JOIN (
    SELECT figure_id, record_sha256, start_offset, end_offset, false AS is_panel
    FROM work.curated_annotations WHERE start_offset IS NOT NULL
    UNION ALL
    SELECT figure_id, record_sha256, start_offset, end_offset, true FROM work.curated_panels
) AS s ON s.figure_id = c.figure_id AND s.record_sha256 = c.record_sha256
WHERE NOT EXISTS (
    SELECT 1 FROM work.spans AS k
    WHERE k.record_sha256 = c.record_sha256 AND k.curated_figure_id = c.figure_id AND k.legend_sha256 = p.legend_sha256
)
GROUP BY ALL
ORDER BY c.figure_id;
