"""The step check with the real library: every planted defect finds its reason, and no row is lost."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import re
import tarfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from quality_world import NIGHT, TABLES, Tables, annotation, merge, rejection, valid_tables, write_staging

from pipelines.core.runs import Run
from pipelines.core.tables import corpus_schema, load_tables, parquet_bytes
from pipelines.errors import PermanentError, QualityError
from pipelines.ingest.bioc import parse_bioc
from pipelines.ingest.rows import Origin, rows_of
from pipelines.quality.step import run
from pipelines.settings import Settings, load

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return load({}, tmp_path / "home", "demo")


def check(home: Settings, tables: Tables, *rejections: dict[str, Any]) -> list[dict[str, Any]]:
    """Run the step; the rows of the quarantine."""
    run(home, write_staging(home, tables, rejections))
    return quarantine(home)


def quarantine(home: Settings, key: str = str(NIGHT)) -> list[dict[str, Any]]:
    return lines(home.path("quarantine", f"{key}.jsonl"))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def results(home: Settings) -> dict[tuple[str, str], dict[str, Any]]:
    found = lines(home.path("staging", str(NIGHT), "check", "quality_results.jsonl"))
    return {(r["suite"], r["rule"]): r for r in found}


def valid_rows(home: Settings, table: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(
        home.path("staging", str(NIGHT), "check", f"{table}.parquet")
    ).to_pylist()
    return rows


def accounts(home: Settings) -> dict[str, dict[str, Any]]:
    return {r["unit"]: r for r in lines(home.path("staging", str(NIGHT), "check", "accounting.jsonl"))}


def test_a_clean_night_passes_whole(home: Settings) -> None:
    tables = valid_tables()
    assert check(home, tables) == []
    assert [(k, r) for k, r in results(home).items() if not r["success"] and r["severity"] != "info"] == []
    for name in TABLES:
        assert len(valid_rows(home, name)) == len(tables[name])
        written = pq.read_table(home.path("staging", str(NIGHT), "check", f"{name}.parquet")).schema
        assert written.names == corpus_schema(name).names
    columns = {c.name for c in load_tables("out")["quality_results"].columns}
    assert all(set(r) == columns for r in results(home).values())
    assert {u: (a["n_in"], a["valid"], a["quarantined"]) for u, a in accounts(home).items()} == {
        "document": (2, 2, 0), "figure": (2, 2, 0), "panel": (2, 2, 0), "annotation": (6, 6, 0), "event": (1, 1, 0),
        "delivery": (2, 2, 0), "alias": (3, 3, 0),
    }  # fmt: skip


Spoil = Callable[[Tables], None]
LONG = "x" * 50_001
LONG_HASH = hashlib.sha256(LONG.encode()).hexdigest()


def _set(table: str, row: int, **changes: Any) -> Spoil:
    def spoil(tables: Tables) -> None:
        tables[table][row].update(changes)

    return spoil


def _again(table: str, row: int) -> Spoil:
    def spoil(tables: Tables) -> None:
        tables[table].append(dict(tables[table][row]))

    return spoil


DEFECTS: list[tuple[str, Spoil, str, str, str]] = [
    ("no doc_id", _set("documents", 0, doc_id=None), "document", "no_identity", "doc_id is missing"),
    ("doc_id of no form", _set("documents", 0, doc_id="empty"), "document", "no_identity", "'empty' is no id"),
    ("doc_id with capitals", _set("documents", 0, doc_id="10.1234/ART"), "document", "bad_doi", "capitals"),
    ("doi with capitals", _set("documents", 0, doi="10.1234/ART"), "document", "bad_doi", "has capitals"),
    ("doi of no form", _set("documents", 0, doi="doi:empty"), "document", "bad_doi", "not of the form"),
    ("pmcid without prefix", _set("documents", 0, pmcid="123"), "document", "bad_identifier", "not PMC and digits"),
    ("pmid with letters", _set("documents", 0, pmid="x1"), "document", "bad_identifier", "not a number"),
    ("unknown licence", _set("documents", 0, licence="CC BY"), "document", "rule_failed", "expected one of open"),
    ("licence null", _set("documents", 0, licence=None), "document", "rule_failed", "licence is missing"),
    ("title None", _set("documents", 0, title="None"), "document", "rule_failed", "is the text 'None'"),
    ("date of year 1", _set("documents", 0, pub_date=dt.date(1, 1, 1)), "document", "bad_date", "0001-01-01"),
    ("date of 2999", _set("documents", 0, stated_date=dt.date(2999, 1, 1)), "document", "bad_date", "2999-01-01"),
    ("not this home's data", _set("documents", 0, is_synthetic=False), "document", "synthetic_in_real_home", "kind of"),
    ("document twice", _again("documents", 0), "document", "rule_failed", "a second row of document 10.1234/art14"),
    ("figure_id of another", _set("figures", 1, figure_id="10.1/x#f"), "figure", "no_identity", "is not 10.1234/cur"),
    ("curated without legend", _set("figures", 1, legend=None, legend_sha256=None), "figure", "no_legend", "empty"),
    ("empty legend", _set("figures", 0, legend=" \n", legend_sha256=None), "figure", "no_legend", "empty"),
    ("overlong legend", _set("figures", 0, legend=LONG, legend_sha256=LONG_HASH), "figure",
      "overlong_legend", "50001 characters"),
    ("wrong legend hash", _set("figures", 0, legend_sha256="0" * 64), "figure", "rule_failed", "not the hash"),
    ("unknown place", _set("figures", 0, place="cover"), "figure", "rule_failed", "place is 'cover'"),
    ("panel past the end", _set("panels", 1, end_offset=10_000), "panel", "offset_out_of_range", "reaches from"),
    ("panel backwards", _set("panels", 1, start_offset=60, end_offset=50), "panel", "offset_out_of_range", "60 to 50"),
    ("panel twice", _again("panels", 0), "panel", "duplicate_panel", "a second panel 0"),
    ("panel of no figure", _set("panels", 0, figure_id="10.1/x#fig-9"), "panel", "parent_rejected", "did not come"),
    ("offset past the end", _set("annotations", 0, end_offset=10_000), "annotation", "offset_out_of_range", "outside"),
    ("negative offset", _set("annotations", 0, start_offset=-1), "annotation", "offset_out_of_range", "-1 to"),
    ("shifted", _set("annotations", 0, start_offset=21, end_offset=24), "annotation", "text_mismatch", "there is"),
    ("no place, not floating", _set("annotations", 0, start_offset=None, end_offset=None), "annotation",
     "offset_out_of_range", "do not fit is_floating"),
    ("unknown type", _set("annotations", 0, entity_type="PLANET"), "annotation", "unknown_type", "'PLANET'"),
    ("type null", _set("annotations", 0, entity_type=None), "annotation", "rule_failed", "entity_type is missing"),
    ("role None", _set("annotations", 0, role="None"), "annotation", "bad_role", "role is 'None'"),
    ("role on an assay", _set("annotations", 0, entity_type="EXP_ASSAY"), "annotation", "bad_role", "which is a"),
    ("lists not parallel", _set("annotations", 0, ext_dbs=[]), "annotation", "unequal_id_lists", "not parallel"),
    ("id None", _set("annotations", 0, ext_ids=["None"]), "annotation", "bad_identifier", "unreadable"),
    ("ids not split", _set("annotations", 0, ext_ids=["P1///P2"]), "annotation", "bad_identifier", "unsplit"),
    ("another legend", _set("annotations", 0, legend_sha256="0" * 64), "annotation", "legend_changed", "another"),
    ("mention twice", _again("annotations", 0), "annotation", "rule_failed", "a second annotation"),
    ("event unknown", _set("document_events", 0, event="burnt"), "event", "unknown_type", "'burnt'"),
    ("event of year 1", _set("document_events", 0, event_date=dt.date(1, 1, 1)), "event", "bad_date", "0001"),
    ("delivery of no format", _set("deliveries", 0, format="pdf"), "delivery", "unknown_format", "'pdf'"),
    ("delivery of no type", _set("deliveries", 0, annotated_types=["PLANET"]), "delivery", "unknown_type", "PLANET"),
    ("alias of no form", _set("id_aliases", 1, alias="none"), "alias", "no_identity", "'none' is no id"),
]  # fmt: skip


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Tables]:
    """One night with a world per defect: the library costs a second a night, the defects nothing."""
    home = load({}, tmp_path_factory.mktemp("spoilt"), "demo")
    worlds = [valid_tables(n) for n in range(1, len(DEFECTS) + 1)]
    for tables, defect in zip(worlds, DEFECTS, strict=True):
        defect[1](tables)
    night = merge(worlds)
    run(home, write_staging(home, night))
    return home, night


@pytest.mark.parametrize("n", range(len(DEFECTS)), ids=[d[0] for d in DEFECTS])
def test_each_defect_has_its_reason_and_only_that(spoilt: tuple[Settings, Tables], n: int) -> None:
    _, _, unit, reason, words = DEFECTS[n]
    mine = [i for i in quarantine(spoilt[0]) if i["delivery_id"].endswith(f":{n + 1}") or i["name"] in _names(n)]
    own = [i for i in mine if i["reason"] != "parent_rejected" or reason == "parent_rejected"]
    assert [(i["unit"], i["reason"]) for i in own] == [(unit, reason)]
    assert words in own[0]["message"]
    assert own[0]["name"] in (*_names(n), "deposit")
    assert json.loads(own[0]["payload"])


def _names(n: int) -> tuple[str, str]:
    return f"deposit{n + 1}.xml", f"curation{n + 1}.xml"


def test_no_row_of_the_spoilt_night_is_lost(spoilt: tuple[Settings, Tables]) -> None:
    home, night = spoilt
    units = {"document_events": "event", "id_aliases": "alias", "deliveries": "delivery"}
    n_told: Counter[str] = Counter()
    for issue in quarantine(home):
        n_told[issue["unit"]] += int(json.loads(issue["payload"]).get("n_source_rows") or 1)
        for n, unit in re.findall(
            r"(\d+) (document|alias|figure|panel|annotation)", issue["message"].split("with it")[-1]
        ):
            n_told[unit] += int(n) * ("; with it" in issue["message"])
    for table in TABLES:
        account = accounts(home)[units.get(table, table[:-1])]
        assert account["n_in"] == sum(row.get("n_source_rows", 1) for row in night[table])
        assert account["valid"] == sum(row.get("n_source_rows", 1) for row in valid_rows(home, table))
        assert account["quarantined"] == n_told[account["unit"]]


def test_a_rejected_document_takes_figures_panels_mentions_and_aliases_along(home: Settings) -> None:
    tables = valid_tables()
    tables["documents"][1]["pmid"] = "x"
    issues = check(home, tables)
    by_unit = Counter((i["unit"], i["reason"]) for i in issues)
    assert by_unit == {
        ("document", "bad_identifier"): 1, ("figure", "parent_rejected"): 1, ("panel", "parent_rejected"): 2,
        ("annotation", "parent_rejected"): 4,
    }  # fmt: skip
    assert len(valid_rows(home, "figures")) == 1
    account = accounts(home)["annotation"]
    assert (account["n_in"], account["valid"], account["quarantined"]) == (6, 0, 6)


def test_a_rejected_delivery_takes_all_that_it_brought_along(home: Settings) -> None:
    tables = valid_tables()
    own = tables["figures"][1]["delivery_id"]
    row = next(d for d in tables["deliveries"] if d["delivery_id"] == own)
    row["stated_date"] = dt.date(2999, 1, 1)
    [issue] = check(home, tables)
    assert (issue["unit"], issue["reason"]) == ("delivery", "bad_date")
    assert issue["message"].endswith("; with it 1 document, 1 figure, 2 panels, 6 annotations")
    found = accounts(home)
    assert [found[u]["quarantined"] for u in ("delivery", "alias", "figure", "annotation")] == [1, 0, 1, 6]
    for table in ("documents", "figures", "panels", "annotations"):
        assert not [r for r in valid_rows(home, table) if r["delivery_id"] == own], table
    assert len(valid_rows(home, "document_events")) == len(tables["document_events"])


def test_a_figure_that_is_taken_back_is_counted_as_a_deletion(home: Settings) -> None:
    tables = valid_tables()
    gone = {"legend": None, "legend_sha256": None, "is_deleted": True, "record_sha256": "d" * 64}
    tables["figures"].append({**tables["figures"][1], **gone})
    assert check(home, tables) == []
    found = accounts(home)
    assert (found["figure"]["valid"], found["deletion"]["valid"]) == (2, 1)


def test_children_stay_where_a_good_copy_of_their_figure_stands(home: Settings) -> None:
    tables = valid_tables()
    tables["figures"].append(dict(tables["figures"][1]))
    issues = check(home, tables)
    assert [(i["unit"], i["reason"]) for i in issues] == [("figure", "rule_failed")]
    assert len(valid_rows(home, "annotations")) == 4


def test_a_retraction_stands_even_where_its_notice_is_rejected(home: Settings) -> None:
    tables = valid_tables()
    tables["documents"][0]["pub_date"] = dt.date(2999, 1, 1)
    check(home, tables)
    assert [e["doc_id"] for e in valid_rows(home, "document_events")] == ["10.1234/old"]


ODDITIES: list[tuple[Spoil, str, str]] = [
    (_set("documents", 0, licence_evidence=None), "documents", "licence_evidence"),
    (_set("documents", 0, title=None), "documents", "title"),
    (_set("annotations", 0, ext_ids=["not an accession"]), "annotations", "well_formed_ids"),
    (_set("annotations", 1, ext_ids=["CL:0000000"], ext_dbs=["CL"]), "annotations", "real_ids"),
    (_set("annotations", 0, panel_no=7), "annotations", "panel"),
    (_set("annotations", 0, panel_no=1), "annotations", "inside_panel"),
    (_set("annotations", 0, raw_role="None"), "annotations", "raw_role_no_none_text"),
    (_set("panels", 1, start_offset=5), "panels", "after_previous"),
    (_set("panels", 1, marker_offsets=[0]), "panels", "markers_inside"),
    (_set("document_events", 0, event_date=None), "document_events", "date"),
    (_set("annotations", 0, ext_ids=[], ext_dbs=[]), "annotations", "ids"),
    (_set("annotations", 0, ext_dbs=["a database of ours"]), "annotations", "known_databases"),
]


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = load({}, tmp_path_factory.mktemp("odd"), "demo")
    worlds = [valid_tables(n) for n in range(1, len(ODDITIES) + 1)]
    for tables, oddity in zip(worlds, ODDITIES, strict=True):
        oddity[0](tables)
    run(home, write_staging(home, merge(worlds)))
    return home


@pytest.mark.parametrize(("spoil", "suite", "rule"), ODDITIES)
def test_oddities_warn_and_pass(odd: Settings, spoil: Spoil, suite: str, rule: str) -> None:
    assert quarantine(odd) == []
    found = results(odd)[suite, rule]
    assert found["severity"] in ("warning", "info")
    assert (found["success"], found["n_failed"] >= 1) == (False, True)


def test_a_floating_tag_and_a_publication_figure_without_legend_are_legitimate(home: Settings) -> None:
    tables = valid_tables()
    tables["annotations"].append(
        annotation("LC3", "GENEPROD", 0, annotation_id="f", start_offset=None, end_offset=None, is_floating=True)
    )
    tables["figures"][0].update(legend=None, legend_sha256=None)
    assert check(home, tables) == []


def test_parser_rejections_are_kept_beside_those_of_the_rules(home: Settings) -> None:
    tables = valid_tables()
    tables["annotations"][0]["role"] = "boss"
    issues = check(home, tables, rejection("file"), rejection("annotation", reason="unknown_type", payload={"id": "x"}))
    assert sorted((i["unit"], i["reason"]) for i in issues) == [
        ("annotation", "bad_role"), ("annotation", "unknown_type"), ("file", "not_well_formed"),
    ]  # fmt: skip
    columns = {
        "issue_id", "night", "source", "unit", "reason", "message", "name", "locator", "delivery_id", "raw_sha256",
        "payload", "rule", "rule_version",
    }  # fmt: skip
    assert all(set(i) == columns for i in issues)
    assert len({i["issue_id"] for i in issues}) == 3


def test_an_issue_keeps_its_id_over_nights_and_a_rerun_gives_equal_bytes(home: Settings) -> None:
    tables = valid_tables()
    tables["annotations"][0]["role"] = "boss"
    first = run(home, write_staging(home, tables))
    before = {p: p.read_bytes() for p in home.path("staging", str(NIGHT), "check").iterdir()}
    again = run(home, write_staging(home, tables))
    assert first == again
    assert {p: p.read_bytes() for p in home.path("staging", str(NIGHT), "check").iterdir()} == before
    write_staging(home, tables, key="2026-01-03")
    run(home, Run("nightly_corpus", "2026-01-03", dt.date(2026, 1, 3)))
    ids = [i["issue_id"] for i in quarantine(home)]
    assert ids == [i["issue_id"] for i in quarantine(home, "2026-01-03")]
    assert [i["night"] for i in quarantine(home, "2026-01-03")] == ["2026-01-03"]


def many(n: int, n_bad: int) -> Tables:
    tables = valid_tables()
    tables["annotations"] = [
        annotation("LC3", "GENEPROD", 0, annotation_id=f"a{i}", role="boss" if i < n_bad else None) for i in range(n)
    ]
    return tables


def test_too_many_rejected_rows_stop_the_night_after_all_is_written(home: Settings) -> None:
    with pytest.raises(
        QualityError, match=r"of the annotations of this night 60% were rejected, at most 50%"
    ) as stopped:
        check(home, many(250, 150))
    assert stopped.value.exit_code == 5
    assert "150 bad_role" in str(stopped.value)
    assert "last good version stays served" in str(stopped.value)
    assert len(quarantine(home)) == 150
    assert results(home)["night", "rejected_share_annotation"]["observed"] == "0.6"
    assert not results(home)["night", "rejected_share_annotation"]["success"]
    assert len(valid_rows(home, "annotations")) == 100


def test_few_rows_are_not_judged_and_a_share_below_the_limit_passes(home: Settings) -> None:
    assert len(check(home, many(20, 19))) == 19
    assert results(home)["night", "rejected_share_annotation"]["observed"] is None
    assert len(check(home, many(250, 100))) == 100
    assert results(home)["night", "rejected_share_annotation"]["observed"] == "0.4"


def test_what_the_parsers_rejected_counts_in_the_share(home: Settings) -> None:
    with pytest.raises(QualityError, match="of the figures"):
        check(home, valid_tables(), rejection("figure", n=300))


def test_an_empty_night_passes_without_loading_the_library(home: Settings, root: Path) -> None:
    import subprocess
    import sys

    write_staging(home, {})
    code = (
        "import sys, datetime as dt; from pipelines.settings import load; from pipelines.core.runs import Run\n"
        "from pipelines.quality.step import run\n"
        f"r = run(load({{}}, {str(home.root)!r}, 'demo'), Run('nightly_corpus', '2026-01-02', dt.date(2026, 1, 2)))\n"
        "print(r.counts['documents'], 'great_expectations' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.split() == ["0", "False"]
    assert quarantine(home) == []


def test_a_missing_column_and_a_doubled_row_id_are_refused(home: Settings) -> None:
    job = write_staging(home, valid_tables())
    path = home.path("staging", str(NIGHT), "parse", "panels.parquet")
    table = pq.read_table(path)
    path.write_bytes(parquet_bytes(table.drop_columns(["labels"])))
    with pytest.raises(PermanentError, match="lacks the columns labels"):
        run(home, job)
    column = table.schema.get_field_index("row_id")
    path.write_bytes(parquet_bytes(table.set_column(column, "row_id", [[1, 1]])))
    with pytest.raises(PermanentError, match="row_id twice"):
        run(home, job)


@pytest.mark.shared
def test_bioid_stays_gold(tmp_path: Path, shared_data: Path) -> None:
    """The first 120 files of Bio-ID: all rules hold but for curators' oddities, at least 95 % of the mentions stay."""
    home = load({}, tmp_path, "nightly")
    tables: Tables = {"deliveries": []}
    with tarfile.open(shared_data / "corpora" / "bioid" / "caption_bioc.tar.gz") as archive:
        members = [m for m in archive.getmembers() if m.isfile()][:120]
        for member in members:
            data = archive.extractfile(member).read()  # type: ignore[union-attr]
            sha = hashlib.sha256(data).hexdigest()
            origin = Origin("curation", "curation:2026-01-02:1", sha, 1, None, False, "Bio-ID", "curator")
            for table, rows in rows_of(parse_bioc(data), origin).items():
                tables.setdefault(table, []).extend(rows)
    assert len(tables["annotations"]) > 10_000
    issues = check(home, tables)
    account = accounts(home)["annotation"]
    assert account["n_in"] > 10_000
    assert account["valid"] >= 0.95 * account["n_in"]
    assert Counter(i["reason"] for i in issues) == {}
    assert io.BytesIO(home.path("staging", str(NIGHT), "check", "annotations.parquet").read_bytes()).read(4) == b"PAR1"
