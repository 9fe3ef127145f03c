-- Pairs controlled → measured inside one panel. Curators' roles come first: where they gave any in a figure, no model's
-- role counts there. An entity is its id, or its text in lower case where it has none; a pair of one entity is none.
INSERT INTO gen.out.hypotheses BY NAME
WITH judged AS (
    SELECT DISTINCT figure_id FROM gen.out.annotations WHERE role IS NOT NULL
),
players AS (
    SELECT a.panel_id, f.doc_id, a.role, a.entity_type, a.text, 'curator' AS role_source,
           entity_of(a.ext_dbs[1], a.ext_ids[1], a.text) AS entity
    FROM gen.out.annotations AS a
    JOIN gen.out.figures AS f USING (figure_id)
    WHERE a.role IN ('controlled', 'measured') AND a.panel_id IS NOT NULL
    UNION ALL
    SELECT panel_id, doc_id, role, entity_type, text, 'model', entity_of(ext_db, ext_id, text)
    FROM gen.out.mentions
    WHERE role IN ('controlled', 'measured') AND panel_id IS NOT NULL AND role_source = 'model'
      AND figure_id NOT IN (SELECT figure_id FROM judged)
),
standing AS (
    SELECT p.* FROM players AS p JOIN gen.out.documents AS d USING (doc_id) WHERE d.status <> 'retracted'
),
names AS (
    SELECT entity, entity_type, text AS name
    FROM standing
    GROUP BY entity, entity_type, text
    QUALIFY row_number() OVER (PARTITION BY entity, entity_type ORDER BY count(*) DESC, text) = 1
),
once AS (
    SELECT DISTINCT panel_id, doc_id, role, entity_type, role_source, entity FROM standing
),
pairs AS (
    SELECT c.entity AS controlled_id, c.entity_type AS controlled_type, m.entity AS measured_id,
           m.entity_type AS measured_type, c.role_source, count(DISTINCT c.panel_id) AS n_panels,
           count(DISTINCT c.doc_id) AS n_papers, list(DISTINCT c.panel_id ORDER BY c.panel_id)[:20] AS evidence
    FROM once AS c
    JOIN once AS m ON m.panel_id = c.panel_id AND m.role_source = c.role_source AND m.role = 'measured'
    WHERE c.role = 'controlled' AND (c.entity, c.entity_type) <> (m.entity, m.entity_type)
    GROUP BY ALL
)
SELECT
    left(sha256(concat_ws(chr(31), p.controlled_id, p.controlled_type, p.measured_id, p.measured_type, p.role_source)), 20)
        AS hypothesis_id,
    p.controlled_id, a.name AS controlled_name, p.controlled_type, p.measured_id, b.name AS measured_name,
    p.measured_type, p.role_source, p.n_panels, p.n_papers, p.evidence
FROM pairs AS p
JOIN names AS a ON a.entity = p.controlled_id AND a.entity_type = p.controlled_type
JOIN names AS b ON b.entity = p.measured_id AND b.entity_type = p.measured_type
ORDER BY p.n_papers DESC, p.n_panels DESC, hypothesis_id;
