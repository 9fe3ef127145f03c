-- What publish works with beside the corpus: placed curated figures, segments, and what the serving set read.
CREATE SCHEMA work;
CREATE TABLE work.matches (curated_figure_id VARCHAR, figure_id VARCHAR);
CREATE TABLE work.spans (
    record_sha256 VARCHAR, curated_figure_id VARCHAR, legend_sha256 VARCHAR, start_offset INTEGER, end_offset INTEGER,
    is_panel BOOLEAN, target_start INTEGER, target_end INTEGER, confidence DOUBLE, is_folded BOOLEAN
);
CREATE TABLE work.segments (
    legend_sha256 VARCHAR, panel_no INTEGER, start_offset INTEGER, end_offset INTEGER, labels VARCHAR[]
);
CREATE TABLE work.role_models (entity_type VARCHAR, role VARCHAR, model_version VARCHAR);
CREATE TABLE work.issues (
    issue_id VARCHAR, night DATE, source VARCHAR, unit VARCHAR, reason VARCHAR, message VARCHAR, name VARCHAR,
    locator VARCHAR, delivery_id VARCHAR, raw_sha256 VARCHAR, payload VARCHAR, run_key VARCHAR,
    rule VARCHAR, rule_version VARCHAR
);
CREATE TABLE work.issue_states (
    issue_id VARCHAR, status VARCHAR, settled_by VARCHAR, owner VARCHAR, note VARCHAR, sender VARCHAR
);
CREATE TABLE work.ner_spans (
    legend_sha256 VARCHAR, start_offset INTEGER, end_offset INTEGER, label VARCHAR, score DOUBLE,
    run_id VARCHAR
);
CREATE TABLE work.panel_starts (
    legend_sha256 VARCHAR, start_offset INTEGER, end_offset INTEGER, label VARCHAR, score DOUBLE,
    run_id VARCHAR
);
CREATE TABLE work.role_spans (
    legend_sha256 VARCHAR, start_offset INTEGER, end_offset INTEGER, label VARCHAR, score DOUBLE, run_id VARCHAR,
    entity_type VARCHAR
);
CREATE TABLE work.links (
    entity_type VARCHAR, name VARCHAR, ext_id VARCHAR, ext_db VARCHAR, ext_name VARCHAR, source VARCHAR
);
