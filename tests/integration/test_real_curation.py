"""All of Bio-ID and the one real SourceData article: every row accounted for, every offset proved, the rule measured.

Numbers are those of the data's own documentation (documents, annotations, panels without annotation) or were
measured once here and are pinned, so that a change of the joining or of the rule is seen.
"""

from __future__ import annotations

import tarfile
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from pipelines.core.alignment import align
from pipelines.core.panels import split_by_rule
from pipelines.core.records import CuratedFigure, ParsedFile, UnitCounts
from pipelines.ingest.bioc import parse_bioc
from pipelines.ingest.sourcedata import parse_sourcedata
from pipelines.ingest.sourcedata_api import parse_payload

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def bioid(request: pytest.FixtureRequest) -> list[ParsedFile]:
    shared_data: Path = request.getfixturevalue("shared_data")
    with tarfile.open(shared_data / "corpora" / "bioid" / "caption_bioc.tar.gz") as archive:
        members = [member for member in archive if member.isfile() and member.name.endswith(".xml")]
        return [parse_bioc(archive.extractfile(member).read()) for member in members]  # type: ignore[union-attr]


def total(parsed: list[ParsedFile], unit: str) -> UnitCounts:
    return sum((file.counts[unit] for file in parsed), UnitCounts())


def iter_figures(parsed: list[ParsedFile]) -> Iterator[CuratedFigure]:
    for file in parsed:
        yield from file.curated


def test_every_document_and_annotation_is_accounted_for(bioid: list[ParsedFile]) -> None:
    assert len(bioid) == 500
    for unit in ("document", "figure", "panel", "annotation"):
        assert total(bioid, unit).balances
    assert total(bioid, "document") == UnitCounts(n_in=500, valid=500)
    assert total(bioid, "figure") == UnitCounts(n_in=3211, valid=3211)
    assert total(bioid, "panel").n_in == 12_021
    annotations = total(bioid, "annotation")
    assert (annotations.n_in, annotations.quarantined) == (96_829, 0)
    assert annotations.valid >= 0.95 * annotations.n_in
    assert [r for file in bioid for r in file.rejections] == []


def test_every_offset_holds_and_every_mention_lies_in_a_panel(bioid: list[ParsedFile]) -> None:
    n_rows = 0
    for figure in iter_figures(bioid):
        for record in figure.annotations:
            assert record.start is not None
            assert record.panel_no is not None
            assert figure.legend[record.start : record.end] == record.text
            panel = figure.panels[record.panel_no]
            assert panel.start <= record.start < panel.end
            n_rows += record.n_source_rows
        spans = [(r.start, r.end) for r in figure.annotations if not r.is_nested]
        assert all(a[1] <= b[0] for a, b in pairwise(spans))  # type: ignore[operator]
    assert n_rows == total(bioid, "annotation").valid


def test_panels_tile_their_legend_with_one_space_between(bioid: list[ParsedFile]) -> None:
    for figure in iter_figures(bioid):
        assert " ".join(figure.legend[p.start : p.end] for p in figure.panels) == figure.legend
        assert all(p.start <= at < p.end for p in figure.panels for at in p.marker_offsets)
    assert sum(not p.is_labelled for figure in iter_figures(bioid) for p in figure.panels) == 117


def test_types_come_from_the_id_prefix(bioid: list[ParsedFile]) -> None:
    types = Counter(record.entity_type for figure in iter_figures(bioid) for record in figure.annotations)
    assert types["EXP_ASSAY"] == 21
    assert "DISEASE" not in types
    assert min(types[t] for t in ("GENEPROD", "SMALL_MOLECULE", "ORGANISM", "CELL_LINE", "CELL_TYPE", "TISSUE")) > 3_000


def test_letter_chain_rule_on_figures_whose_starts_are_marked(bioid: list[ParsedFile]) -> None:
    clean = [f for f in iter_figures(bioid) if all(p.has_marker for p in f.panels)]
    assert 2_500 < len(clean) < 2_700
    markers: Counter[str] = Counter()
    borders: Counter[str] = Counter()
    for figure in clean:
        panels = split_by_rule(figure.legend)
        found = {p.marker_start for p in panels if p.marker_start is not None}
        compare(markers, {at for p in figure.panels for at in p.marker_offsets}, found)
        compare(borders, {p.start for p in figure.panels}, {p.start for p in panels})
    precision, recall = markers["both"] / markers["found"], markers["both"] / markers["gold"]
    assert precision > 0.94
    assert recall > 0.95
    assert 2 * borders["both"] / (borders["found"] + borders["gold"]) > 0.88


def compare(counts: Counter[str], gold: set[int], found: set[int]) -> None:
    counts.update(gold=len(gold), found=len(found), both=len(gold & found))


def test_mentions_survive_a_copy_by_hand(bioid: list[ParsedFile]) -> None:
    """Dashes, spaces and an inserted sentence: at least 98 % of the mentions are carried, none to another text."""
    n_mentions = n_carried = 0
    for figure in list(iter_figures(bioid))[:300]:
        copy = "What it shows. " + figure.legend.replace("‐", "-").replace(", ", ",\N{NO-BREAK SPACE}")
        alignment = align(figure.legend, copy)
        for record in figure.annotations:
            span = alignment.map_span(record.start or 0, record.end or 0)
            n_mentions += 1
            n_carried += span is not None
            assert span is None or copy[slice(*span)] == record.text.replace("‐", "-").replace(
                ", ", ",\N{NO-BREAK SPACE}"
            )
    assert n_mentions > 5_000
    assert n_carried >= 0.98 * n_mentions


def test_the_real_sourcedata_article(shared_data: Path) -> None:
    (path,) = (shared_data / "corpora" / "sourcedata-fixtures").glob("*.xml")
    parsed = parse_sourcedata(path.read_bytes())
    assert parsed.rejections == ()
    assert parsed.counts["figure"] == UnitCounts(n_in=6, valid=6)
    assert parsed.counts["panel"] == UnitCounts(n_in=18, valid=18)
    assert parsed.counts["annotation"] == UnitCounts(n_in=187, valid=180, ignored=7)  # 5 phantoms, 2 of type undefined
    every = [record for figure in parsed.curated for record in figure.annotations]
    records = [record for record in every if not record.is_machine]
    assert len(every) - len(records) == 9  # left-overs of pre-tagging with a type
    assert parsed.counts["pretag"] == UnitCounts(n_in=10, valid=9, ignored=1)
    assert Counter(r.raw_role for r in records)["intervention"] == 40
    assert Counter(r.role for r in records) == {"boring": 74, "measured": 49, "controlled": 40, None: 17}
    assert Counter(r.entity_type for r in records)["EXP_ASSAY"] == 12
    for figure in parsed.curated:
        assert all(figure.legend[r.start : r.end] == r.text for r in figure.annotations)
        assert figure.panels[0].labels == ("A",)


def test_recorded_responses_of_the_sourcedata_api(shared_data: Path) -> None:
    """29 tags of three panels, 16 of them outside the text; the caption of one panel stands a second time."""
    text = (shared_data / "corpora/sourcedata-fixtures/api_responses/panel13904.yaml").read_text()
    (response,) = yaml.safe_load(text)["responses"]
    parsed = parse_payload(response["response"]["body"].encode())
    (figure,) = parsed.curated
    assert (figure.ids.doi, figure.label, str(figure.stated_date)) == (
        "10.1371/journal.ppat.1004647",
        "Fig 1",
        "2020-08-05",
    )
    assert parsed.counts["panel"].n_in == 3
    tags = parsed.counts["annotation"]
    assert tags.balances
    assert tags.n_in >= 29
    assert parsed.rejections == ()
    placed = [a for a in figure.annotations if not a.is_floating]
    assert all(figure.legend[a.start : a.end] == a.text for a in placed)
    assert len(placed) == 13
    assert Counter(a.role for a in figure.annotations)["controlled"] == 7  # of 8: one was repeated
