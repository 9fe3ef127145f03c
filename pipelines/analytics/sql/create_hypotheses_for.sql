CREATE MACRO main.hypotheses_for(entity) AS TABLE
SELECT h.controlled_name, h.measured_name, h.role_source, h.n_papers, h.n_panels, h.controlled_id, h.measured_id, h.evidence
FROM out.hypotheses AS h
WHERE (h.controlled_id, h.controlled_type) IN (SELECT (entity_id, entity_type) FROM entity_ids_of(entity))
   OR (h.measured_id, h.measured_type) IN (SELECT (entity_id, entity_type) FROM entity_ids_of(entity))
ORDER BY h.n_papers DESC, h.n_panels DESC, h.hypothesis_id;
