-- What is here, how fresh it is, from which models, and what to ask.
CREATE VIEW main.start_here AS
SELECT section, name, value, about
FROM (
    SELECT 1 AS no, 'what this is' AS section, 'generation' AS name, generation AS value,
           CASE WHEN is_synthetic THEN 'SAMPLE DATA: machine-made, for trying things out; nothing in it is a finding'
                ELSE 'figure legends, what curators marked in them and what the models read' END AS about
    FROM out.meta
    UNION ALL
    SELECT 2, 'what this is', 'corpus version', corpus_version, 'data.dvc md5 ' || corpus_md5 FROM out.meta
    UNION ALL
    SELECT 3, 'what this is', 'panels', panels_note, 'see out.panels.panel_source' FROM out.meta
    UNION ALL
    SELECT 4, 'what this is', 'roles', roles_note, 'see out.mentions.role_source' FROM out.meta
    UNION ALL
    SELECT 10, 'how fresh', 'last closed night', last_night::VARCHAR, 'published ' || published_at::VARCHAR || ' UTC'
    FROM out.meta
    UNION ALL
    SELECT 11, 'how fresh', source, last_new_night::VARCHAR,
           nights_without_news || ' nights closed since with nothing new from it'
               || CASE WHEN is_missing THEN '; COULD NOT BE READ in the last night' ELSE '' END
    FROM out.freshness
    UNION ALL
    SELECT 20, 'models', task || '/' || model_version, tagger || ', F1 ' || coalesce(round(f1, 3)::VARCHAR, 'not scored'),
           'trained on ' || corpus_version || ' (' || data_kind || ' data)'
    FROM out.model_versions WHERE alias = 'champion'
    UNION ALL
    SELECT 30, 'tables', 'documents', count(*)::VARCHAR, 'articles, retracted ones with their status' FROM out.documents
    UNION ALL
    SELECT 31, 'tables', 'figures', count(*)::VARCHAR, 'figures with their legends' FROM out.figures
    UNION ALL
    SELECT 32, 'tables', 'panels', count(*)::VARCHAR, 'segments of legends' FROM out.panels
    UNION ALL
    SELECT 33, 'tables', 'annotations', count(*)::VARCHAR, 'what curators marked: of several versions of a figure the one that counts' FROM out.annotations
    UNION ALL
    SELECT 34, 'tables', 'other_annotations', count(*)::VARCHAR,
           'what other curators and machines marked in the same figures: beside the truth' FROM out.other_annotations
    UNION ALL
    SELECT 34, 'tables', 'mentions', count(*)::VARCHAR, 'what the models read, linked to ids' FROM out.mentions
    UNION ALL
    SELECT 35, 'tables', 'entities', count(*)::VARCHAR, 'identifiers and names, with counts' FROM out.entities
    UNION ALL
    SELECT 36, 'tables', 'hypotheses', count(*)::VARCHAR, 'controlled → measured pairs: candidates, not findings'
    FROM out.hypotheses
    UNION ALL
    SELECT 37, 'tables', 'quarantine', count(*)::VARCHAR, 'what was rejected, each with its reason' FROM out.quarantine
    UNION ALL
    SELECT 50 + i, 'ask', q.name, q.query, q.about
    FROM (VALUES
        (1, 'one document', 'from document(''10.1234/x'')', 'any identifier works: DOI, PMC123, pmid:1'),
        (2, 'its figures', 'from figures_of(''PMC123'')', 'with panels and counts'),
        (3, 'what is new', 'from whats_new(''Atg5'')', 'latest documents that mention it; since := date ''2026-11-01'''),
        (4, 'top entities', 'from top_entities(kind := ''GENEPROD'', n := 20)', 'by number of documents'),
        (5, 'where tested', 'from where_tested(''Atg5'')', 'panels where it is controlled or measured'),
        (6, 'hypotheses', 'from hypotheses_for(''Atg5'')', 'pairs it takes part in'),
        (7, 'coverage', 'from coverage_by_month()', 'documents, figures, mentions by month of publication')
    ) AS q(i, name, query, about)
)
ORDER BY no;
