"""Tables of the index, and its longer queries."""

from __future__ import annotations

RETRACTED = """
WITH said AS (
  SELECT coalesce(a.doc_id, e.doc_id) AS doc, e.* FROM events AS e LEFT JOIN aliases AS a ON a.alias = e.doc_id
  WHERE e.event IN ('retraction', 'reinstatement')
)
SELECT doc FROM said AS s
WHERE NOT (
  EXISTS (SELECT 1 FROM events AS r WHERE r.doc_id = s.doc_id AND r.event = 'licence_stated'
            AND r.delivery_id = s.delivery_id AND r.raw_sha256 = s.raw_sha256)
  AND EXISTS (SELECT 1 FROM events AS r
    WHERE r.doc_id IN (SELECT alias FROM aliases WHERE doc_id = s.doc UNION ALL SELECT s.doc)
      AND r.event = 'licence_stated' AND r.source = s.source
      AND (r.night, length(r.delivery_id), r.delivery_id) > (s.night, length(s.delivery_id), s.delivery_id))
)
GROUP BY doc
HAVING max(s.event = 'retraction') AND NOT coalesce(
  max(CASE WHEN s.event = 'reinstatement' THEN s.stamp END) > max(CASE WHEN s.event = 'retraction' THEN s.stamp END), 0)
"""
SCHEMA = """
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
CREATE TABLE events (event_id TEXT NOT NULL, doc_id TEXT NOT NULL, event TEXT NOT NULL, stamp TEXT NOT NULL,
  source TEXT NOT NULL, night TEXT NOT NULL, delivery_id TEXT NOT NULL, raw_sha256 TEXT NOT NULL,
  PRIMARY KEY (event_id, delivery_id));
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
"""

#: Per document and figure the version that is gold: of a split, or of one document.
VERSIONS = """
WITH versions AS (
  SELECT a.doc_id, r.id, r.figure_id, r.sha, row_number() OVER (
    PARTITION BY a.doc_id, r.gold_group
    ORDER BY r.stage DESC, r.stamp DESC, r.version DESC, r.parser DESC, r.sha DESC,
              r.figure_id) AS place
  FROM docs AS d JOIN aliases AS a ON a.doc_id = d.doc_id JOIN revisions AS r ON r.doc_id = a.alias
  WHERE d.{which} = ? AND r.stage > 0
)
"""
GOLD = (
    VERSIONS.format(which="split")
    + """
SELECT v.doc_id, v.figure_id, v.sha, g.n FROM versions AS v JOIN gold AS g ON g.id = v.id
WHERE v.place = 1 AND g.task = ? ORDER BY v.figure_id
"""
)
GOLD_OF = (
    VERSIONS.format(which="doc_id")
    + """
SELECT g.task, sum(g.n) FROM versions AS v JOIN gold AS g ON g.id = v.id WHERE v.place = 1 GROUP BY g.task
"""
)
