SELECT generation, corpus_version, last_night, published_at, roles_note, panels_note FROM out.meta;
