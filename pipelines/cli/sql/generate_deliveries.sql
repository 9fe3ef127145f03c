SELECT
    'bench:2026-01-02:1' AS delivery_id, 'bench' AS source, 'bench' AS sender, 'sourcedata' AS format,
    'curator' AS review_stage, ['GENEPROD'] AS annotated_types, true AS has_roles, true AS is_synthetic, 'bench' AS name,
    sha256('bench') AS content_sha256;
