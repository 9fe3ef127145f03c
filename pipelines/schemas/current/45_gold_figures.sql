-- The adjudication rule: of all current versions of a curated figure the gold one. An author comes before a curator, a
-- machine is never gold; then the key of current: the later stated date (else night), the higher stated version, the
-- greater content hash. core/gold.py says the same for the index.
CREATE VIEW cur.gold_figures AS
SELECT *
FROM cur.curated_figures
WHERE review_stage <> 'machine'
QUALIFY row_number() OVER (
    PARTITION BY doc_id, figure_group
    ORDER BY review_stage = 'author' DESC, coalesce(stated_date, night) DESC, stated_version DESC, parser_version DESC,
             record_sha256 DESC, figure_id, seq, raw_sha256
) = 1;
