SELECT
  d.row_id, d.delivery_id, d.source, d.sender, d.format, d.review_stage, d.annotated_types, d.has_roles,
  d.preannotated_by, d.labels, d.purpose, d.is_synthetic, d.stated_date, d.name, d.content_sha256,
  coalesce(list_has_all(t.types, d.annotated_types), true) AS has_known_types,
  coalesce(d.stated_date BETWEEN DATE '1665-01-01' AND c.night + INTERVAL 5 YEAR, true) AS is_stated_date_sane,
  coalesce(d.stated_date <= c.night + INTERVAL 1 YEAR, true) AS is_dated_before_next_year,
  d.is_synthetic IS NULL OR d.is_synthetic = c.is_synthetic AS is_of_this_home,
  row_number() OVER (PARTITION BY d.delivery_id ORDER BY d.row_id) = 1 AS is_first_copy
FROM deliveries AS d
CROSS JOIN context AS c
CROSS JOIN (SELECT list(entity_type) AS types FROM stored_types) AS t
