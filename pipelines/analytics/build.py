"""Fill a new generation from the current records: set-wise, in the order in which one table needs another."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.analytics.inputs import ROLE_TASKS, Serving
from pipelines.analytics.sqlfiles import Connection, run_sql, sql
from pipelines.core.tables import load_tables
from pipelines.errors import PermanentError

CHECKS = (
    "check_keys",
    "check_references",
    "check_offsets_annotations",
    "check_offsets_mentions",
    "check_offsets_panels",
    "check_retracted",
    "check_counts",
    "check_accounting",
)  # fmt: skip
_MACROS = (
    "create_entity_of",
    "create_doc_id_of",
    "create_document",
    "create_figures_of",
    "create_entity_ids_of",
    "create_whats_new",
    "create_top_entities",
    "create_where_tested",
    "create_hypotheses_for",
    "create_coverage_by_month",
)


def create_out(con: Connection) -> None:
    """The served tables with their comments, in schema `out` of the attached catalog `gen`."""
    con.execute("CREATE SCHEMA gen.out")
    con.execute("USE gen.out")
    for table in load_tables("out").values():
        con.execute(table.ddl)
    con.execute("USE memory.main")


def stage_current(con: Connection) -> None:
    """Current records as tables, so that the views over the corpus are worked out once."""
    run_sql(con, "create_entity_of")
    run_sql(con, "create_work_tables")
    curated = ("curated_figures", "curated_panels", "curated_annotations")
    for name in ("documents", "clusters", "publication_figures", *curated):
        run_sql(con, f"stage_{name}")


def stage_places(con: Connection) -> None:
    """After matches and spans are known: annotations at their places, served figures, curators' segmentations."""
    for name in ("annotations", "figures", "curator_panels"):
        run_sql(con, f"stage_{name}")


def fill_corpus(con: Connection, serving: Serving) -> None:
    """Tables that need no model, but for the source of panels. After segments are known."""
    model = serving.model("panelization")
    run_sql(con, "stage_panels", {"panel_source": "model" if model else "rule", "model_version": model and model.name})
    annotated = ("annotations", "other_annotations", "curated_figures")
    for name in ("documents", "figures", "panels", *annotated, "document_events", "id_aliases"):
        run_sql(con, f"fill_{name}")


def fill_models(con: Connection, serving: Serving, corpus_version: str) -> None:
    """Mentions with roles and ids, entities and hypotheses."""
    for task, entity_type in sorted(ROLE_TASKS.items()):
        if model := serving.model(task):
            run_sql(con, "load_role_model", {"entity_type": entity_type, "model_version": model.name})
    run_sql(con, "stage_roles")
    run_sql(con, "stage_curator_names")
    if ner := serving.model("ner"):
        run_sql(
            con, "fill_mentions",
            {"model_version": ner.name, "fingerprint": ner.fingerprint, "corpus_version": corpus_version},
        )  # fmt: skip
    for name in ("entities", "hypotheses"):
        run_sql(con, f"fill_{name}")


def fill_records(con: Connection, night: str, run_key: str) -> None:
    """Rejected units and accounts; after nights, accounting and issues were loaded."""
    run_sql(con, "fill_quarantine")
    run_sql(con, "fill_lost_annotations", {"night": night})
    run_sql(con, "fill_deliveries")
    run_sql(con, "fill_publish_accounting", {"night": night, "run_key": run_key})
    run_sql(con, "fill_freshness", {"night": night})


def find_violations(con: Connection) -> dict[str, str]:
    """What is wrong with the new generation: check → words; empty where it may be published."""
    found = {}
    for name in CHECKS:
        n, example = con.execute(sql(name)).fetchone()
        if n:
            found[name.removeprefix("check_")] = f"{n} (e.g. {example})"
    return found


def check_generation(con: Connection) -> None:
    """Errors: PermanentError that names every broken rule; nothing is published then."""
    if found := find_violations(con):
        words = "; ".join(f"{name}: {what}" for name, what in found.items())
        raise PermanentError(f"the new generation breaks its rules and is not published: {words}")


def create_main(con: Connection) -> None:
    """Views, macros and start_here in `main` of a generation that is open by itself, so that SQL needs no prefix.

    Qualified by schema only: the catalog takes the file's name, which the next generation does not share.
    """
    for table in load_tables("out").values():
        con.execute(f"CREATE VIEW main.{table.name} AS FROM out.{table.name}")
        con.execute(f"COMMENT ON VIEW main.{table.name} IS {_quote(table.comment)}")
    for name in _MACROS:
        run_sql(con, name)
    run_sql(con, "create_start_here")
    con.execute("COMMENT ON VIEW main.start_here IS 'What is here, how fresh it is, from which models, what to ask.'")


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def table_counts(con: Connection) -> Mapping[str, int]:
    """Rows of every served table of the attached catalog `gen`."""
    return {t: int(con.execute(f"FROM gen.out.{t} SELECT count(*)").fetchone()[0]) for t in load_tables("out")}
