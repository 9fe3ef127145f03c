"""The suites, one per table, as code: git is their version store.

Not-null rules come from the DDL files (map expectations skip nulls, so these go first); the other rules stand here,
each from a defect seen in real deliveries (domain.md 5.1). Curators' legitimate oddities only warn.
"""

from __future__ import annotations

from pipelines.core.records import FORMATS, PURPOSES, ROLES, STORED_TYPES, Reason
from pipelines.core.tables import load_tables
from pipelines.quality.rules import (
    Rule,
    Severity,
    Suite,
    between,
    count,
    in_set,
    is_true,
    no_none_text,
    not_null,
    regex,
    warn,
)

LICENCES = ("open", "noncommercial", "tdm_only", "unknown", "barred")
KINDS = ("publication", "curation", "auxiliary")
PLACES = ("body", "floats", "back", "front", "sub-article")
REVIEW_STAGES = ("machine", "curator", "author")
EVENTS = (
    "retraction", "expression_of_concern", "correction", "addendum", "reinstatement", "licence_change",
    "licence_stated", "id_link", "preprint_of", "deletion",
)  # fmt: skip
EVENT_KINDS = ("integrity", "licence", "identity", "deletion")
MAX_LEGEND = 50_000

_DOC_ID = r"10\.\d{4,9}/\S+|pmc:\d+|pmid:\d+|sha:[0-9a-f]{16}|[A-Za-z][\w.-]*:\S.*"
_HASH = r"[0-9a-f]{64}"
_NO_ID_REASON = {"doc_id": Reason.NO_IDENTITY, "figure_id": Reason.NO_IDENTITY}
_SYNTHETIC = is_true(
    "is_of_this_home", Reason.SYNTHETIC_IN_REAL_HOME,
    "is_synthetic is {is_synthetic}, which is not the kind of data that this home holds; use a home of its own",
)  # fmt: skip
_STATED_DATE = is_true(
    "is_stated_date_sane", Reason.BAD_DATE, "stated_date {stated_date} lies before 1665 or more than five years ahead"
)


def _required(table: str) -> tuple[Rule, ...]:
    columns = load_tables("corpus")[table].columns
    return tuple(not_null(c.name, _NO_ID_REASON.get(c.name, Reason.RULE_FAILED)) for c in columns if not c.is_nullable)


def _doc_id(column: str) -> tuple[Rule, ...]:
    wanted = "expected a DOI, pmc:<digits>, pmid:<digits>, <source>:<local id> or sha:<16 hex digits>"
    return (
        regex(
            column, _DOC_ID, Reason.NO_IDENTITY, f"{column} '{{{column}}}' is no id: {wanted}", name=f"{column}_form"
        ),
        is_true(f"is_{column}_lower_case", Reason.BAD_DOI, f"{column} '{{{column}}}' is a DOI with capitals"),
    )


def _first_copy(what: str, reason: Reason = Reason.RULE_FAILED) -> Rule:
    return is_true("is_first_copy", reason, f"a second {what} in the same revision; the first one was kept")


def _documents() -> tuple[Rule, ...]:
    return (
        *_doc_id("doc_id"),
        regex(
            "doi", r"10\.\d{4,9}/\S+", Reason.BAD_DOI, "doi '{doi}' is not of the form 10.<digits>/…", name="doi_form"
        ),
        is_true("is_doi_lower_case", Reason.BAD_DOI, "doi '{doi}' has capitals"),
        regex("pmcid", r"PMC\d+", Reason.BAD_IDENTIFIER, "pmcid '{pmcid}' is not PMC and digits", name="pmcid_form"),
        regex("pmid", r"[1-9]\d*", Reason.BAD_IDENTIFIER, "pmid '{pmid}' is not a number", name="pmid_form"),
        in_set("kind", KINDS, Reason.RULE_FAILED),
        in_set("licence", LICENCES, Reason.RULE_FAILED),
        *(no_none_text(c) for c in ("local_id", "title", "journal", "language")),
        is_true("is_pub_date_sane", Reason.BAD_DATE, "pub_date {pub_date} lies before 1665 or five years ahead"),
        _STATED_DATE,
        between("n_figures", 0, 10_000, "n_figures is {n_figures}", name="n_figures_in_range"),
        _SYNTHETIC,
        _first_copy("row of document {doc_id}"),
        warn("is_dated_before_next_year", "{doc_id} is dated more than a year after the night"),
        warn("has_title", "publication {doc_id} has no title"),
        warn("has_licence_evidence", "{doc_id} is classed open without the text that says so"),
        warn("is_figure_count_right", "{doc_id} states {n_figures} figures, another number came"),
    )


def _figures() -> tuple[Rule, ...]:
    return (
        regex("doc_id", _DOC_ID, Reason.NO_IDENTITY, "doc_id '{doc_id}' is no id of a document", name="doc_id_form"),
        is_true("is_figure_id_of_document", Reason.NO_IDENTITY, "figure_id '{figure_id}' is not {doc_id}#<key>"),
        in_set("kind", KINDS, Reason.RULE_FAILED),
        is_true("has_legend_text", Reason.NO_LEGEND, "the legend is empty"),
        between("n_legend", 0, MAX_LEGEND, f"the legend has {{n_legend}} characters, at most {MAX_LEGEND} are read",
                name="legend_length", reason=Reason.OVERLONG_LEGEND),
        is_true("is_legend_hash_right", Reason.RULE_FAILED, "legend_sha256 is not the hash of the legend"),
        in_set("place", PLACES, Reason.RULE_FAILED),
        in_set("licence", LICENCES, Reason.RULE_FAILED),
        *(no_none_text(c) for c in ("label", "jats_id")),
        between("position", 0, None, "position is {position}", name="position_in_range"),
        _STATED_DATE,
        _SYNTHETIC,
        _first_copy("figure {figure_id}"),
        warn("has_document", "no document row came with figure {figure_id}"),
        warn("is_parent_in_document", "parent {parent_figure_id} lies in another document than {figure_id}"),
        warn("is_legend_normalised", "the legend has tabs, double spaces, edges of white space or is not NFC"),
        warn("is_legend_free_of_markup", "the legend holds what looks like a tag"),
        warn("is_legend_decoded", "the legend holds U+FFFD: bytes were lost in decoding"),
        count("is_legend_long_enough", "the legend has only {n_legend} characters"),
    )  # fmt: skip


def _panels() -> tuple[Rule, ...]:
    return (
        is_true("has_figure", Reason.PARENT_REJECTED, "the figure {figure_id} of this panel did not come with it"),
        is_true(
            "is_inside_legend", Reason.OFFSET_OUT_OF_RANGE,
            "panel {panel_no} reaches from {start_offset} to {end_offset}, the legend has {n_legend} characters",
        ),
        is_true("is_panel_no_in_range", Reason.RULE_FAILED, "panel_no is {panel_no}"),
        no_none_text("external_id"),
        _SYNTHETIC,
        _first_copy("panel {panel_no} of figure {figure_id}", Reason.DUPLICATE_PANEL),
        warn("is_after_previous", "panel {panel_no} of {figure_id} begins before the one before it ends"),
        warn("has_markers_inside", "a marker of panel {panel_no} of {figure_id} lies outside the panel"),
        warn("is_label_short", "a label of panel {panel_no} of {figure_id} is empty or longer than 12 characters"),
        count("has_label", "panel {panel_no} of {figure_id} has no label"),
    )  # fmt: skip


def _annotations() -> tuple[Rule, ...]:
    where = "{start_offset} to {end_offset}"
    return (
        in_set("entity_type", STORED_TYPES, Reason.UNKNOWN_TYPE),
        is_true("has_figure", Reason.PARENT_REJECTED, "the figure {figure_id} of this mention did not come with it"),
        is_true("is_legend_the_same", Reason.LEGEND_CHANGED, "the offsets count in another legend than the figure's"),
        is_true("is_placed_or_floating", Reason.OFFSET_OUT_OF_RANGE, f"offsets {where} do not fit is_floating"),
        is_true("is_inside_legend", Reason.OFFSET_OUT_OF_RANGE,
                f"'{{text}}' at {where} lies outside the legend of {{n_legend}} characters"),
        is_true("is_text_there", Reason.TEXT_MISMATCH, f"'{{text}}' expected at {where}, there is '{{legend_there}}'"),
        is_true("has_text", Reason.TEXT_MISMATCH, f"the mention at {where} has no text"),
        in_set("role", ROLES, Reason.BAD_ROLE),
        is_true("is_role_on_entity", Reason.BAD_ROLE, "role {role} on '{text}', which is a {entity_type}"),
        is_true("is_id_list_parallel", Reason.UNEQUAL_ID_LISTS, "ids {ext_ids}, databases {ext_dbs}: not parallel"),
        is_true("has_clean_ids", Reason.BAD_IDENTIFIER, "{ext_ids} holds an id that is empty, unsplit or unreadable"),
        in_set("review_stage", REVIEW_STAGES, Reason.RULE_FAILED),
        is_true("is_n_source_rows_in_range", Reason.RULE_FAILED, "n_source_rows is {n_source_rows}"),
        _SYNTHETIC,
        _first_copy("annotation {annotation_id}"),
        warn("is_text_short", "'{text}' has more than 300 characters"),
        warn("has_well_formed_ids", "{ext_ids} holds an id that does not have the form of {ext_dbs}"),
        warn("has_real_ids", "{ext_ids} holds a placeholder"),
        warn("has_panel", "{figure_id} has no panel {panel_no}"),
        warn("is_inside_panel", f"'{{text}}' at {where} crosses the border of panel {{panel_no}}"),
        no_none_text("raw_role", Severity.WARNING),
        count("has_ids", "'{text}' has no id"),
        count("has_known_databases", "{ext_dbs} names a database that labels.toml does not"),
        count("has_ids_of_its_type", "{ext_ids} names something else than a {entity_type}"),
    )  # fmt: skip


def _events() -> tuple[Rule, ...]:
    return (
        *_doc_id("doc_id"),
        in_set("kind", EVENT_KINDS, Reason.RULE_FAILED),
        in_set("event", EVENTS, Reason.UNKNOWN_TYPE),
        is_true("is_event_date_sane", Reason.BAD_DATE, "event_date {event_date} lies before 1665 or five years ahead"),
        no_none_text("notice_id"),
        _SYNTHETIC,
        warn("has_date", "{event} of {doc_id} has no date"),
        warn("is_about_another", "the notice {notice_id} names itself"),
    )


def _deliveries() -> tuple[Rule, ...]:
    return (
        in_set("format", FORMATS, Reason.UNKNOWN_FORMAT),
        in_set("purpose", PURPOSES, Reason.BAD_DELIVERY),
        in_set("review_stage", REVIEW_STAGES, Reason.RULE_FAILED),
        is_true("has_known_types", Reason.UNKNOWN_TYPE, "annotated_types {annotated_types} names an unknown type"),
        *(no_none_text(c) for c in ("sender", "name")),
        _STATED_DATE,
        _SYNTHETIC,
        _first_copy("row of delivery {delivery_id}"),
        warn("is_dated_before_next_year", "{delivery_id} is dated more than a year after the night"),
    )


def _hash_form() -> Rule:
    return regex(
        "raw_sha256", _HASH, Reason.RULE_FAILED, "raw_sha256 '{raw_sha256}' is no sha256", name="raw_sha256_form"
    )


def build_suites() -> tuple[Suite, ...]:
    """All suites in the order in which tables depend on each other."""
    parts = (
        ("deliveries", "delivery", _deliveries()),
        ("documents", "document", (*_documents(), _hash_form())),
        ("id_aliases", "alias", (*_doc_id("alias"), *_doc_id("doc_id"), _hash_form())),
        ("figures", "figure", (*_figures(), _hash_form())),
        ("panels", "panel", (*_panels(), _hash_form())),
        ("annotations", "annotation", (*_annotations(), _hash_form())),
        ("document_events", "event", (*_events(), _hash_form())),
    )
    return tuple(Suite(table, unit, (*_required(table), *rules)) for table, unit, rules in parts)
