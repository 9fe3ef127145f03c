"""PMC on a real S3-compatible server, in the layout of 2026: what a night takes, and that nothing is lost or twice."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pmc_bucket import BUCKET, PmcBucket
from s3_proxy import Proxy, serve_proxy
from s3_server import serve_s3

from pipelines import settings
from pipelines.cli.checks_home import check_sources
from pipelines.cli.plan import make_plan
from pipelines.clients.objectstore import open_part, raw_key
from pipelines.core.runs import Run
from pipelines.corpus.step import commit_listings, read_rows
from pipelines.errors import PermanentError, PipelineError, TransientError
from pipelines.ingest import step as ingest
from pipelines.settings import Settings
from pipelines.sources import step as sources
from pipelines.sources.manifests import read_manifest

Row = dict[str, object]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Proxy]]:
    folder = tmp_path_factory.mktemp("s3")
    with serve_s3(folder, is_public=True) as endpoint, serve_proxy(endpoint) as proxy:
        yield folder, proxy


@pytest.fixture
def bucket(server: tuple[Path, Proxy]) -> PmcBucket:
    shutil.rmtree(server[0] / BUCKET, ignore_errors=True)
    server[1].gets.clear()
    server[1].fails_from, server[1].n_asked = None, 0
    return PmcBucket(server[0])


@pytest.fixture
def proxy(server: tuple[Path, Proxy]) -> Proxy:
    return server[1]


def home_of(path: Path, proxy: Proxy, **more: str) -> Settings:
    environ = {
        "SOURCES__PMC__LOCATION": f"s3://{BUCKET}", "SOURCES__PMC__ENDPOINT_URL": proxy.url, "S3__MAX_ATTEMPTS": "1",
        "PULL__WORKERS": "4", **more,
    }  # fmt: skip
    return settings.load({f"NIGHTCAP_{k}": v for k, v in environ.items()}, path, "demo")


def run_of(home: Settings, day: int) -> Run:
    date = dt.date(2026, 11, day)
    return Run("nightly_corpus", date.isoformat(), date, {"pmc": home.sources.pmc.place})


def close(home: Settings, run: Run) -> None:
    commit_listings(home, run, open_part(home, "staging"))


def manifest(home: Settings, run: Run) -> tuple[list[Row], list[Row]]:
    """(files, deliveries) of a night, without the time at which they were fetched."""
    landing = open_part(home, "landing")
    found = read_manifest(landing, f"nights/{run.night}/manifest-0.jsonl")
    return [{k: v for k, v in e.items() if k != "fetched_at"} for e in found["entries"]], found["deliveries"]


def names(home: Settings, run: Run, status: str = "valid") -> list[str]:
    return [str(e["name"]) for e in manifest(home, run)[0] if e["status"] == status]


def night(home: Settings, day: int) -> list[str]:
    """Pull and close a night; names of what came."""
    run = run_of(home, day)
    sources.run(home, run)
    close(home, run)
    return names(home, run)


def test_two_nights_take_what_the_inventories_say_has_changed(bucket: PmcBucket, proxy: Proxy, tmp_path: Path) -> None:
    home = home_of(tmp_path, proxy)
    for n in (1, 2, 12):
        bucket.put(n)
    bucket.put(2, version=3)
    bucket.take_inventory("2026-11-18")
    assert night(home, 18) == ["PMC12.1.json", "PMC12.1.xml", "PMC2.3.json", "PMC2.3.xml", "PMC1.1.json", "PMC1.1.xml"]
    assert f"/{BUCKET}/metadata/PMC2.1.json" not in proxy.gets, "only the highest version is read"
    bucket.put(1, version=2)
    bucket.put(2, version=3, is_retracted="yes")
    bucket.put(5)
    bucket.take_inventory("2026-11-19")
    proxy.gets.clear()
    assert night(home, 19) == ["PMC5.1.json", "PMC5.1.xml", "PMC2.3.json", "PMC2.3.xml", "PMC1.2.json", "PMC1.2.xml"]
    assert proxy.gets[f"/{BUCKET}/metadata/PMC12.1.json"] == 0
    assert night(home, 20) == [], "the same inventory again"


def test_what_the_metadata_say_becomes_statements_and_aliases(bucket: PmcBucket, proxy: Proxy, tmp_path: Path) -> None:
    home, run = home_of(tmp_path, proxy), run_of(home_of(tmp_path, proxy), 18)
    bucket.put(7, is_retracted=True, license_code="TDM")
    bucket.put(8)
    bucket.take_inventory("2026-11-18")
    sources.run(home, run)
    ingest.run(home, run)
    close(home, run)
    rows = {t: read_rows(open_part(home, "staging"), f"{run.key}/parse/{t}.parquet")
            for t in ("documents", "document_events", "id_aliases")}  # fmt: skip
    assert sorted(str(d["doc_id"]) for d in rows["documents"]) == ["10.5555/pmc.7", "10.5555/pmc.8"]
    said = sorted((str(e["doc_id"]), str(e["event"]), str(e["detail"])) for e in rows["document_events"])
    assert said == [
        ("10.5555/pmc.7", "licence_stated", "TDM (tdm_only)"),
        ("10.5555/pmc.7", "retraction", "is_retracted in PMC's metadata"),
        ("10.5555/pmc.8", "licence_stated", "CC BY (open)"),
    ]
    assert {"pmid:30000007", "pmc:7", "10.5555/pmc.7"} <= {str(a["alias"]) for a in rows["id_aliases"]}


def test_an_article_that_vanishes_is_a_deletion(bucket: PmcBucket, proxy: Proxy, tmp_path: Path) -> None:
    home = home_of(tmp_path, proxy, SOURCES__PMC__MAX_VANISHED_SHARE="0.5")
    for n in (1, 2, 3):
        bucket.put(n)
    bucket.take_inventory("2026-11-18")
    night(home, 18)
    bucket.remove(2)
    bucket.take_inventory("2026-11-19")
    run = run_of(home, 19)
    assert night(home, 19) == ["vanished/PMC2"]
    ingest.run(home, run)
    (event,) = read_rows(open_part(home, "staging"), f"{run.key}/parse/document_events.parquet")
    assert (event["doc_id"], event["event"], event["event_date"]) == ("pmc:2", "deletion", dt.date(2026, 11, 19))
    assert night(home, 20) == []


def test_too_many_gone_at_once_is_not_believed(bucket: PmcBucket, proxy: Proxy, tmp_path: Path) -> None:
    home = home_of(tmp_path, proxy)
    for n in range(1, 7):
        bucket.put(n)
    bucket.take_inventory("2026-11-18")
    night(home, 18)
    bucket.take_inventory("2026-11-19", rows=bucket.rows()[:3])
    with pytest.raises(PermanentError, match="3 of 6 known articles are gone"):
        sources.run(home, run_of(home, 19))
    bucket.take_inventory("2026-11-20", rows=[])
    with pytest.raises(PermanentError, match="lists no article"):
        sources.run(home, run_of(home, 20))


def test_a_cap_leaves_the_rest_to_the_next_nights(bucket: PmcBucket, proxy: Proxy, tmp_path: Path) -> None:
    home = home_of(tmp_path, proxy, SOURCES__PMC__MAX_ARTICLES="2")
    for n in range(1, 6):
        bucket.put(n)
    bucket.take_inventory("2026-11-18")
    assert night(home, 18) == ["PMC5.1.json", "PMC5.1.xml", "PMC4.1.json", "PMC4.1.xml"]
    bucket.put(5, version=2)
    bucket.put(1, license_code="CC0")
    bucket.take_inventory("2026-11-19")
    assert [n for n in night(home, 19) if n.endswith("xml")] == ["PMC5.2.xml", "PMC3.1.xml"]
    assert [n for n in night(home, 20) if n.endswith("xml")] == ["PMC2.1.xml", "PMC1.1.xml"]
    assert night(home, 21) == []


def test_filters_and_articles_without_jats_are_counted_as_ignored(
    bucket: PmcBucket, proxy: Proxy, tmp_path: Path
) -> None:
    journals, licences = '["embo j", "Demo"]', '["cc by", "CC0"]'
    home = home_of(tmp_path, proxy, SOURCES__PMC__JOURNALS=journals, SOURCES__PMC__LICENCES=licences)
    bucket.put(1, citation="EMBO J. 2025 Mar; 44(5)")
    bucket.put(2, citation="Other J. 2025")
    bucket.put(3, license_code="CC BY-NC")
    bucket.put(4, has_xml=False)
    bucket.take_inventory("2026-11-18")
    assert night(home, 18) == ["PMC4.1.json", "PMC1.1.json", "PMC1.1.xml"]
    ignored = [(e["name"], e["reason"]) for e in manifest(home, run_of(home, 18))[0] if e["status"] == "ignored"]
    assert ignored == [
        ("PMC4.1.xml", "PMC has no JATS file of it"),
        ("PMC3.1.json", "licence CC BY-NC is not asked for (sources.pmc.licences)"),
        ("PMC2.1.json", "not of the journals asked for (sources.pmc.journals)"),
    ]


def test_only_what_changed_since_a_day(bucket: PmcBucket, proxy: Proxy, tmp_path: Path) -> None:
    home = home_of(tmp_path, proxy, SOURCES__PMC__MODIFIED_SINCE="2026-06-01")
    bucket.put(1)
    old = bucket.rows("2026-05-31")
    bucket.put(2)
    bucket.take_inventory("2026-11-18", rows=[*old, *(r for r in bucket.rows("2026-06-01") if "PMC2" in r)])
    assert night(home, 18) == ["PMC2.1.json", "PMC2.1.xml"]


def test_without_an_inventory_the_bucket_is_listed_and_the_message_says_so(
    bucket: PmcBucket, proxy: Proxy, tmp_path: Path
) -> None:
    home = home_of(tmp_path, proxy)
    bucket.put(1)
    bucket.put(11)
    result = sources.run(home, run_of(home, 18))
    assert "pmc: no inventory: listed the bucket" in result.message
    close(home, run_of(home, 18))
    assert len(names(home, run_of(home, 18))) == 4
    bucket.put(1, version=2)
    assert night(home, 19) == ["PMC1.2.json", "PMC1.2.xml"]


@pytest.mark.parametrize("prefix", ["oa_comm/xml/all", "deprecated/oa_comm/xml/all"])
def test_the_legacy_layout_is_named_and_never_an_empty_night(
    bucket: PmcBucket, proxy: Proxy, tmp_path: Path, prefix: str
) -> None:
    bucket.write(f"{prefix}/PMC1.xml", b"<article/>")
    with pytest.raises(PermanentError, match="legacy layout only"):
        sources.run(home_of(tmp_path, proxy), run_of(home_of(tmp_path, proxy), 18))
    assert not (tmp_path / "landing" / "nights").exists()


def test_a_bucket_with_neither_layout_is_an_error(bucket: PmcBucket, proxy: Proxy, tmp_path: Path) -> None:
    bucket.write("readme.txt", b"moved")
    with pytest.raises(PermanentError, match="holds neither"):
        sources.run(home_of(tmp_path, proxy), run_of(home_of(tmp_path, proxy), 18))


def test_what_is_listed_and_broken_or_gone_is_quarantined_and_the_rest_comes(
    bucket: PmcBucket, proxy: Proxy, tmp_path: Path
) -> None:
    home, run = home_of(tmp_path, proxy), run_of(home_of(tmp_path, proxy), 18)
    for n in (1, 2, 3, 4, 5):
        bucket.put(n)
    bucket.take_inventory("2026-11-18")
    bucket.remove(1)
    (bucket.root / "PMC2.1" / "PMC2.1.xml").unlink()
    bucket.write("PMC3.1/PMC3.1.xml", b"<article>another</article>")
    bucket.write("metadata/PMC4.1.json", b"[1]")
    sources.run(home, run)
    assert names(home, run) == ["PMC5.1.json", "PMC5.1.xml", "PMC3.1.json", "PMC2.1.json"]
    bad = {str(e["name"]): str(e["reason"]) for e in manifest(home, run)[0] if e["status"] == "quarantined"}
    assert bad == {"PMC1.1.json": "unreadable", "PMC2.1.xml": "unreadable", "PMC3.1.xml": "unreadable",
                   "PMC4.1.json": "not_well_formed"}  # fmt: skip


@pytest.mark.parametrize("damage", ["cut", "other", "none", "json"])
def test_a_damaged_inventory_is_never_taken_for_the_whole(
    bucket: PmcBucket, proxy: Proxy, tmp_path: Path, damage: str
) -> None:
    bucket.put(1)
    bucket.take_inventory("2026-11-18")
    base = f"inventory-reports/{BUCKET}/metadata"
    part, path = f"{base}/data/2026-11-18-0.csv.gz", bucket.root / base / "2026-11-18T01-00Z" / "manifest.json"
    files = json.loads(path.read_text())["files"]
    if damage == "other":
        bucket.write(part, b"other bytes")
    elif damage == "cut":
        bucket.write(part, (bucket.root / part).read_bytes()[:-9])
        path.write_text(json.dumps({"files": [{"key": f["key"]} for f in files]}))
    else:
        path.write_text('{"files": []}' if damage == "none" else "<html>")
    with pytest.raises(TransientError, match="run again later"):
        sources.run(home_of(tmp_path, proxy), run_of(home_of(tmp_path, proxy), 18))


def test_plan_and_doctor_ask_the_provider(bucket: PmcBucket, proxy: Proxy, tmp_path: Path) -> None:
    home = home_of(tmp_path / "home", proxy, SOURCES__PMC__MAX_ARTICLES="2")
    for n in (1, 2, 3):
        bucket.put(n)
    bucket.take_inventory("2026-11-18")
    report = make_plan(home, {"date": "2026-11-18"})
    (source,) = report["sources"]
    assert (source["source"], source["n_new"], source["n_bytes"]) == ("pmc", 2, 2 * 136_000)
    assert source["notes"] == ("1 more articles are left for the next nights (sources.pmc.max_articles)",)
    assert report["has_work"]
    found = {c.name: c for c in check_sources(home)}["source pmc"]
    assert (found.state, found.message) == ("ok", f"s3://{BUCKET}: layout of 2026, inventory of 2026-11-18T01-00Z")
    shutil.rmtree(bucket.root)
    bucket.write("oa_comm/xml/all/PMC1.xml", b"<article/>")
    found = {c.name: c for c in check_sources(home)}["source pmc"]
    assert (found.state, found.is_transient) == ("fail", False)
    assert "legacy layout only" in found.message
    assert "legacy layout only" in make_plan(home, {"date": "2026-11-18"})["sources"][0]["error"]
    proxy.fails_from = 0
    found = {c.name: c for c in check_sources(home)}["source pmc"]
    assert (found.state, found.is_transient) == ("fail", True)
    assert not home.root.exists()


def test_a_source_that_is_down_is_missing_and_the_others_come(bucket: PmcBucket, proxy: Proxy, tmp_path: Path) -> None:
    bucket.put(1)
    bucket.take_inventory("2026-11-18")
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "a.xml").write_text("<article><front/></article>")
    home = home_of(tmp_path / "home", proxy, SOURCES__DEPOSIT__LOCATION=str(folder))
    date, proxy.fails_from = dt.date(2026, 11, 18), 0
    run = Run("nightly_corpus", "2026-11-18", date, dict(home.sources.places()))
    result = sources.run(home, run)
    assert set(dict(result.extra)["sources_missing"]) == {"pmc"}  # type: ignore[call-overload]
    close(home, run)
    assert names(home, run) == ["a.xml"]
    proxy.fails_from = None
    assert len(night(home, 19)) == 2, "what was missed comes the next night"


def test_every_source_of_the_settings_can_be_pulled() -> None:
    fields = {f.name for f in dataclasses.fields(settings.Sources)}
    run = Run("nightly_corpus", "2026-11-18", dt.date(2026, 11, 18), dict.fromkeys(fields, "somewhere"))
    assert set(sources.places_of(run)) == fields


def test_what_could_not_be_read_is_asked_for_again(bucket: PmcBucket, proxy: Proxy, tmp_path: Path) -> None:
    home = home_of(tmp_path, proxy)
    for n in (1, 2, 3):
        bucket.put(n)
    bucket.take_inventory("2026-11-18")
    assert len(night(home, 18)) == 6
    bucket.put(1, version=2)
    bucket.put(4)
    bucket.take_inventory("2026-11-19")
    new, xml = bucket.root / "PMC1.2" / "PMC1.2.xml", b"<article>not replaced yet</article>"
    right = new.read_bytes()
    new.write_bytes(xml)
    assert night(home, 19) == ["PMC4.1.json", "PMC4.1.xml", "PMC1.2.json"]
    again = dataclasses.replace(run_of(home, 19), key="2026-11-19.1")
    assert "nothing new" in sources.run(home, again).skipped, "what still cannot be read is no reason for a run"
    new.write_bytes(right)
    assert night(home, 20) == ["PMC1.2.json", "PMC1.2.xml"]
    assert night(home, 21) == []


def test_what_is_refused_takes_no_place_of_the_next_nights(bucket: PmcBucket, proxy: Proxy, tmp_path: Path) -> None:
    """Of the cap of two, two refused articles take both places of the first night, and of no other."""
    home = home_of(tmp_path, proxy, SOURCES__PMC__MAX_ARTICLES="2")
    for n in range(1, 5):
        bucket.put(n)
    bucket.take_inventory("2026-11-18")
    bucket.remove(4)
    text = bucket.root / "PMC3.1" / "PMC3.1.xml"
    right = text.read_bytes()
    text.unlink()
    assert night(home, 18) == ["PMC3.1.json"]
    refused = {
        e["name"]: str(e["message"]) for e in manifest(home, run_of(home, 18))[0] if e["status"] == "quarantined"
    }
    assert set(refused) == {"PMC4.1.json", "PMC3.1.xml"}
    assert all("not asked for again until PMC's inventory shows a change" in m for m in refused.values())
    assert [n for n in night(home, 19) if n.endswith("xml")] == ["PMC2.1.xml", "PMC1.1.xml"]
    assert night(home, 20) == []
    assert not [e for e in manifest(home, run_of(home, 20))[0] if e["status"] == "quarantined"]
    text.write_bytes(right)
    bucket.put(3, title="Another")
    bucket.put(4)
    bucket.take_inventory("2026-11-21")
    assert night(home, 21) == ["PMC3.1.json", "PMC3.1.xml"]


def test_what_is_being_replaced_comes_after_all_others(bucket: PmcBucket, proxy: Proxy, tmp_path: Path) -> None:
    home = home_of(tmp_path, proxy, SOURCES__PMC__MAX_ARTICLES="1")
    for n in (1, 2, 3):
        bucket.put(n)
    bucket.write("PMC3.1/PMC3.1.xml", b"<article>another</article>")
    bucket.take_inventory("2026-11-18")
    assert [night(home, day) for day in (18, 19, 20, 21)] == [
        ["PMC3.1.json"], ["PMC2.1.json", "PMC2.1.xml"], ["PMC1.1.json", "PMC1.1.xml"], ["PMC3.1.json"],
    ]  # fmt: skip


def test_a_narrow_filter_is_no_outage(bucket: PmcBucket, proxy: Proxy, tmp_path: Path) -> None:
    """Five refused, and one left out by the filter: the provider gives what it lists."""
    home = home_of(tmp_path, proxy, SOURCES__PMC__JOURNALS='["EMBO J"]')
    for n in range(1, 7):
        bucket.put(n)
    bucket.take_inventory("2026-11-18")
    for n in range(1, 6):
        bucket.remove(n)
    assert night(home, 18) == []
    assert len(manifest(home, run_of(home, 18))[0]) == 6


def test_a_provider_that_gives_nothing_it_lists_is_missing(bucket: PmcBucket, proxy: Proxy, tmp_path: Path) -> None:
    home, away = home_of(tmp_path, proxy), tmp_path / "away"
    for n in range(1, 6):
        bucket.put(n)
    bucket.take_inventory("2026-11-18")
    (bucket.root / "metadata").rename(away)
    with pytest.raises(TransientError, match="none of the 5 articles asked for could be read"):
        sources.run(home, run_of(home, 18))
    away.rename(bucket.root / "metadata")
    assert len(night(home, 18)) == 10


def test_an_address_of_another_form_is_never_taken_for_an_article_without_jats(
    bucket: PmcBucket, proxy: Proxy, tmp_path: Path
) -> None:
    home, run = home_of(tmp_path, proxy), run_of(home_of(tmp_path, proxy), 18)
    for n in range(1, 6):
        bucket.put(n, xml_url=f"https://pmc-oa-opendata.s3.amazonaws.com/PMC{n}.1/PMC{n}.1.xml")
    bucket.take_inventory("2026-11-18")
    with pytest.raises(TransientError, match=r"none of the 5 articles asked for could be read, .*xml_url 'https:"):
        sources.run(home, run)
    for n in range(1, 4):
        bucket.put(n)
    bucket.write("metadata/PMC4.1.json", b'{"pmcid": "PMC4", "version": 1}')
    bucket.put(5, xml_url="s3://pmc-oa-opendata/PMC5.1/../../x.xml")
    bucket.take_inventory("2026-11-18")
    sources.run(home, run)
    assert len(names(home, run)) == 8
    assert [(e["name"], e["reason"]) for e in manifest(home, run)[0] if e["status"] == "quarantined"] == [
        ("PMC5.1.xml", "unreadable"), ("PMC4.1.xml", "unreadable")
    ]  # fmt: skip


def test_where_each_file_came_from_stands_in_the_manifest(bucket: PmcBucket, proxy: Proxy, tmp_path: Path) -> None:
    home, run = home_of(tmp_path, proxy), run_of(home_of(tmp_path, proxy), 18)
    bucket.put(1)
    bucket.take_inventory("2026-11-18")
    sources.run(home, run)
    entries, (delivery,) = manifest(home, run)
    assert [(e["source"], e["key"], e["delivery_id"]) for e in entries] == [("pmc", "PMC1.1", "pmc:2026-11-18:1")] * 2
    assert all(e["etag"] for e in entries)
    assert (delivery["place"], delivery["format"]) == (f"s3://{BUCKET}", "jats")
    raw = open_part(home, "landing").read(raw_key(str(entries[1]["raw_sha256"])))
    assert raw == (bucket.root / "PMC1.1" / "PMC1.1.xml").read_bytes()


def test_a_provider_that_fails_after_any_answer_costs_nothing_but_time(
    bucket: PmcBucket, proxy: Proxy, tmp_path: Path
) -> None:
    """For every n: the service is down from the n-th answer on, comes back, the night runs again: the manifest is that
    of an undisturbed night, nothing is fetched more than once more, and the next night finds nothing new."""
    for n in range(1, 5):
        bucket.put(n)
    bucket.take_inventory("2026-11-18")
    undisturbed = home_of(tmp_path / "undisturbed", proxy)
    night(undisturbed, 18)
    expected, n_requests = manifest(undisturbed, run_of(undisturbed, 18)), proxy.n_asked
    assert n_requests > 10
    for n in range(1, n_requests + 1):
        home = home_of(tmp_path / str(n), proxy)
        proxy.gets.clear()
        proxy.n_asked, proxy.fails_from = 0, n
        with pytest.raises(PipelineError):
            sources.run(home, run_of(home, 18))
        assert not list((home.root / "landing").rglob("manifest-*")), n
        proxy.fails_from = None
        night(home, 18)
        assert manifest(home, run_of(home, 18)) == expected, n
        assert all(count <= 2 for path, count in proxy.gets.items() if "/PMC" in path), n
        assert night(home, 19) == [], n
