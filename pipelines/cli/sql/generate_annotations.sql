-- One annotation a word of each legend. A hash of seed and number decides which rows are bad, and in which way: of each
-- kind $share of the rows, told by `bad`.
WITH drawn AS (
    SELECT
        i, f.*, (i % 50)::INTEGER AS w, i % 4 AS t,
        floor((hash(i, $seed) % 1000000) / (1000000 * $share))::INTEGER AS bad
    FROM range($rows) AS r (i) JOIN figures AS f ON f.n = i // 50
),
rows AS (
    SELECT *, CASE WHEN bad = 1 THEN w * 9 + 3 ELSE w * 9 END::INTEGER AS start_offset FROM drawn
)
SELECT
    CASE WHEN bad = 12 THEN printf('a%09d', i - 1) ELSE printf('a%09d', i) END AS annotation_id,
    CASE WHEN bad = 2 THEN figure_id || '-lost' ELSE figure_id END AS figure_id,
    CASE WHEN bad = 3 THEN 7 WHEN bad = 4 THEN 1 - (w >= 25)::INTEGER ELSE (w >= 25)::INTEGER END AS panel_no,
    CASE WHEN bad = 5 THEN 5000 ELSE start_offset END AS start_offset,
    CASE WHEN bad = 5 THEN 5008 ELSE start_offset + 8 END AS end_offset,
    substring(legend, w * 9 + 1, 8) AS text,
    CASE WHEN bad = 6 THEN 'SPACESHIP' ELSE ['GENEPROD', 'SMALL_MOLECULE', 'CELL_LINE', 'EXP_ASSAY'][t + 1] END AS entity_type,
    ['geneprod', 'molecule', 'cellline', 'assay'][t + 1] AS raw_type,
    CASE WHEN bad = 7 THEN 'boss' WHEN bad = 8 THEN 'measured' WHEN t = 0 THEN 'controlled' END AS role,
    CASE WHEN t = 0 THEN 'intervention' END AS raw_role,
    CASE WHEN bad = 9 THEN ['1///2'] WHEN bad = 10 THEN ['not formed'] ELSE [['P12345', 'CHEBI:1234', 'CVCL_0030', 'BAO_0000015'][t + 1]] END AS ext_ids,
    CASE WHEN bad = 11 THEN []::VARCHAR[] ELSE [['Uniprot', 'ChEBI', 'Cellosaurus', 'BAO'][t + 1]] END AS ext_dbs,
    ['t' || w] AS tag_ids, CASE WHEN bad = 13 THEN -1 ELSE 1 END AS n_source_rows, false AS is_floating,
    false AS is_nested, CASE WHEN bad <> 14 THEN 'bench' END AS annotator, 'curator' AS review_stage,
    CASE WHEN bad = 15 THEN sha256('another') ELSE legend_sha256 END AS legend_sha256, source, delivery_id, raw_sha256,
    parser_version, stated_version, record_sha256, is_synthetic
FROM rows
ORDER BY i;
