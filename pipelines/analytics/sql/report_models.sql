SELECT task, model_version, model_name, tagger, alias, corpus_version, data_kind, f1, decision, registered_on
FROM out.model_versions
ORDER BY task, alias NULLS LAST, model_version;
