WITH legends AS (
  SELECT figure_id, record_sha256, any_value(length(legend)) AS n_legend FROM figures GROUP BY ALL
)
SELECT
  p.row_id, p.figure_id, p.panel_no, p.start_offset, p.end_offset, p.labels, p.marker_offsets, p.has_marker,
  p.is_labelled, p.external_id, p.coords, p.source, p.delivery_id, p.raw_sha256, p.parser_version, p.stated_date,
  p.stated_version, p.record_sha256, p.is_synthetic,
  l.n_legend,
  coalesce(p.panel_no >= 0, true) AS is_panel_no_in_range,
  l.figure_id IS NOT NULL AS has_figure,
  coalesce(p.start_offset >= 0 AND p.start_offset < p.end_offset AND p.end_offset <= l.n_legend, l.n_legend IS NULL)
    AS is_inside_legend,
  coalesce(list_bool_and(list_transform(p.marker_offsets, lambda o: o >= p.start_offset AND o < p.end_offset)), true)
    AS has_markers_inside,
  coalesce(len(p.labels) > 0, false) AS has_label,
  coalesce(
    list_bool_and(list_transform(p.labels, lambda x: x IS NOT NULL AND x <> 'None' AND length(trim(x)) BETWEEN 1 AND 12)),
    true
  ) AS is_label_short,
  coalesce(
    p.start_offset >= max(p.end_offset) OVER (
      PARTITION BY p.figure_id, p.record_sha256, p.raw_sha256, p.delivery_id ORDER BY p.start_offset, p.panel_no
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ), true
  ) AS is_after_previous,
  p.is_synthetic IS NULL OR p.is_synthetic = c.is_synthetic AS is_of_this_home,
  row_number() OVER (
    PARTITION BY p.figure_id, p.record_sha256, p.panel_no, p.raw_sha256, p.delivery_id ORDER BY p.row_id
  ) = 1 AS is_first_copy
FROM panels AS p
CROSS JOIN context AS c
LEFT JOIN legends AS l ON l.figure_id = p.figure_id AND l.record_sha256 = p.record_sha256
