"""Nightcap: a corpus of figure legends, its models and its tables, kept in step with the literature every night.

The stages in the order in which data flow through them:

1. `sources`    pull raw bytes from every source, content-addressed, with provenance
2. `ingest`     parse raw bytes into records: documents, figures, panels, annotations, events
3. `quality`    check: valid rows go on, the rest to quarantine with a reason
4. `corpus`     freeze: identity, splits, night partition, benchmark, version
5. `train`      select what is due and train it
6. `predict`    score candidates; read legends with the serving models
7. `registry`   gate: decide, register, move the alias
8. `link`       mentions to ontology ids
9. `analytics`  publish a new DuckDB generation, report
10. `feedback`  what became of each rejected unit; receipts to the senders

Read `pipelines/flows/*.py` first: each is the table of contents of one flow.
"""

__version__ = "0.1.0"
