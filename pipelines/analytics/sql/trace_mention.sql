-- A mention: whatever read it, and the raw bytes of the legend it was read in.
SELECT 'mention' AS kind, m.mention_id AS id, m.doc_id, m.figure_id, m.text, m.entity_type, m.start_offset, m.end_offset,
       f.source, f.delivery_id, f.raw_sha256, f.legend_sha256, f.night, m.corpus_version, m.model_version, m.fingerprint,
       m.run_id, v.run_id AS training_run_id, v.corpus_version AS model_corpus_version, v.tagger, v.data_kind,
       m.ext_id, m.link_source, m.role, m.role_source, m.role_model_version
FROM out.mentions AS m
JOIN out.figures AS f USING (figure_id)
LEFT JOIN out.model_versions AS v ON v.fingerprint = m.fingerprint
WHERE m.mention_id = $id;
