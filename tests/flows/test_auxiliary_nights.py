"""Text corpora as auxiliary deliveries, night after night: kept and learnt from where a task asks for it, judged on and
published nowhere, corrected by what comes later."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from bioid_nights import STEPS, Delivery, corpus_md5, home_of, query, run_night
from killing import kill_before, run_nightcap

from pipelines.clients.corpus_repo import CorpusRepo
from pipelines.ingest.conll import parse_conll
from pipelines.settings import Settings
from pipelines.train.examples import example_of, usable_auxiliary
from pipelines.train.step import Corpus

pytestmark = pytest.mark.timeout(1200)
CORPORA = ("bc5cdr", "ncbi-disease", "bc2gm", "linnaeus", "bionlp13cg", "anatem")
NIGHTS = ("2026-11-19", "2026-11-20")
CONLL = b"Naloxone\tB-Chemical\nreverses\tO\nhypertension\tB-Disease\n.\tO\n\nAspirin\tB-Chemical\nhelps\tO\n.\tO\n"
PUBTATOR = (
    b"7|t|Lithium and tremor\n7|a|We saw tremor.\n"
    b"7\t0\t7\tLithium\tChemical\tD008094\n7\t12\t18\ttremor\tDisease\tD014202\n"
)
DENOTATIONS = [{"id": "T1", "span": {"begin": 0, "end": 8}, "obj": "Chemical"}]
PUBANNOTATION = json.dumps(
    {"sourcedb": "PubMed", "sourceid": "8", "text": "Morphine acts.", "denotations": DENOTATIONS}
)
CURRENT = {
    "Naloxone reverses hypertension .": ["SMALL_MOLECULE Naloxone", "DISEASE hypertension"],
    "Aspirin helps .": ["SMALL_MOLECULE Aspirin"],
    "Lithium and tremor\nWe saw tremor.": ["DISEASE Lithium"],
    "Morphine acts.": ["SMALL_MOLECULE Morphine"],
}


def text_delivery(name: str, file: str, data: bytes, kind: str, date: str = "2026-10-01") -> Delivery:
    said = f'format = "{kind}"\nlabels = "bc5cdr"\ndate = {date}\n'.encode()
    return Delivery(name, {file: data, "delivery.toml": said})


def first_night() -> list[Delivery]:
    return [
        text_delivery("words", "a.tsv", CONLL, "conll"),
        text_delivery("abstracts", "b.txt", PUBTATOR, "pubtator"),
        text_delivery("annotations", "c.json", PUBANNOTATION.encode(), "pubannotation"),
    ]


def second_night() -> list[Delivery]:
    """The abstract once more, with one mention less and one of another type."""
    corrected = PUBTATOR.replace(b"7\t12\t18\ttremor\tDisease\tD014202\n", b"").replace(b"Chemical", b"Disease")
    return [text_delivery("abstracts-2", "b.txt", corrected, "pubtator", "2026-10-02")]


def current(settings: Settings) -> dict[str, list[str]]:
    """Current auxiliary texts with their mentions."""
    rows = query(
        settings,
        "SELECT f.legend, list(a.entity_type || ' ' || a.text ORDER BY a.start_offset) FILTER (a.text IS NOT NULL) "
        "FROM cur.auxiliary_figures AS f LEFT JOIN corpus.annotations AS a "
        "USING (figure_id, record_sha256, delivery_id, raw_sha256) GROUP BY ALL",
    )
    return {str(legend): found if isinstance(found, list) else [] for legend, found in rows}


def learnt(settings: Settings, labels: str, judged: list[str] | None = None) -> list[str]:
    """Texts of train that the ner task would learn from where its config asks for this map of labels."""
    corpus = Corpus(settings, CorpusRepo(settings).files())
    rows = [corpus._with_parts(r) for r in corpus._select("auxiliary_figures")]
    usable = usable_auxiliary(rows, [labels], judged or [])
    return sorted(e.text for r in usable if (e := example_of("ner", r, "train")) and e.spans)


def in_tables(settings: Settings) -> dict[str, int]:
    """Rows of the published tables that an auxiliary text could be in."""
    run_nightcap("run", "reload_predictions", "--home", str(settings.root))
    tables = ("documents", "figures", "annotations", "other_annotations")
    counts = ", ".join(f"(SELECT count(*) FROM {t}) AS {t}" for t in tables)
    said = run_nightcap("sql", f"SELECT {counts}", "--format", "json", "--home", str(settings.root)).stdout
    [row] = json.loads(said)
    assert isinstance(row, dict)
    return row


def test_two_nights_of_texts(tmp_path: Path) -> None:
    settings = home_of(tmp_path / "home")
    run_night(settings, NIGHTS[0], first_night())
    run_night(settings, NIGHTS[1], second_night())
    assert current(settings) == CURRENT
    assert learnt(settings, "bc5cdr") == sorted(CURRENT)
    assert learnt(settings, "bc5cdr", judged=["aspirin  helps ."]) == sorted(set(CURRENT) - {"Aspirin helps ."})
    assert learnt(settings, "anatem") == []
    assert query(settings, "SELECT count(*) FROM cur.splits WHERE split <> 'train'") == [(0,)]
    assert set(in_tables(settings).values()) == {0}


@pytest.mark.full
def test_a_killed_second_night_ends_alike(tmp_path: Path) -> None:
    settings = home_of(tmp_path / "home")
    run_night(settings, NIGHTS[0], first_night())
    run_night(settings, NIGHTS[1], second_night())
    killed = home_of(tmp_path / "killed")
    run_night(killed, NIGHTS[0], first_night())
    run_night(killed, NIGHTS[1], second_night(), STEPS[:1])
    for step, number in (("parse", 2), ("check", 2), ("freeze", 9)):
        only = ["run", "nightly_corpus", "--only", step, "--run", NIGHTS[1], "--config", "nightly"]
        kill_before(killed.root, only, number)
        run_nightcap(*only, "--home", str(killed.root))
    assert corpus_md5(killed) == corpus_md5(settings) != ""


@pytest.mark.shared
@pytest.mark.full
def test_six_published_corpora_in_a_night(shared_data: Path, tmp_path: Path) -> None:
    """Every entity of the devel parts is current, under its own map of labels, and none is anybody's gold."""
    settings = home_of(tmp_path / "home")
    deliveries, counted = [], {}
    for name in CORPORA:
        data = gzip.decompress((shared_data / "corpora" / name / "devel.tsv.gz").read_bytes())
        said = f'format = "conll"\nlabels = "{name}"\n'.encode()
        deliveries.append(Delivery(name, {"devel.tsv": data, "delivery.toml": said}))
        counted[name] = parse_conll(data, name).counts["annotation"].valid
    run_night(settings, NIGHTS[0], deliveries)
    stored = query(
        settings,
        "SELECT d.labels, count(*) FROM cur.auxiliary_figures AS f JOIN cur.deliveries AS d USING (delivery_id) "
        "JOIN corpus.annotations AS a USING (figure_id, record_sha256, delivery_id, raw_sha256) GROUP BY ALL",
    )
    assert dict(stored) == counted
    assert query(settings, "SELECT count(*) FROM cur.curated_figures") == [(0,)]
    n_learnt = {name: len(learnt(settings, name)) for name in CORPORA}
    assert n_learnt.pop("anatem") == 0, "anatomical parts, which no type of ours is: kept, not learnt from"
    assert min(n_learnt.values()) > 100
