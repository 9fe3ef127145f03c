-- What somebody would write by hand to find the bad annotations of a night: each failing row with the rules it breaks.
-- The benchmark runs it beside the suite of the table and compares what both find.
WITH names AS (
    SELECT DISTINCT unnest(ext_dbs) AS db, unnest(ext_ids) AS ext_id, entity_type FROM annotations
),
judged AS (
    SELECT
        n.*, p.db IS NOT NULL AS is_known, p.db IS NULL OR regexp_full_match(n.ext_id, p.pattern) AS is_formed,
        p.entity_type IS NULL OR p.entity_type = n.entity_type AS is_of_type,
        p.placeholders IS NOT NULL AND list_contains(p.placeholders, n.ext_id) AS is_placeholder
    FROM names AS n LEFT JOIN id_patterns AS p ON p.db = lower(n.db)
),
ids AS (
    SELECT
        a.row_id, bool_and(j.is_known) AS is_known, bool_and(j.is_formed) AS is_formed,
        bool_and(j.is_of_type) AS is_of_type, bool_or(j.is_placeholder) AS is_placeholder
    FROM (SELECT row_id, entity_type, unnest(ext_dbs) AS db, unnest(ext_ids) AS ext_id FROM annotations) AS a
    JOIN judged AS j ON j.db IS NOT DISTINCT FROM a.db AND j.ext_id IS NOT DISTINCT FROM a.ext_id
        AND j.entity_type IS NOT DISTINCT FROM a.entity_type
    GROUP BY a.row_id
),
found AS (
    SELECT a.row_id, list_filter([
        CASE WHEN a.annotation_id IS NULL THEN 'annotation_id_not_null' END,
        CASE WHEN a.figure_id IS NULL THEN 'figure_id_not_null' END,
        CASE WHEN a.text IS NULL THEN 'text_not_null' END,
        CASE WHEN a.entity_type IS NULL THEN 'entity_type_not_null' END,
        CASE WHEN a.raw_type IS NULL THEN 'raw_type_not_null' END,
        CASE WHEN a.ext_ids IS NULL THEN 'ext_ids_not_null' END,
        CASE WHEN a.ext_dbs IS NULL THEN 'ext_dbs_not_null' END,
        CASE WHEN a.tag_ids IS NULL THEN 'tag_ids_not_null' END,
        CASE WHEN a.n_source_rows IS NULL THEN 'n_source_rows_not_null' END,
        CASE WHEN a.is_floating IS NULL THEN 'is_floating_not_null' END,
        CASE WHEN a.is_nested IS NULL THEN 'is_nested_not_null' END,
        CASE WHEN a.annotator IS NULL THEN 'annotator_not_null' END,
        CASE WHEN a.review_stage IS NULL THEN 'review_stage_not_null' END,
        CASE WHEN a.legend_sha256 IS NULL THEN 'legend_sha256_not_null' END,
        CASE WHEN a.source IS NULL THEN 'source_not_null' END,
        CASE WHEN a.delivery_id IS NULL THEN 'delivery_id_not_null' END,
        CASE WHEN a.raw_sha256 IS NULL THEN 'raw_sha256_not_null' END,
        CASE WHEN a.parser_version IS NULL THEN 'parser_version_not_null' END,
        CASE WHEN a.stated_version IS NULL THEN 'stated_version_not_null' END,
        CASE WHEN a.record_sha256 IS NULL THEN 'record_sha256_not_null' END,
        CASE WHEN a.is_synthetic IS NULL THEN 'is_synthetic_not_null' END,
        CASE WHEN a.entity_type NOT IN ('SMALL_MOLECULE', 'GENEPROD', 'SUBCELLULAR', 'CELL_TYPE', 'TISSUE', 'ORGANISM',
                                        'EXP_ASSAY', 'DISEASE', 'CELL_LINE', 'CELL') THEN 'entity_type_known' END,
        CASE WHEN f.figure_id IS NULL THEN 'figure' END,
        CASE WHEN a.legend_sha256 <> f.legend_sha256 THEN 'legend_the_same' END,
        CASE WHEN (a.start_offset IS NULL AND a.end_offset IS NULL) <> a.is_floating THEN 'placed_or_floating' END,
        CASE WHEN a.start_offset < 0 OR a.start_offset >= a.end_offset OR a.end_offset > length(f.legend)
            THEN 'inside_legend' END,
        CASE WHEN a.start_offset >= 0 AND a.start_offset < a.end_offset AND a.end_offset <= length(f.legend)
            AND substring(f.legend, a.start_offset + 1, a.end_offset - a.start_offset) <> a.text THEN 'text_there' END,
        CASE WHEN length(trim(a.text)) = 0 AND NOT a.is_floating THEN 'text' END,
        CASE WHEN a.role NOT IN ('controlled', 'measured', 'boring') THEN 'role_known' END,
        CASE WHEN a.role IS NOT NULL AND a.entity_type IN ('EXP_ASSAY', 'DISEASE') THEN 'role_on_entity' END,
        CASE WHEN len(a.ext_ids) <> len(a.ext_dbs) THEN 'id_list_parallel' END,
        CASE WHEN list_bool_or(list_transform(a.ext_ids, lambda x: x IS NULL OR trim(x) IN ('', 'None', 'null', 'nan')
            OR contains(x, '///') OR length(x) > 200 OR regexp_matches(x, '[\x00-\x1f\x7f]'))) THEN 'clean_ids' END,
        CASE WHEN a.review_stage NOT IN ('machine', 'curator', 'author') THEN 'review_stage_known' END,
        CASE WHEN a.n_source_rows < 0 THEN 'n_source_rows_in_range' END,
        CASE WHEN a.is_synthetic <> c.is_synthetic THEN 'of_this_home' END,
        CASE WHEN row_number() OVER (
            PARTITION BY a.annotation_id, a.record_sha256, a.raw_sha256, a.delivery_id ORDER BY a.row_id
        ) > 1 THEN 'first_copy' END,
        CASE WHEN length(a.text) > 300 THEN 'text_short' END,
        CASE WHEN NOT i.is_formed THEN 'well_formed_ids' END,
        CASE WHEN i.is_placeholder THEN 'real_ids' END,
        CASE WHEN a.panel_no IS NOT NULL AND p.panel_no IS NULL THEN 'panel' END,
        CASE WHEN a.start_offset < p.start_offset OR a.end_offset > p.end_offset THEN 'inside_panel' END,
        CASE WHEN a.raw_role IN ('None', 'null', 'nan', 'NaN', 'NULL', '') THEN 'raw_role_no_none_text' END,
        CASE WHEN len(a.ext_ids) = 0 THEN 'ids' END,
        CASE WHEN NOT i.is_known THEN 'known_databases' END,
        CASE WHEN NOT i.is_of_type THEN 'ids_of_its_type' END,
        CASE WHEN NOT regexp_full_match(a.raw_sha256, '[0-9a-f]{64}') THEN 'raw_sha256_form' END
    ], lambda x: x IS NOT NULL) AS rules
    FROM annotations AS a
    CROSS JOIN context AS c
    LEFT JOIN figures AS f ON f.figure_id = a.figure_id AND f.record_sha256 = a.record_sha256
    LEFT JOIN panels AS p
        ON p.figure_id = a.figure_id AND p.record_sha256 = a.record_sha256 AND p.panel_no = a.panel_no
    LEFT JOIN ids AS i ON i.row_id = a.row_id
)
SELECT row_id, rules FROM found WHERE len(rules) > 0 ORDER BY row_id;
