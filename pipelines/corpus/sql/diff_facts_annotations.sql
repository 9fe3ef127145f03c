-- Current annotations of a version, what they say apart from their place.
CREATE VIEW diff_annotations AS
SELECT doc_id, substr(figure_id, instr(figure_id, '#') + 1) AS key, entity_type, text, legend_sha256, start_offset,
       end_offset, {role: role, raw_role: raw_role} AS role, {ids: ext_ids, dbs: ext_dbs} AS ids, panel_no,
       {is_nested: is_nested, review_stage: review_stage, annotator: annotator} AS rest
FROM cur.curated_annotations
