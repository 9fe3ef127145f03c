-- The entities that a name or an identifier stands for: NCBI gene:5594, 5594, or any text it is mentioned by.
CREATE MACRO main.entity_ids_of(entity) AS TABLE
SELECT DISTINCT e.entity_id, e.entity_type
FROM out.entities AS e
WHERE lower(e.entity_id) = lower(trim(entity)) OR lower(e.ext_id) = lower(trim(entity))
   OR lower(e.name) = lower(trim(entity)) OR list_contains(list_transform(e.names, lambda x: lower(x)), lower(trim(entity)));
