-- What counts as one entity: its identifier, with the database where the identifier is a mere number; else its text.
-- An identifier of no database (protein:GFP) is a curator's word for "has none".
CREATE MACRO main.entity_of(ext_db, ext_id, text) AS
    CASE WHEN ext_id IS NULL OR coalesce(ext_db, '') = '' THEN lower(text)
         WHEN regexp_matches(ext_id, '^\d+$') THEN concat_ws(':', ext_db, ext_id)
         ELSE ext_id END;
