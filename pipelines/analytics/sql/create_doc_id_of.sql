-- The document that an identifier names, however it is written: a DOI or its URL, PMC123, pmid:1, or a doc_id.
CREATE MACRO main.doc_id_of(name) AS (
    SELECT any_value(a.doc_id)
    FROM out.id_aliases AS a
    WHERE a.alias IN (
        trim(name),
        regexp_replace(lower(trim(name)), '^(https?://(dx\.)?doi\.org/|doi:\s*)', ''),
        regexp_replace(lower(trim(name)), '^pmc0*(\d+)(\.\d+)?$', 'pmc:\1')
    )
);
