SELECT
  a.row_id, a.alias, a.doc_id, a.source, a.raw_sha256,
  coalesce(a.alias NOT LIKE '10.%' OR a.alias = lower(a.alias), true) AS is_alias_lower_case,
  coalesce(a.doc_id NOT LIKE '10.%' OR a.doc_id = lower(a.doc_id), true) AS is_doc_id_lower_case
FROM id_aliases AS a
