-- What the role models read, by legend and place; of several rows of one place the surest.
CREATE TABLE work.roles AS
SELECT
    legend_sha256, start_offset, end_offset, entity_type, score,
    CASE label WHEN 'CONTROLLED_VAR' THEN 'controlled' WHEN 'MEASURED_VAR' THEN 'measured' ELSE 'boring' END
        AS role
FROM work.role_spans
QUALIFY row_number() OVER (
    PARTITION BY legend_sha256, start_offset, end_offset, entity_type ORDER BY score DESC, label
) = 1;
