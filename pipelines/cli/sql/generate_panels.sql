-- Two panels a figure, the border in the middle of its legend.
SELECT
    f.figure_id, p.n::INTEGER AS panel_no, (p.n * 225)::INTEGER AS start_offset,
    CASE WHEN p.n = 0 THEN 224 ELSE length(f.legend) END::INTEGER AS end_offset, [chr(65 + p.n::INTEGER)] AS labels,
    [(p.n * 225)::INTEGER] AS marker_offsets, true AS has_marker, true AS is_labelled, f.source, f.delivery_id,
    f.raw_sha256, f.parser_version, f.stated_version, f.record_sha256, f.is_synthetic
FROM figures AS f CROSS JOIN range(2) AS p (n)
ORDER BY f.n, p.n;
