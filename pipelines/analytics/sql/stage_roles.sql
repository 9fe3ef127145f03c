-- What the role models read, by legend and place; of several rows of one place the surest.
CREATE TABLE work.roles AS
SELECT
    legend_sha256, start_offset, end_offset, entity_type, score,
    CASE WHEN label LIKE 'CONTROLLED%' THEN 'controlled' WHEN label LIKE 'MEASURED%' THEN 'measured' ELSE 'boring' END
        AS role
FROM work.role_spans
QUALIFY row_number() OVER (
    PARTITION BY legend_sha256, start_offset, end_offset, entity_type ORDER BY score DESC, label
) = 1;
