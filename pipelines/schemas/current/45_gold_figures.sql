-- The adjudication rule: of all current versions of a curated figure the gold one. An author comes before a curator, a
-- machine is never gold; then the key of current: the later stated date (else night), the higher stated version, the
-- greater content hash. Figures of one document with one key from a printed label are one figure, whatever source brought
-- them; without a label (pos-1) only within one source. core/gold.py says the same for the index.
CREATE VIEW cur.gold_figures AS
SELECT *
FROM cur.curated_figures
WHERE review_stage <> 'machine'
QUALIFY row_number() OVER (
    PARTITION BY doc_id, CASE WHEN figure_key LIKE 'pos-%' THEN split_part(figure_id, '#', -1) ELSE figure_key END
    ORDER BY review_stage = 'author' DESC, coalesce(stated_date, night) DESC, stated_version DESC, record_sha256 DESC,
             figure_id, seq, raw_sha256
) = 1;
