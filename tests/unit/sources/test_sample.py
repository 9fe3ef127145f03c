"""The shipped sample: equal bytes everywhere, honest about being synthetic, and with the troubles it announces."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import re
import subprocess
import sys
import tarfile
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from pipelines.core.alignment import align
from pipelines.core.ids import KnownFigure, match_figure_keys
from pipelines.core.labels import load_labels
from pipelines.core.panels import split_by_rule
from pipelines.core.records import ENTITY_TYPES, CuratedFigure, DocumentRecord, ParsedFile
from pipelines.core.splits import split_of
from pipelines.errors import RejectedInput, UsageError
from pipelines.ingest.jats import parse_jats
from pipelines.ingest.sourcedata import parse_sourcedata
from pipelines.sources.deliveries import DeliveryInfo, read_delivery
from pipelines.sources.sample import FIRST_NIGHT, SampleSummary, write_sample
from pipelines.sources.sample.vocabulary import Dice

NIGHTS = [str(FIRST_NIGHT + dt.timedelta(days=n)) for n in range(3)]
_WRITE = """
import sys
from pathlib import Path
from pipelines.sources.sample import write_sample
write_sample(Path(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> SampleSummary:
    return write_sample(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="module")
def folder(summary: SampleSummary) -> Path:
    return summary.folder


@pytest.fixture(scope="module")
def described(folder: Path) -> dict[str, dict[str, object]]:
    """sample.json by night."""
    nights = json.loads((folder / "sample.json").read_text(encoding="utf-8"))["nights"]
    return {night["date"]: night for night in nights}


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def digest_of(folder: Path) -> str:
    return hashlib.sha256(repr(sorted(files_of(folder).items())).encode()).hexdigest()


@cache
def parsed(path: Path) -> ParsedFile | None:
    """What the parsers make of a file, None where they refuse it."""
    parse = parse_jats if path.parent.name == "articles" else parse_sourcedata
    try:
        return parse(path.read_bytes())
    except RejectedInput:
        return None


def iter_articles(folder: Path, night: str) -> Iterator[tuple[Path, DocumentRecord]]:
    for path in sorted((folder / night / "articles").glob("nightcap.*.xml")):
        file = parsed(path)
        assert file is not None, path
        yield path, file.documents[0]


def iter_curated(folder: Path, night: str, delivery: str = "*") -> Iterator[tuple[Path, CuratedFigure]]:
    for path in sorted((folder / night / "curation").glob(f"{delivery}/*.xml")):
        file = parsed(path)
        for figure in file.curated if file else ():
            yield path, figure


def broken_of(described: dict[str, dict[str, object]], night: str) -> dict[str, tuple[str, str]]:
    entries = described[night]["broken"]
    assert isinstance(entries, list)
    return {entry["path"]: (entry["unit"], entry["reason"]) for entry in entries}


@pytest.mark.parametrize("hash_seed", ["0", "4242"])
def test_bytes_are_equal_in_other_processes(folder: Path, tmp_path: Path, hash_seed: str) -> None:
    env = {"PYTHONHASHSEED": hash_seed, "TZ": "Asia/Kathmandu", "LC_ALL": "C"}
    root = Path(__file__).parents[3]
    subprocess.run([sys.executable, "-c", _WRITE, str(tmp_path)], check=True, env=env, cwd=root, timeout=120)
    assert digest_of(tmp_path) == digest_of(folder)


def test_fewer_nights_are_the_beginning_of_more(folder: Path, tmp_path: Path) -> None:
    write_sample(tmp_path / "one", nights=1)
    write_sample(tmp_path / "five", nights=5)
    whole, five = files_of(folder), files_of(tmp_path / "five")
    for name, data in files_of(tmp_path / "one").items():
        assert name == "sample.json" or whole[name] == data
    assert all(five[name] == data for name, data in whole.items() if name != "sample.json")
    assert len(list((tmp_path / "five" / "2026-11-22").glob("*/**/*.xml"))) == 4


def test_other_seeds_make_other_worlds(folder: Path, tmp_path: Path) -> None:
    write_sample(tmp_path, seed=2, nights=1)
    ours, theirs = files_of(folder), files_of(tmp_path)
    first = next(name for name in sorted(theirs) if name.endswith(".xml"))
    assert ours.get(first) != theirs[first]


@pytest.mark.parametrize(("documents", "nights"), [(79, 1), (140, 0)])
def test_refuses_worlds_too_small(tmp_path: Path, documents: int, nights: int) -> None:
    with pytest.raises(UsageError, match="at least 80 documents"):
        write_sample(tmp_path, documents=documents, nights=nights)


def test_is_small_and_says_what_it_wrote(summary: SampleSummary, folder: Path) -> None:
    files = files_of(folder)
    assert summary.n_bytes == sum(map(len, files.values())) < 6_000_000
    assert summary.n_files == len(files)
    assert [str(night) for night in summary.nights] == NIGHTS
    assert summary.n_broken == 9


def test_counts_of_the_description_are_those_of_the_files(
    folder: Path, described: dict[str, dict[str, object]]
) -> None:
    counts = described[NIGHTS[0]]["counts"]
    articles = dict(iter_articles(folder, NIGHTS[0]))
    curated = list(iter_curated(folder, NIGHTS[0]))
    assert counts == {
        "articles": len(articles), "figures": sum(len(d.figures) for d in articles.values()),
        "curated_documents": len({path for path, _ in curated}), "curated_figures": len(curated),
    }  # fmt: skip


def test_first_night_fills_a_benchmark(folder: Path) -> None:
    documents: Counter[str] = Counter()
    spans: Counter[str] = Counter()
    for path, figure in iter_curated(folder, NIGHTS[0]):
        split = split_of(str(figure.ids.doi))
        spans[split] += sum(not a.is_floating and not a.is_nested for a in figure.annotations)
        documents[split] += figure.position == 0 and path.parent.name != "legacy-2019"
    assert sum(documents.values()) >= 100
    assert documents["test"] >= 15
    assert documents["dev"] >= 5
    assert spans["test"] >= 300


@pytest.mark.parametrize("night", NIGHTS)
def test_refused_are_exactly_the_files_announced(
    folder: Path, described: dict[str, dict[str, object]], night: str
) -> None:
    found: dict[str, tuple[str, str]] = {}
    for path in sorted((folder / night).rglob("*.xml")):
        name = str(path.relative_to(folder / night))
        parse = parse_jats if path.parent.name == "articles" else parse_sourcedata
        try:
            rejections = parse(path.read_bytes()).rejections
        except RejectedInput as error:
            found[name] = ("file", str(error.reason))
            continue
        assert len(rejections) <= 1
        for rejection in rejections:
            found[name] = (rejection.unit, rejection.reason.value)
    assert found == broken_of(described, night)


def test_curators_use_all_types_and_roles(folder: Path) -> None:
    types: Counter[str] = Counter()
    roles: Counter[str | None] = Counter()
    kinds: Counter[str] = Counter()
    for path, figure in iter_curated(folder, NIGHTS[0]):
        for a in figure.annotations:
            types[a.entity_type] += 1
            roles[a.raw_role if path.parent.name != "legacy-2019" else "legacy"] += 1
            kinds.update(floating=a.is_floating, nested=a.is_nested, several_ids=len(a.ext_ids) > 1)
            assert a.start is None or figure.legend[a.start : a.end] == a.text
        kinds["unlabelled_panels"] += sum(not p.is_labelled for p in figure.panels)
    assert set(types) >= set(ENTITY_TYPES)
    assert min(types[t] for t in ENTITY_TYPES) >= 60
    assert {"intervention", "assayed", "component", "reporter", "normalizing", "experiment"} <= set(roles)
    assert min(kinds[k] for k in ("floating", "nested", "several_ids", "unlabelled_panels")) >= 10


def test_the_legacy_delivery_annotates_less(folder: Path) -> None:
    annotations = [a for _, f in iter_curated(folder, NIGHTS[0], "legacy-2019") for a in f.annotations]
    assert len(annotations) > 200
    assert {a.entity_type for a in annotations}.isdisjoint({"EXP_ASSAY", "DISEASE"})
    assert {a.raw_role for a in annotations} <= {None, ""}


def test_test_documents_hold_names_that_training_never_saw(folder: Path) -> None:
    names: dict[str, list[str]] = {"train": [], "dev": [], "test": []}
    for _, figure in iter_curated(folder, NIGHTS[0]):
        names[split_of(str(figure.ids.doi))] += [a.text.lower() for a in figure.annotations if a.start is not None]
    known = set(names["train"])
    unseen = sum(name not in known for name in names["test"]) / len(names["test"])
    assert 0.1 < unseen < 0.5


def test_one_name_can_be_of_two_types(folder: Path) -> None:
    types: dict[str, set[str]] = {}
    for _, figure in iter_curated(folder, NIGHTS[0]):
        for a in figure.annotations:
            types.setdefault(a.text, set()).add(a.entity_type)
    assert sum(len(found) > 1 for found in types.values()) >= 3


def test_the_letter_rule_fails_on_a_part_of_the_figures(folder: Path) -> None:
    figures = [figure for _, figure in iter_curated(folder, NIGHTS[0])]
    failed = 0
    for figure in figures:
        gold = [offset for panel in figure.panels for offset in panel.marker_offsets]
        failed += gold != [s.marker_start for s in split_by_rule(figure.legend)]
    assert 0.15 <= failed / len(figures) <= 0.28


def test_curated_legends_differ_from_the_publishers_but_align(folder: Path) -> None:
    documents = {d.ids.doi: d for _, d in iter_articles(folder, NIGHTS[0])}
    n_equal = n_pairs = n_spans = n_mapped = 0
    for _, figure in iter_curated(folder, NIGHTS[0]):
        document = documents.get(figure.ids.doi)
        numbered = [f for f in document.figures if not f.parent_key] if document else []
        if figure.position >= len(numbered):
            continue
        legend = str(numbered[figure.position].legend)
        alignment = align(figure.legend, legend)
        n_pairs += 1
        n_equal += figure.legend in legend
        spans = [(a.start, a.end) for a in figure.annotations if a.start is not None and a.end is not None]
        n_spans += len(spans)
        n_mapped += sum(alignment.map_span(*span) is not None for span in spans)
    assert n_pairs > 300
    assert 0.3 < n_equal / n_pairs < 0.8
    assert 0.99 < n_mapped / n_spans < 1


STYLE_MARKS = {
    "nightlife": [r"<fig-group>", r'specific-use="child-fig"', r"\(<bold>A</bold>\) ", r"source data 1\."],
    "nightone": [r"<label>Fig 1</label>", r'<object-id pub-id-type="doi">10\.5555/'],
    "nmr": [r"<bold>A</bold> [A-Zβα]", r"<sup><xref ref-type=\"bibr\""],
    "nj": [r"<list-item><label>A</label>", "\u2010", "\u2009"],
    "nics": [r"<floats-group>", r"<bold>\(A\)</bold>", r"<label>FIGURE 1</label>"],
    "nbl": [r"<bold>a</bold> "],
    "preprint": [r"<label>Figure 1:</label>", r">A\) "],
}


@pytest.mark.parametrize("prefix", sorted(STYLE_MARKS))
def test_each_publisher_has_its_marks(folder: Path, prefix: str) -> None:
    paths = sorted((folder / NIGHTS[0] / "articles").glob(f"nightcap.{prefix}.*.xml"))
    text = "".join(path.read_text(encoding="utf-8") for path in paths)
    assert [mark for mark in STYLE_MARKS[prefix] if not re.search(mark, text)] == []


def test_licences_are_mixed(folder: Path) -> None:
    licences = Counter(d.licence for _, d in iter_articles(folder, NIGHTS[0]))
    assert set(licences) == {"open", "noncommercial", "unknown"}
    assert licences["open"] > 90


def test_citations_are_no_part_of_legends(folder: Path) -> None:
    captions = [f for _, d in iter_articles(folder, NIGHTS[0]) for f in d.figures]
    cited = [f for f in captions if f.caption_xml and 'ref-type="bibr"' in f.caption_xml]
    assert len(cited) > 50
    assert not [f.legend for f in cited if re.search(r"\[\d\]|et al|source data 1", f.legend or "")]


def test_everything_says_that_it_is_synthetic(folder: Path) -> None:
    defaults = DeliveryInfo("", "curator", (), False, False, None, "mixed")
    for night in NIGHTS:
        notes = sorted((folder / night / "curation").glob("*/delivery.toml"))
        assert all(read_delivery(note.read_bytes(), defaults).is_synthetic for note in notes)
        assert len(notes) == len(list((folder / night / "curation").iterdir()))
        for path, document in iter_articles(folder, night):
            assert b"<meta-name>nightcap-synthetic</meta-name><meta-value>true</meta-value>" in path.read_bytes()
            assert "(synthetic)" in str(document.journal)
            assert "(synthetic)" in str(document.publisher)
            assert str(document.ids.doi).startswith("10.5555/")
    assert json.loads((folder / "sample.json").read_text(encoding="utf-8"))["synthetic"] is True


def test_the_correction_inserts_a_figure(folder: Path) -> None:
    notice = parse_jats((folder / NIGHTS[1] / "articles/notice-correction-1.xml").read_bytes()).documents[0]
    doi = notice.events[0].target.doi
    old = next(d for _, d in iter_articles(folder, NIGHTS[0]) if d.ids.doi == doi)
    new = next(d for _, d in iter_articles(folder, NIGHTS[1]) if d.ids.doi == doi)
    known = [KnownFigure(f.key, f.label, f.jats_id, f.legend) for f in old.figures]
    keys = match_figure_keys(known, [KnownFigure(f.key, f.label, f.jats_id, f.legend) for f in new.figures])
    assert (new.stated_version, len(new.figures)) == (2, len(old.figures) + 1)
    assert keys == ["fig-1", "fig-2-b", *(f.key for f in old.figures[1:])]


def test_the_revision_keeps_the_text_and_turns_tags(folder: Path) -> None:
    revised = [figure for _, figure in iter_curated(folder, NIGHTS[1], "curators-a-revision")]
    doi = revised[0].ids.doi
    first = [figure for _, figure in iter_curated(folder, NIGHTS[0]) if figure.ids.doi == doi]
    assert [f.legend for f in revised] == [f.legend for f in first]
    assert {(f.stated_version, f.stated_date) for f in revised} == {(2, dt.date(2026, 11, 18))}
    roles = [[(a.start, a.role) for a in f.annotations] for f in (*first, *revised)]
    assert roles[: len(first)] != roles[len(first) :]


def test_the_third_night_retracts_and_curates_nothing(folder: Path) -> None:
    event = parse_jats((folder / NIGHTS[2] / "articles/notice-retraction-2.xml").read_bytes()).documents[0].events[0]
    assert (event.event, event.event_date) == ("retraction", dt.date(2026, 11, 20))
    assert split_of(str(event.target.doi)) == "train"
    assert event.target.doi in {figure.ids.doi for _, figure in iter_curated(folder, NIGHTS[0], "curators-a")}
    assert list((folder / NIGHTS[2] / "curation").iterdir()) == []
    assert len(list(iter_articles(folder, NIGHTS[2]))) == 2


def test_copies_and_archives_of_the_second_night(folder: Path) -> None:
    first, second = folder / NIGHTS[0] / "articles", folder / NIGHTS[1] / "articles"
    known = {path.read_bytes() for path in first.glob("*.xml")}
    news = {path.read_bytes() for path in second.glob("nightcap.*.xml")}
    assert (second / "copy-of-a-known-article.xml").read_bytes() in known
    assert (second / "copy-of-a-new-article.xml").read_bytes() in news
    with tarfile.open(fileobj=io.BytesIO((second / "batch-1.tar").read_bytes())) as archive:
        members = [archive.extractfile(member) for member in archive]
        documents = [parse_jats(member.read()).documents[0] for member in members if member]
    assert len({d.ids.doi for d in documents}) == 4
    assert (second / "README.txt").is_file()


def test_some_articles_come_after_their_curation(folder: Path) -> None:
    curated = {figure.ids.doi for _, figure in iter_curated(folder, NIGHTS[0])}
    tonight = {d.ids.doi for _, d in iter_articles(folder, NIGHTS[0])}
    later = {d.ids.doi for _, d in iter_articles(folder, NIGHTS[1])}
    assert len(curated - tonight) == 2
    assert curated - tonight <= later


def test_preprint_twins_share_their_legends(folder: Path) -> None:
    documents = [d for _, d in iter_articles(folder, NIGHTS[0])]
    by_title: dict[str, list[DocumentRecord]] = {}
    for document in documents:
        by_title.setdefault(f"{document.title} {document.abstract}", []).append(document)
    twins = [found for found in by_title.values() if len(found) == 2]
    stated = [e for d in documents for e in d.events if e.event == "preprint_of"]
    assert (len(twins), len(stated)) == (2, 1)
    assert {d.journal for pair in twins for d in pair} >= {"Nightcap Preprints (synthetic)"}


def test_dictionaries_hold_ids_as_curators_give_them(folder: Path) -> None:
    databases = set(load_labels().databases.values())
    listed: set[tuple[str, str]] = set()
    for entity_type in ENTITY_TYPES:
        lines = (folder / f"ontology/{entity_type.lower()}.tsv").read_text(encoding="utf-8").splitlines()
        assert lines[0] == "id\tname\tsynonyms\ttype"
        for ident, name, _, label in (line.split("\t") for line in lines[1:]):
            assert name
            assert label == entity_type
            assert any(d.pattern.fullmatch(ident) for d in databases if d.entity_type == entity_type), ident
            listed.add((entity_type, ident))
    annotations = [a for _, f in iter_curated(folder, NIGHTS[0]) for a in f.annotations]
    given = [(a.entity_type, ident) for a in annotations for ident in a.ext_ids]
    assert len(listed) > 350
    assert 0.6 < sum(pair in listed for pair in given) / len(given) < 0.98


def test_most_but_not_all_mentions_are_in_a_dictionary(folder: Path) -> None:
    names: set[tuple[str, str]] = set()
    for path in (folder / "ontology").glob("*.tsv"):
        for line in path.read_text(encoding="utf-8").splitlines()[1:]:
            _, name, synonyms, label = line.split("\t")
            names |= {(label, form.lower()) for form in (name, *synonyms.split("|")) if form}
    mentions = [(a.entity_type, a.text.lower()) for _, f in iter_curated(folder, NIGHTS[0]) for a in f.annotations]
    found = sum(mention in names for mention in mentions) / len(mentions)
    assert 0.6 < found < 0.95


def test_dice_stay_in_bounds_and_repeat() -> None:
    dice, again = Dice("x"), Dice("x")
    rolls = [dice.below(6) for _ in range(600)]
    assert rolls == [again.below(6) for _ in range(600)]
    assert set(rolls) == set(range(6))
    assert {dice.skewed(3) for _ in range(300)} == {0, 1, 2}
    assert Counter(dice.weighted([("a", 9), ("b", 1)]) for _ in range(500))["a"] > 380
    assert sorted(dice.shuffle("nightcap")) == sorted("nightcap")
