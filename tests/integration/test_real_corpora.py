"""Published corpora in their own formats: every entity that their documentation counts is there, under its type.

CRAFT: the annotations in the captions of 97 articles, carried to the legends that the JATS parser gives.
"""

from __future__ import annotations

import gzip
import re
import tarfile
from collections import Counter
from pathlib import Path

import pytest

from pipelines.core.alignment import FigureCandidate, align, fold_spaces, match_figure
from pipelines.core.labels import load_labels
from pipelines.core.records import STORED_TYPES, FigureRecord, ParsedFile, UnitCounts
from pipelines.ingest import craft
from pipelines.ingest.formats import parse_file
from pipelines.ingest.jats import parse_jats

pytestmark = pytest.mark.shared
IOB = ("bc5cdr", "ncbi-disease", "bc2gm", "linnaeus", "bionlp13cg", "anatem", "craft-iob")


def documented(shared: Path, file: str) -> tuple[int, int, dict[str, int]]:
    """(sentences, entities, entities by type) that the README of the data states for a file."""
    rows = (shared / "README.md").read_text().splitlines()
    row = next(r for r in rows if r.startswith(f"| `corpora/{file}`"))
    counts = re.search(r"(\d+) sentences, \d+ tokens, (\d+) entities \(([^)]*)\)", row)
    assert counts is not None
    return int(counts[1]), int(counts[2]), {k: int(v) for k, v in re.findall(r"([\w-]+) (\d+)", counts[3])}


def check_iob(shared: Path, corpus: str, part: str) -> None:
    sentences, entities, by_type = documented(shared, f"{corpus}/{part}.tsv.gz")
    data = gzip.decompress((shared / "corpora" / corpus / f"{part}.tsv.gz").read_bytes())
    parsed, _ = parse_file(data, "conll", corpus)
    assert parsed.rejections == ()
    assert parsed.counts["figure"] == UnitCounts(n_in=sentences, valid=sentences)
    assert parsed.counts["annotation"] == UnitCounts(n_in=entities, valid=entities)
    records = [a for f in parsed.curated for a in f.annotations]
    assert Counter(a.raw_type for a in records) == by_type
    types = load_labels().maps[corpus].types
    assert all(a.entity_type == types[a.raw_type.lower()] in STORED_TYPES for a in records)
    assert all(f.legend[a.start : a.end] == a.text for f in parsed.curated for a in f.annotations)
    assert len({(f.ids, f.key) for f in parsed.curated}) == sentences


@pytest.mark.parametrize("corpus", IOB)
def test_every_documented_entity_of_a_corpus_is_there(shared_data: Path, corpus: str) -> None:
    check_iob(shared_data, corpus, "devel")


@pytest.mark.full
@pytest.mark.parametrize("part", ["train", "test"])
@pytest.mark.parametrize("corpus", IOB)
def test_every_documented_entity_of_the_other_parts_is_there(shared_data: Path, corpus: str, part: str) -> None:
    check_iob(shared_data, corpus, part)


def test_the_pubtator_sample_is_whole(shared_data: Path) -> None:
    data = (shared_data / "corpora/bc5cdr/CDR_sample.PubTator.txt").read_bytes()
    parsed, _ = parse_file(data, "pubtator", "bc5cdr")
    assert (len(parsed.curated), parsed.rejections) == (50, ())
    assert all((f.ids.pmid or "").isdigit() for f in parsed.curated)
    assert parsed.counts["annotation"] == UnitCounts(n_in=925 + 124, valid=925, ignored=124)
    records = [a for f in parsed.curated for a in f.annotations]
    assert Counter(a.raw_type for a in records) == {"Chemical": 502, "Disease": 423}
    assert all(re.fullmatch(r"[CD]\d+", i) for a in records for i in a.ext_ids)


# CRAFT


def craft_files(shared: Path) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for name in ("articles", "concept-annotation"):
        with tarfile.open(shared / "corpora" / "craft" / f"{name}.tar.gz") as archive:
            members = [m for m in archive if m.isfile() and "README" not in m.name]
            files |= {m.name: archive.extractfile(m).read() for m in members}  # type: ignore[union-attr]
    return files


@pytest.fixture(scope="module")
def articles(request: pytest.FixtureRequest) -> list[tuple[craft.Article, ParsedFile]]:
    shared_data: Path = request.getfixturevalue("shared_data")
    found, odd = craft.group_files(craft_files(shared_data))
    assert odd == {}
    return [(article, craft.parse_craft(article)) for article in found]


def test_all_captions_of_craft_and_all_their_annotations_are_there(
    articles: list[tuple[craft.Article, ParsedFile]],
) -> None:
    assert len(articles) == 97
    totals = {
        unit: sum((p.counts[unit] for _, p in articles), UnitCounts()) for unit in ("document", "figure", "annotation")
    }
    assert totals["document"] == UnitCounts(n_in=97, valid=97)
    assert totals["figure"] == UnitCounts(n_in=639, valid=639)
    assert totals["annotation"] == UnitCounts(n_in=73_609, valid=12_596, ignored=73_609 - 12_596)
    raw = Counter[str]()
    for _, parsed in articles:
        for figure in parsed.curated:
            for record in figure.annotations:
                raw[record.raw_type] += record.n_source_rows
    assert raw == {"UBERON": 4239, "PR": 4166, "NCBITaxon": 1305, "CHEBI": 933, "GO": 896, "CL": 890, "MONDO": 167}


def test_at_least_99_percent_of_the_annotations_are_carried_to_the_right_characters(
    articles: list[tuple[craft.Article, ParsedFile]],
) -> None:
    """Right: the text at the target is the annotation's, dashes, case and white space apart. Measured: all 12,596."""
    n, n_right, unmatched = 0, 0, 0
    for article, parsed in articles:
        legends: dict[str, FigureRecord] = {f.key: f for f in parse_jats(article.jats).documents[0].figures}
        candidates = [FigureCandidate(key, f.label, f.legend) for key, f in legends.items()]
        for figure in parsed.curated:
            n += sum(a.n_source_rows for a in figure.annotations)
            match = match_figure(figure.label, figure.legend, candidates)
            if match is None:
                unmatched += 1
                continue
            legend = legends[match.figure_id].legend or ""
            alignment = align(figure.legend, legend)
            for record in figure.annotations:
                span = alignment.map_span(record.start or 0, record.end or 0)
                if span is not None and fold_spaces(legend[slice(*span)]) == fold_spaces(record.text):
                    n_right += record.n_source_rows
    assert (n, unmatched) == (12_596, 0)
    assert n_right >= 0.99 * n
