"""Pull and parse over odd deliveries: nothing lost, nothing silently skipped, one odd file never stops a night."""

from __future__ import annotations

import datetime as dt
import errno
import io
import json
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from pipelines import settings
from pipelines.clients.objectstore import open_part
from pipelines.core.runs import Run
from pipelines.core.tables import load_tables
from pipelines.corpus.step import commit_listings, read_rows
from pipelines.ingest import step as ingest
from pipelines.settings import Settings
from pipelines.sources import step as sources

TAGGED = (
    '<article doi="10.5555/x"><fig id="1"><label>Figure 1</label><sd-panel panel_id="1"><p>(A) <sd-tag id="sdTag1" '
    'category="entity" entity_type="protein" role="assayed" text="LC3" ext_ids="Q9GZQ8" ext_dbs="Uniprot" '
    'in_caption="True">LC3</sd-tag> in cells.</p></sd-panel></fig></article>'
)
JATS = (
    "<article><front><article-meta>{ids}</article-meta></front><body><fig id='f1'><label>Figure 1</label>"
    "<caption><p>{legend}</p></caption></fig></body></article>"
)


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return settings.load({}, tmp_path / "home", "demo")


def night(home: Settings, day: int, folder: Path, source: str = "curation") -> tuple[Run, dict[str, int]]:
    """Pull, parse and take note, as a night that closes does; returns the run and the counts of pull."""
    date = dt.date(2026, 11, day)
    run = Run("nightly_corpus", date.isoformat(), date, {source: str(folder)})
    counts = dict(sources.run(home, run).counts)
    ingest.run(home, run)
    commit_listings(home, run, open_part(home, "staging"))
    return run, counts


def parsed(home: Settings, run: Run, table: str) -> list[dict[str, object]]:
    store = open_part(home, "staging")
    key = f"{run.key}/parse/{table}.parquet"
    return read_rows(store, key) if store.exists(key) else []


def rejected(home: Settings, run: Run) -> list[str]:
    text = open_part(home, "staging").read(f"{run.key}/parse/rejections.jsonl").decode()
    return sorted(json.loads(line)["reason"] for line in text.splitlines())


@pytest.mark.parametrize("stated", ["", 'format = "bioc"\n'])
@pytest.mark.parametrize("packed", [False, True])
def test_a_delivery_of_which_nothing_would_be_taken_is_refused_and_not_silent(
    home: Settings, tmp_path: Path, stated: str, packed: bool
) -> None:
    """A described delivery in JSON that forgets its format: its sender reads so; once stated, the file comes in."""
    span = {"begin": 4, "end": 7}
    record = json.dumps({"text": "(A) LC3 in cells.", "denotations": [{"id": "T1", "span": span, "obj": "protein"}]})

    def deliver(toml: str) -> None:
        files = {"delivery.toml": toml, "1.json": record, "README.md": "no record"}
        (tmp_path / "c" / "d").mkdir(parents=True, exist_ok=True)
        if packed:
            with zipfile.ZipFile(tmp_path / "c" / "d.zip", "w") as archive:
                for name, text in files.items():
                    archive.writestr(name, text)
        else:
            for name, text in files.items():
                (tmp_path / "c" / "d" / name).write_text(text)

    deliver(f'sender = "x"\n{stated}')
    first, counts = night(home, 18, tmp_path / "c")
    assert (counts["valid"] + counts["quarantined"], counts["ignored"]) == (1, 2)
    assert len(rejected(home, first)) == 1
    _, again = night(home, 19, tmp_path / "c")
    assert (again["valid"], again["quarantined"]) == (0, 0)
    deliver('sender = "x"\nformat = "pubannotation"\n')
    third, counts = night(home, 20, tmp_path / "c")
    assert (counts["valid"], len(parsed(home, third, "figures"))) == (1, 1)


def test_an_archive_with_another_description_comes_again(home: Settings, tmp_path: Path) -> None:
    """Packed again with a mended delivery.toml, or without one, the same files say something else, as in a folder."""

    def deliver(*members: tuple[str, str]) -> None:
        with zipfile.ZipFile(tmp_path / "c" / "d.zip", "w") as archive:
            for name, text in members:
                archive.writestr(name, text)

    (tmp_path / "c").mkdir()
    curator = ("delivery.toml", 'sender = "x"\nhas_roles = true\nreview_stage = "curator"')
    author = ("delivery.toml", 'sender = "x"\nhas_roles = true\nreview_stage = "author"')
    for day, members, n_valid in (
        (18, [curator, ("x.xml", TAGGED)], 1),
        (19, [curator, ("x.xml", TAGGED), ("README", "packed again")], 0),
        (20, [("x.xml", TAGGED), author], 1),
        (21, [("x.xml", TAGGED)], 1),
        (22, [("x.xml", TAGGED), ("README", "again")], 0),
    ):
        deliver(*members)
        run, counts = night(home, day, tmp_path / "c")
        assert (day, counts["valid"], counts["unchanged"]) == (day, n_valid, 1 - n_valid)
        assert len(parsed(home, run, "annotations") if n_valid else []) == n_valid


def test_a_mended_delivery_comes_in_the_next_night(home: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "c" / "d"
    folder.mkdir(parents=True)
    (folder / "x.xml").write_text(TAGGED)
    (folder / "delivery.toml").write_text('sender = "x')
    first, _ = night(home, 18, tmp_path / "c")
    assert rejected(home, first) == ["bad_delivery"]
    _, again = night(home, 19, tmp_path / "c")
    assert (again["valid"], again["unchanged"]) == (0, 1)
    (folder / "delivery.toml").write_text('sender = "x"\nhas_roles = true')
    mended, counts = night(home, 20, tmp_path / "c")
    assert counts["valid"] == 1
    assert [a["text"] for a in parsed(home, mended, "annotations")] == ["LC3"]


def test_another_guideline_is_another_revision_of_the_same_tags(home: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "c" / "d"
    folder.mkdir(parents=True)
    (folder / "x.xml").write_text(TAGGED)
    shas = []
    for day, types in ((18, '["GENEPROD"]'), (19, '["GENEPROD", "TISSUE"]')):
        (folder / "delivery.toml").write_text(f"annotated_types = {types}")
        run, counts = night(home, day, tmp_path / "c")
        assert counts["valid"] == 1
        shas.append(parsed(home, run, "figures")[0]["record_sha256"])
    assert shas[0] != shas[1]


def test_a_raised_limit_brings_in_what_was_too_large(home: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    legend = "x" * (2 << 20)
    ids = '<article-id pub-id-type="doi">10.5555/big</article-id>'
    (folder / "big.xml").write_text(JATS.format(ids=ids, legend=legend))
    small = settings.load({"NIGHTCAP_PULL__MAX_FILE_MIB": "1"}, home.root, "demo")
    first, _ = night(small, 18, folder, "deposit")
    assert rejected(small, first) == ["too_large"]
    _, counts = night(home, 19, folder, "deposit")
    assert counts["valid"] == 1


def test_names_that_are_no_text_and_files_that_cannot_be_read(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    data = JATS.format(ids="", legend="one").encode()
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.xml")).write_bytes(data)
    broken = folder / "broken.xml"
    broken.write_bytes(data)
    read = Path.read_bytes

    def read_bytes(path: Path) -> bytes:  # root may read every file: a disk that fails stands in for a mode of 000
        if path == broken:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    with tarfile.open(folder / "x.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo(os.fsdecode(b"J_caf\xe9.xml"))
        member.size = len(data) + 1
        archive.addfile(member, io.BytesIO(data + b"\n"))
    run, counts = night(home, 18, folder, "deposit")
    assert counts["valid"] == 2
    assert counts["quarantined"] == 1
    assert "unreadable" in rejected(home, run)
    assert len(parsed(home, run, "documents")) == 2


def test_what_is_no_file_is_counted_and_not_followed(home: Settings, tmp_path: Path) -> None:
    folder, outside = tmp_path / "a", tmp_path / "outside"
    for path in (folder, outside):
        path.mkdir()
    (outside / "secret.xml").write_text(JATS.format(ids="", legend="elsewhere"))
    (outside / "delivery.toml").write_text('sender = "elsewhere"')
    (folder / "one.xml").write_text(JATS.format(ids="", legend="one"))
    (folder / "link.xml").symlink_to(outside / "secret.xml")
    (folder / "far.xml").symlink_to("link.xml")
    (folder / "delivery.toml").symlink_to(outside / "delivery.toml")
    (folder / "away").symlink_to(outside)
    (folder / "round").symlink_to(folder)
    (folder / "gone.xml").symlink_to(tmp_path / "nothing")
    (folder / "half.xml.tmp").write_text("<art")
    os.mkfifo(folder / "pipe.xml")
    run, counts = night(home, 18, folder, "deposit")
    assert (counts["n_in"], counts["valid"], counts["ignored"]) == (9, 1, 8)
    assert len(parsed(home, run, "documents")) == 1
    manifest = open_part(home, "landing").read("nights/2026-11-18/manifest-0.jsonl").decode()
    why = {r["name"]: r["reason"] for r in map(json.loads, manifest.splitlines()) if r.get("status") == "ignored"}
    leads_out = "a link to a file outside this folder, not followed"
    assert why == {
        "link.xml": leads_out, "far.xml": leads_out, "delivery.toml": leads_out,
        "away": "a link to a folder, not followed", "round": "a link to a folder, not followed",
        "gone.xml": "a broken link, not a file", "half.xml.tmp": "a temporary file (.tmp)",
        "pipe.xml": "a device or pipe, not a file",
    }  # fmt: skip
    _, again = night(home, 19, folder, "deposit")
    assert (again["unchanged"], again["ignored"]) == (1, 8)


def test_links_within_the_location_are_read_also_where_it_is_a_link_itself(home: Settings, tmp_path: Path) -> None:
    real, link = tmp_path / "a", tmp_path / "link"
    (real / "batch").mkdir(parents=True)
    (tmp_path / "ab").mkdir()
    for name, place in (("one", real), ("two", tmp_path / "ab")):
        (place / f"{name}.xml").write_text(JATS.format(ids="", legend=name))
    (real / "batch" / "again.xml").symlink_to("../one.xml")
    (real / "batch" / "beside.xml").symlink_to("../../ab/two.xml")  # its path begins like the location's
    link.symlink_to(real)
    _, counts = night(home, 18, link, "deposit")
    assert (counts["valid"], counts["duplicate"], counts["ignored"]) == (1, 1, 1)


def test_a_meca_package_is_read_whatever_its_manifest_says(home: Settings, tmp_path: Path) -> None:
    """The article is known by its content: manifests name wrong paths, or lie one folder down with all the rest."""
    folder = tmp_path / "a"
    folder.mkdir()
    for number, top in enumerate(("", "package/")):
        ids = f'<article-id pub-id-type="doi">10.5555/{number}</article-id>'
        with zipfile.ZipFile(folder / f"{number}.meca", "w") as archive:
            archive.writestr(f"{top}manifest.xml", "<manifest><item><instance href='no.xml'/></item></manifest>")
            archive.writestr(f"{top}transfer.xml", "<transfer/>")
            archive.writestr(f"{top}content/{number}.xml", JATS.format(ids=ids, legend=f"legend {number}"))
            archive.writestr(f"{top}content/{number}.pdf", "%PDF")
    run, counts = night(home, 18, folder, "deposit")
    assert (counts["valid"], counts["ignored"], counts["quarantined"]) == (2, 6, 0)
    assert {d["doc_id"] for d in parsed(home, run, "documents")} == {"10.5555/0", "10.5555/1"}
    assert rejected(home, run) == []


def test_articles_without_ids_in_one_file_stay_apart(home: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    articles = "".join(JATS.format(ids="", legend=f"legend {i}") for i in range(3))
    (folder / "set.xml").write_text(f"<pmc-articleset>{articles}</pmc-articleset>")
    run, _ = night(home, 18, folder, "deposit")
    assert len({d["doc_id"] for d in parsed(home, run, "documents")}) == 3


def test_numbers_of_thousands_of_digits_do_not_stop_the_night(home: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "c"
    folder.mkdir()
    (folder / "x.xml").write_text(
        "<collection><document><id>1 Figure_1-A</id><infon key='doi'>10.5555/y</infon><passage><offset>0</offset>"
        "<text>LC3 here</text><annotation id='1'><infon key='type'>Uniprot:Q9GZQ8</infon>"
        f"<location offset='{'9' * 5000}' length='3'/><text>LC3</text></annotation></passage></document></collection>"
    )
    run, _ = night(home, 18, folder)
    assert rejected(home, run) == ["offset_out_of_range"]


def test_parse_writes_every_table_in_its_schema(home: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "c"
    folder.mkdir()
    (folder / "x.xml").write_text(TAGGED)
    run, _ = night(home, 18, folder)
    for table in ("documents", "figures", "panels", "annotations", "id_aliases", "deliveries"):
        names = set(parsed(home, run, table)[0]) - {"row_id"}
        assert names == {c.name for c in load_tables("corpus")[table].columns}, table
