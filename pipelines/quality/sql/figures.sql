SELECT
  f.row_id, f.figure_id, f.doc_id, f.kind, f.label, f.jats_id, f.parent_figure_id, f.position, f.legend_sha256,
  f.graphics, f.fig_type, f.place, f.licence, f.is_deleted, f.source, f.delivery_id, f.raw_sha256, f.parser_version,
  f.stated_date, f.stated_version, f.record_sha256, f.is_synthetic,
  length(f.legend) AS n_legend,
  coalesce(starts_with(f.figure_id, f.doc_id || '#') AND length(f.figure_id) > length(f.doc_id) + 1, true)
    AS is_figure_id_of_document,
  coalesce(length(trim(f.legend, E' \n\t\r')) > 0, coalesce(f.kind NOT IN ('curation', 'auxiliary'), true) OR f.is_deleted) AS has_legend_text,
  f.legend_sha256 IS NOT DISTINCT FROM sha256(f.legend) AS is_legend_hash_right,
  coalesce(f.legend = nfc_normalize(f.legend) AND NOT regexp_matches(f.legend, '[\t\r]|  |\n\n|^\s|\s$'), true)
    AS is_legend_normalised,
  coalesce(NOT regexp_matches(f.legend, '</?[a-z][a-z:-]*( [a-z:-]+="[^"]*")*\s*/?>'), true) AS is_legend_free_of_markup,
  coalesce(NOT contains(f.legend, chr(65533)), true) AS is_legend_decoded,
  coalesce(length(f.legend) > 32, true) AS is_legend_long_enough,
  f.parent_figure_id IS NULL OR starts_with(f.parent_figure_id, f.doc_id || '#') AS is_parent_in_document,
  coalesce(f.stated_date BETWEEN DATE '1665-01-01' AND c.night + INTERVAL 5 YEAR, true) AS is_stated_date_sane,
  f.is_synthetic IS NULL OR f.is_synthetic = c.is_synthetic AS is_of_this_home,
  d.doc_id IS NOT NULL AS has_document,
  row_number() OVER (
    PARTITION BY f.figure_id, f.record_sha256, f.raw_sha256, f.delivery_id ORDER BY f.row_id
  ) = 1 AS is_first_copy
FROM figures AS f
CROSS JOIN context AS c
LEFT JOIN (SELECT DISTINCT doc_id, raw_sha256 FROM documents) AS d
  ON d.doc_id = f.doc_id AND d.raw_sha256 = f.raw_sha256
