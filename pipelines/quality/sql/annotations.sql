WITH legends AS (
  SELECT figure_id, record_sha256, any_value(legend) AS legend, any_value(legend_sha256) AS legend_sha256
  FROM figures GROUP BY ALL
),
bounds AS (
  SELECT figure_id, record_sha256, panel_no, min(start_offset) AS panel_start, max(end_offset) AS panel_end
  FROM panels GROUP BY ALL
),
pairs AS (SELECT DISTINCT unnest(ext_dbs) AS db, unnest(ext_ids) AS ext_id, entity_type FROM annotations),
judged AS (
  SELECT
    pairs.db, pairs.ext_id, pairs.entity_type,
    p.db IS NOT NULL AS is_db_known,
    coalesce(regexp_full_match(pairs.ext_id, p.pattern), p.db IS NULL) AS is_formed,
    coalesce(p.entity_type = pairs.entity_type, true) AS is_of_type,
    coalesce(list_contains(p.placeholders, pairs.ext_id), false) AS is_placeholder
  FROM pairs LEFT JOIN id_patterns AS p ON p.db = lower(pairs.db)
),
ids AS (
  SELECT
    a.row_id, bool_and(j.is_formed) AS is_formed, bool_and(j.is_of_type) AS is_of_type,
    bool_and(NOT j.is_placeholder) AS is_real, bool_and(j.is_db_known) AS is_db_known
  FROM (SELECT row_id, entity_type, unnest(ext_dbs) AS db, unnest(ext_ids) AS ext_id FROM annotations) AS a
  JOIN judged AS j ON j.db IS NOT DISTINCT FROM a.db AND j.ext_id IS NOT DISTINCT FROM a.ext_id
    AND j.entity_type IS NOT DISTINCT FROM a.entity_type
  GROUP BY a.row_id
)
SELECT
  a.row_id, a.annotation_id, a.figure_id, a.panel_no, a.start_offset, a.end_offset, a.text, a.entity_type, a.raw_type,
  a.role, a.raw_role, a.ext_ids, a.ext_dbs, a.tag_ids, a.n_source_rows, a.is_floating, a.is_nested, a.annotator,
  a.review_stage, a.legend_sha256, a.source, a.delivery_id, a.raw_sha256, a.parser_version, a.stated_date,
  a.stated_version, a.record_sha256, a.is_synthetic,
  length(l.legend) AS n_legend,
  substring(l.legend, a.start_offset + 1, least(a.end_offset - a.start_offset, 80)) AS legend_there,
  l.figure_id IS NOT NULL AS has_figure,
  a.legend_sha256 IS NULL OR l.figure_id IS NULL OR a.legend_sha256 = l.legend_sha256 AS is_legend_the_same,
  coalesce((a.start_offset IS NULL AND a.end_offset IS NULL) = a.is_floating, true) AS is_placed_or_floating,
  a.start_offset IS NULL OR l.legend IS NULL
    OR coalesce(a.start_offset >= 0 AND a.start_offset < a.end_offset AND a.end_offset <= length(l.legend), false)
    AS is_inside_legend,
  a.start_offset IS NULL OR a.end_offset IS NULL OR a.text IS NULL OR l.legend IS NULL
    OR a.start_offset < 0 OR a.end_offset > length(l.legend) OR a.start_offset >= a.end_offset
    OR substring(l.legend, a.start_offset + 1, a.end_offset - a.start_offset) = a.text AS is_text_there,
  coalesce(length(trim(a.text)) > 0 OR a.is_floating, true) AS has_text,
  coalesce(length(a.text) <= 300, true) AS is_text_short,
  coalesce(a.role IS NULL OR a.entity_type NOT IN ('EXP_ASSAY', 'DISEASE'), true) AS is_role_on_entity,
  coalesce(len(a.ext_ids) = len(a.ext_dbs), true) AS is_id_list_parallel,
  coalesce(
    list_bool_and(list_transform(
      a.ext_ids,
      lambda x: x IS NOT NULL AND trim(x) NOT IN ('', 'None', 'null', 'nan') AND NOT contains(x, '///')
        AND length(x) <= 200 AND NOT regexp_matches(x, '[\x00-\x1f\x7f]')
    )), true
  ) AS has_clean_ids,
  coalesce(i.is_formed, true) AS has_well_formed_ids,
  coalesce(i.is_of_type, true) AS has_ids_of_its_type,
  coalesce(i.is_real, true) AS has_real_ids,
  coalesce(i.is_db_known, true) AS has_known_databases,
  len(a.ext_ids) > 0 AS has_ids,
  coalesce(a.n_source_rows >= 0, true) AS is_n_source_rows_in_range,
  a.panel_no IS NULL OR b.panel_no IS NOT NULL AS has_panel,
  coalesce(a.start_offset >= b.panel_start AND a.end_offset <= b.panel_end, true) AS is_inside_panel,
  a.is_synthetic IS NULL OR a.is_synthetic = c.is_synthetic AS is_of_this_home,
  row_number() OVER (
    PARTITION BY a.annotation_id, a.record_sha256, a.raw_sha256, a.delivery_id ORDER BY a.row_id
  ) = 1 AS is_first_copy
FROM annotations AS a
CROSS JOIN context AS c
LEFT JOIN legends AS l ON l.figure_id = a.figure_id AND l.record_sha256 = a.record_sha256
LEFT JOIN bounds AS b
  ON b.figure_id = a.figure_id AND b.record_sha256 = a.record_sha256 AND b.panel_no = a.panel_no
LEFT JOIN ids AS i ON i.row_id = a.row_id
