SELECT
  e.row_id, e.event_id, e.doc_id, e.kind, e.event, e.event_date, e.notice_id, e.detail, e.source, e.delivery_id,
  e.raw_sha256, e.parser_version, e.stated_date, e.stated_version, e.record_sha256, e.is_synthetic,
  coalesce(e.doc_id NOT LIKE '10.%' OR e.doc_id = lower(e.doc_id), true) AS is_doc_id_lower_case,
  coalesce(e.event_date BETWEEN DATE '1665-01-01' AND c.night + INTERVAL 5 YEAR, true) AS is_event_date_sane,
  e.event_date IS NOT NULL AS has_date,
  e.notice_id IS NULL OR e.notice_id <> e.doc_id AS is_about_another,
  e.is_synthetic IS NULL OR e.is_synthetic = c.is_synthetic AS is_of_this_home
FROM document_events AS e
CROSS JOIN context AS c
