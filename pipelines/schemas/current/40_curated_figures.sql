-- Current curated figures: per figure, sender and review stage the revision with the highest key. A later delivery of one
-- sender supersedes his earlier one of the same stage; another sender's, and another stage's, stands beside it.
-- A deletion is a revision too: where it is the highest, nothing of that sender and stage is current. Of one revision
-- written twice (a replay, in which more of its rows were valid) the later stands.
-- `record_sha256` tells them apart: it covers sender and stage. Figures of one document with one `figure_group` are one
-- figure, whatever source brought them: the key from a printed label; without a label (pos-1) the key with its source.
CREATE VIEW cur.curated_figures AS
SELECT
    f.* EXCLUDE (doc_id), coalesce(a.doc_id, f.doc_id) AS doc_id,
    coalesce(d.sender, '') AS sender, coalesce(d.review_stage, 'machine') AS review_stage,
    CASE WHEN bare LIKE 'pos-%' THEN split_part(f.figure_id, '#', -1) ELSE bare END AS figure_group
FROM corpus.figures AS f
LEFT JOIN cur.aliases AS a ON a.alias = f.doc_id
LEFT JOIN cur.deliveries AS d ON d.delivery_id = f.delivery_id
CROSS JOIN LATERAL (SELECT split_part(f.figure_id, '#', -1)[length('cur-' || f.source || '-') + 1:] AS bare)
WHERE f.kind = 'curation'
  AND NOT EXISTS (
    SELECT 1 FROM corpus.tombstones AS t
    WHERE t.through_seq >= f.seq
      AND t.target = CASE t.target_kind WHEN 'delivery' THEN f.delivery_id WHEN 'night' THEN f.night::VARCHAR ELSE f.doc_id END
  )
QUALIFY row_number() OVER (
    PARTITION BY coalesce(a.doc_id, f.doc_id), split_part(f.figure_id, '#', -1), d.sender, d.review_stage
    ORDER BY coalesce(f.stated_date, f.night) DESC, f.stated_version DESC, f.parser_version DESC,
             f.record_sha256 DESC, f.seq DESC, f.raw_sha256
) = 1 AND NOT coalesce(f.is_deleted, false);
