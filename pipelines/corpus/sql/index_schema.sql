-- Tables of the derived index (SQLite): what freeze must know of the corpus, for look-ups that cost what is asked.
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE aliases (alias TEXT PRIMARY KEY, doc_id TEXT NOT NULL);
CREATE INDEX aliases_doc ON aliases (doc_id);
CREATE TABLE docs (doc_id TEXT PRIMARY KEY, seq INTEGER NOT NULL, split TEXT NOT NULL, exclusion TEXT);
CREATE INDEX docs_split ON docs (split);
CREATE TABLE revisions (id TEXT PRIMARY KEY, doc_id TEXT NOT NULL, kind TEXT NOT NULL, stamp TEXT NOT NULL,
  version INTEGER NOT NULL, parser INTEGER NOT NULL, sha TEXT NOT NULL,
  figure_id TEXT, gold_group TEXT, stage INTEGER NOT NULL);
CREATE INDEX revisions_doc ON revisions (doc_id);
CREATE TABLE figures (figure_id TEXT PRIMARY KEY, doc_id TEXT NOT NULL, label TEXT, jats_id TEXT, legend TEXT);
CREATE INDEX figures_doc ON figures (doc_id);
CREATE TABLE legends (leak TEXT NOT NULL, doc_id TEXT NOT NULL, PRIMARY KEY (leak, doc_id));
CREATE TABLE gold (id TEXT NOT NULL, task TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (id, task));
CREATE TABLE gold_size (task TEXT NOT NULL, split TEXT NOT NULL, n_documents INTEGER NOT NULL, n_spans INTEGER NOT NULL,
  PRIMARY KEY (task, split));
CREATE TABLE events (event_id TEXT PRIMARY KEY, doc_id TEXT NOT NULL, event TEXT NOT NULL, stamp TEXT NOT NULL);
CREATE INDEX events_doc ON events (doc_id);
CREATE INDEX events_event ON events (event);
CREATE TABLE twins (a TEXT NOT NULL, b TEXT NOT NULL, PRIMARY KEY (a, b));
CREATE TABLE benchmark (task TEXT NOT NULL, version INTEGER NOT NULL, doc_id TEXT NOT NULL, figure_id TEXT NOT NULL,
  sha TEXT NOT NULL, PRIMARY KEY (task, version, figure_id));
CREATE INDEX benchmark_doc ON benchmark (doc_id, task, version);
CREATE TABLE benchmark_size (task TEXT NOT NULL, version INTEGER NOT NULL, n_documents INTEGER NOT NULL,
  PRIMARY KEY (task, version));
CREATE TABLE deliveries (delivery_id TEXT PRIMARY KEY, sender TEXT NOT NULL, review_stage TEXT NOT NULL,
  has_roles INTEGER NOT NULL);
