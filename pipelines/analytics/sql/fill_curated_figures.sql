-- Every current version of a curated figure, and where it stands: on the publisher's figure that it was matched to, or by
-- itself and why. Confidence is that of the alignment which carried its panels and mentions over.
INSERT INTO gen.out.curated_figures BY NAME
SELECT
    c.figure_id AS curated_figure_id, c.doc_id, c.sender, c.review_stage, c.label, m.figure_id,
    CASE
        WHEN m.figure_id IS NULL THEN 'own'
        WHEN p.legend_sha256 = c.legend_sha256 THEN 'exact'
        WHEN s.is_folded THEN 'folded'
        WHEN s.confidence IS NOT NULL THEN 'aligned'
        ELSE 'matched'
    END AS alignment,
    CASE WHEN p.legend_sha256 = c.legend_sha256 THEN 1.0 ELSE s.confidence END AS confidence,
    CASE
        WHEN m.figure_id IS NOT NULL THEN NULL
        WHEN c.doc_id NOT IN (SELECT doc_id FROM work.documents WHERE kind = 'publication') THEN 'no_publication'
        WHEN c.doc_id NOT IN (SELECT doc_id FROM work.publication_figures WHERE legend IS NOT NULL) THEN 'no_legends'
        ELSE 'no_fit'
    END AS why_own,
    c.is_gold, c.record_sha256, c.legend_sha256, c.night, c.delivery_id, c.raw_sha256
FROM work.curated_figures AS c
LEFT JOIN work.matches AS m ON m.curated_figure_id = c.figure_id
LEFT JOIN work.publication_figures AS p ON p.figure_id = m.figure_id
LEFT JOIN (
    SELECT DISTINCT record_sha256, curated_figure_id, legend_sha256, confidence, is_folded FROM work.spans
) AS s ON s.record_sha256 = c.record_sha256 AND s.curated_figure_id = c.figure_id AND s.legend_sha256 = p.legend_sha256
ORDER BY c.doc_id, c.figure_id, c.sender, c.review_stage;
