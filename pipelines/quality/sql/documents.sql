SELECT
  d.row_id, d.doc_id, d.kind, d.doi, d.pmcid, d.pmid, d.local_id, d.title, d.journal, d.publisher, d.pub_date,
  d.article_type, d.language, d.licence, d.licence_evidence, d.n_figures, d.source, d.delivery_id, d.raw_sha256,
  d.parser_version, d.stated_date, d.stated_version, d.record_sha256, d.is_synthetic,
  coalesce(d.doc_id NOT LIKE '10.%' OR d.doc_id = lower(d.doc_id), true) AS is_doc_id_lower_case,
  coalesce(d.doi = lower(d.doi), true) AS is_doi_lower_case,
  coalesce(d.pub_date BETWEEN DATE '1665-01-01' AND c.night + INTERVAL 5 YEAR, true) AS is_pub_date_sane,
  coalesce(d.stated_date BETWEEN DATE '1665-01-01' AND c.night + INTERVAL 5 YEAR, true) AS is_stated_date_sane,
  coalesce(greatest(d.pub_date, d.stated_date) <= c.night + INTERVAL 1 YEAR, true) AS is_dated_before_next_year,
  d.is_synthetic IS NULL OR d.is_synthetic = c.is_synthetic AS is_of_this_home,
  coalesce(d.licence <> 'open' OR length(trim(d.licence_evidence)) > 0, false) OR d.licence IS NULL
    AS has_licence_evidence,
  d.kind IS DISTINCT FROM 'publication' OR coalesce(length(trim(d.title)) > 0, false) AS has_title,
  coalesce(d.n_figures = f.n, d.n_figures = 0) AS is_figure_count_right,
  row_number() OVER (
    PARTITION BY d.doc_id, d.kind, d.record_sha256, d.raw_sha256, d.delivery_id ORDER BY d.row_id
  ) = 1 AS is_first_copy
FROM documents AS d
CROSS JOIN context AS c
LEFT JOIN (
  SELECT doc_id, raw_sha256, delivery_id, kind, count(*) AS n FROM figures GROUP BY ALL
) AS f ON f.doc_id = d.doc_id AND f.raw_sha256 = d.raw_sha256 AND f.delivery_id = d.delivery_id AND f.kind = d.kind
