"""The world that the tests of publish and its readers use: a home with a frozen corpus, a model's spans, a night.

Documents: 10.5555/atg a publication with two figures, the first curated from a text with other dashes and no title;
10.5555/cur known only to curators; 10.5555/ret retracted, curated too; 10.5555/moved a publication whose legend no
longer holds what the curator marked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pyarrow as pa
from small_corpus import SmallCorpus, close_night, freeze_version, issue

from pipelines.core.hashing import sha256_text
from pipelines.core.tables import parquet_bytes
from pipelines.settings import Settings

LEGEND = (
    "Atg5 controls autophagy.\n"
    "(A) Loss of Atg5 in HeLa cells lowers LC3–II levels. (B) Rapamycin raises LC3–II in liver."
)
CURATED = "(A) Loss of Atg5 in HeLa cells lowers LC3-II levels. (B) Rapamycin raises LC3-II in liver."
PANELS = (("A", "(A) Loss of Atg5 in HeLa cells lowers LC3-II levels."), ("B", "(B) Rapamycin raises LC3-II in liver."))
MENTIONS = (
    {"text": "Atg5", "type": "GENEPROD", "role": "controlled", "ids": ["NCBI gene|11793"]},
    {"text": "HeLa", "type": "CELL_LINE", "ids": ["CVCL|CVCL_0030"]},
    {"text": "LC3-II", "type": "GENEPROD", "role": "measured"},
    {"text": "Rapamycin", "type": "SMALL_MOLECULE", "role": "controlled", "ids": ["ChEBI|CHEBI:9168"]},
    {"text": "Western blot", "type": "EXP_ASSAY", "is_floating": True, "panel_no": 1},
)
SECOND = "Quantification. (A) Mean of p62 in mice. (B) The same for Atg5 in mice, n = 3."
ALONE = "(A) Mice lacking Pten show more Akt phosphorylation."
OLD = "Growth of yeast. (A) Tor1 deletion slows growth of yeast cells at 30 degrees in rich medium with glucose."
NEW = "Growth of yeast. (A) Sch9 deletion slows growth of yeast cells at 30 degrees in rich medium with glucose."
RETRACTED = "(A) Knockdown of Fake1 abolishes Fake2 expression in HeLa cells."


def small_world() -> SmallCorpus:
    world = SmallCorpus("2026-11-18")
    for source in ("deposit", "curation"):
        world.delivery(source)
    world.identity("10.5555/atg", "deposit", "test", aliases=("pmc:77", "pmid:123"))
    world.identity("10.5555/cur", "curation", "train")
    world.identity("10.5555/ret", "deposit", "train")
    world.identity("10.5555/moved", "deposit", "dev")
    world.publication(
        "10.5555/atg", [("fig-1", "Figure 1", LEGEND), ("fig-2", "Figure 2", SECOND), ("fig-3", "Figure 3", None)]
    )
    world.curated("10.5555/atg", "fig-1", "Figure 1", CURATED, MENTIONS, PANELS)
    world.curated(
        "10.5555/cur",
        "fig-1",
        "Figure 1",
        ALONE,
        [
            {"text": "Pten", "type": "GENEPROD", "role": "controlled"},
            {"text": "Akt", "type": "GENEPROD", "role": "measured"},
        ],
        [("A", ALONE)],
    )
    world.publication("10.5555/ret", [("fig-1", "Figure 1", RETRACTED)])
    world.curated(
        "10.5555/ret",
        "fig-1",
        "Figure 1",
        RETRACTED,
        [
            {"text": "Fake1", "type": "GENEPROD", "role": "controlled"},
            {"text": "Fake2", "type": "GENEPROD", "role": "measured"},
        ],
        [("A", RETRACTED)],
    )
    world.event("10.5555/ret", "retraction", "2026-11-17")
    world.event("10.5555/unknown", "correction", "2026-11-16")
    world.publication("10.5555/moved", [("fig-1", "Figure 1", NEW)])
    world.curated(
        "10.5555/moved",
        "fig-1",
        "Figure 1",
        OLD,
        [{"text": "Tor1", "type": "GENEPROD"}, {"text": "yeast", "type": "ORGANISM", "ids": ["NCBI taxon|4932"]}],
    )
    return world


def second_world() -> SmallCorpus:
    """The next night: a new revision of 10.5555/atg that inserts a figure, and a new document."""
    world = SmallCorpus("2026-11-19")
    world.delivery("deposit")
    world.identity("10.5555/new", "deposit", "train")
    world.publication("10.5555/new", [("fig-1", "Fig 1", "(A) Atg5 in liver.")])
    world.publication(
        "10.5555/atg",
        [
            ("fig-1", "Figure 1", LEGEND),
            ("fig-4", "Figure 2", "An inserted figure on Atg7."),
            ("fig-2", "Figure 3", SECOND),
        ],
    )
    return world


def _spans(texts: Sequence[tuple[str, str, str]], run_id: str) -> pa.Table:
    """Every occurrence of a text in a legend as a span with a label: what a tagger would write."""
    rows = []
    for legend, text, label in texts:
        at = legend.find(text)
        while at >= 0:
            rows.append((sha256_text(legend), at, at + len(text), label, 0.9, run_id))
            at = legend.find(text, at + 1)
    names = ("legend_sha256", "start_offset", "end_offset", "label", "score", "run_id")
    types = (pa.string(), pa.int32(), pa.int32(), pa.string(), pa.float64(), pa.string())
    return pa.table({n: pa.array([r[i] for r in rows], t) for i, (n, t) in enumerate(zip(names, types, strict=True))})


NER = (
    (LEGEND, "Atg5", "GENEPROD"),
    (LEGEND, "HeLa", "CELL_LINE"),
    (LEGEND, "Rapamycin", "SMALL_MOLECULE"),
    (LEGEND, "liver", "TISSUE"),
    (SECOND, "p62", "GENEPROD"),
    (SECOND, "Atg5", "GENEPROD"),
    (SECOND, "mice", "ORGANISM"),
    (ALONE, "Pten", "GENEPROD"),
    (RETRACTED, "Fake1", "GENEPROD"),
    (NEW, "Sch9", "GENEPROD"),
    (OLD, "Tor1", "GENEPROD"),
)
ROLES = ((SECOND, "Atg5", "CONTROLLED_VAR"), (SECOND, "p62", "MEASURED_VAR"))
STARTS = ((SECOND, "(A)", "PANEL_START"), (SECOND, "(B)", "PANEL_START"), (NEW, "(A)", "PANEL_START"))


def write_predictions(
    settings: Settings, version: str, tasks: Mapping[str, Sequence[tuple[str, str, str]]], name: str
) -> None:
    """Spans of a serving set, and serving.json last."""
    folder = settings.path("predictions")
    serving: dict[str, object] = {}
    for task in ("panelization", "ner", "roles_gene", "roles_small_mol"):
        if task not in tasks:
            serving[task] = None
            continue
        fingerprint = f"{task}-{name}"
        part = folder / task / fingerprint / "part-1.parquet"
        part.parent.mkdir(parents=True, exist_ok=True)
        spans = _spans(tasks[task], f"predicted-{name}")
        part.write_bytes(parquet_bytes(spans))
        part.with_name("seen-1.parquet").write_bytes(parquet_bytes(spans.select(["legend_sha256"])))
        serving[task] = {
            "model_version": name,
            "model_name": f"synthetic-{task}",
            "fingerprint": fingerprint,
            "tagger": "crf",
            "run_id": f"run-{name}",
            "data_kind": "synthetic",
        }
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"tasks": serving, "fingerprint": name, "covers_corpus_version": version})
    (folder / "serving.json").write_text(text)


def make_home(settings: Settings) -> str:
    """Freeze the world, close its night; returns the corpus version."""
    version = freeze_version(settings, small_world())
    close_night(settings, "2026-11-18", version, [issue("not_xml", "broken.xml", "2026-11-18")])
    return version
