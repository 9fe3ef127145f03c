"""The index keeps sizes so that nothing is counted at night: they equal what counting gives."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

from pipelines.core.gold import TASKS
from pipelines.core.splits import split_of
from pipelines.corpus.freeze import Freezer
from pipelines.corpus.identity import Identity
from pipelines.corpus.index import Index

NIGHT = dt.date(2026, 11, 20)
DOCS = [f"10.5555/{i}" for i in range(12)]
SPLITS = ("train", "dev", "test")


def figure(doc_id: str, record: str, stated: dt.date | None) -> dict[str, object]:
    return {
        "figure_id": f"{doc_id}#cur-x-1", "doc_id": doc_id, "kind": "curation", "legend": None, "label": None,
        "jats_id": None, "stated_date": stated, "stated_version": 0, "record_sha256": record, "delivery_id": "d",
        "raw_sha256": record, "source": "x", "parser_version": 1,
    }  # fmt: skip


def annotation(parent: dict[str, object], start: int, role: str | None) -> dict[str, object]:
    same = {k: parent[k] for k in ("figure_id", "record_sha256", "delivery_id", "raw_sha256")}
    return {**same, "start_offset": start, "end_offset": start + 2, "entity_type": "GENEPROD", "role": role,
            "is_floating": False, "is_nested": False, "review_stage": "curator"}  # fmt: skip


def night_rows(dice: random.Random, number: int, names: dict[str, str]) -> dict[str, list[dict[str, object]]]:
    """Some documents, new and revised, newer and older, with and without gold; now and then a stricter split, a
    machine's version, one that is taken back, two documents that prove to be one. `names`: what each id names."""
    stages = {"d": "curator", "a": "author", "m": "machine"}
    rows: dict[str, list[dict[str, object]]] = {"figures": [], "annotations": [], "splits": [], "id_aliases": []}
    rows["deliveries"] = [
        {"delivery_id": d, "sender": "s", "review_stage": s, "has_roles": True} for d, s in stages.items()
    ]
    for name in dice.sample(DOCS, 4):
        doc_id = names.get(name, name)
        stated = dt.date(2026, 1, 1) + dt.timedelta(days=dice.randrange(60))
        parent = {**figure(doc_id, f"{doc_id} {number}", stated), "delivery_id": dice.choice(list(stages))}
        parent["is_deleted"] = dice.random() < 0.1
        rows["figures"].append(parent)
        rows["annotations"] += [
            annotation(parent, 5 * i, dice.choice([None, "measured", "controlled"])) for i in range(dice.randrange(4))
        ]
        if name not in names or dice.random() < 0.2:
            split = split_of(doc_id) if name not in names else "test"
            rows["splits"].append({"doc_id": doc_id, "kind": "membership", "split": split, "reason": None})
        names.setdefault(name, doc_id)
        rows["id_aliases"].append({"alias": name, "doc_id": doc_id})
    if number % 10 == 0:
        gone, stands = dice.sample(sorted(set(names.values())), 2)
        names.update({n: stands for n, d in names.items() if d == gone})
        rows["id_aliases"] += [{"alias": n, "doc_id": d} for n, d in names.items() if d == stands]
    return rows


def test_sizes_equal_what_counting_gives(tmp_path: Path) -> None:
    index, dice, names = Index(tmp_path / "i.db"), random.Random(3), dict[str, str]()
    for number in range(1, 60):
        index.apply(number, f"md5-{number}", NIGHT, night_rows(dice, number, names))
        without = set(dice.sample(DOCS, 2))
        for task in TASKS:
            for split in SPLITS:
                counted = index.gold_figures(task, split)
                assert index.gold_size(task, split) == (len({g[0] for g in counted}), sum(g[3] for g in counted))
                left = [g for g in counted if g[0] not in without]
                size = (len({g[0] for g in left}), sum(g[3] for g in left))
                assert index.gold_size(task, split, without) == size
    assert index.gold_size("ner", "test")[1] > 5


def test_a_benchmark_knows_its_size_and_its_documents(tmp_path: Path) -> None:
    index = Index(tmp_path / "i.db")
    rows = [
        {"task": "ner", "benchmark_version": v, "doc_id": d, "figure_id": f"{d}#{i}", "record_sha256": "s"}
        for v, docs in ((1, DOCS[:2]), (2, DOCS[:3])) for d in docs for i in range(2)
    ]  # fmt: skip
    assert index.benchmark_size("ner") == (0, 0)
    index.apply(1, "m", NIGHT, {"benchmark": rows})
    assert index.benchmark_size("ner") == (2, 3)
    assert index.in_benchmark("ner", 2, DOCS) == set(DOCS[:3])
    assert index.in_benchmark("ner", 1, DOCS) == set(DOCS[:2])
    assert index.in_benchmark("panelization", 1, DOCS) == set()


def test_a_legend_in_many_documents_costs_one_look_at_each(tmp_path: Path) -> None:
    """Two thousand documents share a legend: every train one is excluded, by the first that is held out."""
    index, legend = Index(tmp_path / "i.db"), "One and the same legend in very many documents of it"
    docs = [f"10.5555/many.{i:04d}" for i in range(2000)]
    rows = [{**figure(d, d, None), "legend": legend, "kind": "publication", "figure_id": f"{d}#fig-1"} for d in docs]
    splits = [{"doc_id": d, "kind": "membership", "split": split_of(d), "reason": None} for d in docs]
    index.apply(1, "m", NIGHT, {"figures": rows, "splits": splits})
    freezer = Freezer(index, NIGHT)
    freezer.out.add("figures", rows[0])
    freezer._exclude_leaks(Identity())
    first = next(d for d in docs if split_of(d) != "train")
    excluded = freezer.out.rows["splits"]
    assert {r["doc_id"] for r in excluded} == {d for d in docs if split_of(d) == "train"}
    assert {r["reason"] for r in excluded} == {f"shares a legend with {first} ({split_of(first)})"}
