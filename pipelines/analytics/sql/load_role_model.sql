-- A mention of this type in which the serving role model reads no role is boring.
INSERT INTO work.role_models VALUES ($entity_type, 'boring', $model_version);
