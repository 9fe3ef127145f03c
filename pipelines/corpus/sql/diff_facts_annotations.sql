-- Current annotations of a version, whoever made them (`layer`); what they say apart from their place as hashes, which is all that a comparison needs.
CREATE VIEW diff_annotations AS
SELECT doc_id, split_part(figure_id, '#', -1) AS key, entity_type, text, legend_sha256, start_offset,
       end_offset, annotator || ' ' || review_stage AS layer,
       hash(role, raw_role) AS role, hash(ext_ids, ext_dbs) AS ids, coalesce(panel_no, -1) AS panel_no,
       hash(is_nested) AS rest
FROM cur.curated_annotations
