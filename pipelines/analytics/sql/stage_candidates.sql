-- Curated figures of documents that have publication figures, with all of those figures: what is to be matched. A figure is
-- matched once, by the version that stands for it.
CREATE TABLE work.candidates AS
SELECT
    c.figure_id, c.record_sha256, c.label, c.legend,
    list({'figure_id': p.figure_id, 'label': p.label, 'legend': p.legend} ORDER BY p.position, p.figure_id) AS candidates,
    sha256(string_agg(concat_ws(chr(31), p.figure_id, p.label, p.legend_sha256), chr(30) ORDER BY p.position, p.figure_id))
        AS candidates_sha256
FROM work.curated_figures AS c
JOIN work.publication_figures AS p ON p.doc_id = c.doc_id AND p.legend IS NOT NULL
WHERE c.is_first AND c.legend IS NOT NULL
GROUP BY ALL
ORDER BY c.figure_id;
